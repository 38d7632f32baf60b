// Package parallel is the one thread pool of Ember: fork-join over a range of
// indices, for kernels that take microseconds.
//
// A [Pool] keeps its workers spinning for a moment after each piece of work,
// because waking a parked goroutine costs a hundred times more than handing
// work to a spinning one, and parks them after that, so an idle pool costs
// nothing. The calling goroutine is always worker 0.
//
// Which worker runs which index is not fixed. A kernel whose result must not
// depend on the number of threads therefore splits its sums at constants and
// writes each part of its result from exactly one index.
package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Task is a piece of work over the indices [0, n) of [Pool.For]. Do is called
// for disjoint ranges [lo, hi) that cover them, at the same time from several
// goroutines; worker is below [Pool.Threads] and belongs to one call at a
// time, so it selects private scratch memory. A caller prepares its Task once
// and runs it often: starting it allocates nothing.
type Task interface {
	Do(lo, hi, worker int)
}

// Func is a function as a [Task].
type Func func(lo, hi, worker int)

// Do calls f.
func (f Func) Do(lo, hi, worker int) { f(lo, hi, worker) }

const (
	// spins is the number of polls before a goroutine parks, about 150 µs: longer
	// than one thread's share of a piece of work, for whose end another one
	// waits, and than what it takes to wake a processor that a hypervisor has
	// put to sleep.
	spins = 1 << 17
	// share is which part of what is left of a thread's indices it claims at once:
	// so claims are large while there is much to do, and a single index at the end,
	// where the threads wait for the last one (guided self-scheduling;
	// Polychronopoulos and Kuck, 1987).
	share = 2
)

// The bits of Pool.state below the generation. The lowest ones count the
// workers inside the present piece of work.
const (
	active  = 1<<16 - 1
	waiting = 1 << 16 // the caller is parked until active becomes 0
	open    = 1 << 17 // workers may enter
	closed  = 1 << 18 // the pool is closed
	genStep = 1 << 19
)

// spinning counts the workers of all pools that poll now.
var spinning atomic.Int64

// Pool runs tasks on a fixed number of workers. Several goroutines may share
// it: while one of them has the workers, the others run their tasks inline,
// as does a [Pool.For] called from within a Task. A nil *Pool is valid and
// runs everything inline.
type Pool struct {
	threads int
	workers []worker
	spin    bool
	fork    sync.Mutex // held by the goroutine that has the workers

	// state is generation | flags | active, so that entering, leaving and
	// closing a piece of work are single atomic steps.
	state atomic.Uint64
	done  chan struct{}

	// The piece of work. Written only while it is not open and nobody is active.
	task    Task
	spans   []span // of each thread: of equal work, threads meet the same data
	failure atomic.Pointer[failure]
}

// span is the indices of one thread. Another one claims of it what is left when
// it has done its own.
type span struct {
	next atomic.Int64
	end  int64
	_    [48]byte // one cache line each
}

// failure is the first panic of a piece of work.
type failure struct{ value any }

type worker struct {
	parked atomic.Bool
	wake   chan struct{}
	_      [48]byte // one cache line each
}

// New starts a pool of the given number of threads, the caller's included, but
// at most 65,535; 0 means GOMAXPROCS. Its workers live until [Pool.Close].
func New(threads int) *Pool {
	procs := runtime.GOMAXPROCS(0)
	if threads <= 0 {
		threads = procs
	}
	threads = min(threads, active)
	p := &Pool{
		threads: threads,
		workers: make([]worker, threads-1),
		spans:   make([]span, threads),
		spin:    threads <= procs,
		done:    make(chan struct{}, 1),
	}
	for i := range p.workers {
		p.workers[i].wake = make(chan struct{}, 1)
		go p.work(i)
	}
	return p
}

// Threads returns the number of workers, 1 for a nil Pool.
func (p *Pool) Threads() int {
	if p == nil {
		return 1
	}
	return p.threads
}

// Close ends the workers. Tasks started afterwards run inline.
func (p *Pool) Close() {
	if p == nil {
		return
	}
	p.fork.Lock()
	defer p.fork.Unlock()
	p.state.Or(closed)
	p.wakeAll()
}

