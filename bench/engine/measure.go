package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"
)

// How long a process may take.
const (
	prepareTime = 5 * time.Minute // torch.compile calls a C++ compiler
	runTime     = 2 * time.Minute
)

// settle is the pause before a turn, in which the threads of the one before end
// their spinning.
const settle = 10 * time.Millisecond

// bench measures rows. Its parties are Ember and its peers, each with every
// number of threads.
type bench struct {
	rounds  int
	seconds float64
	byCPU   bool
	threads []int
	env     []string
	parties []*party // the first is Ember
	limits  reply
	out     io.Writer
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

// turns are the times of a party, in seconds an iteration, one a round.
type turns struct {
	*party
	iterations int
	times      []float64
	answer     reply  // to prepare
	why        string // it takes no part
}

// measure measures the rows, and prints each as it is done.
func (b *bench) measure(chosen []row) (*table, error) {
	var err error
	if b.limits, err = b.parties[0].ask(request{Do: "limits"}, runTime); err != nil {
		return nil, err
	}
	t := newTable(b)
	t.head(b.out)
	for _, r := range chosen {
		how := r.how
		if how == nil {
			how = (*bench).pairs
		}
		results := how(b, r)
		t.add(r, results)
		t.print(b.out, r, results)
	}
	return t, nil
}

// pairs times the works of a row.
func (b *bench) pairs(r row) []result {
	var results []result
	for _, w := range r.works {
		all := b.prepare(w)
		b.rotate(all)
		results = append(results, b.results(w, all)...)
	}
	return results
}

// prepare has all parties prepare a work, and checks that they do the same.
func (b *bench) prepare(w work) []*turns {
	var all []*turns
	for _, p := range b.parties {
		all = append(all, &turns{party: p})
	}
	for _, t := range all {
		own := own(all, t.threads)
		if own.why != "" && t != own {
			t.why = "nothing to compare with"
			continue
		}
		w.File = own.answer.File
		t.answer, t.why = t.prepare(w)
		if t.why == "" && !agree(own.answer.Check, t.answer.Check, w.tolerance) {
			t.why = fmt.Sprintf("computes something else: %.5g, Ember %.5g", t.answer.Check, own.answer.Check)
		}
		if t.why == "" {
			t.why = t.calibrate(b.seconds / float64(b.rounds*len(all)))
		}
	}
	return all
}

// own is Ember's entry of that number of threads.
func own(all []*turns, threads int) *turns {
	i := slices.IndexFunc(all, func(t *turns) bool { return t.name == "ember" && t.threads == threads })
	return all[i]
}

func (p *party) prepare(w work) (a reply, why string) {
	a, err := p.ask(request{Do: "prepare", Work: &w}, prepareTime)
	return a, reason(err)
}

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
		a, err := t.ask(request{Do: "run", Iterations: n}, runTime)
		if err != nil {
			return reason(err)
		}
		if a.Seconds > seconds/8 {
			t.iterations = max(1, int(seconds*float64(n)/a.Seconds))
			return ""
		}
	}
}

// rotate lets all take their turns, round by round, each time another one
// first. Where turns take longer than planned there are fewer rounds.
func (b *bench) rotate(all []*turns) {
	start := time.Now()
	for round := range b.rounds {
		if round >= 3 && time.Since(start).Seconds() > 3*b.seconds {
			return
		}
		for i := range all {
			t := all[(i+round)%len(all)]
			if t.why != "" {
				continue
			}
			time.Sleep(settle)
			a, err := t.ask(request{Do: "run", Iterations: t.iterations}, runTime)
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

// results are those of one work, one for each number of threads.
func (b *bench) results(w work, all []*turns) []result {
	var results []result
	for _, n := range b.threads {
		own := own(all, n)
		r := result{Work: w.String(), Threads: n, Skip: own.why, FLOPs: own.answer.FLOPs, Bytes: own.answer.Bytes}
		if own.why == "" {
			r.Seconds = median(own.times)
			r.Share, r.Bound = b.share(w, own.answer, r.Seconds, n)
			if one := all[0]; n > 1 && one.threads == 1 && one.why == "" {
				r.Scaling = ratio(one.times, own.times).Median
			}
		}
		for _, t := range all {
			if t.threads != n || t == own {
				continue
			}
			c := comparison{Peer: t.name, Skip: t.why}
			if t.why == "" && own.why == "" {
				c.Seconds, c.spread = median(t.times), ratio(t.times, own.times)
			}
			r.Peers = append(r.Peers, c)
		}
		results = append(results, r)
	}
	return results
}

// share is the part of this machine's limit that a work reaches, and what that
// limit is: the multiply-adds, or the memory where it does not fit in a cache.
func (b *bench) share(w work, a reply, seconds float64, threads int) (share float64, bound string) {
	compute, memory := a.FLOPs/(b.limits.FMA*float64(threads)), a.Bytes/b.limits.Copy
	const lastLevel = 64 << 20 // more than a core's part of any cache of today
	if w.Kind == "op" {
		compute = 0 // its operations are no multiply-adds
	}
	if b.limits.FMA == 0 {
		compute = 0
	}
	if a.Bytes > lastLevel && memory > compute {
		return memory / seconds, "memory"
	}
	return compute / seconds, "FMA"
}
