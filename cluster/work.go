package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/secure"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/report"
	"github.com/emberml/ember/storage"
)

// seat is what a worker is told by the cluster that runs it, not by the driver.
type seat struct {
	index int
	host  string // for people
	// gather gives every worker the texts of all, by index. Where the cluster has
	// no such thing (nil), the workers meet at the driver.
	gather func(ctx context.Context, text string) ([]string, error)
	// advertised is the address of this host as the cluster knows it; empty: none.
	advertised string
	rows       *fedRows // that the cluster feeds; nil: none
	scratch    string   // a folder for files; empty: none
	// orphaned is called when the driver is lost; nil does nothing.
	orphaned func()
}

var errStopped = errors.New("the driver ends the job")

// work is the life of a worker: it meets the driver and the others, runs the job,
// and tells the driver how that ended. The error is for the worker's own log.
func work(ctx context.Context, b *bootstrap, jobs Jobs, s seat) error {
	identity, err := b.identity()
	if err != nil {
		return err
	}
	address := ":0"
	if b.Local {
		address = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("the worker's port: %w", err)
	}
	defer listener.Close()
	h, err := introduce(b, s, listener)
	if err != nil {
		return err
	}
	listeners := []net.Listener{listener}
	if near, address, err := comm.ListenHost(); err == nil { // else networks serve
		defer near.Close()
		listeners, h.Addresses = append(listeners, near), append(h.Addresses, address)
	}
	l, err := reach(ctx, b, s, identity, h)
	if err != nil {
		return err
	}
	defer l.end(io.ErrClosedPipe)
	w := &member{boot: b, seat: s, link: l, files: newRemoteFS(l), met: make(chan *meeting, 1), released: make(chan struct{})}
	ctx, w.stop = context.WithCancelCause(ctx)
	defer w.stop(nil)
	go l.keep()
	go w.listen()
	err = w.run(ctx, jobs, identity, listeners, h)
	if untold := w.tell(err); untold != nil {
		return errors.Join(err, untold)
	}
	if err != nil {
		return &toldError{err}
	}
	return nil
}

// introduce is what the worker says of itself.
func introduce(b *bootstrap, s seat, listener net.Listener) (*hello, error) {
	h := &hello{Index: s.index, Generation: b.Generation, Host: s.host, Process: os.Getpid(), Version: programVersion()}
	selected, err := kernel.Selected()
	if err != nil {
		return nil, err
	}
	for _, v := range kernel.Variants() {
		h.Kernels = append(h.Kernels, v.Name)
		if v.Name == selected.Name {
			break
		}
	}
	h.Addresses, err = reachable(listener)
	if s.advertised != "" {
		_, port, _ := net.SplitHostPort(listener.Addr().String())
		h.Addresses = slices.Insert(h.Addresses, 0, net.JoinHostPort(s.advertised, port))
	}
	return h, err
}

// unreachable begins what a worker that has no way to the driver says in its log,
// and reachHint is the remedy.
const (
	unreachable = "the driver cannot be reached"
	reachHint   = "let the two reach each other, or name a folder of shared storage"
)

// reach connects with the driver: at its address, else by the folder.
func reach(ctx context.Context, b *bootstrap, s seat, identity *secure.Identity, h *hello) (*link, error) {
	dialing, cancel := context.WithTimeout(ctx, b.Connect)
	defer cancel()
	var conn io.ReadWriteCloser
	conn, err := dial(dialing, b.Driver, identity)
	if err != nil {
		if b.Folder == "" || ctx.Err() != nil {
			return nil, &Error{
				Rank: -1, Cause: fmt.Sprintf(unreachable+" within %v: %v", b.Connect, err),
				Hint: reachHint,
			}
		}
		h.Detour = err.Error()
		if conn, err = openFolder(ctx, b.Folder, identity.Token(), b.Generation, s.index, false); err != nil {
			return nil, err
		}
	}
	l := newLink(conn, b.Peer)
	if err := l.send(message{Kind: greet, Hello: h}); err != nil {
		l.end(err)
		return nil, fmt.Errorf("the driver is lost: %w", err)
	}
	return l, nil
}

// member is a worker at work.
type member struct {
	boot     *bootstrap
	seat     seat
	link     *link
	files    *remoteFS
	stop     context.CancelCauseFunc // of the job
	met      chan *meeting
	gathered chan gathered // nil: the cluster does not gather
	released chan struct{} // closed when the driver has heard the last word, or is lost
	once     sync.Once
	stopped  atomic.Bool // by the driver
	group    *comm.Group
}

// listen hears the driver until the link ends.
func (w *member) listen() {
	for {
		m, err := w.link.recv()
		if err != nil {
			err = fmt.Errorf("the driver is lost: %w", err)
			w.link.end(err)
			w.files.end(err)
			w.stop(err)
			w.release()
			if w.seat.orphaned != nil {
				w.seat.orphaned()
			}
			return
		}
		switch m.Kind {
		case welcome:
			select {
			case w.met <- m.Meeting:
			default:
			}
		case stop:
			w.stopped.Store(true)
			w.stop(errStopped)
		case answer:
			w.files.hear(m)
		case bye:
			w.release()
			return
		}
	}
}

func (w *member) release() { w.once.Do(func() { close(w.released) }) }

