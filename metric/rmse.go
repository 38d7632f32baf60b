package metric

import (
	"math"

	"github.com/emberml/ember/tensor"
)

// RMSE is the root of the mean squared error, √((1/n)·Σ(y-ŷ)²); of several
// columns, the mean of their roots.
type RMSE struct{ columns }

// Update implements [Metric].
func (m *RMSE) Update(scores, targets, weights *tensor.Tensor) error {
	return m.each(scores, targets, weights, func(column int, truth, score, weight float64) {
		m.means[column].add((truth-score)*(truth-score), weight)
	})
}

// Merge implements [Metric].
func (m *RMSE) Merge(other Metric) error {
	o, ok := other.(*RMSE)
	if !ok || !m.mergeColumns(&o.columns) {
		return mergeError(m, other)
	}
	return nil
}

// Value implements [Metric].
func (m *RMSE) Value() float64 {
	return m.average(func(c *mean) float64 { return math.Sqrt(c.Value()) })
}
