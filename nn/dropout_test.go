package nn_test

import (
	"math"
	"testing"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/tensor"
)

// dropped runs one dropout layer of rate 0.25 on ones [len(index), 1000].
func dropped(t *testing.T, layer string, seed, step int64, index ...int64) *tensor.Tensor {
	t.Helper()
	net := &nn.Net{Layers: []nn.Item{{Layer: nn.Dropout{Rate: 0.25}, Name: layer}}}
	x := tensor.Full(float32(1), len(index), 1000)
	b := nn.NewBuilder(graph.New(), nn.Options{Train: true})
	b.Graph.Output("y", net.Forward(b, batchInput(b.Graph, "x", x)))
	return evaluate(t, b.Graph, map[string]*tensor.Tensor{
		"x": x, nn.KeyInput: tensor.Of([]int64{seed, step}), nn.IndexInput: tensor.Of(index),
	})["y"]
}

func TestDropoutRate(t *testing.T) {
	zeros := 0
	for _, v := range tensor.Float64s(dropped(t, "a", 1, 1, 0, 1, 2, 3, 4, 5, 6, 7)) {
		switch {
		case v == 0:
			zeros++
		case math.Abs(v-1/0.75) > 1e-6:
			t.Fatalf("kept value is %g, want 1/0.75", v)
		}
	}
	if share := float64(zeros) / 8000; math.Abs(share-0.25) > 0.02 {
		t.Errorf("%g of the values are 0, want 0.25", share)
	}
}

// TestDropoutKeys checks that a sample's mask depends on seed, step, layer and
// the sample's number, and on nothing else.
func TestDropoutKeys(t *testing.T) {
	pair := dropped(t, "a", 1, 1, 5, 9)
	if !tensor.Same(pair.Slice(0, 0, 1, 1), dropped(t, "a", 1, 1, 5)) || !tensor.Same(pair.Slice(0, 1, 2, 1), dropped(t, "a", 1, 1, 9)) {
		t.Error("a sample's mask depends on its place in the batch")
	}
	one := dropped(t, "a", 1, 1, 5)
	for what, other := range map[string]*tensor.Tensor{
		"seed": dropped(t, "a", 2, 1, 5), "step": dropped(t, "a", 1, 2, 5),
		"layer": dropped(t, "b", 1, 1, 5), "sample": dropped(t, "a", 1, 1, 6),
	} {
		if tensor.Same(one, other) {
			t.Errorf("another %s gives the same mask", what)
		}
	}
}

// TestDropoutPredicts checks that predicting needs no random numbers.
func TestDropoutPredicts(t *testing.T) {
	net := nn.Sequential(nn.Dropout{Rate: 0.5}, nn.Dense{Units: 2, Dropout: 0.5})
	net.Input = []int{3}
	b, _ := build(t, net, nn.Options{})
	if len(b.Graph.Inputs()) != 1 {
		t.Errorf("%d inputs, want 1", len(b.Graph.Inputs()))
	}
	train, _ := build(t, net, nn.Options{Train: true})
	if len(train.Graph.Inputs()) != 3 {
		t.Errorf("%d inputs while training, want x, key and index", len(train.Graph.Inputs()))
	}
}
