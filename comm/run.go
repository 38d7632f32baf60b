package comm

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// beats is how many heartbeats go into the time after which a member is lost,
// and ticks how many ticks into one of them.
const (
	beats = 5
	ticks = 2
)

// call is what the machine's owner is asked by other goroutines.
type call struct {
	message Message
	leave   bool
	stall   bool
	abort   string
}

// Connect makes a group of the members that a transport connects. It returns
// when all are there, or with a [*PeerError] that says who is missing. The group
// owns the transport.
func Connect(ctx context.Context, t Transport, opts Options) (*Group, error) {
	if t.Size() == 1 {
		return Solo(), t.Close()
	}
	opts = opts.withDefaults()
	g := &Group{
		rank: t.Rank(), size: t.Size(), links: t, opts: opts,
		calls: make(chan call), joined: make(chan struct{}), down: make(chan struct{}), sent: make(chan struct{}),
		queue: make(chan *operation, 256), out: make(chan outgoing, sendBuffers), free: make(chan []byte, sendBuffers), moved: make(chan struct{}, 1),
		in: frame(),
	}
	for range sendBuffers {
		g.free <- frame()
	}
	g.done.Add(3 + g.size - 1)
	go g.keep()
	go g.work()
	go g.sendAll()
	for rank := range g.size {
		if rank != g.rank {
			go g.listen(rank)
		}
	}
	select {
	case <-g.joined:
		return g, nil
	case <-g.down:
		g.done.Wait()
		return nil, g.err
	case <-ctx.Done():
		g.Abort(fmt.Errorf("it gave up waiting for the others: %w", ctx.Err()))
		return nil, ctx.Err()
	}
}

// tell gives the machine's owner a call, unless the group has ended.
func (g *Group) tell(c call) {
	select {
	case g.calls <- c:
	case <-g.down:
	}
}

// keep owns the machine and the clock.
func (g *Group) keep() {
	defer g.done.Done()
	tick := max(g.opts.Lost/(beats*ticks+1), time.Millisecond) // what is late shows in the tick after the last
	m := NewMachine(g.rank, g.size, g.opts.Generation, Limits{
		Join: int(g.opts.Join/tick) - 1, Beat: ticks, Lost: beats * ticks, Grace: ticks,
	})
	clock := time.NewTicker(tick)
	defer clock.Stop()
	words := make([]byte, 0, maxMessage)
	for {
		r := m.Ready()
		for _, msg := range r.Messages {
			words = appendMessage(words[:0], msg)
			_ = g.links.Send(msg.To, Control, words) // a broken link shows where it is read
		}
		switch r.State {
		case Joined:
			select {
			case <-g.joined:
			default:
				close(g.joined)
			}
		case Failed:
			g.end(&PeerError{
				Rank: r.Loss.Rank, Host: g.links.Host(r.Loss.Rank), Generation: g.opts.Generation,
				Reporter: r.Loss.Reporter, Cause: r.Loss.Cause,
			})
			return
		case Left:
			g.end(errors.New("this member has left the group"))
			return
		}
		select {
		case <-clock.C:
			m.Progress(g.begun.Load())
			m.Tick()
		case c := <-g.calls:
			switch {
			case c.leave:
				m.Leave()
			case c.stall:
				m.Progress(g.begun.Load())
				m.Stall()
			case c.abort != "":
				m.Abort(c.abort)
			default:
				m.Step(c.message)
			}
		}
	}
}

// end closes the links, which ends all waits.
func (g *Group) end(err error) {
	g.err = err
	close(g.down)
	_ = g.links.Close()
}

// listen reads a peer's messages.
func (g *Group) listen(rank int) {
	defer g.done.Done()
	buf := make([]byte, maxMessage)
	for {
		n, err := g.links.Recv(rank, Control, buf)
		var msg Message
		if err == nil {
			msg, err = parseMessage(buf[:n])
		}
		if err == nil && msg.From != rank {
			err = fmt.Errorf("it speaks in the name of rank %d", msg.From)
		}
		if err != nil {
			g.tell(call{message: Message{Kind: Broken, From: rank, Generation: g.opts.Generation, Cause: err.Error()}})
			return
		}
		g.tell(call{message: msg})
	}
}

// work runs the operations one after the other.
func (g *Group) work() {
	defer g.done.Done()
	for {
		select {
		case op := <-g.queue:
			g.begun.Add(1)
			op.err = g.perform(op)
			op.done <- struct{}{}
		case <-g.down:
			g.refuse()
			return
		}
	}
}

// refuse ends what is queued in a group that has ended.
func (g *Group) refuse() {
	for {
		select {
		case op := <-g.queue:
			op.err = g.err
			op.done <- struct{}{}
		default:
			return
		}
	}
}

// perform runs an operation. A link that fails is the machine's to judge.
func (g *Group) perform(op *operation) error {
	var err error
	if op.run != nil {
		err = op.run(g)
	} else {
		err = allReduce(g, op.buf, &wires[g.opts.Wire])
	}
	if err == nil {
		err = g.flush()
	}
	if err == nil {
		return nil
	}
	if broken := (*linkError)(nil); errors.As(err, &broken) {
		g.tell(call{message: Message{Kind: Missed, From: broken.rank, Generation: g.opts.Generation, Cause: broken.err.Error()}})
	} else if !errors.Is(err, errDown) {
		g.tell(call{abort: err.Error()})
	}
	<-g.down
	<-g.sent // nothing reads the caller's slice any more
	return g.err
}

// linkError is a failure of the link to a peer.
type linkError struct {
	rank int
	err  error
}

func (e *linkError) Error() string { return fmt.Sprintf("link to rank %d: %v", e.rank, e.err) }
