package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/internal/secure"
)

// subject is one way to move bytes.
type subject struct {
	name      string
	encrypted bool
	sums      bool // else it copies
	host      bool // over the host's own socket, where it has one
	wire      comm.Wire
	parts     bool // sums of virtual workers
	width     int  // bytes of a number on the wire

	move func(ctx context.Context, bytes int) error
}

func subjects() []subject {
	return []subject{
		{name: "copy"},
		{name: "copy, TLS", encrypted: true},
		{name: "all-reduce", sums: true, width: 4},
		{name: "all-reduce, host's socket", sums: true, width: 4, host: true},
		{name: "all-reduce, TLS", sums: true, width: 4, encrypted: true},
		{name: "all-reduce of virtual workers", sums: true, width: 4, parts: true},
		{name: "all-reduce, float16", sums: true, width: 2, wire: comm.Float16},
		{name: "all-reduce, bfloat16", sums: true, width: 2, wire: comm.BFloat16},
		{name: "all-reduce, bfloat16, TLS", sums: true, width: 2, wire: comm.BFloat16, encrypted: true},
	}
}

// time moves bytes and returns how many went each way, and seconds. Both processes
// begin at once.
func (s subject) time(ctx context.Context, bytes int) (n int, seconds float64, err error) {
	if err := s.move(ctx, 8); err != nil {
		return 0, 0, err
	}
	start := time.Now()
	err = s.move(ctx, bytes)
	if n = bytes; s.sums {
		n = bytes / 4 * s.width // among two, each number goes out once and comes in once
	}
	return n, time.Since(start).Seconds(), err
}

// door is where the two processes meet for a subject. The second process has no
// listeners.
type door struct {
	listeners []net.Listener
	addresses []string // host:port first
}

// openDoors opens the first process's.
func openDoors(all []subject) ([]door, error) {
	doors := make([]door, len(all))
	for i, s := range all {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		d := &doors[i]
		d.listeners, d.addresses = append(d.listeners, l), append(d.addresses, l.Addr().String())
		if !s.host {
			continue
		}
		l, address, err := comm.ListenHost()
		if errors.Is(err, errors.ErrUnsupported) {
			continue
		}
		if err != nil {
			return nil, err
		}
		d.listeners, d.addresses = append(d.listeners, l), append(d.addresses, address)
	}
	return doors, nil
}

// meet connects all subjects with the other process.
func meet(ctx context.Context, rank int, doors []door, id *secure.Identity) ([]subject, error) {
	all := subjects()
	for i := range all {
		s := &all[i]
		meet := s.meetCopy
		if s.sums {
			meet = s.meetSum
		}
		if err := meet(ctx, rank, doors[i], id); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return all, nil
}

func (s *subject) meetCopy(ctx context.Context, rank int, at door, id *secure.Identity) error {
	var conn net.Conn
	var err error
	if rank == 0 {
		conn, err = at.listeners[0].Accept()
	} else {
		conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", at.addresses[0])
	}
	if err != nil {
		return err
	}
	if limit, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(limit); err != nil {
			return err
		}
	}
	if s.encrypted && rank == 0 {
		conn = tls.Server(conn, id.Server())
	} else if s.encrypted {
		conn = tls.Client(conn, id.Client())
	}
	var out, in []byte
	s.move = func(_ context.Context, bytes int) error {
		if len(in) < bytes {
			out, in = make([]byte, bytes), make([]byte, bytes)
			for i := range out {
				out[i] = byte(i) // pages never written would be a single one
			}
		}
		return exchange(conn, out[:bytes], in[:bytes])
	}
	return nil
}

func (s *subject) meetSum(ctx context.Context, rank int, at door, id *secure.Identity) error {
	member := comm.TCP{Rank: rank, Addresses: [][]string{at.addresses, {"127.0.0.1:0"}}, Listeners: at.listeners, Token: id.Token()}
	if s.encrypted {
		member.Identity = id
	}
	link, err := member.Dial(ctx)
	if err != nil {
		return err
	}
	group, err := comm.Connect(ctx, link, comm.Options{Wire: s.wire})
	if err != nil {
		return err
	}
	var numbers []float32
	s.move = func(ctx context.Context, bytes int) error {
		if 4*len(numbers) < bytes {
			numbers = make([]float32, bytes/4)
		}
		x := numbers[:bytes/4]
		if s.parts {
			return group.StartParts(2, [][]float32{x}).Wait(ctx)
		}
		return group.AllReduce(ctx, x)
	}
	return nil
}