// run meets the others and runs the job.
func (w *member) run(ctx context.Context, jobs Jobs, identity *secure.Identity, listeners []net.Listener, h *hello) error {
	job := jobs[w.boot.Job]
	if job == nil {
		return fmt.Errorf("this program has no job %q", w.boot.Job)
	}
	var err error
	w.gathered = w.startGather(ctx, h)
	if w.group, err = w.meet(ctx, identity, listeners, h); err != nil {
		if context.Cause(ctx) != nil {
			err = context.Cause(ctx)
		}
		return &meetError{err}
	}
	me := &Worker{
		Group: w.group, Args: w.boot.Args, Threads: w.boot.Threads, Generation: w.boot.Generation, Checkpoint: w.boot.Checkpoint,
		Report: nobody{}, Log: nobody{}, rows: w.seat.rows, Scratch: w.seat.scratch,
		result: func(value json.RawMessage) error { return w.link.send(message{Kind: result, Result: value}) },
	}
	if w.group.Rank() == 0 {
		me.Report, me.Log = &eventSink{link: w.link}, logWriter{w.link}
	}
	err = job(storage.WithFS(ctx, scheme, w.files), me)
	w.endGather(ctx)
	if cause := context.Cause(ctx); err != nil && cause != nil && !w.stopped.Load() {
		return &leavingError{w.seat.index, cause} // what the job says of that is no error of its own
	}
	if errors.Is(err, learn.ErrInterrupted) && !w.stopped.Load() {
		return &echoError{err}
	}
	return errors.Join(err, me.Report.Close())
}

// echoError is an interruption that the workers have agreed on, of which this one alone
// knows no reason.
type echoError struct{ err error }

func (e *echoError) Error() string { return e.err.Error() }
func (e *echoError) Unwrap() error { return e.err }

// leavingError is the end of a worker whose cluster takes it away, as when its executor
// is lost.
type leavingError struct {
	rank int
	err  error
}

func (e *leavingError) Error() string { return "it was ended: " + e.err.Error() }
func (e *leavingError) Unwrap() error { return e.err }

// meetError is a failure before the job began.
type meetError struct{ err error }

func (e *meetError) Error() string { return e.err.Error() }
func (e *meetError) Unwrap() error { return e.err }

// meet makes the group.
func (w *member) meet(ctx context.Context, identity *secure.Identity, listeners []net.Listener, h *hello) (*comm.Group, error) {
	ctx, cancel := context.WithTimeout(ctx, w.boot.Join)
	defer cancel()
	m, err := w.gather(ctx)
	if err != nil {
		return nil, err
	}
	variants := kernel.Variants()
	i := slices.IndexFunc(variants, func(v kernel.Variant) bool { return v.Name == m.Kernel })
	if i < 0 {
		return nil, fmt.Errorf("the workers met on the kernel variant %q, which this host does not have", m.Kernel)
	}
	kernel.Use(variants[i]) // for the life of this process
	member := comm.TCP{
		Rank: w.seat.index, Addresses: m.Addresses, Generation: uint64(w.boot.Generation), Listeners: listeners,
		Fingerprint: fingerprint(h.Version, m.Kernel), Token: identity.Token(), Identity: identity,
	}
	if w.boot.Local { // loopback needs no TLS
		member.Identity = nil
	}
	transport, err := member.Dial(ctx)
	if err != nil {
		return nil, err
	}
	return comm.Connect(ctx, transport, comm.Options{Generation: uint64(w.boot.Generation), Join: w.boot.Join, Lost: w.boot.Peer})
}

// tell gives the driver the last word, and waits until it has heard it.
func (w *member) tell(jobErr error) error {
	last := message{Kind: done}
	if jobErr != nil {
		last = message{Kind: failed, Failure: failureOf(jobErr)}
	}
	err := w.link.send(last)
	if w.group != nil {
		if jobErr != nil && !w.stopped.Load() { // else the others stop, too, in their time
			w.group.Abort(jobErr)
		} else {
			_ = w.group.Close()
		}
	}
	if err != nil {
		return err
	}
	select {
	case <-w.released:
		return w.link.lost()
	case <-time.After(greetTime):
		return errors.New("the driver did not take the last word")
	}
}

// toldError is an error that the driver has heard of.
type toldError struct{ err error }

func (e *toldError) Error() string { return e.err.Error() }
func (e *toldError) Unwrap() error { return e.err }

// failureOf sorts an error: a lost peer, or the job's own.
func failureOf(err error) *failure {
	f := &failure{Lost: -1, Code: 1, Text: err.Error()}
	var coded interface{ ExitCode() int }
	var lost *comm.PeerError
	var apart *meetError
	var leaving *leavingError
	f.Echo = errors.As(err, new(*echoError))
	switch {
	case errors.As(err, &leaving):
		f.Lost = leaving.rank
	case errors.As(err, &lost):
		f.Lost, f.Text = lost.Rank, lost.Cause
	case errors.As(err, &apart):
		f.Apart = true
	case errors.As(err, &coded):
		f.Code = coded.ExitCode()
	}
	return f
}

// eventSink sends the events of a run to the driver.
type eventSink struct {
	link *link
	err  error
}

func (s *eventSink) Event(e report.Event) {
	line, err := report.Encode(e)
	if err == nil {
		err = s.link.send(message{Kind: event, Event: line})
	}
	if s.err == nil {
		s.err = err
	}
}

func (s *eventSink) Close() error { return s.err }

// logWriter sends text for the user to the driver.
type logWriter struct{ link *link }

func (w logWriter) Write(p []byte) (int, error) {
	if err := w.link.send(message{Kind: logged, Text: string(p)}); err != nil {
		return 0, err
	}
	return len(p), nil
}
