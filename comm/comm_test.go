package comm_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emberml/ember/comm"
)

// each runs f on every member of a group over the transports, and returns what
// it returned.
func each(t *testing.T, links []comm.Transport, o comm.Options, f func(g *comm.Group) error) []error {
	t.Helper()
	errs := make([]error, len(links))
	var all sync.WaitGroup
	for i, link := range links {
		all.Go(func() {
			g, err := comm.Connect(context.Background(), link, o)
			if err != nil {
				errs[i] = err
				return
			}
			errs[i] = f(g)
			if err := g.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	return errs
}

// members runs f on n members in memory and wants no error.
func members(t *testing.T, n int, o comm.Options, f func(g *comm.Group) error) {
	t.Helper()
	if err := errors.Join(each(t, comm.Memory(n), o, f)...); err != nil {
		t.Fatal(err)
	}
}

// value is what rank r puts at i: numbers whose sum depends on the order.
func value(r, i int) float32 {
	return float32(math.Sin(float64(1+r*1000003+i))) * float32(int(1)<<(i%20))
}

func filled(r, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = value(r, i)
	}
	return x
}

func sameBits(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
}

func TestAllReduce(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 5} {
		for _, length := range []int{0, 1, 1000, 8193, 280_001} {
			for _, wire := range []comm.Wire{comm.Float32, comm.Float16, comm.BFloat16} {
				if wire != comm.Float32 && length < 8193 || length > 8193 && n > 3 {
					continue // only the ring differs; two segments in a chunk need no more members
				}
				name := fmt.Sprintf("%d members, %d numbers, wire %d", n, length, wire)
				var first []float32
				for range 2 { // the same bits from run to run
					results := make([][]float32, n)
					members(t, n, comm.Options{Wire: wire}, func(g *comm.Group) error {
						x := filled(g.Rank(), length)
						if wire == comm.Float16 { // whose range is small
							for i := range x {
								x[i] /= 1 << 10
							}
						}
						results[g.Rank()] = x
						return g.AllReduce(context.Background(), x)
					})
					if first == nil {
						first = results[0]
						checkSum(t, name, first, n, wire)
					}
					for r, x := range results {
						if !sameBits(x, first) {
							t.Errorf("%s: rank %d has other bits", name, r)
						}
					}
				}
			}
		}
	}
}

func checkSum(t *testing.T, name string, got []float32, n int, wire comm.Wire) {
	t.Helper()
	eps := map[comm.Wire]float64{comm.Float32: 0x1p-24, comm.Float16: 0x1p-11, comm.BFloat16: 0x1p-8}[wire] * float64(n+1)
	scale := 1.0
	if wire == comm.Float16 {
		scale = 1 << 10
	}
	for i, x := range got {
		sum, size := 0.0, 0.0
		for r := range n {
			sum += float64(value(r, i)) / scale
			size += math.Abs(float64(value(r, i))) / scale
		}
		if math.Abs(float64(x)-sum) > eps*size+0x1p-24*float64(n) {
			t.Fatalf("%s: number %d is %v, want %v", name, i, x, sum)
		}
	}
}

func TestOtherCollectives(t *testing.T) {
	ctx := context.Background()
	for _, n := range []int{1, 2, 3, 5} {
		for _, length := range []int{0, 2, 7, 140_001} {
			members(t, n, comm.Options{}, func(g *comm.Group) error {
				whole := func(i int) int64 { return int64(i * n * (n + 1) / 2) }
				x := make([]int64, length)
				for i := range x {
					x[i] = int64(i * (g.Rank() + 1))
				}
				lo, hi, err := comm.ReduceScatter(ctx, g, x)
				if err != nil {
					return err
				}
				for i := lo; i < hi; i++ {
					if x[i] != whole(i) {
						return fmt.Errorf("reduce-scatter: number %d is %d at rank %d", i, x[i], g.Rank())
					}
				}
				if err := comm.AllGather(ctx, g, x); err != nil {
					return err
				}
				for i := range x {
					if x[i] != whole(i) {
						return fmt.Errorf("all-gather: number %d is %d at rank %d", i, x[i], g.Rank())
					}
				}
				for root := range n {
					y := make([]float64, length)
					for i := range y {
						y[i] = float64(i + g.Rank())
					}
					if err := comm.Broadcast(ctx, g, root, y); err != nil {
						return err
					}
					for i := range y {
						if y[i] != float64(i+root) {
							return fmt.Errorf("broadcast from %d: number %d is %v at rank %d", root, i, y[i], g.Rank())
						}
					}
				}
				return g.Barrier(ctx)
			})
		}
	}
}

func TestBroadcastFromNobody(t *testing.T) {
	if err := comm.Broadcast(context.Background(), comm.Solo(), 1, []int64{1}); err == nil {
		t.Error("rank 1 of a group of one is a root")
	}
}

// TestStart has many sums under way at once.
func TestStart(t *testing.T) {
	members(t, 3, comm.Options{}, func(g *comm.Group) error {
		buckets := make([][]float32, 300)
		pending := make([]comm.Pending, len(buckets))
		for i := range buckets {
			buckets[i] = []float32{float32(i), float32(g.Rank())}
			pending[i] = g.Start(buckets[i])
		}
		for i, p := range slices.Backward(pending) { // waiting in any order
			if err := p.Wait(context.Background()); err != nil {
				return err
			}
			if buckets[i][0] != float32(3*i) || buckets[i][1] != 3 {
				return fmt.Errorf("bucket %d is %v", i, buckets[i])
			}
		}
		return nil
	})
}

func TestAllReduceAllocatesNothing(t *testing.T) {
	for _, length := range []int{100, 200_000} {
		members(t, 2, comm.Options{}, func(g *comm.Group) error {
			x := make([]float32, length)
			sum := func() {
				if err := g.AllReduce(context.Background(), x); err != nil {
					t.Error(err)
				}
			}
			sum()
			if g.Rank() != 0 {
				for range 51 {
					sum()
				}
				return nil
			}
			if n := testing.AllocsPerRun(50, sum); n >= 1 { // both members'; a heartbeat allocates now and then
				t.Errorf("%d numbers: %v allocations a sum", length, n)
			}
			return nil
		})
	}
}

// lost checks that all members but the culprit blame it.
func lost(t *testing.T, errs []error, culprit int) {
	t.Helper()
	for rank, err := range errs {
		var e *comm.PeerError
		if rank != culprit && (!errors.As(err, &e) || e.Rank != culprit) {
			t.Errorf("rank %d: %v; want that rank %d is lost", rank, err, culprit)
		}
	}
}

func TestAbort(t *testing.T) {
	errs := each(t, comm.Memory(4), comm.Options{}, func(g *comm.Group) error {
		if g.Rank() == 2 {
			g.Abort(errors.New("the disk is full"))
			return nil
		}
		return g.AllReduce(context.Background(), make([]float32, 100_000))
	})
	lost(t, errs, 2)
	if e := (*comm.PeerError)(nil); errors.As(errs[0], &e) && e.Cause != "the disk is full" {
		t.Errorf("the cause is %q", e.Cause)
	}
}

func TestLeavingEarly(t *testing.T) {
	errs := each(t, comm.Memory(3), comm.Options{Lost: time.Second}, func(g *comm.Group) error {
		if g.Rank() == 1 {
			return nil
		}
		return g.AllReduce(context.Background(), make([]float32, 100_000))
	})
	lost(t, errs, 1)
}

func TestCanceled(t *testing.T) {
	errs := each(t, comm.Memory(3), comm.Options{}, func(g *comm.Group) error {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		if g.Rank() == 1 {
			cancel()
		}
		return g.AllReduce(ctx, make([]float32, 100_000))
	})
	if !errors.Is(errs[1], context.Canceled) {
		t.Errorf("the canceled member has %v", errs[1])
	}
	lost(t, errs, 1)
}

// TestBusyMember has a member that is alive but comes too late.
func TestBusyMember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errs := each(t, comm.Memory(4), comm.Options{Operation: time.Minute}, func(g *comm.Group) error {
			start := time.Now()
			if g.Rank() == 3 {
				<-time.After(time.Hour)
			}
			err := g.AllReduce(context.Background(), make([]float32, 100_000))
			if d := time.Since(start); g.Rank() != 3 && d > 61*time.Second {
				t.Errorf("rank %d waited %v", g.Rank(), d)
			}
			return err
		})
		lost(t, errs, 3)
	})
}

func TestMissingMember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		errs := each(t, comm.Memory(4)[:3], comm.Options{Join: time.Minute}, func(g *comm.Group) error { return nil })
		lost(t, errs, 3)
		if d := time.Since(start); d > 62*time.Second {
			t.Errorf("gave up after %v", d)
		}
	})
}

func TestDifferentCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for rank, err := range each(t, comm.Memory(2), comm.Options{}, func(g *comm.Group) error {
			return g.AllReduce(context.Background(), make([]float32, 10+g.Rank()))
		}) {
			if e := (*comm.PeerError)(nil); !errors.As(err, &e) || !strings.Contains(e.Cause, "same operations") {
				t.Errorf("rank %d: %v", rank, err)
			}
		}
	})
}
