package metric

import (
	"fmt"

	"github.com/emberml/ember/tensor"
)

// columns are weighted means, one for each number that is predicted.
type columns struct{ means []mean }

// each calls f for every pair of a truth and a prediction, after checking the
// shapes. A sample of weight 0 is left out.
func (c *columns) each(scores, targets, weights *tensor.Tensor, f func(column int, truth, score, weight float64)) error {
	n, width, err := numberShape(scores, targets)
	if err != nil {
		return err
	}
	w, err := sampleWeights(weights, n, n)
	if err != nil {
		return err
	}
	if c.means == nil {
		c.means = make([]mean, width)
	}
	if len(c.means) != width {
		return fmt.Errorf("targets have %d columns, those before had %d", width, len(c.means))
	}
	truth, guess := tensor.Float64s(targets), tensor.Float64s(scores)
	for i := range truth {
		if weight := w[i/width]; weight > 0 {
			f(i%width, truth[i], guess[i], weight)
		}
	}
	return nil
}

// numberShape is the number of samples and of columns. [N] and [N, 1] are alike.
func numberShape(scores, targets *tensor.Tensor) (n, width int, err error) {
	a, b := scores.Shape(), targets.Shape()
	column := len(a) > 0 && len(b) > 0 && a[0] == b[0] && a.Len() == a[0] && b.Len() == b[0]
	if len(a) == 0 || !column && !a.Equal(b) {
		return 0, 0, fmt.Errorf("targets of shape %v do not fit predictions of shape %v", b, a)
	}
	return a[0], tensor.Shape(a[1:]).Len(), nil
}

// mergeColumns adds the means of another metric.
func (c *columns) mergeColumns(o *columns) bool {
	if o.means == nil {
		return true
	}
	if c.means == nil {
		c.means = make([]mean, len(o.means))
	}
	if len(c.means) != len(o.means) {
		return false
	}
	for i := range c.means {
		c.means[i].merge(o.means[i])
	}
	return true
}

// average is the mean over the columns of f.
func (c *columns) average(f func(*mean) float64) float64 {
	total := 0.0
	for i := range c.means {
		total += f(&c.means[i])
	}
	return total / float64(len(c.means))
}

// Value is the mean over samples and columns.
func (c *columns) Value() float64 { return c.average((*mean).Value) }

// State implements [Metric].
func (c *columns) State() []float64 {
	var state []float64
	for _, m := range c.means {
		state = appendSums(state, m.total, m.weight)
	}
	return state
}

// Restore implements [Metric].
func (c *columns) Restore(state []float64) error {
	if len(state)%4 != 0 {
		return fmt.Errorf("the state of a metric has %d numbers, want a multiple of 4", len(state))
	}
	if c.means = nil; len(state) > 0 {
		c.means = make([]mean, len(state)/4)
	}
	for i := range c.means {
		if err := c.means[i].Restore(state[4*i : 4*i+4]); err != nil {
			return err
		}
	}
	return nil
}
