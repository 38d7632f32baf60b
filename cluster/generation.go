package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/emberml/ember/internal/secure"
	"github.com/emberml/ember/report"
	"github.com/emberml/ember/storage"
)

// Pauses of the driver.
const (
	tellEvery  = 10 * time.Second // who is waited for
	settleTime = 5 * time.Second  // for a better explanation of a loss than the first that comes
)

// generation is the driver's view of one generation of workers. Its goroutine
// alone touches it.
type generation struct {
	*driver
	number int
	fleet  fleet
	ctx    context.Context //nolint:containedctx // of the links and what they serve
	heard  chan heard
	seats  []*place
	met    bool
	began  time.Time   // of the wait for the workers, or for what comes before them
	busy   bool        // the cluster still does what comes before the workers
	due    *time.Timer // the end of that wait

	verdict  string // why the cluster ended the job, through no fault of a worker; empty: it did not
	stopping bool
	settle   *time.Timer
	losing   bool // somebody is lost, and settle runs
	settled  bool // …and has run out
	links    sync.WaitGroup
}

// place is one worker as the driver knows it.
type place struct {
	link    *link
	hello   *hello
	cause   string   // why it is lost; empty while it is not
	sure    bool     // the cause is what the worker's own end says, not what others say
	done    bool     // its job has returned
	failure *failure // its last word
	gone    bool     // its process has ended
	final   bool     // another generation would end in the same way
	hint    string   // what to do against that; may be empty
}

// ended tells whether nothing more is to come from the worker.
func (p *place) ended() bool { return p.done || p.failure != nil || p.sure }

// heard is a message of a worker, or the end of its link.
type heard struct {
	index int
	link  *link
	message
	err error
}

// generation runs one generation of workers to its end.
func (d *driver) generation(ctx context.Context, authority *secure.Authority) error {
	running, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	g := &generation{
		driver: d, number: d.boot.Generation, ctx: running, heard: make(chan heard), seats: make([]*place, d.boot.Workers),
		began: time.Now(), settle: time.NewTimer(0),
	}
	if !g.settle.Stop() {
		<-g.settle.C
	}
	for i := range g.seats {
		g.seats[i] = &place{}
	}
	defer g.links.Wait()
	defer cancel(errStopped)
	var err error
	g.fleet, err = d.launcher.launch(ctx, d.boot, func(index int) (secret, error) {
		return issue(authority, fmt.Sprintf("worker %d of generation %d", index, g.number))
	})
	if err != nil {
		return err
	}
	defer g.fleet.kill()
	if err := g.watchFolder(g.ctx, g.number, &g.links); err != nil {
		return err
	}
	g.busy = g.fleet.busy() != ""
	g.due = time.NewTimer(g.patience())
	defer g.due.Stop()
	if err := g.wait(ctx); err != nil {
		return err
	}
	return g.outcome(ctx)
}

// watchFolder waits, until the context's end, for workers of a generation that cannot
// reach the driver's port.
func (d *driver) watchFolder(ctx context.Context, generation int, links *sync.WaitGroup) error {
	if d.boot.Folder == "" {
		return nil
	}
	for i := range d.boot.Workers {
		conn, err := openFolder(ctx, d.boot.Folder, d.token, generation, i, true)
		if err != nil {
			return err
		}
		links.Go(func() { d.hub.greet(ctx, newLink(conn, d.Query+d.Join+d.Peer)) })
	}
	return nil
}

