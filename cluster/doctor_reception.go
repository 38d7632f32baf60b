package cluster

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// reception is the driver's side of the doctor's tasks. It tells them the time, and
// those that Spark lets no barrier have, of each other. Its goroutine alone touches
// what has no lock.
type reception struct {
	hub      *hub
	patience time.Duration // for the next task
	visit    time.Duration // until all have dialed all
	links    []*link       // by task; nil: not come
	met      *meeting      // nil: not all are here yet
	leaving  map[int]bool
	heard    chan int // tasks that want to leave
	talking  sync.WaitGroup
}

func newReception(h *hub, tasks int, patience, visit time.Duration) *reception {
	return &reception{
		hub: h, patience: patience, visit: visit, links: make([]*link, tasks), leaving: map[int]bool{}, heard: make(chan int),
	}
}

// serve receives tasks until the context's end.
func (r *reception) serve(ctx context.Context) {
	defer r.talking.Wait()
	addresses := make([][]string, len(r.links))
	late := time.NewTimer(0)
	<-late.C
	defer late.Stop()
	for {
		select {
		case a := <-r.hub.arrived:
			i := a.hello.Index
			if i < 0 || i >= len(r.links) || r.links[i] != nil && r.met != nil {
				a.link.end(errors.New("its place is taken"))
				continue
			}
			if r.links[i] != nil {
				r.links[i].end(errors.New("it came a second time"))
			}
			r.links[i], addresses[i] = a.link, a.hello.Addresses
			r.talking.Go(func() { r.talk(ctx, i, a.link) })
			switch {
			case r.met != nil: // it is late
				r.send(i, message{Kind: welcome, Meeting: r.met})
			case r.count() == len(r.links):
				r.introduce(addresses)
				late.Reset(r.visit)
			default:
				late.Reset(r.patience)
			}
		case <-late.C:
			if r.met == nil {
				r.introduce(addresses)
				late.Reset(r.visit)
			} else {
				r.dismiss()
			}
		case i := <-r.heard:
			r.leaving[i] = true
			if len(r.leaving) == r.count() {
				r.dismiss()
			}
		case <-ctx.Done():
			for _, l := range r.links {
				if l != nil {
					l.end(context.Cause(ctx))
				}
			}
			return
		}
	}
}

func (r *reception) count() int {
	n := 0
	for _, l := range r.links {
		if l != nil {
			n++
		}
	}
	return n
}

// introduce tells all who are here of each other.
func (r *reception) introduce(addresses [][]string) {
	r.met = &meeting{Addresses: slices.Clone(addresses)}
	for i := range r.links {
		r.send(i, message{Kind: welcome, Meeting: r.met})
	}
}

// dismiss lets those leave who wait for the others.
func (r *reception) dismiss() {
	for i := range r.links {
		r.send(i, message{Kind: bye})
	}
}

func (r *reception) send(i int, m message) {
	if l := r.links[i]; l != nil {
		r.talking.Go(func() { _ = l.send(m) }) // one that is gone needs nothing
	}
}

// talk answers a task until it is gone.
func (r *reception) talk(ctx context.Context, i int, l *link) {
	go l.keep()
	for {
		m, err := l.recv()
		if err != nil {
			l.end(err)
			return
		}
		switch m.Kind {
		case clock:
			_ = l.send(message{Kind: clock, Time: time.Now().UnixNano()})
		case done:
			select {
			case r.heard <- i:
			case <-ctx.Done():
				return
			}
		}
	}
}
