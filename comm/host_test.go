package comm_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/internal/secure"
)

// village is the members of a job on one host, whose networks reach nobody.
func village(t *testing.T, n int) []comm.TCP {
	t.Helper()
	members := town(t, n, true)
	for i := range members {
		l, address, err := comm.ListenHost()
		if errors.Is(err, errors.ErrUnsupported) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		_ = members[i].Listeners[0].Close()
		members[i].Listeners = []net.Listener{l}
		members[i].Addresses[i] = append(members[i].Addresses[i], address) // of all: they share the slices
	}
	return members
}

func TestHost(t *testing.T) {
	m := village(t, 3)
	links, errs := meet(t, m)
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if got, want := links[2].Host(0), m[0].Addresses[0][0]; got != want {
		t.Errorf("rank 0 is at %s for people, want %s", got, want)
	}
	results := make([][]float32, 3)
	errs = each(t, links, comm.Options{}, func(g *comm.Group) error {
		results[g.Rank()] = filled(g.Rank(), 600_000) // more than the socket holds
		return g.AllReduce(context.Background(), results[g.Rank()])
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	checkSum(t, "host", results[0], 3, comm.Float32)
	if !sameBits(results[0], results[1]) || !sameBits(results[0], results[2]) {
		t.Error("the ranks have different bits")
	}
}

// TestOtherHost has sockets named that are not on this host: members meet over
// TCP.
func TestOtherHost(t *testing.T) {
	m := town(t, 3, true)
	for rank := range m {
		m[0].Addresses[rank] = append([]string{fmt.Sprintf("unix:@ember-nobody-%d", rank)}, m[0].Addresses[rank]...)
	}
	links, errs := meet(t, m)
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if got, want := links[1].Host(0), m[0].Addresses[0][1]; got != want {
		t.Errorf("rank 0 was met at %s, want %s", got, want)
	}
	if err := errors.Join(each(t, links, comm.Options{}, func(g *comm.Group) error { return g.Barrier(context.Background()) })...); err != nil {
		t.Error(err)
	}
}

// TestStrangersOnHost come to the socket, too: without the token none stays.
func TestStrangersOnHost(t *testing.T) {
	m := village(t, 2)
	conn, err := net.Dial("unix", strings.TrimPrefix(m[0].Addresses[0][1], "unix:"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(make([]byte, 1<<10)); err != nil {
		t.Fatal(err)
	}
	open, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	go func() { _, _ = m[0].Dial(open) }()
	if _, err := io.Copy(io.Discard, conn); open.Err() != nil {
		t.Errorf("a stranger is kept until the end: %v", err)
	}
	m[1].Token = secure.NewToken()
	ctx, cancel := context.WithTimeout(open, 500*time.Millisecond)
	defer cancel()
	if _, err := m[1].Dial(ctx); !strings.Contains(fmt.Sprint(err), "not the job's token") {
		t.Errorf("got %v", err)
	}
}

func TestNoNetwork(t *testing.T) {
	m := village(t, 2)
	m[0].Addresses[0] = m[0].Addresses[0][1:]
	if _, err := m[1].Dial(t.Context()); !strings.Contains(fmt.Sprint(err), "rank 0 has no address of host and port") {
		t.Errorf("got %v", err)
	}
}
