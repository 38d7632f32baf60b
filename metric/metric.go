// Package metric scores predictions against the truth.
//
// A [Metric] is a plain struct of options that also gathers what it needs: fed
// batch by batch, merged over workers, read at any time.
//
//	top := &metric.TopK{K: 3}
//	for batch := range batches {
//		if err := top.Update(batch.Scores, batch.Targets, nil); err != nil {
//			return err
//		}
//	}
//	fmt.Println(top.Value())
//
// However the samples are cut into batches and shared among workers, the value
// is the same: sums are kept to twice the precision of float64, and what cannot
// be summed (the area under the ROC curve) keeps every score. Values are those
// of scikit-learn.
//
// # Shapes
//
// Classes: scores are [N, C], the probabilities of C classes, or [N] or [N, 1],
// the probability of the second of two; targets are class numbers [N] (or
// [N, 1], or one-hot [N, C]). Further axes, scores [N, C, d…] with targets
// [N, d…], are more samples. Metrics that only compare scores (accuracy, top_k,
// precision…) take logits of [N, C] as well.
//
// Numbers: scores and targets have one shape [N, …]; the axes after the first
// are columns, whose values are averaged.
//
// Weights are nil, or one number ≥ 0 for each of the N samples; a sample of
// weight 0 does not count, whatever it holds.
package metric

import (
	"fmt"
	"strings"

	"github.com/emberml/ember/tensor"
)

// Metric gathers one score over many samples. It is not safe for concurrent use.
type Metric interface {
	// Update adds samples; see the package for the shapes. An error says what is
	// wrong with them, and leaves the metric as it was.
	Update(scores, targets, weights *tensor.Tensor) error
	// Merge adds what another metric of the same type and options has gathered.
	Merge(other Metric) error
	// Value is the score of all samples so far; NaN where it is not defined, as
	// without samples.
	Value() float64
	// State is what was gathered, to save or to send to another worker.
	State() []float64
	// Restore replaces what was gathered by a State.
	Restore(state []float64) error
}

// Tasks is a set of kinds of prediction.
type Tasks uint8

// The kinds of prediction.
const (
	Binary     Tasks = 1 << iota // one of two classes
	Multiclass                   // one of several classes
	Regression                   // numbers
)

// Classification is Binary and Multiclass.
const Classification = Binary | Multiclass

// Spec describes a metric to the parts of Ember that choose one by its key.
type Spec struct {
	Key            string
	Doc            string // one line
	Tasks          Tasks  // what it applies to
	HigherIsBetter bool
	New            func() Metric // with default options; the struct behind it may be changed before its first Update
}

// All is the table of metrics by key.
var All = []Spec{
	{"accuracy", "share of samples whose class has the highest score", Classification, true, func() Metric { return new(Accuracy) }},
	{"top_k", "share of samples whose class is among the k highest scores", Multiclass, true, func() Metric { return new(TopK) }},
	{"precision", "share of predictions of a class that are right", Classification, true, func() Metric { return new(Precision) }},
	{"recall", "share of a class that is found", Classification, true, func() Metric { return new(Recall) }},
	{"f1", "harmonic mean of precision and recall", Classification, true, func() Metric { return new(F1) }},
	{"log_loss", "mean of -log of the probability given to the true class", Classification, false, func() Metric { return new(LogLoss) }},
	{"auc", "area under the ROC curve; of several classes, the mean of one against the rest", Classification, true, func() Metric { return new(AUC) }},
	{"mse", "mean squared error", Regression, false, func() Metric { return new(MSE) }},
	{"rmse", "root of the mean squared error", Regression, false, func() Metric { return new(RMSE) }},
	{"mae", "mean absolute error", Regression, false, func() Metric { return new(MAE) }},
	{"mape", "mean absolute error relative to the truth, as a fraction", Regression, false, func() Metric { return new(MAPE) }},
	{"r2", "share of the variance that is explained", Regression, true, func() Metric { return new(R2) }},
}

// Find is the line of [All] with the key.
func Find(key string) (spec Spec, ok bool) {
	for _, s := range All {
		if s.Key == key {
			return s, true
		}
	}
	return Spec{}, false
}

// Keys are the keys of [All].
func Keys() []string {
	keys := make([]string, len(All))
	for i, s := range All {
		keys[i] = s.Key
	}
	return keys
}

// mergeError says that two metrics do not go together.
func mergeError(into, other Metric) error {
	name := func(m Metric) string { return strings.TrimPrefix(fmt.Sprintf("%T", m), "*metric.") }
	if name(into) == name(other) {
		return fmt.Errorf("two %s metrics of different options or shapes cannot be merged", name(into))
	}
	return fmt.Errorf("a %s metric cannot be merged into a %s metric", name(other), name(into))
}
