package train

import (
	"context"
	"fmt"
	"slices"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/internal/kernel"
)

// share says of how many workers the job's virtual workers are to be.
func (j *Job) share(workers int) error {
	j.parts = max(j.VirtualWorkers, 1)
	switch {
	case j.VirtualWorkers == 0:
		j.parts = workers
	case j.VirtualWorkers < workers:
		return &config.Error{
			Detail: fmt.Sprintf("%d workers cannot share %d virtual ones", workers, j.VirtualWorkers),
			Hint:   fmt.Sprintf("set virtual_workers to %d or more, or leave it out", workers),
		}
	}
	return nil
}

// whole tells whether a batch is computed as one part by the only worker.
func (t *trainer) whole() bool { return t.job.parts == 1 }

// summation adds up what the parts of a batch give, in the order of
// [comm.Spans], whose sum does not depend on who has which parts. A worker goes
// through its parts one after the other. The numbers of the part at hand lie in
// the gradients; those of spans that wait for their other half are kept.
type summation struct {
	group     *comm.Group
	gradients *gradients
	parts     int
	fixed     bool          // the job asks for so many parts: the order is that of Spans
	halves    []int         // of each of this worker's parts: how many of the sums kept it completes
	kept      [][]float32   // as many as are needed at once
	keeps     int           // now
	part      int           // this worker's part at hand
	sums      [][][]float32 // of each bucket: those of this worker's spans, the gradients last
	missing   []int         // variables of each bucket that are not ready
	next      int           // bucket to be started
	pending   []comm.Pending
}

func newSummation(group *comm.Group, g *gradients, job *Job) *summation {
	s := &summation{
		group: group, gradients: g, parts: job.parts, fixed: job.VirtualWorkers > 0,
		halves: halves(job.parts, group.Rank(), group.Size()), missing: make([]int, len(g.buckets)),
	}
	deepest := 0
	for _, n := range s.halves[:len(s.halves)-1] {
		s.keeps += 1 - n
		deepest = max(deepest, s.keeps)
	}
	for range deepest {
		s.kept = append(s.kept, make([]float32, len(g.all)))
	}
	others := s.kept[:s.keeps-s.halves[len(s.halves)-1]] // sums of spans but the last
	for _, b := range g.buckets {
		var sums [][]float32
		for _, k := range others {
			sums = append(sums, k[b.lo:b.hi])
		}
		s.sums = append(s.sums, append(sums, g.all[b.lo:b.hi]))
	}
	return s
}

// halves says for each part of a worker of how many spans it is the end.
func halves(parts, rank, ranks int) []int {
	var ends []int
	var walk func(lo, hi int)
	walk = func(lo, hi int) {
		if hi-lo == 1 {
			ends = append(ends, 0)
			return
		}
		middle := (lo + hi) / 2
		walk(lo, middle)
		walk(middle, hi)
		ends[len(ends)-1]++
	}
	for _, span := range comm.Spans(parts, rank, ranks) {
		walk(span.Lo, span.Hi)
	}
	return ends
}

// begin is called before the parts of a batch.
func (s *summation) begin() {
	s.part, s.keeps, s.next, s.pending = 0, 0, 0, s.pending[:0]
	for i, b := range s.gradients.buckets {
		s.missing[i] = b.variables
	}
}

// last tells whether the part at hand is this worker's last.
func (s *summation) last() bool { return s.part == len(s.halves)-1 }

// ready hears that a gradient of the part at hand is computed. Buckets start in
// their order, which is the same on all workers.
func (s *summation) ready(variable string) {
	if s.group.Size() == 1 || !s.last() {
		return
	}
	s.missing[s.gradients.of[variable]]--
	for s.next < len(s.missing)-1 && s.missing[s.next] == 0 { // the last holds more than gradients
		s.start()
	}
}

// start adds up the next bucket over all workers.
func (s *summation) start() {
	b := s.gradients.buckets[s.next]
	s.complete(b.lo, b.hi)
	switch sums := s.sums[s.next]; {
	case s.group.Size() == 1:
	case s.fixed:
		s.pending = append(s.pending, s.group.StartParts(s.parts, sums))
	default:
		s.pending = append(s.pending, s.group.Start(sums[0]))
	}
	s.next++
}

// complete adds the sums that the part at hand completes to its numbers lo…hi.
func (s *summation) complete(lo, hi int) {
	sum := s.gradients.all[lo:hi]
	for _, k := range slices.Backward(s.kept[s.keeps-s.halves[s.part] : s.keeps]) {
		kernel.Zip(kernel.Add, sum, k[lo:hi], 1, sum, 1)
	}
}

// end is called after each part.
func (s *summation) end() {
	if s.last() {
		for s.next < len(s.missing) {
			s.start()
		}
		return
	}
	s.complete(0, len(s.gradients.all))
	s.keeps -= s.halves[s.part]
	copy(s.kept[s.keeps], s.gradients.all)
	s.keeps++
	s.part++
}

// wait returns when the sums over all workers are there.
func (s *summation) wait(ctx context.Context) error {
	for _, p := range s.pending {
		if err := p.Wait(ctx); err != nil {
			return err
		}
	}
	s.pending = s.pending[:0]
	return nil
}
