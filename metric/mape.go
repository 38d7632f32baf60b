package metric

import (
	"math"

	"github.com/emberml/ember/tensor"
)

// MAPE is the mean absolute error relative to the truth, (1/n)·Σ|y-ŷ|/max(|y|, ε)
// with ε = 2⁻⁵²; a fraction, not percent.
type MAPE struct{ columns }

// Update implements [Metric].
func (m *MAPE) Update(scores, targets, weights *tensor.Tensor) error {
	return m.each(scores, targets, weights, func(column int, truth, score, weight float64) {
		m.means[column].add(math.Abs(truth-score)/max(math.Abs(truth), 0x1p-52), weight)
	})
}

// Merge implements [Metric].
func (m *MAPE) Merge(other Metric) error {
	o, ok := other.(*MAPE)
	if !ok || !m.mergeColumns(&o.columns) {
		return mergeError(m, other)
	}
	return nil
}
