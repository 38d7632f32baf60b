package nn_test

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"hash/crc32"
	"math"
	"strings"
	"testing"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// golden.json is what golden.py wrote.
//
//go:embed testdata/golden.json
var golden []byte

type goldenFile struct {
	Layers []layerCase
	Losses []lossCase
}

type layerCase struct {
	Name, Net string
	Shape     []int // of the input
	Train     bool
	IDs       int // the input holds whole numbers below it
	Output    []float64
	OutShape  []int `json:"out_shape"`
	Grads     map[string][]float64
	State     map[string][]float64
}

type lossCase struct {
	Name, Loss  string
	Shape       []int
	Scale       float64
	Target      []float64
	TargetShape []int `json:"target_shape"`
	Integer     bool
	Value, Grad []float64
}

func readGolden(t *testing.T, data []byte) goldenFile {
	t.Helper()
	var f goldenFile
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestGolden(t *testing.T) {
	f := readGolden(t, golden)
	compareLayers(t, f.Layers)
	compareLosses(t, f.Losses)
	if len(f.Layers) < 40 || len(f.Losses) < 10 {
		t.Errorf("golden.json has %d layers and %d losses", len(f.Layers), len(f.Losses))
	}
}

// TestGoldenCoversTables fails when a layer or loss has no golden case.
func TestGoldenCoversTables(t *testing.T) {
	f := readGolden(t, golden)
	var nets strings.Builder
	for _, c := range f.Layers {
		nets.WriteString(c.Net)
	}
	for key := range nn.Layers {
		if key != "dropout" && !strings.Contains(nets.String(), key) {
			t.Errorf("layer %s has no golden case", key)
		}
	}
	var losses strings.Builder
	for _, c := range f.Losses {
		losses.WriteString(c.Loss)
	}
	for key := range nn.Losses {
		if !strings.Contains(losses.String(), key) {
			t.Errorf("loss %s has no golden case", key)
		}
	}
}

func compareLayers(t *testing.T, cases []layerCase) {
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			net, err := nn.ParseNet("golden.yaml", []byte(c.Net+"\nloss: mse\n"))
			if err != nil {
				t.Fatal(err)
			}
			feed := map[string]*tensor.Tensor{
				"x":         noise("input", c.Shape, 1, 0),
				"cotangent": noise("cotangent", c.OutShape, 1, 0),
			}
			if c.IDs > 0 {
				ids := make([]int64, tensor.Shape(c.Shape).Len())
				for i := range ids {
					ids[i] = int64((i*7 + 3) % c.IDs)
				}
				feed["x"] = tensor.Of(ids, c.Shape...)
			}
			g := graph.New()
			b := nn.NewBuilder(g, nn.Options{Train: c.Train})
			x := batchInput(g, "x", feed["x"])
			y := net.Forward(b, x)
			wrt := b.Params().Trainable().Values()
			if c.IDs == 0 {
				wrt = append(wrt, x)
			}
			grads, err := op.Gradients([]*graph.Value{op.Mul(y, batchInput(g, "cotangent", feed["cotangent"]))}, wrt)
			if err != nil {
				t.Fatal(err)
			}
			g.Output("y", y)
			for i, v := range wrt {
				name := v.Name()
				if v == x {
					name = "input"
				}
				g.Output("grad "+name, grads[i])
			}
			for _, p := range b.Params() {
				feed[p.Name] = goldenParam(p.Name, p.Value)
			}
			for _, e := range evaluators {
				got := e.run(t, g, feed)
				near(t, e.name+": output", got["y"], c.Output, c.OutShape)
				for name, want := range c.Grads {
					near(t, e.name+": gradient of "+name, got["grad "+name], want, nil)
				}
				for name, want := range c.State {
					near(t, e.name+": "+name, got[name], want, nil)
				}
			}
			if len(c.Grads) != len(wrt) {
				t.Errorf("PyTorch has %d gradients, the net %d", len(c.Grads), len(wrt))
			}
			if len(c.State) != len(g.Updates()) {
				t.Errorf("PyTorch has %d states, the net updates %d", len(c.State), len(g.Updates()))
			}
		})
	}
}

