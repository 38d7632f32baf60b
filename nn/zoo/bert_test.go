package zoo_test

import (
	_ "embed"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/nn/zoo"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// bert.json is what bert.py wrote.
//
//go:embed testdata/bert.json
var bertGolden []byte

// bert_segments.json is what bert_segments.py wrote.
//
//go:embed testdata/bert_segments.json
var segmentsGolden []byte

// TestBERT compares a small BERT, its parameters' names, its results and its
// gradients with Hugging Face's.
func TestBERT(t *testing.T) {
	var want struct {
		IDs            []int64
		Hidden, Pooled []float64
		Grads          map[string]struct {
			Norm, Max float64
			Some      []float64
		}
	}
	if err := json.Unmarshal(bertGolden, &want); err != nil {
		t.Fatal(err)
	}
	config := zoo.BERTConfig{Vocabulary: 50, Size: 32, Layers: 2, Heads: 4, Hidden: 64, Positions: 16}
	hidden := config
	hidden.NoPooler = true
	for _, c := range []struct {
		config zoo.BERTConfig
		want   []float64
		shape  []int
	}{{config, want.Pooled, []int{2, 32}}, {hidden, want.Hidden, []int{2, 9, 32}}} {
		g := graph.New()
		b := nn.NewBuilder(g, nn.Options{})
		x := g.Input("input", batchOf(tensor.Int64, []int{2, 9}))
		y := zoo.BERT(c.config, []int{9}, 0).Forward(b, x)
		g.Output("output", y)
		wrt := b.Params().Trainable().Values()
		cotangent := g.Constant(noise("cotangent", c.shape, 1, 0))
		grads, err := op.Gradients([]*graph.Value{op.Mul(y, cotangent)}, wrt)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range wrt {
			g.Output("grad "+v.Name(), grads[i])
		}
		backend := cpu.New(cpu.Options{})
		defer backend.Close()
		state := engine.NewState()
		program, err := engine.Compile(g, engine.Options{Backend: backend, State: state})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range b.Params() {
			shape, _ := p.Value.Shape().Concrete()
			tensor.CopyInto(state.Get(p.Name), parameter(p.Name, shape))
		}
		out, err := program.Run([]*tensor.Tensor{tensor.Of(want.IDs, 2, 9)})
		if err != nil {
			t.Fatal(err)
		}
		near(t, "output", tensor.Float64s(out[0]), c.want, 0)
		if c.config.NoPooler {
			continue
		}
		if len(wrt) != len(want.Grads) {
			t.Errorf("%d parameters, Hugging Face has %d", len(wrt), len(want.Grads))
		}
		for i, v := range wrt {
			w, ok := want.Grads[v.Name()]
			if !ok {
				t.Errorf("Hugging Face has no parameter %s", v.Name())
				continue
			}
			compareGrad(t, v.Name(), tensor.Float64s(out[i+1]), w.Norm, w.Max, w.Some)
		}
	}
}

// compareGrad compares some of a gradient's numbers and its norm. The gradient of a
// bias of keys is 0 but for rounding.
func compareGrad(t *testing.T, name string, grad []float64, norm, most float64, some []float64) {
	t.Helper()
	var sum float64
	var got []float64
	for i, v := range grad {
		sum += v * v
		if i%max(1, len(grad)/8) == 0 {
			got = append(got, v)
		}
	}
	scale := max(most, 1e-2)
	near(t, "gradient of "+name, got, some, scale)
	near(t, "norm of the gradient of "+name, []float64{math.Sqrt(sum)}, []float64{norm}, scale)
}

// TestBERTSegments compares what a BERT makes of two segments with PyTorch, and checks
// that a text all of whose tokens are of the first segment is one without segments,
// that those of the second matter, and that the classifier's parameters have the
// names of Hugging Face's BertForSequenceClassification.
func TestBERTSegments(t *testing.T) {
	config := zoo.BERTConfig{Vocabulary: 50, Size: 32, Layers: 1, Heads: 4, Hidden: 64, Positions: 16}
	run := func(input []int, values ...int64) ([]float64, nn.Params) {
		g := graph.New()
		b := nn.NewBuilder(g, nn.Options{})
		shape := append([]int{len(values) / tensor.Shape(input).Len()}, input...)
		g.Output("output", zoo.BERT(config, input, 3).Forward(b, g.Input("input", batchOf(tensor.Int64, shape))))
		for _, p := range b.Params() {
			shape, _ := p.Value.Shape().Concrete()
			tensor.CopyInto(p.Value.Init(), parameter(p.Name, shape))
		}
		backend := cpu.New(cpu.Options{})
		defer backend.Close()
		program, err := engine.Compile(g, engine.Options{Backend: backend})
		if err != nil {
			t.Fatal(err)
		}
		out, err := program.Run([]*tensor.Tensor{tensor.Of(values, shape...)})
		if err != nil {
			t.Fatal(err)
		}
		return tensor.Float64s(out[0]), b.Params()
	}
	var want struct {
		IDs    []int64
		Output []float64
	}
	if err := json.Unmarshal(segmentsGolden, &want); err != nil {
		t.Fatal(err)
	}
	got, _ := run([]int{2, 4}, want.IDs...)
	near(t, "texts of two segments", got, want.Output, 0)

	plain, params := run([]int{4}, 7, 3, 9, 0)
	first, _ := run([]int{2, 4}, 7, 3, 9, 0, 0, 0, 0, 0)
	second, _ := run([]int{2, 4}, 7, 3, 9, 0, 0, 0, 1, 0)
	near(t, "text of the first segment", first, plain, 0)
	if slices.Equal(second, first) {
		t.Error("the segment of a token makes no difference")
	}
	for _, p := range params {
		if !strings.HasPrefix(p.Name, "bert.") && p.Name != "classifier.weight" && p.Name != "classifier.bias" {
			t.Errorf("a parameter has the name %s", p.Name)
		}
	}
}
