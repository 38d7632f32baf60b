package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"time"
)

// turnTime is how long a turn may take, which is planned to take much less: where
// threads wait for each other on a machine that does other things, it does not.
const turnTime = 30 * time.Second

// settle is the pause before a turn, in which the threads of the one before end
// their spinning.
const settle = 10 * time.Millisecond

// bench measures rows. Its parties are Ember and its peers, each with every
// number of threads.
type bench struct {
	rounds     int
	seconds    float64       // for the turns at a work
	patience   time.Duration // for a party to prepare a work
	byCPU      bool
	compileAll bool // with torch.compile the works, too, that take it minutes
	threads    []int
	env        []string
	parties    []*party
	limits     map[int]reply // by the number of threads
	out        io.Writer
}

func (b *bench) add(f framework) {
	for _, n := range b.threads {
		b.parties = append(b.parties, &party{framework: f, threads: n, env: b.env})
	}
}

func (b *bench) close() {
	for _, p := range b.parties {
		p.stop()
	}
}

// ember is the party that is Ember with so many threads; nil if there is none.
func (b *bench) ember(threads int) *party {
	for _, p := range b.parties {
		if p.name == "ember" && p.threads == threads {
			return p
		}
	}
	return nil
}

// turns are the times of a party, in seconds an iteration, one a round.
type turns struct {
	*party
	iterations int
	first      float64 // seconds of an iteration, before the rounds
	times      []float64
	answer     reply  // to prepare
	why        string // it takes no part
}

