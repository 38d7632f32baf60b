package comm_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/comm/commtest"
	"github.com/emberml/ember/internal/secure"
)

// town is the members of a job on loopback ports, before they meet.
func town(t testing.TB, n int, encrypted bool) []comm.TCP {
	t.Helper()
	a, err := secure.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	members := make([]comm.TCP, n)
	addresses := make([][]string, n)
	for i := range members {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		addresses[i] = []string{l.Addr().String()}
		members[i] = comm.TCP{Rank: i, Addresses: addresses, Listeners: []net.Listener{l}, Token: a.Token(), Generation: 7}
		if encrypted {
			if members[i].Identity, err = a.Issue(fmt.Sprintf("worker %d", i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return members
}

// meet connects members.
func meet(t testing.TB, members []comm.TCP) ([]comm.Transport, []error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	links, errs := make([]comm.Transport, len(members)), make([]error, len(members))
	var all sync.WaitGroup
	for i, m := range members {
		all.Go(func() {
			if links[i], errs[i] = m.Dial(ctx); errs[i] != nil {
				cancel() // nobody else can meet now
			}
		})
	}
	all.Wait()
	return links, errs
}

func TestTCP(t *testing.T) {
	for _, encrypted := range []bool{false, true} {
		links, errs := meet(t, town(t, 3, encrypted))
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		results := make([][]float32, 3)
		errs = each(t, links, comm.Options{Generation: 7}, func(g *comm.Group) error {
			x := filled(g.Rank(), 250_000)
			results[g.Rank()] = x
			if err := g.Barrier(context.Background()); err != nil {
				return err
			}
			return g.AllReduce(context.Background(), x)
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		checkSum(t, "TCP", results[0], 3, comm.Float32)
		if !sameBits(results[0], results[1]) || !sameBits(results[0], results[2]) {
			t.Error("the ranks have different bits")
		}
	}
}

// TestLostConnection closes a member's links without a word, as a killed process
// does.
func TestLostConnection(t *testing.T) {
	links, errs := meet(t, town(t, 4, false))
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	errs = each(t, links, comm.Options{Lost: 5 * time.Second}, func(g *comm.Group) error {
		if g.Rank() == 1 {
			return links[1].Close()
		}
		for {
			if err := g.AllReduce(context.Background(), make([]float32, 100_000)); err != nil {
				return err
			}
		}
	})
	lost(t, errs, 1)
}

func TestMissingAddress(t *testing.T) {
	m := town(t, 3, false)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := m[1].Dial(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(fmt.Sprint(err), "rank 0 was not reached") || !strings.Contains(err.Error(), "rank 2 at") {
		t.Errorf("got %v", err)
	}
}

func TestOtherGeneration(t *testing.T) {
	m := town(t, 2, false)
	m[1].Generation = 8
	_, errs := meet(t, m)
	if !strings.Contains(fmt.Sprint(errs[1]), "generation 7 of the job, this worker to generation 8") {
		t.Errorf("got %v", errs[1])
	}
}

func TestOtherToken(t *testing.T) {
	m := town(t, 2, false)
	m[1].Token = secure.NewToken()
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	go func() { _, _ = m[0].Dial(ctx) }()
	if _, err := m[1].Dial(ctx); !strings.Contains(fmt.Sprint(err), "not the job's token") {
		t.Errorf("got %v", err)
	}
}

func TestNoTLSBetweenHosts(t *testing.T) {
	m := town(t, 2, false)[1]
	m.Addresses = [][]string{{"10.0.0.1:4000"}, m.Addresses[1]}
	if _, err := m.Dial(context.Background()); !strings.Contains(fmt.Sprint(err), "need TLS") {
		t.Errorf("got %v", err)
	}
	m.Token = secure.Token{}
	if _, err := m.Dial(context.Background()); !strings.Contains(fmt.Sprint(err), "token") {
		t.Errorf("got %v", err)
	}
}

// TestStrangers has others at the door while members meet: they are dropped, and
// do not hinder.
func TestStrangers(t *testing.T) {
	for _, encrypted := range []bool{false, true} {
		m := town(t, 2, encrypted)
		var strangers []net.Conn
		for _, words := range []string{"", "GET / HTTP/1.1\r\n\r\n", strings.Repeat("\xff", 1<<16), "ember02<" + strings.Repeat("\x01", 200)} {
			conn, err := net.Dial("tcp", m[0].Addresses[0][0])
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.Copy(conn, bytes.NewReader([]byte(words))); err != nil {
				t.Fatal(err)
			}
			strangers = append(strangers, conn)
		}
		links, errs := meet(t, m)
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		for _, conn := range strangers[1:] {
			if _, err := io.Copy(io.Discard, conn); errors.Is(err, context.DeadlineExceeded) {
				t.Error("a stranger is kept")
			}
		}
		for _, l := range links {
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestCandidates gives members addresses at which nobody, a stranger and another
// member is, beside their own.
func TestCandidates(t *testing.T) {
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = nobody.Close()
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	for _, encrypted := range []bool{false, true} {
		m := town(t, 3, encrypted)
		own := [][]string{m[0].Addresses[0], m[1].Addresses[1], m[2].Addresses[2]}
		for rank := range m {
			m[rank].Addresses = [][]string{
				{nobody.Addr().String(), own[1][0], own[0][0], own[0][0]}, {mute.Addr().String(), own[0][0], own[1][0]}, own[2],
			}
		}
		links, errs := meet(t, m)
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		if host := links[2].Host(0); host != own[0][0] {
			t.Errorf("rank 2 met rank 0 at %s", host)
		}
		if err := errors.Join(each(t, links, comm.Options{}, func(g *comm.Group) error { return g.Barrier(context.Background()) })...); err != nil {
			t.Error(err)
		}
	}
}

func TestOtherFingerprint(t *testing.T) {
	for _, encrypted := range []bool{false, true} {
		m := town(t, 2, encrypted)
		m[0].Fingerprint, m[1].Fingerprint = "1.0 avx2", "1.0 avx512"
		_, errs := meet(t, m)
		for rank, err := range errs {
			if s := fmt.Sprint(err); !errors.Is(err, context.Canceled) && (!strings.Contains(s, `"1.0 avx2"`) || !strings.Contains(s, `"1.0 avx512"`) || !strings.Contains(s, "rank 1")) {
				t.Errorf("rank %d: %v", rank, err)
			}
		}
		if errors.Is(errs[0], context.Canceled) && errors.Is(errs[1], context.Canceled) {
			t.Error("nobody refuses")
		}
	}
}

// TestFrozenMember stops a member in the middle of a sum, while the others wait
// to send to it and to receive from it: a stopped process.
func TestFrozenMember(t *testing.T) {
	for _, encrypted := range []bool{false, true} {
		t.Run(fmt.Sprintf("tls=%v", encrypted), func(t *testing.T) {
			t.Parallel() // it waits
			links, errs := meet(t, town(t, 3, encrypted))
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
			links[1] = commtest.Faulty(links[1], "bulk 2: freeze")
			errs = each(t, links, comm.Options{Lost: time.Second}, func(g *comm.Group) error {
				return g.AllReduce(context.Background(), make([]float32, 8<<20)) // more than sockets hold
			})
			lost(t, errs, 1)
			for _, err := range errs {
				if e := (*comm.PeerError)(nil); errors.As(err, &e) && e.Rank == 1 && (e.Host == "" || !strings.Contains(e.Cause, "nothing was heard")) {
					t.Errorf("got %v", err)
				}
			}
		})
	}
}
