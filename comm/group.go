package comm

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Options say how long members wait for each other, and how they send.
type Options struct {
	Generation uint64        // which attempt of the job this is; all members say the same
	Join       time.Duration // until all members are there; 0: 2 minutes
	Lost       time.Duration // without a word until a member counts as lost; 0: 30 seconds
	Operation  time.Duration // that the wait for one operation may take, though all are alive; 0: 5 minutes
	Wire       Wire          // how large AllReduce sums of float32 travel
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		value *time.Duration
		usual time.Duration
	}{{&o.Join, 2 * time.Minute}, {&o.Lost, 30 * time.Second}, {&o.Operation, 5 * time.Minute}} {
		if *d.value <= 0 {
			*d.value = d.usual
		}
	}
	return o
}

// Group is the workers that learn one model together, seen from one of them.
//
// All members call the same operations in the same order with slices of the same
// lengths. An operation that fails breaks the group: it and all later ones
// return the same error, on the other members too, a [*PeerError] that names the
// culprit. The zero Group is not useful.
type Group struct {
	rank, size int
	links      Transport // nil: the group of one
	opts       Options

	calls  chan call       // to the machine
	joined chan struct{}   // closed when all are there
	down   chan struct{}   // closed when the group has ended
	err    error           // why, once down is closed
	begun  atomic.Uint64   // operations
	queue  chan *operation // to the worker
	pool   sync.Mutex      // guards idle
	idle   []*operation    // done, to be used again
	out    chan outgoing   // to the sender
	free   chan []byte     // buffers to encode into
	posted int             // frames left to the sender
	gone   atomic.Int64    // frames that it has sent
	moved  chan struct{}   // it has sent one
	sent   chan struct{}   // closed when the sender has ended
	in     []byte          // the worker's frame at hand
	done   sync.WaitGroup  // the group's goroutines
}

// Solo is the group of one worker.
func Solo() *Group { return &Group{rank: 0, size: 1} }

// Rank numbers the members from 0.
func (g *Group) Rank() int { return g.rank }

// Size is the number of members.
func (g *Group) Size() int { return g.size }

// LostAfter is how long a member may be silent until it counts as lost; a group of
// one has the default.
func (g *Group) LostAfter() time.Duration { return g.opts.withDefaults().Lost }

// Close leaves the group, which ends what this member has not waited for. Members
// that go on without it do so in peace; those that need it in an operation get a
// [*PeerError].
func (g *Group) Close() error {
	if g.links == nil {
		return nil
	}
	g.tell(call{leave: true})
	g.done.Wait()
	return nil
}

// Abort leaves the group because of an error: every other member gets a
// [*PeerError] that names this one and the cause.
func (g *Group) Abort(cause error) {
	if g.links == nil {
		return
	}
	g.tell(call{abort: cause.Error()})
	g.done.Wait()
}

// AllReduce replaces buf on every member by the sum over all members, the same
// bits everywhere and from run to run. It allocates nothing once warm. A context
// that ends before the sum is there breaks the group, and its error is returned.
//
// Two members send each other all. Of more, small slices go up and down a
// binomial tree; large ones go around a ring in chunks (Patarasuk and Yuan, "Bandwidth optimal all-reduce algorithms for
// clusters of workstations", 2009): each member sends and receives
// 2·(n-1)/n·len(buf) numbers, whatever the number n of members. Either way each
// sum has a fixed order of addition, which depends on n.
func (g *Group) AllReduce(ctx context.Context, buf []float32) error {
	if g.links == nil {
		return ctx.Err()
	}
	if err := g.canceled(ctx); err != nil {
		return err
	}
	return g.Start(buf).Wait(ctx)
}

// canceled breaks the group where a context has ended before its operation
// begins, which the others would wait for.
func (g *Group) canceled(ctx context.Context) error {
	err := ctx.Err()
	if err != nil {
		g.Abort(fmt.Errorf("it gave up waiting: %w", err))
	}
	return err
}

// Pending is an operation under way.
type Pending struct {
	g  *Group
	op *operation
}

// Start begins an AllReduce, to go on while the caller computes: the gradients
// of the last layers travel while those of the first are computed. Until Wait
// returns, buf belongs to the group. Operations are done in the order of their
// start.
func (g *Group) Start(buf []float32) Pending {
	if g.links == nil {
		return Pending{}
	}
	op := g.operation()
	op.buf, op.run = buf, nil
	return g.enqueue(op)
}

// Wait returns when the sum is there. It is called once.
func (p Pending) Wait(ctx context.Context) error {
	g, op := p.g, p.op
	if g == nil {
		return ctx.Err()
	}
	op.timer.Reset(g.opts.Operation)
	err := error(nil)
	select {
	case <-op.done:
	case <-ctx.Done():
		err = ctx.Err()
		g.tell(call{abort: "it gave up waiting: " + err.Error()})
		<-op.done
	case <-op.timer.C:
		g.tell(call{stall: true})
		<-op.done
	}
	op.timer.Stop()
	if err == nil {
		err = op.err
	}
	g.recycle(op)
	return err
}

// operation is a collective on its way through the worker.
type operation struct {
	buf   []float32            // of an AllReduce
	run   func(g *Group) error // or anything else
	err   error
	done  chan struct{}
	timer *time.Timer
}

func (g *Group) operation() *operation {
	g.pool.Lock()
	defer g.pool.Unlock()
	if n := len(g.idle); n > 0 {
		op := g.idle[n-1]
		g.idle = g.idle[:n-1]
		return op
	}
	op := &operation{done: make(chan struct{}, 1), timer: time.NewTimer(time.Hour)}
	op.timer.Stop()
	return op
}

func (g *Group) recycle(op *operation) {
	op.buf, op.run, op.err = nil, nil, nil
	g.pool.Lock()
	defer g.pool.Unlock()
	g.idle = append(g.idle, op)
}

func (g *Group) enqueue(op *operation) Pending {
	select {
	case g.queue <- op:
	case <-g.down:
		op.err = g.err
		op.done <- struct{}{}
		return Pending{g, op}
	}
	select {
	case <-g.down:
		g.refuse() // the worker may have gone before it saw the operation
	default:
	}
	return Pending{g, op}
}

// do runs an operation in its turn.
func (g *Group) do(ctx context.Context, run func(g *Group) error) error {
	if err := g.canceled(ctx); err != nil {
		return err
	}
	op := g.operation()
	op.run = run
	return g.enqueue(op).Wait(ctx)
}
