package commtest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/emberml/ember/comm"
)

// ErrCut is what a transport of [Faulty] returns after a cut.
var ErrCut = errors.New("the test cut the connection")

// Faulty is a transport whose sending fails as a plan says, once for each of its
// lines:
//
//	bulk 3: drop          the third frame of numbers is lost
//	control 2: delay 5s   the second message waits
//	bulk 1: cut           with the first frame of numbers, all links end
//	bulk 2: freeze        from the second frame of numbers on, the member neither
//	                      sends nor receives, though its links stay: a stopped process
//
// It panics on a plan that it does not understand.
func Faulty(t comm.Transport, plan string) comm.Transport {
	f := &faulty{Transport: t, frozen: make(chan struct{}), closed: make(chan struct{}), faults: map[moment]fault{}, sent: map[comm.Stream]int{}}
	for line := range strings.Lines(plan) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		m, what, err := parseFault(line)
		if err != nil {
			panic(fmt.Sprintf("commtest: fault %q: %v", line, err))
		}
		f.faults[m] = what
	}
	return f
}

// moment is the sending of the n-th frame of a stream, from 1.
type moment struct {
	stream comm.Stream
	n      int
}

// fault is what happens then.
type fault struct {
	cut, drop, freeze bool
	delay             time.Duration
}

func parseFault(line string) (m moment, f fault, err error) {
	when, what, ok := strings.Cut(line, ":")
	if !ok {
		return m, f, errors.New("no colon")
	}
	var stream string
	if _, err := fmt.Sscanf(when, "%s %d", &stream, &m.n); err != nil {
		return m, f, err
	}
	switch stream {
	case "bulk":
		m.stream = comm.Bulk
	case "control":
		m.stream = comm.Control
	default:
		return m, f, errors.New("the streams are bulk and control")
	}
	what = strings.TrimSpace(what)
	switch delay, isDelay := strings.CutPrefix(what, "delay "); {
	case what == "cut":
		f.cut = true
	case what == "drop":
		f.drop = true
	case what == "freeze":
		f.freeze = true
	case isDelay:
		f.delay, err = time.ParseDuration(delay)
	default:
		err = errors.New("the faults are cut, drop, freeze and delay")
	}
	return m, f, err
}

type faulty struct {
	comm.Transport
	frozen, closed chan struct{}
	freeze, shut   sync.Once

	lock   sync.Mutex
	faults map[moment]fault
	sent   map[comm.Stream]int
}

// Send fails where the plan says so.
func (f *faulty) Send(to int, s comm.Stream, frame []byte) error {
	f.lock.Lock()
	f.sent[s]++
	now := f.faults[moment{s, f.sent[s]}]
	f.lock.Unlock()
	if now.freeze {
		f.freeze.Do(func() { close(f.frozen) })
	}
	switch {
	case now.cut:
		return errors.Join(ErrCut, f.Close())
	case now.drop:
		return nil
	case now.delay > 0:
		select {
		case <-time.After(now.delay):
		case <-f.closed:
			return ErrCut
		}
	case f.isFrozen() && s == comm.Control:
		return nil
	case f.isFrozen():
		<-f.closed
		return ErrCut
	}
	return f.Transport.Send(to, s, frame)
}

// Recv waits for ever in a frozen member.
func (f *faulty) Recv(from int, s comm.Stream, buf []byte) (int, error) {
	n, err := f.Transport.Recv(from, s, buf)
	if f.isFrozen() {
		<-f.closed
		return 0, ErrCut
	}
	return n, err
}

func (f *faulty) isFrozen() bool {
	select {
	case <-f.frozen:
		return true
	default:
		return false
	}
}

// Close ends all waits. The links of a frozen member stay: only the others end
// them.
func (f *faulty) Close() error {
	f.shut.Do(func() { close(f.closed) })
	if f.isFrozen() {
		return nil
	}
	return f.Transport.Close()
}
