//go:build unix

package comm_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/internal/secure"
)

// TestStoppedProcess stops the process of another member with SIGSTOP: its
// connections stay, its kernel goes on acknowledging what it receives.
func TestStoppedProcess(t *testing.T) {
	if os.Getenv("COMM_MEMBER") != "" {
		member(t)
		return
	}
	t.Parallel() // it waits
	a, err := secure.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	own, err := a.Issue("own")
	if err != nil {
		t.Fatal(err)
	}
	other, err := a.Issue("other")
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var start bytes.Buffer
	fmt.Fprintln(&start, l.Addr())
	if _, err := other.WriteTo(&start); err != nil {
		t.Fatal(err)
	}
	process := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestStoppedProcess$")
	process.Env = append(os.Environ(), "COMM_MEMBER=1")
	process.Stdin, process.Stderr = &start, os.Stderr
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = process.Process.Kill()
		_ = process.Wait()
	}()
	g, err := join(t, comm.TCP{Addresses: [][]string{{l.Addr().String()}, {"127.0.0.1:0"}}, Listeners: []net.Listener{l}, Token: a.Token(), Identity: own})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	x := make([]float32, 4<<20)
	for i := range 1000 {
		if i == 3 {
			if err := process.Process.Signal(syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
		}
		if err = g.AllReduce(t.Context(), x); err != nil {
			break
		}
	}
	if e := (*comm.PeerError)(nil); !errors.As(err, &e) || e.Rank != 1 || !strings.Contains(e.Cause, "nothing was heard") {
		t.Errorf("got %v; want that rank 1 is lost", err)
	}
}

// join connects a member whose peers are lost after a few seconds.
func join(t *testing.T, m comm.TCP) (*comm.Group, error) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	link, err := m.Dial(ctx)
	if err != nil {
		return nil, err
	}
	return comm.Connect(ctx, link, comm.Options{Lost: 2 * time.Second})
}

// member is the other process: it sums until it is killed.
func member(t *testing.T) {
	in := bufio.NewReader(os.Stdin)
	address, err := in.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	id, err := secure.ReadIdentity(in)
	if err != nil {
		t.Fatal(err)
	}
	g, err := join(t, comm.TCP{Rank: 1, Addresses: [][]string{{strings.TrimSpace(address)}, {"127.0.0.1:0"}}, Token: id.Token(), Identity: id})
	if err != nil {
		t.Fatal(err)
	}
	x := make([]float32, 4<<20)
	for err == nil {
		err = g.AllReduce(t.Context(), x)
	}
}