// measure measures the rows, prints each work as it is done, and keeps the table
// in a folder after each row.
func (b *bench) measure(chosen []row, keep func(*table) error) (*table, error) {
	b.limits = map[int]reply{}
	for _, n := range b.threads {
		var err error
		if b.limits[n], err = b.ember(n).ask(request{Do: "limits"}, b.patience); err != nil {
			return nil, err
		}
	}
	t := newTable(b)
	for _, r := range chosen {
		t.begin(r)
		how := r.how
		if how == nil {
			how = (*bench).pairs
		}
		for _, w := range r.works {
			t.add(r, how(b, w))
		}
		t.end(r)
		if err := keep(t); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// pairs times a work, with one number of threads after the other, so that few
// hold its memory at a time.
func (b *bench) pairs(w work) []result {
	var results []result
	tooSlow := map[string]string{}
	for _, n := range b.threads {
		all := b.prepare(w, n, tooSlow)
		b.rotate(all)
		results = append(results, b.result(w, n, all))
		for _, t := range all {
			t.release()
		}
	}
	return results
}

// prepare has the parties with so many threads prepare a work, Ember first, and
// checks that they do the same. Ember with one thread is the last, to compare
// with where there are more. Peers that took too long go into tooSlow, and are
// not asked again.
func (b *bench) prepare(w work, threads int, tooSlow map[string]string) []*turns {
	own := &turns{party: b.ember(threads)}
	all := []*turns{own}
	for _, p := range b.parties {
		if p.threads == threads && p != own.party {
			all = append(all, &turns{party: p, why: tooSlow[p.name]})
		}
	}
	if one := b.ember(1); one != nil && threads > 1 {
		all = append(all, &turns{party: one})
	}
	for _, t := range all {
		switch {
		case t.why != "":
			continue
		case own.why != "":
			t.why = "nothing to compare with"
			continue
		case w.slowToCompile && t.name == "compile" && !b.compileAll:
			t.why = "not compiled"
			continue
		}
		w.File = own.answer.File
		var err error
		t.answer, err = t.ask(request{Do: "prepare", Work: &w}, b.patience)
		t.why = reason(err)
		if errors.Is(err, errPatience) {
			tooSlow[t.name] = t.why
		}
		if t.why == "" && !agree(own.answer.Check, t.answer.Check, w.tolerance) {
			t.why = fmt.Sprintf("computes something else: %.5g, Ember %.5g", t.answer.Check, own.answer.Check)
		}
		slot := b.seconds / float64(b.rounds*len(all))
		if t.why == "" {
			t.why = t.calibrate(slot)
		}
		if t.why == "" && t.first > max(slot, tooSlowAfter*own.first) {
			t.why = fmt.Sprintf("too slow: %.0f times Ember's time", t.first/own.first)
		}
	}
	for _, t := range all {
		if file := t.answer.File; file != "" {
			_ = os.Remove(file) // who needed it has read it
		}
	}
	return all
}

// tooSlowAfter is how many times Ember's time a peer may take that does not fit
// in its turn.
const tooSlowAfter = 10

// reason is why a party takes no part: failures can be told from works that it
// does not know.
func reason(err error) string {
	var s skip
	switch {
	case err == nil:
		return ""
	case errors.As(err, &s):
		return string(s)
	}
	return "failed: " + err.Error()
}

// agree tells whether two checks are equal up to a share of the largest.
func agree(a, b []float64, tolerance float64) bool {
	if tolerance == 0 {
		tolerance = 1e-3
	}
	if len(a) != len(b) {
		return false
	}
	worst, scale := 0.0, 0.0
	for i := range a {
		worst, scale = max(worst, math.Abs(a[i]-b[i])), max(scale, math.Abs(a[i]))
	}
	return worst <= tolerance*scale
}

// calibrate finds how many iterations take so many seconds.
func (t *turns) calibrate(seconds float64) (why string) {
	for n := 1; ; n *= 4 {
		a, err := t.ask(request{Do: "run", Iterations: n}, turnTime)
		if err != nil {
			return reason(err)
		}
		if a.Seconds > seconds/8 {
			t.first = a.Seconds / float64(n)
			t.iterations = max(1, int(seconds/t.first))
			return ""
		}
	}
}

// rotate lets all take their turns, round by round, each time another one
// first. Where turns take longer than planned there are fewer rounds.
func (b *bench) rotate(all []*turns) {
	start := time.Now()
	for round := range b.rounds {
		spent := time.Since(start).Seconds()
		if round >= 3 && spent > 2*b.seconds || round >= 1 && spent > 4*b.seconds {
			return
		}
		for i := range all {
			t := all[(i+round)%len(all)]
			if t.why != "" {
				continue
			}
			time.Sleep(settle)
			a, err := t.ask(request{Do: "run", Iterations: t.iterations}, turnTime)
			if err != nil {
				t.why = reason(err)
				continue
			}
			seconds := a.Seconds
			if b.byCPU {
				seconds = a.CPU
			}
			t.times = append(t.times, seconds/float64(t.iterations))
		}
	}
}

// result is that of a work with so many threads, of what prepare returned.
func (b *bench) result(w work, threads int, all []*turns) result {
	own := all[0]
	r := result{Work: w.String(), Threads: threads, Skip: own.why, FLOPs: own.answer.FLOPs, Bytes: own.answer.Bytes}
	if own.why == "" {
		r.Seconds = median(own.times)
		r.Share, r.Bound = b.share(w, own.answer, r.Seconds, threads)
	}
	for _, t := range all[1:] {
		if t.threads != threads {
			if t.why == "" && own.why == "" {
				r.Scaling = ratio(t.times, own.times).Median
			}
			continue
		}
		c := comparison{Peer: t.name, Skip: t.why}
		if t.why == "" && own.why == "" {
			c.Seconds, c.spread = median(t.times), ratio(t.times, own.times)
		}
		r.Peers = append(r.Peers, c)
	}
	return r
}

// share is the part of this machine's limit that a work reaches, and what that
// limit is: the multiply-adds, the memory where it does not fit in a cache, or
// the cache that a product's operands are read from.
func (b *bench) share(w work, a reply, seconds float64, threads int) (share float64, bound string) {
	limit := b.limits[threads]
	compute, memory := 0.0, a.Bytes/limit.Copy
	if w.Kind != "op" && limit.FMA > 0 { // the operations of an op are no multiply-adds
		compute = a.FLOPs / limit.FMA
	}
	const lastLevel = 64 << 20 // more than a core's part of any cache of today
	if a.Bytes > lastLevel && memory > compute {
		return memory / seconds, "memory"
	}
	if a.Read > compute {
		return a.Read / seconds, "cache"
	}
	return compute / seconds, "FMA"
}
