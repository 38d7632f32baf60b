package metric

import (
	"fmt"
	"math"

	"github.com/emberml/ember/tensor"
)

// Precision is the share of predictions of a class that are right: TP/(TP+FP),
// averaged over the classes.
type Precision struct {
	Average string `default:"auto" oneof:"auto,binary,macro,micro,weighted" doc:"over the classes: binary is the second of two alone, macro their plain mean, weighted by how many samples each has, micro of all decisions together; auto is binary for two classes, else macro"`

	perClass
}

// Merge implements [Metric].
func (m *Precision) Merge(other Metric) error {
	o, ok := other.(*Precision)
	if !ok || o.Average != m.Average {
		return mergeError(m, other)
	}
	return m.confusion.Merge(&o.confusion)
}

// Value implements [Metric].
func (m *Precision) Value() float64 {
	return m.average(m.Average, func(c Class) float64 { return c.Precision })
}

// Recall is the share of a class that is found: TP/(TP+FN), averaged over the
// classes.
type Recall struct {
	Average string `default:"auto" oneof:"auto,binary,macro,micro,weighted" doc:"over the classes; see precision"`

	perClass
}

// Merge implements [Metric].
func (m *Recall) Merge(other Metric) error {
	o, ok := other.(*Recall)
	if !ok || o.Average != m.Average {
		return mergeError(m, other)
	}
	return m.confusion.Merge(&o.confusion)
}

// Value implements [Metric].
func (m *Recall) Value() float64 {
	return m.average(m.Average, func(c Class) float64 { return c.Recall })
}

// F1 is the harmonic mean of precision and recall of a class, averaged over the
// classes.
type F1 struct {
	Average string `default:"auto" oneof:"auto,binary,macro,micro,weighted" doc:"over the classes; see precision"`

	perClass
}

// Merge implements [Metric].
func (m *F1) Merge(other Metric) error {
	o, ok := other.(*F1)
	if !ok || o.Average != m.Average {
		return mergeError(m, other)
	}
	return m.confusion.Merge(&o.confusion)
}

// Value implements [Metric].
func (m *F1) Value() float64 {
	return m.average(m.Average, func(c Class) float64 { return c.F1 })
}

// perClass is a metric that is averaged over the classes.
type perClass struct{ confusion Confusion }

// Update implements [Metric].
func (m *perClass) Update(scores, targets, weights *tensor.Tensor) error {
	return m.confusion.Update(scores, targets, weights)
}

// State implements [Metric].
func (m *perClass) State() []float64 { return m.confusion.State() }

// Restore implements [Metric].
func (m *perClass) Restore(state []float64) error { return m.confusion.Restore(state) }

// average is the mean of a score over the classes that were seen or predicted.
func (m *perClass) average(how string, score func(Class) float64) float64 {
	classes := m.confusion.PerClass()
	if how == "" || how == "auto" {
		if how = "macro"; len(classes) == 2 {
			how = "binary"
		}
	}
	var total, weight float64
	for i, c := range classes {
		w := 1.0
		switch how {
		case "binary":
			w = 0
			if i == len(classes)-1 {
				w = 1
			}
		case "weighted":
			w = c.Support
		case "macro":
			if c.Support+c.Predicted == 0 {
				w = 0
			}
		case "micro":
			// Each error is one class's false positive and another's false
			// negative, so that all three scores are the accuracy.
			return m.confusion.Value()
		default:
			panic(fmt.Sprintf("metric: average %q: want auto, binary, macro, micro or weighted", how))
		}
		total += w * score(c)
		weight += w
	}
	if weight == 0 {
		return math.NaN()
	}
	return total / weight
}