// For calls task.Do on ranges that cover [0, n) and returns when all have
// returned. Each thread has an equal share of the indices, and helps others when
// it has done its own. A panic in any of them skips the ranges not yet begun and is
// raised again here with the same value.
func (p *Pool) For(n int, task Task) {
	if n <= 0 {
		return
	}
	if p == nil || p.threads == 1 || n == 1 || !p.fork.TryLock() {
		task.Do(0, n, 0)
		return
	}
	if p.state.Load()&closed != 0 {
		p.fork.Unlock()
		task.Do(0, n, 0)
		return
	}
	p.task = task
	p.divide(n)
	p.state.Add(genStep | open)
	p.wakeAll()
	p.run(0)
	p.join()
	f := p.failure.Swap(nil)
	p.task = nil
	p.fork.Unlock()
	if f != nil {
		panic(f.value)
	}
}

func (p *Pool) wakeAll() {
	for i := range p.workers {
		w := &p.workers[i]
		if w.parked.Load() && w.parked.CompareAndSwap(true, false) {
			w.wake <- struct{}{}
		}
	}
}

// divide gives each thread its share of the indices [0, n).
func (p *Pool) divide(n int) {
	each, more := n/p.threads, n%p.threads
	at := 0
	for i := range p.spans {
		s := &p.spans[i]
		s.next.Store(int64(at))
		at += each
		if i < more {
			at++
		}
		s.end = int64(at)
	}
}

// run claims ranges until none is left, of the worker's own indices first.
func (p *Pool) run(worker int) {
	defer func() {
		if v := recover(); v != nil {
			p.failure.CompareAndSwap(nil, &failure{v})
			for i := range p.spans {
				p.spans[i].next.Store(p.spans[i].end)
			}
		}
	}()
	for i := range p.spans {
		s := &p.spans[(worker+i)%p.threads]
		for {
			lo := s.next.Load()
			if lo >= s.end {
				break
			}
			hi := lo + max(1, (s.end-lo)/share)
			if s.next.CompareAndSwap(lo, hi) {
				p.task.Do(int(lo), int(hi), worker)
			}
		}
	}
}

// join closes the piece of work and waits for those inside it. Workers that
// have not entered by now are not waited for.
func (p *Pool) join() {
	p.state.Add(^uint64(open - 1))
	if p.spin {
		for range spins {
			if p.state.Load()&active == 0 {
				return
			}
		}
	}
	for {
		s := p.state.Load()
		if s&active == 0 {
			return
		}
		if p.state.CompareAndSwap(s, s|waiting) {
			<-p.done
			return
		}
	}
}

// work is the life of worker i+1.
func (p *Pool) work(i int) {
	w := &p.workers[i]
	var seen uint64
	for {
		s := p.await(w, seen)
		if s&closed != 0 {
			return
		}
		seen = s / genStep
		if s&open == 0 || !p.state.CompareAndSwap(s, s+1) {
			// Ended meanwhile, or another worker entered just now: look again.
			if s&open != 0 {
				seen--
			}
			continue
		}
		p.run(i + 1)
		for {
			s := p.state.Load()
			last := s&waiting != 0 && s&active == 1
			next := s - 1
			if last {
				next &^= waiting
			}
			if p.state.CompareAndSwap(s, next) {
				if last {
					p.done <- struct{}{}
				}
				break
			}
		}
	}
}

// await returns the state once its generation differs from seen or the pool
// is closed. It polls first and then parks.
func (p *Pool) await(w *worker, seen uint64) uint64 {
	news := func(s uint64) bool { return s/genStep != seen || s&closed != 0 }
	if p.spin {
		if spinning.Add(1) < int64(p.threads) {
			for range spins {
				if s := p.state.Load(); news(s) {
					spinning.Add(-1)
					return s
				}
			}
		}
		spinning.Add(-1)
	}
	for {
		w.parked.Store(true)
		if s := p.state.Load(); news(s) {
			if !w.parked.CompareAndSwap(true, false) {
				<-w.wake // the caller has sent it already
			}
			return s
		}
		<-w.wake
		if s := p.state.Load(); news(s) {
			return s
		}
	}
}
