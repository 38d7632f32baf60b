package train

import (
	"context"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/nn"
)

// scores gathers what the parts of batches score, until it is wanted: then all
// workers add it up step by step and part by part, whoever had the part.
type scores struct {
	net    *nn.Net
	parts  int
	part   *score    // at hand
	packed []float64 // of this worker's parts, step by step
	steps  int
}

func (s *scores) init(net *nn.Net, parts int) (err error) {
	s.net, s.parts = net, parts
	s.part, err = newScore(net)
	return err
}

// endPart notes the score of the part at hand.
func (s *scores) endPart() {
	s.packed = s.part.pack(s.packed)
	s.part.reset()
}

func (s *scores) endStep() { s.steps++ }

// bytes is how much this worker gives when the scores are settled.
func (s *scores) bytes() int { return 8 * len(s.packed) }

// settle adds all scores since the last time to total, and returns loss and
// samples of them. All workers call it after the same step.
func (s *scores) settle(ctx context.Context, group *comm.Group, total *score) (loss float64, samples int, err error) {
	if s.steps == 0 {
		return 0, 0, nil
	}
	all, err := comm.Exchange(ctx, group, kernel.View[byte](s.packed))
	if err != nil {
		return 0, 0, err
	}
	packed := make([][]float64, len(all))
	for rank, message := range all {
		packed[rank] = kernel.View[float64](message)
	}
	for range s.steps {
		for rank := range packed {
			for range s.parts*(rank+1)/len(all) - s.parts*rank/len(all) {
				if packed[rank], err = s.part.unpack(packed[rank]); err != nil {
					return 0, 0, err
				}
				if err := total.merge(s.part); err != nil {
					return 0, 0, err
				}
				loss += s.part.loss
				samples += s.part.samples
			}
		}
	}
	s.part.reset()
	s.packed, s.steps = s.packed[:0], 0
	return loss, samples, nil
}

// settleScores brings the scores of the epoch up to date.
func (t *trainer) settleScores(ctx context.Context) error {
	loss, samples, err := t.workers.scores.settle(ctx, t.group, t.score)
	t.stepLoss += loss
	t.stepSamples += samples
	return err
}

// pack appends a score as numbers: loss, samples, and each metric's state after
// its length.
func (s *score) pack(dst []float64) []float64 {
	dst = append(dst, s.loss, float64(s.samples))
	for _, m := range s.metrics {
		state := m.metric.State()
		dst = append(append(dst, float64(len(state))), state...)
	}
	return dst
}

// unpack replaces the score by one that a worker with the same metrics packed,
// and returns what comes after it.
func (s *score) unpack(packed []float64) ([]float64, error) {
	s.loss, s.samples = packed[0], int(packed[1])
	packed = packed[2:]
	for _, m := range s.metrics {
		n := int(packed[0])
		if err := m.metric.Restore(packed[1:][:n]); err != nil {
			return nil, err
		}
		packed = packed[1+n:]
	}
	return packed, nil
}

// merge adds what another score has gathered.
func (s *score) merge(other *score) error {
	s.loss += other.loss
	s.samples += other.samples
	for i, m := range s.metrics {
		if err := m.metric.Merge(other.metrics[i].metric); err != nil {
			return err
		}
	}
	return nil
}
