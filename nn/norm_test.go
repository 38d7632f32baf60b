package nn_test

import (
	"math"
	"testing"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/tensor"
)

// TestBatchNormOfOneSample checks that a last batch of one sample, whose spread
// is unknown, leaves the statistics as they are.
func TestBatchNormOfOneSample(t *testing.T) {
	x := noise("x", []int{1, 3}, 1, 0)
	b := nn.NewBuilder(graph.New(), nn.Options{Train: true})
	b.Graph.Output("y", nn.Sequential(nn.BatchNorm{}).Forward(b, batchInput(b.Graph, "x", x)))
	for _, e := range evaluators {
		got := e.run(t, b.Graph, map[string]*tensor.Tensor{"x": x})
		for name, v := range got {
			for _, f := range tensor.Float64s(v) {
				if math.IsNaN(f) || math.IsInf(f, 0) {
					t.Errorf("%s: %s is %v", e.name, name, v)
				}
			}
		}
		near(t, e.name+": running_mean", got["batch_norm_1.running_mean"], []float64{0, 0, 0}, nil)
		near(t, e.name+": running_var", got["batch_norm_1.running_var"], []float64{1, 1, 1}, nil)
	}
}
