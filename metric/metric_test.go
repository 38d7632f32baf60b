package metric_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/metric"
	"github.com/emberml/ember/tensor"
)

// TestShapes: the same samples in each of the shapes that are allowed.
func TestShapes(t *testing.T) {
	single := tensor.Of([]float32{0.2, 0.8, 0.6, 0.5})
	column := tensor.Of([]float32{0.2, 0.8, 0.6, 0.5}, 4, 1)
	pair := tensor.Of([]float32{0.8, 0.2, 0.2, 0.8, 0.4, 0.6, 0.5, 0.5}, 4, 2)
	steps := tensor.Of([]float32{ // [2, 2 classes, 2 steps]
		0.8, 0.2, 0.2, 0.8,
		0.4, 0.5, 0.6, 0.5,
	}, 2, 2, 2)
	flat := tensor.Of([]int64{0, 1, 0, 1})
	for _, b := range []batch{
		{single, flat, nil},
		{column, tensor.Of([]float32{0, 1, 0, 1}, 4, 1), nil},
		{pair, tensor.Of([]uint8{0, 1, 0, 1}), nil},
		{pair, tensor.Of([]float32{1, 0, 0, 1, 1, 0, 0, 1}, 4, 2), nil},
		{steps, tensor.Of([]int32{0, 1, 0, 1}, 2, 2), nil},
		{steps, tensor.Of([]int32{0, 1, 0, 1}, 2, 2), tensor.Of([]float64{2, 2})},
	} {
		var accuracy metric.Accuracy
		var auc metric.AUC
		b.update(t, &accuracy)
		b.update(t, &auc)
		if accuracy.Value() != 0.5 || auc.Value() != 0.75 {
			t.Errorf("scores %v, targets %v: accuracy %v, auc %v", b.scores.Shape(), b.targets.Shape(), accuracy.Value(), auc.Value())
		}
	}
	var mae metric.MAE
	batch{single, tensor.Of([]float64{0, 1, 1, 0}, 4, 1), nil}.update(t, &mae)
	if got := mae.Value(); math.Abs(got-0.325) > 1e-7 {
		t.Errorf("mae is %v", got)
	}
}

// TestBadSamples: each mistake is an error that says what is wrong, and leaves
// the metric as it was.
func TestBadSamples(t *testing.T) {
	nan := float32(math.NaN())
	scores := tensor.Of([]float32{0.9, 0.1, 0.2, 0.8}, 2, 2)
	targets := tensor.Of([]int64{0, 1})
	for _, test := range []struct {
		batch
		want string
	}{
		{batch{scores, tensor.Of([]int64{0, 2}), nil}, "the target of sample 1 is class 2; the scores have classes 0 to 1"},
		{batch{scores, tensor.Of([]int64{-1, 0}), nil}, "the target of sample 0 is class -1; the scores have classes 0 to 1"},
		{batch{scores, tensor.Of([]float32{0, 0.5}), nil}, "the target of sample 1 is 0.5, not a class number"},
		{batch{scores, tensor.Of([]int64{0, 1, 1}), nil}, "targets of shape [3] do not fit"},
		{batch{tensor.Of([]float32{0, 1, nan, 0}, 2, 2), targets, nil}, "a score of sample 1 is NaN"},
		{batch{scores, targets, tensor.Of([]float32{1})}, "weights of shape [1] do not fit 2 samples"},
		{batch{scores, targets, tensor.Of([]float32{1, -1})}, "the weight of sample 1 is -1; want a number ≥ 0"},
		{batch{scores, targets, tensor.Of([]float32{nan, 1})}, "the weight of sample 0 is NaN; want a number ≥ 0"},
		{batch{tensor.Scalar(float32(1)), targets, nil}, "scores of classes are a scalar"},
		{batch{tensor.Of([]float32{0, 0, 1, 1, 0, 0}, 2, 3), targets, nil}, "scores have 3 classes, those before had 2"},
	} {
		var m metric.Confusion
		batch{scores, targets, nil}.update(t, &m)
		err := m.Update(test.scores, test.targets, test.weights)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want %v", err, test.want)
		}
		if m.Value() != 1 || len(m.Matrix()) != 2 {
			t.Errorf("after %q the matrix is %v", test.want, m.Matrix())
		}
	}
	var mse metric.MSE
	err := mse.Update(tensor.Of([]float32{1, 2}), tensor.Of([]float32{1, 2, 3}), nil)
	if err == nil || err.Error() != "targets of shape [3] do not fit predictions of shape [2]" {
		t.Errorf("got %v", err)
	}
}

