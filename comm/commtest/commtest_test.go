package commtest_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/comm/commtest"
)

func TestScripts(t *testing.T) { commtest.Scripts(t, "testdata/*.txt") }

var limits = comm.Limits{Join: 40, Beat: 2, Lost: 12, Grace: 6}

// jittered is a network whose messages take up to most ticks.
func jittered(size, most int, random *rand.Rand) *commtest.Network {
	n := commtest.NewNetwork(size, limits, io.Discard)
	n.Delay = func(comm.Message) int { return random.IntN(most + 1) }
	return n
}

func run(n *commtest.Network, ticks int) {
	for range ticks {
		n.Tick()
		n.Stabilize()
	}
}

// TestNoFalseAlarm: delays alone never end a group.
func TestNoFalseAlarm(t *testing.T) {
	for seed := range uint64(100) {
		size := 2 + int(seed%7)
		n := jittered(size, 5, rand.New(rand.NewPCG(seed, 0)))
		run(n, 200)
		for rank := range size {
			if r := n.State(rank); r.State != comm.Joined {
				t.Fatalf("seed %d: rank %d %v: %+v", seed, rank, r.State, r.Loss)
			}
		}
	}
}

// TestOneCulprit: whoever dies or freezes at whatever time, all others name it,
// within the deadline.
func TestOneCulprit(t *testing.T) {
	const delay = 3
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		size := 2 + random.IntN(7)
		n := jittered(size, delay, random)
		run(n, 20+random.IntN(30))
		culprit := random.IntN(size)
		if seed%2 == 0 {
			n.Kill(culprit)
		} else {
			n.Stop(culprit)
		}
		run(n, limits.Lost+limits.Grace+2*delay)
		for rank := range size {
			if r := n.State(rank); rank != culprit && (r.State != comm.Failed || r.Loss.Rank != culprit) {
				t.Fatalf("seed %d: rank %d of %d %v, loss %+v; want that %d is lost", seed, rank, size, r.State, r.Loss, culprit)
			}
		}
	}
}

// TestPartition: a network in two parts ends the group in both.
func TestPartition(t *testing.T) {
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 2))
		size := 2 + random.IntN(7)
		n := jittered(size, 2, random)
		run(n, 30)
		border := 1 + random.IntN(size-1)
		for a := range border {
			for b := border; b < size; b++ {
				n.Cut(a, b)
				n.Cut(b, a)
			}
		}
		run(n, limits.Lost+limits.Beat+4)
		for rank := range size {
			r := n.State(rank)
			if r.State != comm.Failed || (r.Loss.Rank < border) == (rank < border) {
				t.Fatalf("seed %d: rank %d %v, loss %+v; want a loss beyond %d", seed, rank, r.State, r.Loss, border)
			}
		}
	}
}

// TestLossyLinks: members that drop messages join all the same, or fail
// together; nobody is left waiting.
func TestLossyLinks(t *testing.T) {
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 3))
		size := 2 + random.IntN(5)
		n := jittered(size, 1, random)
		for range 300 {
			for a := range size {
				for b := range size {
					if n.Heal(a, b); random.IntN(5) == 0 {
						n.Cut(a, b)
					}
				}
			}
			run(n, 1)
		}
		failed := 0
		for rank := range size {
			switch n.State(rank).State {
			case comm.Failed:
				failed++
			case comm.Joining:
				t.Fatalf("seed %d: rank %d still joins", seed, rank)
			}
		}
		if failed != 0 && failed != size {
			t.Fatalf("seed %d: %d of %d failed", seed, failed, size)
		}
	}
}

// TestFaulty plays each fault to a group that sums; the clock is synctest's.
func TestFaulty(t *testing.T) {
	for _, c := range []struct {
		name, plan string
		fails      bool
		within     time.Duration
	}{
		{"none", "", false, time.Second},
		{"delayed numbers", "bulk 3: delay 20s", false, 21 * time.Second},
		{"lost numbers", "bulk 3: drop", true, 62 * time.Second},
		{"frozen", "bulk 3: freeze", true, 15 * time.Second},
		{"cut", "bulk 3: cut", true, 5 * time.Second},
		{"frozen messages", "control 5: delay 5m", true, 28 * time.Second}, // at the operation after they are missed
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				links := comm.Memory(3)
				links[1] = commtest.Faulty(links[1], c.plan)
				start := time.Now()
				var all sync.WaitGroup
				for _, link := range links {
					all.Go(func() {
						g, err := comm.Connect(context.Background(), link, comm.Options{Lost: 15 * time.Second, Operation: time.Minute})
						if err != nil {
							t.Error(err)
							return
						}
						x := make([]float32, 50_000)
						for range 5 {
							if err == nil {
								err = g.AllReduce(context.Background(), x)
							}
							if c.name == "frozen messages" && err == nil {
								<-time.After(10 * time.Second)
							}
						}
						var e *comm.PeerError
						if errors.As(err, &e) != c.fails {
							t.Errorf("rank %d: %v", link.Rank(), err)
						}
						if d := time.Since(start); d > c.within && (link.Rank() != 1 || !c.fails) {
							t.Errorf("rank %d: took %v", link.Rank(), d)
						}
						if err := g.Close(); err != nil {
							t.Error(err)
						}
					})
				}
				all.Wait()
			})
		})
	}
}

func TestBadPlan(t *testing.T) {
	for _, plan := range []string{"bulk 3", "bulk x: cut", "post 3: cut", "bulk 3: burn", "bulk 3: delay long"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q is a plan", plan)
				}
			}()
			commtest.Faulty(comm.Memory(1)[0], plan)
		}()
	}
}