// wait hears the workers until the generation's end is decided.
func (g *generation) wait(ctx context.Context) error {
	tell := time.NewTicker(tellEvery)
	defer tell.Stop()
	interrupted := ctx.Done()
	var overdue <-chan time.Time
	for !g.over() {
		select {
		case a := <-g.hub.arrived:
			if err := g.arrive(a); err != nil {
				return err
			}
		case h := <-g.heard:
			g.hear(h)
		case e := <-g.fleet.exits():
			g.exited(e)
		case <-g.settle.C:
			g.settled = true
		case <-g.due.C:
			if !g.met {
				return g.missing()
			}
		case <-tell.C:
			g.tellWaiting()
		case <-interrupted:
			interrupted = nil
			overdue = time.After(g.Stop)
			g.stop()
		case <-overdue:
			return g.overdue(fmt.Sprintf("within %v of the interruption", g.Stop))
		case <-g.hurry:
			return g.overdue("before a second signal")
		}
	}
	return nil
}

// over tells whether the generation's end is decided: all have ended, or one has in
// a way that leaves nothing to wait for.
func (g *generation) over() bool {
	all := true
	for _, p := range g.seats {
		if !p.ended() {
			all = false
			continue
		}
		if g.stopping {
			continue // the first worker has a checkpoint to write
		}
		if p.sure || p.failure != nil && p.failure.own() {
			return true
		}
	}
	return all || g.settled
}

// stop asks the workers to end their jobs. Those that have not begun are not
// waited for.
func (g *generation) stop() {
	g.stopping = true
	if !g.met {
		g.settled = true
		return
	}
	for _, p := range g.seats {
		if p.link != nil && !p.ended() {
			go func() { _ = p.link.send(message{Kind: stop}) }()
		}
	}
}

// arrive gives a worker its place, and lets all meet when it was the last.
func (g *generation) arrive(a arrival) error {
	i := a.hello.Index
	if a.hello.Generation != g.number || i < 0 || i >= len(g.seats) {
		a.link.end(errors.New("it belongs to another generation"))
		return nil
	}
	p := g.seats[i]
	if p.link != nil {
		if g.met {
			a.link.end(errors.New("its place is taken"))
			return nil
		}
		p.link.end(errors.New("it came a second time")) // its task was started anew
	}
	if g.busy { // the others start now, too
		g.busy, g.began = false, time.Now()
		g.due.Reset(g.patience())
	}
	a.link.expect(g.Peer)
	p.link, p.hello = a.link, &a.hello
	if a.hello.Detour != "" && !g.detour {
		g.detour = true
		fmt.Fprintf(g.Stderr, "note: worker %d (%s) cannot reach this driver, and talks by %s, as do others that cannot: %s\n", i, g.where(i), g.boot.Folder, oneLine(a.hello.Detour))
	}
	go a.link.keep()
	g.links.Go(func() { g.listen(i, a.link) })
	all := make([]*hello, len(g.seats))
	for i, p := range g.seats {
		if p.link == nil {
			return nil
		}
		all[i] = p.hello
	}
	m, err := introduceAll(all)
	if err != nil {
		return &Error{Rank: -1, Cause: err.Error()}
	}
	g.met = true
	g.phase("all workers have come")
	for _, p := range g.seats {
		go func() { _ = p.link.send(message{Kind: welcome, Meeting: m}) }() // a broken link shows where it is read
	}
	return nil
}

// listen reads a worker's messages, and serves it files, until its link ends.
func (g *generation) listen(index int, l *link) {
	release := l.endWith(g.ctx)
	defer release()
	served := &files{driverFS: driverFS{access{read: g.Read, write: g.Write}}, writers: map[uint64]storage.Writer{}}
	defer served.close()
	busy := make(chan struct{}, maxWriters)
	for {
		m, err := l.recv()
		if err == nil && m.Kind == ask {
			busy <- struct{}{}
			go func() {
				defer func() { <-busy }()
				_ = l.send(served.serve(g.ctx, m.Request, m.body)) // a broken link shows where it is read
			}()
			continue
		}
		h := heard{index: index, link: l, err: err}
		if err == nil {
			h.message = *m
		} else {
			l.end(err)
		}
		select {
		case g.heard <- h:
		case <-g.ctx.Done():
			l.end(context.Cause(g.ctx))
			return
		}
		if err != nil {
			return
		}
	}
}

