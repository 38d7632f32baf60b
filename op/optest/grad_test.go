package optest_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/op/optest"
	"github.com/emberml/ember/tensor"
)

// step is the half width of the central differences; their error is its square
// times the third derivative.
const step = 1e-5

// tolerance bounds the difference between a gradient and the quotient, relative to
// the largest gradient.
const tolerance = 1e-6

// TestGrad compares the gradient of Σ w·y, w random, with central differences.
func TestGrad(t *testing.T) {
	walkGradients(t, func(graph.Case) bool { return true }, func(t *testing.T, a *optest.Application) { checkGradient(t, a, a.Out) })
}

// TestSecondGrad does the same for the gradients themselves, so that what Grad
// builds is checked to be differentiable.
func TestSecondGrad(t *testing.T) {
	twice := func(c graph.Case) bool { return c.NoSecondGrad == "" }
	walkGradients(t, twice, func(t *testing.T, a *optest.Application) {
		wrt := floatInputs(a)
		first, err := op.Gradients([]*graph.Value{weighted(a.Out)}, wrt)
		if err != nil {
			t.Fatal(err)
		}
		checkGradient(t, a, first)
	})
}

// walkGradients calls check for each wanted case of each differentiable operator
// that has floating-point inputs and outputs.
func walkGradients(t *testing.T, wanted func(c graph.Case) bool, check func(t *testing.T, a *optest.Application)) {
	for _, o := range op.All {
		s := o.Spec()
		if _, ok := o.(graph.Differentiable); !ok {
			continue
		}
		for i, c := range s.Cases() {
			if c.NoGrad != "" || !wanted(c) || !floats(c) {
				continue
			}
			name := optest.Name(s, i, c)
			t.Run(name, func(t *testing.T) {
				a, err := optest.Apply(name, c, tensor.Float64)
				if err != nil {
					t.Fatal(err)
				}
				if weighted(a.Out) != nil {
					check(t, a)
				}
			})
		}
	}
}

// floats tells whether a case has a floating-point argument in double precision.
func floats(c graph.Case) bool {
	any := false
	for _, arg := range c.In {
		dt := arg.DType
		if arg.Value != nil {
			dt = arg.Value.DType()
		}
		if dt == tensor.Float32 || dt == tensor.Float16 || dt == tensor.BFloat16 {
			return false
		}
		any = any || !arg.Omitted && (dt == tensor.Invalid || dt == tensor.Float64)
	}
	return any
}

func floatInputs(a *optest.Application) []*graph.Value {
	var out []*graph.Value
	for _, v := range a.In {
		if v != nil && v.Origin() == graph.Input && v.DType() == tensor.Float64 {
			out = append(out, v)
		}
	}
	return out
}

// weighted is Σ w·y over all floating-point outputs y, with random constants w.
func weighted(out []*graph.Value) *graph.Value {
	rng := rand.New(rand.NewPCG(7, 7))
	var sum *graph.Value
	for _, y := range out {
		if y.DType() != tensor.Float64 {
			continue
		}
		shape, _ := y.Shape().Concrete()
		w := make([]float64, shape.Len())
		for i := range w {
			w[i] = rng.Float64() + 0.5
		}
		term := op.ReduceSum(op.Mul(y, op.Const(y.Graph(), tensor.Of(w, shape.Clone()...))), nil, false)
		if sum == nil {
			sum = term
		} else {
			sum = op.Add(sum, term)
		}
	}
	return sum
}

// checkGradient compares the gradient of Σ w·y over the values y of the graph with
// central differences.
func checkGradient(t *testing.T, a *optest.Application, ys []*graph.Value) {
	target := weighted(ys)
	wrt := floatInputs(a)
	grads, err := op.Gradients([]*graph.Value{target}, wrt)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"target"}
	for range grads {
		names = append(names, "gradient")
	}
	g, err := a.Graph.Extract(names, append([]*graph.Value{target}, grads...))
	if err != nil {
		t.Fatal(err)
	}
	feeds := feedsOf(g, a)
	results, err := optest.Eval(g, feeds)
	if err != nil {
		t.Fatal(err)
	}
	loss, err := a.Graph.Extract(names[:1], []*graph.Value{target})
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range wrt {
		compare(t, v.Name(), tensor.Float64s(results[1+i]), differences(t, loss, a, v))
	}
}

// feedsOf are the tensors for those inputs of a that g has.
func feedsOf(g *graph.Graph, a *optest.Application) []*tensor.Tensor {
	var feeds []*tensor.Tensor
	for _, v := range g.Inputs() {
		for i, w := range a.Graph.Inputs() {
			if v.Name() == w.Name() {
				feeds = append(feeds, a.Feeds[i])
			}
		}
	}
	return feeds
}

// samples is how many elements of an input are moved for differences.
const samples = 10

// differences estimates the gradient of the scalar that loss computes with
// respect to some elements of one input.
func differences(t *testing.T, loss *graph.Graph, a *optest.Application, input *graph.Value) map[int]float64 {
	feeds := feedsOf(loss, a)
	at := slices.IndexFunc(loss.Inputs(), func(v *graph.Value) bool { return v.Name() == input.Name() })
	shape, _ := input.Shape().Concrete()
	n := shape.Len()
	out := map[int]float64{}
	for i := range min(n, samples) {
		k := i
		if n > samples {
			k = (i*n + n/2) / samples
		}
		if at < 0 {
			out[k] = 0
			continue
		}
		x := feeds[at]
		value := func(delta float64) float64 {
			moved := tensor.Float64s(x)
			moved[k] += delta
			feeds[at] = tensor.Of(moved, shape.Clone()...)
			defer func() { feeds[at] = x }()
			results, err := optest.Eval(loss, feeds)
			if err != nil {
				t.Fatal(err)
			}
			return tensor.Float64s(results[0])[0]
		}
		out[k] = (value(step) - value(-step)) / (2 * step)
	}
	return out
}

func compare(t *testing.T, name string, got []float64, want map[int]float64) {
	t.Helper()
	scale := 1.0
	for _, v := range want {
		scale = max(scale, math.Abs(v))
	}
	for i, v := range want {
		if d := math.Abs(got[i] - v); !(d <= tolerance*scale) {
			t.Errorf("d/d%s at %d is %g, differences give %g", name, i, got[i], v)
			return
		}
	}
}
