package nn_test

import (
	"math"
	"strings"
	"testing"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/tensor"
)

// TestPredict checks what turns outputs into predictions, and the kinds of
// targets.
func TestPredict(t *testing.T) {
	third := 1 / (1 + math.E)
	cases := []struct {
		loss   nn.Loss
		target nn.Target
		want   []float64 // of the output [0, 1]
	}{
		{nn.CrossEntropy{}, nn.ClassTarget, []float64{third, 1 - third}},
		{nn.BinaryCrossEntropy{}, nn.BinaryTarget, []float64{0.5, 1 - third}},
		{nn.MSE{}, nn.NumberTarget, []float64{0, 1}},
		{nn.MAE{}, nn.NumberTarget, []float64{0, 1}},
		{nn.Huber{}, nn.NumberTarget, []float64{0, 1}},
	}
	for _, c := range cases {
		x := tensor.Of([]float32{0, 1}, 1, 2)
		g := graph.New()
		g.Output("y", c.loss.Predict(batchInput(g, "x", x)))
		near(t, "prediction", evaluate(t, g, map[string]*tensor.Tensor{"x": x})["y"], c.want, []int{1, 2})
		if c.loss.Target() != c.target {
			t.Errorf("%T learns %v, want %v", c.loss, c.loss.Target(), c.target)
		}
	}
}

// TestLossOfFlatTarget checks that a target [N] is compared with an output
// [N, 1] sample by sample, not broadcast to [N, N].
func TestLossOfFlatTarget(t *testing.T) {
	feed := map[string]*tensor.Tensor{
		"x":      tensor.Of([]float32{1, 2, 3}, 3, 1),
		"target": tensor.Of([]float64{1, 0, 5}, 3),
	}
	g := graph.New()
	b := nn.NewBuilder(g, nn.Options{})
	g.Output("each", nn.MSE{}.Each(b, batchInput(g, "x", feed["x"]), batchInput(g, "target", feed["target"])))
	near(t, "loss", evaluate(t, g, feed)["each"], []float64{0, 4, 4}, []int{3})
}

func TestLossErrors(t *testing.T) {
	cases := []struct {
		loss           nn.Loss
		output, target []int
		want           string
	}{
		{nn.MSE{}, []int{2, 3}, []int{2, 4}, "compares an output [N 3] with a target [N 4], which has another number of elements"},
		{nn.CrossEntropy{}, []int{2, 3}, []int{2, 3}, "wants an output [N, classes, …] and a target [N, …], given [N 3] and [N 3]"},
		{nn.CrossEntropy{ClassWeights: []float64{1}}, []int{2, 3}, []int{2}, "has 1 class weights for 3 classes"},
		{nn.CrossEntropy{LabelSmoothing: 1}, []int{2, 3}, []int{2}, `the "label_smoothing" of cross_entropy must be ≥ 0 and < 1, got 1`},
		{nn.Huber{Delta: -1}, []int{2, 3}, []int{2, 3}, `the "delta" of huber must be > 0, got -1`},
	}
	for _, c := range cases {
		_, err := graph.Build(func(g *graph.Graph) {
			x := batchInput(g, "x", tensor.New(tensor.Float32, c.output...))
			c.loss.Each(nn.NewBuilder(g, nn.Options{}), x, batchInput(g, "target", tensor.New(tensor.Float32, c.target...)))
		})
		if err == nil || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%T: got %v, want %s", c.loss, err, c.want)
		}
	}
}