// hear takes a worker's message.
func (g *generation) hear(h heard) {
	p := g.seats[h.index]
	if p.link != h.link {
		return // of one that came a second time
	}
	if h.err != nil {
		if !p.ended() {
			if p.cause == "" {
				p.cause = "its connection ended: " + h.err.Error()
			}
			g.begin()
		}
		return
	}
	switch h.Kind {
	case event:
		if h.index == 0 {
			g.report(h.Event)
		}
	case logged:
		if h.index == 0 {
			fmt.Fprint(g.Stderr, local(h.Text))
		}
	case result:
		g.Result(h.index, h.message.Result)
	case done, failed:
		if f := h.Failure; f != nil && f.Lost == h.index {
			p.cause = f.Text
			g.begin() // the cluster may say more
		} else {
			p.done, p.failure = h.Kind == done, f
			if f != nil {
				g.blame(f)
			}
		}
		_ = p.link.send(message{Kind: bye}) // who has just spoken listens
	}
}

// report passes on an event, and notes what was reached.
func (g *generation) report(line []byte) {
	e, err := report.Decode([]byte(local(string(line))))
	if err != nil {
		fmt.Fprintf(g.Stderr, "warning: %v\n", err)
		return
	}
	if c, ok := e.(report.Checkpoint); ok {
		g.reached, g.boot.Checkpoint = c.Step, c.Path
	}
	g.Report.Event(e)
}

// local is text of a worker with the driver's files as the driver's user knows
// them.
func local(text string) string { return strings.ReplaceAll(text, driverPrefix, "") }

// blame notes who is lost by the word of another.
func (g *generation) blame(f *failure) {
	if f.own() {
		return
	}
	g.begin()
	if f.Lost >= 0 && f.Lost < len(g.seats) {
		if p := g.seats[f.Lost]; !p.ended() && p.cause == "" {
			p.cause = f.Text
		}
	}
}

// begin starts the wait for a better explanation.
func (g *generation) begin() {
	if !g.losing {
		g.losing = true
		g.settle.Reset(min(settleTime, g.Peer))
	}
}

// exited notes the end of a worker's process.
func (g *generation) exited(e exit) {
	if e.index < 0 && e.final {
		g.verdict = e.cause
	}
	for i, p := range g.seats {
		if e.index >= 0 && e.index != i {
			continue
		}
		p.gone = true
		if !p.done && p.failure == nil {
			p.cause, p.sure, p.final, p.hint = "it ended: "+e.cause, true, e.final, e.hint
		}
	}
}

// patience is how long the wait may take.
func (g *generation) patience() time.Duration {
	if g.busy {
		return g.Query
	}
	return g.Join
}

// tellWaiting says for what or whom the job waits.
func (g *generation) tellWaiting() {
	if g.met {
		return
	}
	what, flag := g.waitedFor(), "--join-timeout"
	if g.busy {
		what, flag = g.fleet.busy(), "--query-timeout"
	}
	fmt.Fprintf(g.Stderr, "note: waiting for %s, for %v of %s %v\n", what, time.Since(g.began).Round(time.Second), flag, g.patience())
}

// waitedFor names the workers that have not come.
func (g *generation) waitedFor() string {
	const most = 3
	var names []string
	for i, p := range g.seats {
		if p.link == nil {
			names = append(names, fmt.Sprintf("worker %d (%s)", i, g.where(i)))
		}
	}
	if n := len(names); n > most {
		names = append(names[:most], fmt.Sprintf("%d more", n-most))
	}
	return strings.Join(names, ", ")
}

// where tells where a worker is.
func (g *generation) where(index int) string {
	placed := g.fleet.where(index)
	if h := g.seats[index].hello; h != nil && !g.launcher.local() {
		return fmt.Sprintf("%s, process %d on %s", placed, h.Process, h.Host)
	}
	return placed
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
