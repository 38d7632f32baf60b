package nn_test

import (
	"os"
	"testing"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// TestForgetBias checks that the forget gate's bias starts where it is told, each
// layer's own, and all others at 0.
func TestForgetBias(t *testing.T) {
	net := nn.Sequential(nn.LSTM{Recurrent: nn.Recurrent{Units: 2, Sequences: true}}, nn.LSTM{Recurrent: nn.Recurrent{Units: 2}, ForgetBias: 3})
	net.Input = []int{4, 3}
	b, _ := build(t, net, nn.Options{})
	for _, p := range b.Params() {
		want := tensor.Of([]float32{0, 0, 0, 0, 0, 0, 0, 0})
		switch p.Name {
		case "lstm_1.bias_ih_l0":
			want = tensor.Of([]float32{0, 0, 1, 1, 0, 0, 0, 0})
		case "lstm_2.bias_ih_l0":
			want = tensor.Of([]float32{0, 0, 3, 3, 0, 0, 0, 0})
		case "lstm_1.bias_hh_l0", "lstm_2.bias_hh_l0":
		default:
			continue
		}
		if !tensor.Same(p.Value.Init(), want) {
			t.Errorf("%s starts as %v, want %v", p.Name, p.Value.Init(), want)
		}
	}
}

// TestTBPTT checks that the gradient of a sequence's inputs is that of a whole way
// back, down to the last cut, and 0 before it.
func TestTBPTT(t *testing.T) {
	const steps, cut = 7, 3 // the last cut is at step 6
	samples := tensor.NewRand(3).Uniform(tensor.Float32, -1, 1, 2, steps, 4)
	for _, reverse := range []bool{false, true} {
		layers := map[string]func(r nn.Recurrent) nn.Layer{
			"simple_rnn": func(r nn.Recurrent) nn.Layer { return nn.SimpleRNN{Recurrent: r} },
			"lstm":       func(r nn.Recurrent) nn.Layer { return nn.LSTM{Recurrent: r} },
			"gru":        func(r nn.Recurrent) nn.Layer { return nn.GRU{Recurrent: r} },
		}
		for name, layer := range layers {
			gradient := func(tbptt int) *tensor.Tensor {
				net := nn.Sequential(layer(nn.Recurrent{Units: 5, Reverse: reverse, TBPTT: tbptt}))
				g := graph.New()
				b := nn.NewBuilder(g, nn.Options{Train: true})
				x := g.Input("x", graph.TypeOf(samples))
				d, err := op.Gradients([]*graph.Value{op.ReduceSum(net.Forward(b, x), nil, false)}, []*graph.Value{x})
				if err != nil {
					t.Fatal(err)
				}
				g.Output("dx", d[0])
				return evaluateOnEngine(t, g, map[string]*tensor.Tensor{"x": samples})["dx"]
			}
			whole, truncated := gradient(0), gradient(cut)
			kept, lost := [2]int{6, steps}, [2]int{0, 6}
			if reverse {
				kept, lost = [2]int{0, cut}, [2]int{cut, steps}
			}
			part := func(x *tensor.Tensor, of [2]int) *tensor.Tensor { return x.Slice(1, of[0], of[1], 1).Contiguous() }
			if !tensor.Same(part(whole, kept), part(truncated, kept)) {
				t.Errorf("%s, reverse %v: the gradient behind the last cut is not that of the whole way", name, reverse)
			}
			zero := part(truncated, lost)
			if !tensor.Same(zero, tensor.New(tensor.Float32, zero.Shape()...)) || tensor.Same(part(whole, lost), zero) {
				t.Errorf("%s, reverse %v: a gradient crosses the cut", name, reverse)
			}
		}
	}
}

// TestExampleOfRows checks that the net of examples/mnist_rows fits together.
func TestExampleOfRows(t *testing.T) {
	text, err := os.ReadFile("../examples/mnist_rows/rows.yaml")
	if err != nil {
		t.Fatal(err)
	}
	net, err := nn.ParseNet("rows.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	if _, y := build(t, net, nn.Options{}); !y.Shape()[1:].Equal(graph.Dims(10)) {
		t.Errorf("the net gives %v, want 10 numbers a sample", y.Shape())
	}
}
