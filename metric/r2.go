package metric

import (
	"fmt"
	"math"

	"github.com/emberml/ember/tensor"
)

// R2 is the coefficient of determination, the share of the variance that is
// explained: 1 - Σ(y-ŷ)²/Σ(y-ȳ)²; of several columns, their mean. Where the truth
// is constant, it is 1 for perfect predictions and else 0; of fewer than two
// samples it is NaN.
type R2 struct {
	columns // of the squared errors
	truths  []moments
}

// moments are what the variance of the truth needs.
type moments struct{ count, weight, first, second sum }

func (t *moments) add(y, weight float64) {
	t.count.add(1)
	t.weight.add(weight)
	t.first.addProduct(weight, y)
	p := weight * y
	t.second.addProduct(p, y)
	t.second.addProduct(math.FMA(weight, y, -p), y)
}

func (t *moments) merge(o *moments) {
	t.count.merge(o.count)
	t.weight.merge(o.weight)
	t.first.merge(o.first)
	t.second.merge(o.second)
}

// spread is the weighted Σ(y-ȳ)². Squares of twice the precision leave room for
// the subtraction; what drowns even in their rounding is 0.
func (t *moments) spread() float64 {
	s := t.second.minus(t.first.squaredOver(t.weight)).value()
	if s < 0x1p-90*t.second.value() {
		return 0
	}
	return s
}

// Update implements [Metric].
func (m *R2) Update(scores, targets, weights *tensor.Tensor) error {
	return m.each(scores, targets, weights, func(column int, truth, score, weight float64) {
		if len(m.truths) == 0 {
			m.truths = make([]moments, len(m.means))
		}
		m.means[column].add((truth-score)*(truth-score), weight)
		m.truths[column].add(truth, weight)
	})
}

// Merge implements [Metric].
func (m *R2) Merge(other Metric) error {
	o, ok := other.(*R2)
	if !ok || !m.mergeColumns(&o.columns) {
		return mergeError(m, other)
	}
	if len(m.truths) == 0 {
		m.truths = make([]moments, len(o.truths))
	}
	for i := range o.truths {
		m.truths[i].merge(&o.truths[i])
	}
	return nil
}

// Value implements [Metric].
func (m *R2) Value() float64 {
	total := 0.0
	for i, t := range m.truths {
		if t.count.value() < 2 {
			return math.NaN()
		}
		residual := m.means[i].total.value()
		switch spread := t.spread(); {
		case spread > 0:
			total += 1 - residual/spread
		case residual == 0:
			total++
		}
	}
	return total / float64(len(m.truths))
}

// State implements [Metric].
func (m *R2) State() []float64 {
	state := m.columns.State()
	for _, t := range m.truths {
		state = appendSums(state, t.count, t.weight, t.first, t.second)
	}
	return state
}

// Restore implements [Metric].
func (m *R2) Restore(state []float64) error {
	width := len(state) / 12
	if len(state)%12 != 0 {
		return fmt.Errorf("the state of an R2 metric has %d numbers, want a multiple of 12", len(state))
	}
	if err := m.columns.Restore(state[:4*width]); err != nil {
		return err
	}
	m.truths = make([]moments, width)
	for i := range m.truths {
		t := &m.truths[i]
		if err := takeSums(state[4*width+8*i:4*width+8*i+8], &t.count, &t.weight, &t.first, &t.second); err != nil {
			return err
		}
	}
	return nil
}
