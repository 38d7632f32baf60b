package zoo_test

import (
	_ "embed"
	"encoding/json"
	"hash/crc32"
	"math"
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

// golden.json is what golden.py wrote.
//
//go:embed testdata/golden.json
var golden []byte

type netCase struct {
	Name   string
	Shape  []int
	Train  bool
	Output []float64
	Loss   []float64
	Grads  map[string]struct {
		Norm, Max float64
		Some      []float64
	}
}

func TestGolden(t *testing.T) { compareNets(t, golden) }

// compareNets runs the nets of golden.py on the engine: outputs, losses and
// gradients differ by at most 1e-4 of the largest.
func compareNets(t *testing.T, data []byte) {
	var cases []netCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			net, err := zoo.Get(c.Name, c.Shape[1:], 10)
			if err != nil {
				t.Fatal(err)
			}
			got := run(t, net, c)
			output := got["output"]
			if c.Name == "autoencoder" { // golden.py keeps every 49th
				output = output.Reshape(-1, 49).Slice(1, 0, 1, 1)
			}
			near(t, "output", tensor.Float64s(output), c.Output, 0)
			near(t, "loss", tensor.Float64s(got["loss"]), c.Loss, 0)
			for name, want := range c.Grads {
				grad := tensor.Float64s(got[name])
				var norm float64
				var some []float64
				for i, v := range grad {
					norm += v * v
					if i%max(1, len(grad)/8) == 0 {
						some = append(some, v)
					}
				}
				near(t, "gradient of "+name, some, want.Some, want.Max)
				near(t, "norm of the gradient of "+name, []float64{math.Sqrt(norm)}, []float64{want.Norm}, 0)
			}
		})
	}
}

// run computes output, loss and gradients by name with golden.py's parameters.
func run(t *testing.T, net *nn.Net, c netCase) map[string]*tensor.Tensor {
	t.Helper()
	g := graph.New()
	b := nn.NewBuilder(g, nn.Options{Train: c.Train})
	x := g.Input("x", batchOf(tensor.Float32, c.Shape))
	y := net.Forward(b, x)
	target, feed := x, []*tensor.Tensor{noise("input", c.Shape, 1, 0)}
	if net.Target == "" {
		target = g.Input("target", batchOf(tensor.Int64, c.Shape[:1]))
		classes := make([]int64, c.Shape[0])
		for i := range classes {
			classes[i] = int64(i * 3 % 10)
		}
		feed = append(feed, tensor.Of(classes))
	}
	loss := net.Loss.Each(b, y, target)
	g.Output("output", y)
	g.Output("loss", loss)
	if len(c.Grads) > 0 {
		wrt := b.Params().Trainable().Values()
		if len(wrt) != len(c.Grads) {
			t.Errorf("%d trained parameters, PyTorch has %d", len(wrt), len(c.Grads))
		}
		grads, err := op.Gradients([]*graph.Value{loss}, wrt)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range wrt {
			g.Output(v.Name(), grads[i])
		}
	}
	backend := cpu.New(cpu.Options{})
	t.Cleanup(backend.Close)
	state := engine.NewState()
	program, err := engine.Compile(g, engine.Options{Backend: backend, State: state})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range b.Params() {
		shape, _ := p.Value.Shape().Concrete()
		tensor.CopyInto(state.Get(p.Name), parameter(p.Name, shape))
	}
	out, err := program.Run(feed)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]*tensor.Tensor{}
	for i, name := range g.OutputNames() {
		got[name] = out[i]
	}
	return got
}

func batchOf(dt tensor.DType, shape []int) graph.Type {
	dims := graph.Dims(shape...)
	dims[0] = graph.Sym("N")
	return graph.TensorOf(dt, dims...)
}

// near fails unless |got − want| ≤ 1e-4 of the largest |want|, or of a given
// scale.
func near(t *testing.T, what string, got, want []float64, scale float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s has %d elements, want %d", what, len(got), len(want))
		return
	}
	worst := 0.0
	for i := range want {
		if math.IsNaN(got[i]) {
			t.Errorf("%s is NaN at %d", what, i)
			return
		}
		worst = max(worst, math.Abs(got[i]-want[i]))
		scale = max(scale, math.Abs(want[i]))
	}
	if worst > 1e-4*scale {
		t.Errorf("%s differs by %.2g, more than 1e-4 of %.3g", what, worst, scale)
	}
}

// noise is nn/testdata/golden.py's: numbers in shift ± scale that depend on name
// and position alone.
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

// parameter is the value that golden.py gives a parameter of that name.
func parameter(name string, shape tensor.Shape) *tensor.Tensor {
	switch kind := name[strings.LastIndexByte(name, '.')+1:]; {
	case kind == "running_var" || kind == "weight" && len(shape) == 1:
		return noise(name, shape, 0.25, 1)
	case kind == "bias" || kind == "running_mean":
		return noise(name, shape, 0.25, 0)
	}
	return noise(name, shape, math.Sqrt(3/float64(max(1, shape[1:].Len()))), 0)
}
