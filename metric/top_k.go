package metric

import "github.com/emberml/ember/tensor"

// TopK is the share of samples whose class is among the K highest scores; of
// equal scores the first count, so that top-1 is accuracy. (scikit-learn counts
// the last.)
type TopK struct {
	K int `default:"5" min:"1" doc:"how many of the highest scores count"`

	mean
}

// Update implements [Metric].
func (m *TopK) Update(scores, targets, weights *tensor.Tensor) error {
	s, err := classSamples(scores, targets, weights)
	if err != nil {
		return err
	}
	for i, label := range s.labels {
		ahead := 0
		row := s.row(i)
		for j, score := range row {
			if score > row[label] || score == row[label] && j < label {
				ahead++
			}
		}
		hit := 0.0
		if ahead < m.k() {
			hit = 1
		}
		m.add(hit, s.weights[i])
	}
	return nil
}

// Merge implements [Metric].
func (m *TopK) Merge(other Metric) error {
	o, ok := other.(*TopK)
	if !ok || o.k() != m.k() {
		return mergeError(m, other)
	}
	m.merge(o.mean)
	return nil
}

func (m *TopK) k() int {
	if m.K == 0 {
		return 5
	}
	return m.K
}
