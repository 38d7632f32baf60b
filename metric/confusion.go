package metric

import (
	"fmt"
	"math"

	"github.com/emberml/ember/tensor"
)

// Confusion is the confusion matrix: how often samples of one class are taken
// for another. It gives the report by class; as a [Metric], its value is the
// accuracy.
type Confusion struct {
	classes int
	counts  []sum // row-major [true, predicted]
}

// Class is how well one class is recognized.
type Class struct {
	Precision float64 // of the samples predicted as the class, the share that is; 0 if none is
	Recall    float64 // of the samples of the class, the share predicted so; 0 without samples
	F1        float64 // harmonic mean of both: 2·TP/(2·TP + FP + FN); 0 if it is 0/0
	Support   float64 // the weight of its samples
	Predicted float64 // the weight of the samples predicted as the class
}

// Update implements [Metric].
func (m *Confusion) Update(scores, targets, weights *tensor.Tensor) error {
	s, err := classSamples(scores, targets, weights)
	if err != nil {
		return err
	}
	if err := m.resize(s.classes); err != nil {
		return err
	}
	for i, label := range s.labels {
		m.counts[label*m.classes+s.best(i)].add(s.weights[i])
	}
	return nil
}

// resize sets the number of classes, which the first samples decide.
func (m *Confusion) resize(classes int) error {
	if m.classes == 0 {
		m.classes, m.counts = classes, make([]sum, classes*classes)
	}
	if m.classes != classes {
		return fmt.Errorf("scores have %d classes, those before had %d", classes, m.classes)
	}
	return nil
}

// Merge implements [Metric].
func (m *Confusion) Merge(other Metric) error {
	o, ok := other.(*Confusion)
	if !ok {
		return mergeError(m, other)
	}
	if o.classes == 0 {
		return nil
	}
	if err := m.resize(o.classes); err != nil {
		return mergeError(m, other)
	}
	for i := range m.counts {
		m.counts[i].merge(o.counts[i])
	}
	return nil
}

// State implements [Metric].
func (m *Confusion) State() []float64 { return appendSums(nil, m.counts...) }

// Restore implements [Metric].
func (m *Confusion) Restore(state []float64) error {
	classes := int(math.Sqrt(float64(len(state) / 2)))
	counts := make([]sum, classes*classes)
	into := make([]*sum, len(counts))
	for i := range counts {
		into[i] = &counts[i]
	}
	if err := takeSums(state, into...); err != nil {
		return err
	}
	m.classes, m.counts = classes, counts
	return nil
}

// Value is the accuracy.
func (m *Confusion) Value() float64 {
	var hits, all sum
	for i, c := range m.counts {
		all.merge(c)
		if i%(m.classes+1) == 0 {
			hits.merge(c)
		}
	}
	return hits.value() / all.value()
}

// Matrix is the matrix: element [i][j] is the weight of the samples of class i
// that were predicted as class j.
func (m *Confusion) Matrix() [][]float64 {
	out := make([][]float64, m.classes)
	for i := range out {
		out[i] = make([]float64, m.classes)
		for j := range out[i] {
			out[i][j] = m.counts[i*m.classes+j].value()
		}
	}
	return out
}

// PerClass is the report by class.
func (m *Confusion) PerClass() []Class {
	out := make([]Class, m.classes)
	matrix := m.Matrix()
	for i := range out {
		var support, predicted sum
		for j := range matrix {
			support.merge(m.counts[i*m.classes+j])
			predicted.merge(m.counts[j*m.classes+i])
		}
		hits := matrix[i][i]
		out[i] = Class{Support: support.value(), Predicted: predicted.value()}
		out[i].Precision = ratio(hits, predicted.value())
		out[i].Recall = ratio(hits, support.value())
		out[i].F1 = ratio(2*hits, support.value()+predicted.value())
	}
	return out
}

// ratio is a/b, and 0 where that is 0/0.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
