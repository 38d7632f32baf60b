package nn_test

import (
	"strings"
	"testing"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/tensor"
)

// build builds a net for x [N, input…] and returns the builder and the output.
func build(t *testing.T, net *nn.Net, o nn.Options) (*nn.Builder, *graph.Value) {
	t.Helper()
	b := nn.NewBuilder(graph.New(), o)
	shape := append(graph.Shape{graph.Sym("N")}, graph.Dims(net.Input...)...)
	return b, net.Forward(b, b.Graph.Input("x", graph.TensorOf(tensor.Float32, shape...)))
}

func small() *nn.Net {
	net := nn.Sequential(
		nn.Conv2D{Filters: 2, Kernel: nn.Pair{3}, L1: 0.1},
		nn.BatchNorm{},
		nn.Relu{},
		nn.Flatten{},
		nn.Dense{Units: 3, L2: 0.01},
	)
	net.Input = []int{1, 5, 5}
	return net
}

func TestParams(t *testing.T) {
	b, _ := build(t, small(), nn.Options{Train: true})
	want := []string{
		"conv2d_1.weight [2 1 3 3] trained decay", "conv2d_1.bias [2] trained",
		"batch_norm_1.weight [2] trained", "batch_norm_1.bias [2] trained",
		"batch_norm_1.running_mean [2] state", "batch_norm_1.running_var [2] state",
		"dense_1.weight [3 18] trained decay", "dense_1.bias [3] trained",
	}
	for i, p := range b.Params() {
		got := p.Name + " " + p.Value.Shape().String()
		for word, on := range map[string]bool{" trained": p.Trainable, " state": p.State} {
			if on {
				got += word
			}
		}
		if p.Decay {
			got += " decay"
		}
		if got != want[i] {
			t.Errorf("got %s, want %s", got, want[i])
		}
	}
	if n := b.Params().Len(); n != 18+2+2+2+2+2+54+3 {
		t.Errorf("%d numbers", n)
	}
	if len(b.Graph.Updates()) != 2 {
		t.Errorf("%d updates, want 2", len(b.Graph.Updates()))
	}
	if _, err := b.Params().Named("dense_1.wieght"); err == nil || !strings.Contains(err.Error(), `did you mean "dense_1.weight"?`) {
		t.Errorf("got %v", err)
	}
}

func TestFreeze(t *testing.T) {
	cases := []struct {
		freeze  string
		trained string // the layers that still train
		updates int
	}{
		{"conv2d_*", "batch_norm_1 batch_norm_1 dense_1 dense_1", 2},
		{"batch_norm_1", "conv2d_1 conv2d_1 dense_1 dense_1", 0},
		{"*.bias", "conv2d_1 batch_norm_1 dense_1", 2},
		{"*", "", 0},
	}
	for _, c := range cases {
		b, _ := build(t, small(), nn.Options{Train: true, Freeze: []string{c.freeze}})
		var trained []string
		for _, p := range b.Params().Trainable() {
			trained = append(trained, p.Layer)
		}
		if got := strings.Join(trained, " "); got != c.trained {
			t.Errorf("freeze %s: %s still train, want %s", c.freeze, got, c.trained)
		}
		if got := len(b.Graph.Updates()); got != c.updates {
			t.Errorf("freeze %s: %d updates, want %d", c.freeze, got, c.updates)
		}
		if err := b.CheckFreeze(); err != nil {
			t.Errorf("freeze %s: %v", c.freeze, err)
		}
	}
	b, _ := build(t, small(), nn.Options{Freeze: []string{"con2vd_1"}})
	if err := b.CheckFreeze(); err == nil || !strings.Contains(err.Error(), `did you mean "conv2d_1"?`) {
		t.Errorf("got %v", err)
	}
}

// TestPenalty computes 0.1·Σ|w| of the convolution + 0.01·Σw² of the dense layer.
func TestPenalty(t *testing.T) {
	b, _ := build(t, small(), nn.Options{Train: true})
	b.Graph.Output("penalty", b.Penalty())
	got := tensor.Float64s(evaluate(t, b.Graph, map[string]*tensor.Tensor{"x": tensor.New(tensor.Float32, 1, 1, 5, 5)})["penalty"])[0]
	want := 0.0
	for _, p := range b.Params() {
		for _, v := range tensor.Float64s(p.Value.Init()) {
			switch p.Name {
			case "conv2d_1.weight":
				want += 0.1 * max(v, -v)
			case "dense_1.weight":
				want += 0.01 * v * v
			}
		}
	}
	near(t, "penalty", tensor.Of([]float64{got}), []float64{want}, nil)
	frozen, _ := build(t, small(), nn.Options{Freeze: []string{"*"}})
	if frozen.Penalty() != nil {
		t.Error("frozen layers have a penalty")
	}
}

// TestSharedBuild builds a net for training and for predicting in one graph:
// the parameters are the same.
func TestSharedBuild(t *testing.T) {
	net := small()
	b, _ := build(t, net, nn.Options{Train: true})
	count := len(b.Graph.Variables())
	predict := nn.NewBuilder(b.Graph, nn.Options{})
	net.Forward(predict, b.Graph.Inputs()[0])
	if len(b.Graph.Variables()) != count || len(predict.Params()) != len(b.Params()) {
		t.Errorf("the second build added variables")
	}
}

// block is a layer made of layers.
type block struct{ Units int }

func (l block) Build(b *nn.Builder, in ...*graph.Value) *graph.Value {
	h := b.Scope("up", func() *graph.Value { return nn.Dense{Units: l.Units, Activation: "gelu"}.Build(b, in...) })
	return b.Scope("down", func() *graph.Value { return nn.Dense{Units: 4}.Build(b, h) })
}

func TestCustomLayer(t *testing.T) {
	net := nn.Sequential(block{Units: 8}, block{Units: 8})
	net.Input = []int{4}
	rows, err := net.Summary()
	if err != nil {
		t.Fatal(err)
	}
	if rows[1].Name != "block_2" || rows[1].Kind != "block" || rows[1].Params != 4*8+8+8*4+4 || rows[1].FLOPs < 2*2*4*8 {
		t.Errorf("row is %+v", rows[1])
	}
	b, _ := build(t, net, nn.Options{})
	if _, err := b.Params().Named("block_2.down.weight"); err != nil {
		t.Error(err)
	}
	if _, err := net.YAML(); err == nil || !strings.Contains(err.Error(), "no key in files") {
		t.Errorf("got %v", err)
	}
}

func TestSummary(t *testing.T) {
	net, err := nn.ParseNet("lenet.yaml", []byte(lenet))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := net.Summary()
	if err != nil {
		t.Fatal(err)
	}
	params := 0
	for _, r := range rows {
		params += r.Params
	}
	if params != 431080 {
		t.Errorf("%d parameters, want 431080", params)
	}
	conv := rows[0]
	if conv.Output.String() != "[N 20 24 24]" || conv.FLOPs < 2*20*24*24*25 || conv.FLOPs > 2*20*24*24*28 {
		t.Errorf("conv2d_1 is %+v", conv)
	}
}
