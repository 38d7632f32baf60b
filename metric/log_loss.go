package metric

import (
	"math"

	"github.com/emberml/ember/tensor"
)

// LogLoss is the mean of -log(p), where p is the probability given to the true
// class, kept within ε and 1-ε of the type of the scores.
type LogLoss struct{ mean }

// Update implements [Metric].
func (m *LogLoss) Update(scores, targets, weights *tensor.Tensor) error {
	s, err := classSamples(scores, targets, weights)
	if err != nil {
		return err
	}
	for i, label := range s.labels {
		p := min(max(s.row(i)[label], s.epsilon), 1-s.epsilon)
		m.add(-math.Log(p), s.weights[i])
	}
	return nil
}

// Merge implements [Metric].
func (m *LogLoss) Merge(other Metric) error {
	o, ok := other.(*LogLoss)
	if !ok {
		return mergeError(m, other)
	}
	m.merge(o.mean)
	return nil
}
