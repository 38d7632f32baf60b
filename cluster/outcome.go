package cluster

import (
	"cmp"
	"context"
	"fmt"
)

// outcome is how the generation ended: nil, the job's error, or a loss.
func (g *generation) outcome(ctx context.Context) error {
	for i, p := range g.seats { // the job's own error explains all others
		if f := p.failure; f != nil && (f.own() || f.Echo && g.stopping) {
			host := ""
			if !g.launcher.local() {
				host = g.where(i)
			}
			return &JobError{Rank: i, Host: host, Code: f.Code, Text: local(f.Text)}
		}
	}
	if g.stopping && !g.met {
		return context.Cause(ctx)
	}
	if g.verdict != "" {
		return &Error{Rank: -1, Cause: g.verdict}
	}
	if i := g.lost(); i >= 0 {
		p := g.seats[i]
		e := &Error{
			Rank: i, Where: g.where(i), Cause: p.cause, Log: g.fleet.log(i),
			Hint: cmp.Or(p.hint, "look into its host's log and memory"),
		}
		if p.final {
			return e
		}
		return &lostError{e}
	}
	for i, p := range g.seats {
		switch f := p.failure; {
		case f == nil:
		case f.Echo:
			return &lostError{&Error{Rank: i, Where: g.where(i), Cause: "another worker was told to end, not by this driver"}}
		case g.stopping: // it was told to while it met the others
			return context.Cause(ctx)
		default:
			return &Error{
				Rank: i, Where: g.where(i), Cause: "it did not meet the others: " + local(f.Text),
				Hint: "see whether the hosts of the workers reach each other's ports",
			}
		}
	}
	return nil
}

// lost is the worker whose loss ended the generation: rather one whose own end
// says so than one that others miss; -1 if there is none.
func (g *generation) lost() int {
	at := -1
	for i, p := range g.seats {
		if p.cause != "" && (at < 0 || p.sure && !g.seats[at].sure) {
			at = i
		}
	}
	return at
}

// missing is the error at the end of the wait for the workers.
func (g *generation) missing() error {
	if g.busy {
		return &Error{
			Rank: -1, Cause: fmt.Sprintf("no worker was started within %v: the job still waits for %s", g.Query, g.fleet.busy()),
			Hint: "give it longer with --query-timeout, or save the query's rows as a table first",
		}
	}
	for i, p := range g.seats {
		if p.link != nil {
			continue
		}
		cause := fmt.Sprintf("it did not come within %v", g.Join)
		if n := g.absent(); n > 1 {
			cause = fmt.Sprintf("%s, nor did %d more", cause, n-1)
		}
		return &Error{
			Rank: i, Where: g.where(i), Cause: cause, Log: g.fleet.log(i),
			Hint: "give it longer with --join-timeout, or ask for fewer workers with --workers, or see why that one does not start",
		}
	}
	return nil
}

func (g *generation) absent() int {
	n := 0
	for _, p := range g.seats {
		if p.link == nil {
			n++
		}
	}
	return n
}

// overdue is the error when workers do not end after an interruption.
func (g *generation) overdue(when string) error {
	for i, p := range g.seats {
		if !p.ended() {
			return &Error{
				Rank: i, Where: g.where(i), Log: g.fleet.log(i),
				Cause: fmt.Sprintf("it did not end %s, and was killed", when),
			}
		}
	}
	return nil
}