// TestMaskedRows: what stands in a row of weight 0 does not matter.
func TestMaskedRows(t *testing.T) {
	nan := math.NaN()
	weights := tensor.Of([]float64{1, 0})
	for _, spec := range metric.All {
		m := spec.New()
		b := batch{tensor.Of([]float64{0.1, 0.9, nan, nan}, 2, 2), tensor.Of([]int64{1, -7}), weights}
		if spec.Tasks&metric.Regression != 0 {
			b = batch{tensor.Of([]float64{1, nan}), tensor.Of([]float64{1, nan}), weights}
		}
		b.update(t, m)
		if v := m.Value(); math.IsNaN(v) != (spec.Key == "auc" || spec.Key == "r2") {
			t.Errorf("%s is %v", spec.Key, v) // one sample has no AUC and no variance
		}
	}
}

// TestTable: keys are unique, an empty metric has no value, merging with
// itself changes nothing, and strangers do not merge.
func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for i, spec := range metric.All {
		if seen[spec.Key] || spec.Doc == "" || spec.Tasks == 0 {
			t.Errorf("line %d: %+v", i, spec)
		}
		seen[spec.Key] = true
		m := spec.New()
		if v := m.Value(); !math.IsNaN(v) {
			t.Errorf("%s of nothing is %v", spec.Key, v)
		}
		if err := m.Merge(spec.New()); err != nil {
			t.Errorf("%s: %v", spec.Key, err)
		}
		if err := m.Restore(m.State()); err != nil {
			t.Errorf("%s: %v", spec.Key, err)
		}
		if err := m.Restore([]float64{1, 2, 3}); err == nil && spec.Key != "auc" {
			t.Errorf("%s restores a state of 3 numbers", spec.Key)
		}
		if err := m.Merge(metric.All[(i+1)%len(metric.All)].New()); err == nil {
			t.Errorf("%s merges with another metric", spec.Key)
		}
	}
	if err := (&metric.TopK{K: 2}).Merge(&metric.TopK{K: 3}); err == nil {
		t.Error("top-2 merges with top-3")
	}
	if _, ok := metric.Find("acuracy"); ok || len(metric.Keys()) != len(metric.All) {
		t.Error("Find or Keys")
	}
}

// TestConstantTruth: R² has no variance to explain.
func TestConstantTruth(t *testing.T) {
	truth := tensor.Full(0.1, 1000)
	weights := tensor.Full(0.3, 1000)
	for _, test := range []struct{ guess, want float64 }{{0.1, 1}, {0.2, 0}} {
		var m metric.R2
		batch{tensor.Full(test.guess, 1000), truth, weights}.update(t, &m)
		if got := m.Value(); got != test.want {
			t.Errorf("of %v: %v, want %v", test.guess, got, test.want)
		}
	}
}

func ExampleConfusion() {
	var m metric.Confusion
	scores := tensor.Of([]float32{0.9, 0.1, 0.4, 0.6, 0.3, 0.7, 0.8, 0.2}, 4, 2)
	if err := m.Update(scores, tensor.Of([]int64{0, 1, 1, 1}), nil); err != nil {
		fmt.Println(err)
	}
	fmt.Println(m.Matrix())
	fmt.Printf("%+.2f\n", m.PerClass()[1].Recall)
	// Output:
	// [[1 0] [1 2]]
	// +0.67
}

// TestOptions: a metric is its own options for a net file.
func TestOptions(t *testing.T) {
	for _, spec := range metric.All {
		for _, f := range config.Fields(spec.New()) {
			if f.Doc == "" || f.Default == "" {
				t.Errorf("%s: the option %+v", spec.Key, f)
			}
		}
	}
	n, err := config.Parse("net.yaml", []byte("{top_k: {k: 2}}"))
	if err != nil {
		t.Fatal(err)
	}
	var top metric.TopK
	if err := n.Get("top_k").Decode(&top); err != nil || top.K != 2 {
		t.Errorf("k is %d: %v", top.K, err)
	}
}
