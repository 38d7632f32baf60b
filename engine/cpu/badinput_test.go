package cpu_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// TestBadSizes runs graphs on sizes that no memory holds, that overflow, that are
// negative or not those of the graph, and on none at all: each gives the right
// result or says what is wrong.
func TestBadSizes(t *testing.T) {
	const vast = 1 << 40
	backend := cpu.New(cpu.Options{Threads: 1})
	of := func(sizes ...int) *tensor.Tensor { return tensor.New(tensor.Float32, sizes...) }
	view := func(sizes ...int) *tensor.Tensor { return tensor.Scalar(float32(0)).BroadcastTo(sizes) }
	input := func(g *graph.Graph, name string, dims ...graph.Dim) *graph.Value {
		return g.Input(name, graph.TensorOf(tensor.Float32, dims...))
	}
	outer := func(join func(x, y *graph.Value) *graph.Value) func(g *graph.Graph) *graph.Value {
		return func(g *graph.Graph) *graph.Value {
			return join(input(g, "x", graph.Sym("M"), graph.Known(1)), input(g, "y", graph.Known(1), graph.Sym("N")))
		}
	}
	four := func(f func(x *graph.Value) *graph.Value) func(g *graph.Graph) *graph.Value {
		return func(g *graph.Graph) *graph.Value { return f(input(g, "x", graph.Known(4))) }
	}
	for name, c := range map[string]struct {
		build func(g *graph.Graph) *graph.Value
		in    []*tensor.Tensor
		want  string // the error, or the shape of the result
	}{
		"product no memory holds": {outer(op.MatMul), []*tensor.Tensor{of(1<<24, 1), of(1, 1<<24)}, "no memory holds output 0"},
		"product that overflows":  {outer(op.MatMul), []*tensor.Tensor{view(vast, 1), view(1, vast)}, "no memory holds"},
		"input no memory holds":   {outer(op.MatMul), []*tensor.Tensor{view(1<<50, 1), of(1, 3)}, "no memory holds input x"},
		"sum no memory holds":     {outer(op.Add), []*tensor.Tensor{of(1<<24, 1), of(1, 1<<24)}, "no memory holds output 0"},
		"product of no rows":      {outer(op.MatMul), []*tensor.Tensor{of(0, 1), of(1, 3)}, "[0 3]"},
		"product of no columns":   {outer(op.MatMul), []*tensor.Tensor{of(2, 1), of(1, 0)}, "[2 0]"},
		"expansion that overflows": {four(func(x *graph.Value) *graph.Value {
			return op.Expand(x, op.Ints(x, vast, vast, 4))
		}), []*tensor.Tensor{of(4)}, "no memory holds output 0"},
		"negative expansion":  {four(func(x *graph.Value) *graph.Value { return op.Expand(x, op.Ints(x, -4, 4)) }), nil, "negative extent"},
		"tiles that overflow": {four(func(x *graph.Value) *graph.Value { return op.Tile(x, 1<<62) }), []*tensor.Tensor{of(4)}, "no memory holds output 0"},
		"vast margin":         {four(func(x *graph.Value) *graph.Value { return op.Pad(x, []int{1 << 45}, []int{0}) }), []*tensor.Tensor{of(4)}, "no memory holds output 0"},
		"other size":          {four(op.Relu), []*tensor.Tensor{of(3)}, "input x is float32[4], given shape [3]"},
		"other rank":          {four(op.Relu), []*tensor.Tensor{of(4, 1)}, "input x is float32[4], given shape [4 1]"},
		"other strides":       {four(op.Relu), []*tensor.Tensor{of(8).Slice(0, 7, -9, -2)}, "[4]"},
		"shared element":      {four(op.Relu), []*tensor.Tensor{view(4)}, "[4]"},
		"no input":            {four(op.Relu), nil, "0 inputs given, the graph has 1"},
	} {
		got, err := evaluate(backend, c.build, c.in)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, c.want) || err == nil && got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// evaluate runs a graph of one output and returns the shape of that. An error may
// be a panic with a *tensor.ShapeError, as building a wrong graph is.
func evaluate(backend *cpu.Backend, build func(g *graph.Graph) *graph.Value, in []*tensor.Tensor) (shape string, err error) {
	defer func() {
		if v := recover(); v != nil {
			shaped, ok := v.(*tensor.ShapeError)
			if !ok {
				panic(v)
			}
			err = errors.New(shaped.Error())
		}
	}()
	g := graph.New()
	g.Output("y", build(g))
	program, err := engine.Compile(g, engine.Options{Backend: backend})
	if err != nil {
		return "", err
	}
	out, err := program.Run(in)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(out[0].Shape()), nil
}
