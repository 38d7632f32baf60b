package metric_test

import (
	_ "embed"
	"encoding/json"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/emberml/ember/metric"
	"github.com/emberml/ember/tensor"
)

// golden is what testdata/sklearn_metrics.py printed.
//
//go:embed testdata/sklearn_metrics.json
var golden []byte

// peerCase is predictions and scikit-learn's scores of them. The keys of Expect
// are a metric's, with its k or average after a slash.
type peerCase struct {
	Name    string
	Scores  any
	Targets any
	Weights []float64
	Expect  map[string]any
}

func TestGolden(t *testing.T) { checkCases(t, golden) }

// checkCases compares every metric of every case with the peer's, at once and
// over random shares of the samples.
func checkCases(t *testing.T, data []byte) {
	var cases []peerCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			b := batch{nested(c.Scores), nested(c.Targets), nil}
			if c.Weights != nil {
				b.weights = tensor.Of(c.Weights)
			}
			for key, want := range c.Expect {
				fresh := func() metric.Metric { return newMetric(t, key) }
				whole := fresh()
				b.update(t, whole)
				compare(t, key, whole, want)
				for range 3 {
					if got, want := b.inShares(t, rng, fresh).Value(), whole.Value(); got != want {
						t.Errorf("%s: %v over shares, %v at once", key, got, want)
					}
				}
			}
		})
	}
}

// newMetric is the metric of a key such as "top_k/2" or "f1/macro".
func newMetric(t *testing.T, key string) metric.Metric {
	t.Helper()
	name, option, _ := strings.Cut(key, "/")
	if name == "confusion" {
		return new(metric.Confusion)
	}
	spec, ok := metric.Find(name)
	if !ok {
		t.Fatalf("no metric %q", name)
	}
	m := spec.New()
	switch m := m.(type) {
	case *metric.TopK:
		m.K, _ = strconv.Atoi(option)
	case *metric.Precision:
		m.Average = option
	case *metric.Recall:
		m.Average = option
	case *metric.F1:
		m.Average = option
	}
	return m
}

func compare(t *testing.T, key string, m metric.Metric, want any) {
	t.Helper()
	if confusion, ok := m.(*metric.Confusion); ok {
		for i, row := range want.([]any) {
			for j, x := range row.([]any) {
				if got := confusion.Matrix()[i][j]; math.Abs(got-x.(float64)) > 1e-12 {
					t.Errorf("confusion[%d][%d] is %v, want %v", i, j, got, x)
				}
			}
		}
		return
	}
	if got, want := m.Value(), want.(float64); !(math.Abs(got-want) <= 1e-9*max(1, math.Abs(want))) {
		t.Errorf("%s is %v, want %v", key, got, want)
	}
}

// nested is the tensor of nested JSON lists.
func nested(v any) *tensor.Tensor {
	var data []float64
	shape := []int{}
	var walk func(v any, depth int)
	walk = func(v any, depth int) {
		list, ok := v.([]any)
		if !ok {
			data = append(data, v.(float64))
			return
		}
		if depth == len(shape) {
			shape = append(shape, len(list))
		}
		for _, item := range list {
			walk(item, depth+1)
		}
	}
	walk(v, 0)
	return tensor.Of(data, shape...)
}

// batch is a set of samples.
type batch struct{ scores, targets, weights *tensor.Tensor }

func (b batch) update(t *testing.T, m metric.Metric) {
	t.Helper()
	if err := m.Update(b.scores, b.targets, b.weights); err != nil {
		t.Fatal(err)
	}
}

// inShares cuts shuffled samples into batches, gathers them in several metrics,
// saves and restores one, and merges all.
func (b batch) inShares(t *testing.T, rng *rand.Rand, fresh func() metric.Metric) metric.Metric {
	t.Helper()
	n := b.scores.Shape()[0]
	order := make([]int64, n)
	for i, j := range rng.Perm(n) {
		order[i] = int64(j)
	}
	workers := []metric.Metric{fresh(), fresh(), fresh(), fresh()} // some may get no batch
	for start := 0; start < n; {
		end := min(n, start+1+rng.IntN(12))
		index := tensor.Of(order[start:end])
		part := batch{pick(b.scores, index), pick(b.targets, index), pick(b.weights, index)}
		part.update(t, workers[rng.IntN(3)])
		start = end
	}
	sent := fresh()
	if err := sent.Restore(workers[1].State()); err != nil {
		t.Fatal(err)
	}
	total := fresh()
	for _, m := range []metric.Metric{workers[3], sent, workers[0], workers[2]} {
		if err := total.Merge(m); err != nil {
			t.Fatal(err)
		}
	}
	return total
}

func pick(t, index *tensor.Tensor) *tensor.Tensor {
	if t == nil {
		return nil
	}
	part, err := tensor.Gather(t, 0, index)
	if err != nil {
		panic(err)
	}
	return part
}
