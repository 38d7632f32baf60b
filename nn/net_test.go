package nn_test

import (
	"strings"
	"testing"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/tensor"
)

// TestOptionsOfProgram checks that options of a Go program are checked, too.
func TestOptionsOfProgram(t *testing.T) {
	net := nn.Sequential(nn.BatchNorm{Momentum: 2})
	net.Input = []int{3}
	want := `batch_norm_1: the "momentum" of batch_norm must be ≥ 0 and ≤ 1, got 2`
	if err := net.Check(); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestNilLayer checks that a layer left out is a mistake, not a crash.
func TestNilLayer(t *testing.T) {
	net := nn.Sequential(nn.Relu{}, nil)
	net.Input = []int{3}
	if err := net.Check(); err == nil || err.Error() != "layer 2 of the net is nil" {
		t.Errorf("got %v", err)
	}
}

// TestForwardOfOtherShape checks that a net takes samples of its own shape only.
func TestForwardOfOtherShape(t *testing.T) {
	net := small()
	_, err := graph.Build(func(g *graph.Graph) {
		net.Forward(nn.NewBuilder(g, nn.Options{}), batchInput(g, "x", tensor.New(tensor.Float32, 2, 1, 6, 6)))
	})
	if err == nil || !strings.Contains(err.Error(), "the net takes samples of shape [1 5 5], given [N 1 6 6]") {
		t.Errorf("got %v", err)
	}
}

// TestPointerLayer checks that a pointer to a layer is as good as the layer.
func TestPointerLayer(t *testing.T) {
	net := nn.Sequential(&nn.Dense{Units: 3}, &nn.Relu{})
	net.Input = []int{2}
	if err := net.Check(); err != nil {
		t.Error(err)
	}
	text, err := net.YAML()
	if want := "input: [2]\nlayers:\n  - dense: {units: 3}\n  - relu\n"; err != nil || string(text) != want {
		t.Errorf("got %q, %v, want %q", text, err, want)
	}
}
