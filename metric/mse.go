package metric

import (
	"github.com/emberml/ember/tensor"
)

// MSE is the mean squared error, (1/n)·Σ(y-ŷ)².
type MSE struct{ columns }

// Update implements [Metric].
func (m *MSE) Update(scores, targets, weights *tensor.Tensor) error {
	return m.each(scores, targets, weights, func(column int, truth, score, weight float64) {
		m.means[column].add((truth-score)*(truth-score), weight)
	})
}

// Merge implements [Metric].
func (m *MSE) Merge(other Metric) error {
	o, ok := other.(*MSE)
	if !ok || !m.mergeColumns(&o.columns) {
		return mergeError(m, other)
	}
	return nil
}
