package learn_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/metric"
	"github.com/emberml/ember/model"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// numbers is a source of n samples x = [i], y = target(i).
func numbers(t *testing.T, n int, target func(i int) float32) data.Source {
	t.Helper()
	x, y := make([]float32, n), make([]float32, n)
	for i := range n {
		x[i], y[i] = float32(i), target(i)
	}
	src, err := data.FromTensors(data.Schema{Name: "numbers"}, tensor.Of(x, n, 1), tensor.Of(y, n))
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// TestEvaluateReadsAll: every sample counts once, whatever the batches, and a
// truth [n] is compared with scores [n, 1].
func TestEvaluateReadsAll(t *testing.T) {
	for _, n := range []int{1, 255, 256, 257, 1000} {
		src := numbers(t, n, func(i int) float32 { return float32(i) + float32(i%2) })
		mae := new(metric.MAE)
		identity := func(b *data.Batch) (scores, truth *tensor.Tensor, err error) { return b.X, b.Y, nil }
		if err := learn.Evaluate(t.Context(), src, nil, identity, mae); err != nil {
			t.Fatal(err)
		}
		if got, want := mae.Value(), float64(n/2)/float64(n); math.Abs(got-want) > 1e-12 {
			t.Errorf("%d samples: the mean absolute error is %v, want %v", n, got, want)
		}
	}
}

func TestEvaluateErrors(t *testing.T) {
	src := numbers(t, 10, func(int) float32 { return 0 })
	failed := errors.New("failed")
	err := learn.Evaluate(t.Context(), src, nil, func(*data.Batch) (_, _ *tensor.Tensor, err error) { return nil, nil, failed })
	if !errors.Is(err, failed) {
		t.Errorf("the scorer's error became %v", err)
	}
	misfit := func(b *data.Batch) (scores, truth *tensor.Tensor, err error) {
		return tensor.New(tensor.Float32, b.Len()+1, 2), b.Y, nil
	}
	if err := learn.Evaluate(t.Context(), src, nil, misfit, new(metric.MSE)); err == nil {
		t.Error("scores that do not fit the truth were accepted")
	}
	var content *data.ContentError
	if err := learn.Evaluate(t.Context(), numbers(t, 0, nil), nil, misfit); !errors.As(err, &content) {
		t.Errorf("no samples: %v, want a ContentError", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := learn.Evaluate(ctx, src, nil, misfit); !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled context: %v", err)
	}
}

// TestPredictions: the scores are the model's probabilities or numbers.
func TestPredictions(t *testing.T) {
	schema := data.Schema{Name: "letters", Target: data.Target{Labels: []string{"a", "b"}}}
	classes, err := data.FromTensors(schema, tensor.Of([]float32{-1, 2, -3, 4}, 4, 1), tensor.Of([]int64{0, 1, 1, 1}))
	if err != nil {
		t.Fatal(err)
	}
	accuracy := new(metric.Accuracy)
	scoreBy(t, classes, func(x *graph.Value) *graph.Value { return op.Sigmoid(x) }, accuracy)
	if accuracy.Value() != 0.75 {
		t.Errorf("the accuracy is %v, want 0.75", accuracy.Value())
	}
	mse := new(metric.MSE)
	scoreBy(t, numbers(t, 3, func(i int) float32 { return float32(i) - 2 }), func(x *graph.Value) *graph.Value { return x }, mse)
	if mse.Value() != 4 {
		t.Errorf("the mean squared error is %v, want 4", mse.Value())
	}
}

// scoreBy evaluates the model that forward is.
func scoreBy(t *testing.T, src data.Source, forward func(x *graph.Value) *graph.Value, m metric.Metric) {
	t.Helper()
	p, err := feature.New(src.Schema())
	if err != nil {
		t.Fatal(err)
	}
	built, err := model.Build(model.Spec{
		Info:    model.Info{Pipeline: p},
		Forward: func(_ *graph.Graph, x *graph.Value) *graph.Value { return forward(x) },
	})
	if err != nil {
		t.Fatal(err)
	}
	backend := cpu.New(cpu.Options{Threads: 1})
	defer backend.Close()
	predictor, err := built.Predictor(model.PredictOptions{Backend: backend})
	if err != nil {
		t.Fatal(err)
	}
	if err := learn.Evaluate(t.Context(), src, p, learn.Predictions(predictor), m); err != nil {
		t.Fatal(err)
	}
}
