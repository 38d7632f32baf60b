package metric

import "github.com/emberml/ember/tensor"

// Accuracy is the share of samples whose class has the highest score; of equal
// scores the first counts. A single probability means the second class if it is
// above 0.5.
type Accuracy struct{ mean }

// Update implements [Metric].
func (m *Accuracy) Update(scores, targets, weights *tensor.Tensor) error {
	s, err := classSamples(scores, targets, weights)
	if err != nil {
		return err
	}
	for i, label := range s.labels {
		hit := 0.0
		if s.best(i) == label {
			hit = 1
		}
		m.add(hit, s.weights[i])
	}
	return nil
}

// Merge implements [Metric].
func (m *Accuracy) Merge(other Metric) error {
	o, ok := other.(*Accuracy)
	if !ok {
		return mergeError(m, other)
	}
	m.merge(o.mean)
	return nil
}