func compareLosses(t *testing.T, cases []lossCase) {
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			net, err := nn.ParseNet("golden.yaml", []byte("input: [1]\nlayers: [flatten]\nloss: "+c.Loss))
			if err != nil {
				t.Fatal(err)
			}
			feed := map[string]*tensor.Tensor{
				"x":         noise("input", c.Shape, c.Scale, 0),
				"target":    tensor.Cast(tensor.Of(c.Target, c.TargetShape...), tensor.Float32),
				"cotangent": noise("cotangent", c.Shape[:1], 1, 0),
			}
			if c.Integer {
				feed["target"] = tensor.Cast(feed["target"], tensor.Int64)
			}
			g := graph.New()
			b := nn.NewBuilder(g, nn.Options{Train: true})
			x := batchInput(g, "x", feed["x"])
			each := net.Loss.Each(b, x, batchInput(g, "target", feed["target"]))
			grads, err := op.Gradients([]*graph.Value{op.Mul(each, batchInput(g, "cotangent", feed["cotangent"]))}, []*graph.Value{x})
			if err != nil {
				t.Fatal(err)
			}
			g.Output("each", each)
			g.Output("grad", grads[0])
			for _, e := range evaluators {
				got := e.run(t, g, feed)
				near(t, e.name+": loss", got["each"], c.Value, c.Shape[:1])
				near(t, e.name+": gradient", got["grad"], c.Grad, c.Shape)
			}
		})
	}
}

// noise is golden.py's: numbers in shift ± scale that depend on name and
// position alone.
func noise(name string, shape []int, scale, shift float64) *tensor.Tensor {
	seed := uint64(crc32.ChecksumIEEE([]byte(name)))
	data := make([]float32, tensor.Shape(shape).Len())
	for i := range data {
		h := (uint64(i)*2654435761 + seed) & (1<<32 - 1)
		h = (h ^ h>>15) * 2246822519 & (1<<32 - 1)
		unit := float32(float64(h>>8)/(1<<23) - 1)
		data[i] = float32(unit*float32(scale)) + float32(shift)
	}
	return tensor.Of(data, shape...)
}

// goldenParam is the value that golden.py gives a parameter of that name.
func goldenParam(name string, v *graph.Value) *tensor.Tensor {
	shape, _ := v.Shape().Concrete()
	switch kind := name[strings.LastIndexByte(name, '.')+1:]; {
	case kind == "running_var" || kind == "weight" && len(shape) == 1:
		return noise(name, shape, 0.25, 1)
	case kind == "bias" || kind == "running_mean":
		return noise(name, shape, 0.25, 0)
	}
	return noise(name, shape, math.Sqrt(3/float64(max(1, shape[1:].Len()))), 0)
}

// batchInput adds an input of t's type with a symbolic batch.
func batchInput(g *graph.Graph, name string, t *tensor.Tensor) *graph.Value {
	shape := graph.Dims(t.Shape()...)
	shape[0] = graph.Sym("N")
	return g.Input(name, graph.TensorOf(t.DType(), shape...))
}

// near fails unless |got − want| ≤ 1e-5·max|want| everywhere.
func near(t *testing.T, what string, got *tensor.Tensor, want []float64, shape []int) {
	t.Helper()
	if got == nil {
		t.Errorf("%s is missing", what)
		return
	}
	if shape != nil && !got.Shape().Equal(shape) || got.Len() != len(want) {
		t.Errorf("%s has shape %v, want %v of %d", what, got.Shape(), shape, len(want))
		return
	}
	largest, worst := 0.0, 0.0
	for i, v := range tensor.Float64s(got) {
		largest = max(largest, math.Abs(want[i]))
		worst = max(worst, math.Abs(v-want[i]))
		if math.IsNaN(v) {
			t.Errorf("%s is NaN at %d", what, i)
			return
		}
	}
	if worst > 1e-5*largest {
		t.Errorf("%s differs by %.2g, more than 1e-5 of %.3g", what, worst, largest)
	}
}
