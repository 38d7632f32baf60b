package metric

import (
	"math"

	"github.com/emberml/ember/tensor"
)

// MAE is the mean absolute error, (1/n)·Σ|y-ŷ|.
type MAE struct{ columns }

// Update implements [Metric].
func (m *MAE) Update(scores, targets, weights *tensor.Tensor) error {
	return m.each(scores, targets, weights, func(column int, truth, score, weight float64) {
		m.means[column].add(math.Abs(truth-score), weight)
	})
}

// Merge implements [Metric].
func (m *MAE) Merge(other Metric) error {
	o, ok := other.(*MAE)
	if !ok || !m.mergeColumns(&o.columns) {
		return mergeError(m, other)
	}
	return nil
}
