package optim_test

import (
	_ "embed"
	"encoding/json"
	"math"
	"testing"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/optim"
	"github.com/emberml/ember/tensor"
)

// golden is what testdata/torch_optim.py printed.
//
//go:embed testdata/torch_optim.json
var golden []byte

// peer is PyTorch's results: two parameters of two elements each.
type peer struct {
	Start      []float64
	Grads      [][]float64 // by step
	Optimizers []struct {
		Optimizer string
		Schedule  string
		After     [][]float64 // the parameters after each step
	}
	Schedules []struct {
		Schedule string
		Factors  []float64 // of 24 steps, 4 an epoch
	}
	Clips []struct {
		Limit, Norm float64
		Clipped     []float64
	}
}

func TestGolden(t *testing.T) { checkPeer(t, golden) }

func checkPeer(t *testing.T, data []byte) {
	var p peer
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	for _, o := range p.Optimizers {
		t.Run(o.Optimizer, func(t *testing.T) {
			optimizer, schedule := parseOptimizer(t, o.Optimizer), parseSchedule(t, o.Schedule)
			for dt, tolerance := range map[tensor.DType]float64{tensor.Float64: 1e-12, tensor.Float32: 2e-5} {
				for i, got := range trajectory(t, optimizer, schedule, dt, p.Start, p.Grads) {
					if d := distance(got, o.After[i]); !(d <= tolerance) {
						t.Fatalf("%v, step %d: %v is off by %v from %v", dt, i+1, got, d, o.After[i])
					}
				}
			}
		})
	}
	for _, s := range p.Schedules {
		schedule := parseSchedule(t, s.Schedule)
		for i, want := range s.Factors {
			at := optim.Time{Step: int64(i), StepsPerEpoch: 4, Steps: 24}
			if got := schedule.Factor(at); !(math.Abs(got-want) <= 1e-12) {
				t.Errorf("%s at step %d is %v, want %v", s.Schedule, i, got, want)
			}
		}
	}
	for _, c := range p.Clips {
		g := graph.New()
		a, b := g.Input("a", pair(tensor.Float64)), g.Input("b", pair(tensor.Float64))
		clipped, norm := optim.ClipByGlobalNorm([]*graph.Value{a, b}, c.Limit)
		out := newMachine(g).run(t, map[string]*tensor.Tensor{
			"a": tensor.Of(p.Grads[0][:2]), "b": tensor.Of(p.Grads[0][2:]),
		}, clipped[0], clipped[1], norm)
		got := append(tensor.Float64s(out[0]), tensor.Float64s(out[1])...)
		if d := distance(got, c.Clipped); d > 1e-12 || math.Abs(tensor.At[float64](out[2])-c.Norm) > 1e-12 {
			t.Errorf("clipped to %v: %v, want %v", c.Limit, got, c.Clipped)
		}
	}
}

// trajectory is the parameters after each step of an optimizer.
func trajectory(t *testing.T, o optim.Optimizer, s optim.Schedule, dt tensor.DType, start []float64, grads [][]float64) [][]float64 {
	t.Helper()
	g := graph.New()
	step := optim.NewStep(g)
	var params []*graph.Value
	for i, name := range []string{"a", "b"} {
		init := tensor.Cast(tensor.Of(start[2*i:2*i+2]), dt)
		params = append(params, g.Variable(name, init))
		o.Update(step, optim.Param{Value: params[i], Grad: g.Input(name+".grad", pair(dt))})
	}
	if err := g.Verify(); err != nil {
		t.Fatal(err)
	}
	m := newMachine(g)
	var after [][]float64
	for i, grad := range grads {
		rate := o.Rate() * s.Factor(optim.Time{Step: int64(i), StepsPerEpoch: 1, Steps: int64(len(grads))})
		m.run(t, map[string]*tensor.Tensor{
			optim.RateInput: tensor.Scalar(rate), optim.NumberInput: tensor.Scalar(int64(i + 1)),
			"a.grad": tensor.Cast(tensor.Of(grad[:2]), dt), "b.grad": tensor.Cast(tensor.Of(grad[2:]), dt),
		})
		after = append(after, append(tensor.Float64s(m.state[params[0]]), tensor.Float64s(m.state[params[1]])...))
	}
	return after
}

func pair(dt tensor.DType) graph.Type { return graph.TensorOf(dt, graph.Known(2)) }

// distance is the greatest difference, NaN if there is one.
func distance(a, b []float64) float64 {
	d := 0.0
	for i := range b {
		d = max(d, math.Abs(a[i]-b[i]))
	}
	return d
}

func parseOptimizer(t *testing.T, text string) optim.Optimizer {
	t.Helper()
	o, err := optim.Parse(node(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func parseSchedule(t *testing.T, text string) optim.Schedule {
	t.Helper()
	s, err := optim.ParseSchedule(node(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func node(t *testing.T, text string) *config.Node {
	t.Helper()
	n, err := config.Parse("net.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
