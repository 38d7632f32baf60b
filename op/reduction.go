package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// Reduction holds the attributes that the Reduce operators share. Their inputs
// are the data and optionally the axes, which must be known while the graph is
// built; without axes everything is reduced, or nothing with NoopWithEmptyAxes.
type Reduction struct {
	KeepDims          Opt[bool] `onnx:"keepdims" default:"1"`
	NoopWithEmptyAxes bool      `onnx:"noop_with_empty_axes"`
}

// reduce builds a Reduce operator; nil axes are all axes.
func reduce(o graph.Op, x *graph.Value, axes []int) *graph.Value {
	if axes == nil {
		return apply1(o, x)
	}
	return apply1(o, x, Ints(x, axes...))
}

// axes are those to reduce, from the front and ascending.
func (r Reduction) axes(given []int, rank int) ([]int, error) {
	if len(given) == 0 {
		var all []int
		for i := range rank {
			if !r.NoopWithEmptyAxes {
				all = append(all, i)
			}
		}
		return all, nil
	}
	axes, err := axesOf(given, rank)
	if err != nil {
		return nil, err
	}
	set := make([]bool, rank)
	for _, a := range axes {
		set[a] = true
	}
	axes = axes[:0]
	for a, on := range set {
		if on {
			axes = append(axes, a)
		}
	}
	return axes, nil
}

// Axes are the axes to reduce, from the front and ascending, for inputs of the given types.
func (r Reduction) Axes(in []graph.Type) ([]int, error) {
	var given []int
	if has(in, 1) {
		var ok bool
		if given, ok = constInts(in[1]); !ok {
			return nil, fmt.Errorf("the axes to reduce must be known while the graph is built")
		}
	}
	return r.axes(given, in[0].Rank())
}

// valueAxes are the axes to reduce in Eval, never nil.
func (r Reduction) valueAxes(in []*tensor.Tensor) ([]int, error) {
	var given []int
	if axes := arg(in, 1); axes != nil {
		given = tensor.Ints(axes)
	}
	axes, err := r.axes(given, in[0].Rank())
	return append([]int{}, axes...), err
}

// infer is the type of the reduced data.
func (r Reduction) infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 1, 2); err != nil {
		return nil, err
	}
	if err := wantNumber(in[0]); err != nil {
		return nil, err
	}
	axes, err := r.Axes(in)
	if err != nil {
		return nil, err
	}
	shape := graph.Shape{}
	for i, d := range in[0].Shape {
		switch {
		case len(axes) == 0 || axes[0] != i:
			shape = append(shape, d)
		default:
			axes = axes[1:]
			if r.KeepDims.Or(true) {
				shape = append(shape, graph.Known(1))
			}
		}
	}
	return oneType(in[0].With(shape...))
}

// eval applies a reduction of package tensor.
func (r Reduction) eval(in []*tensor.Tensor, f func(t *tensor.Tensor, axes []int, keepDims bool) *tensor.Tensor) ([]*tensor.Tensor, error) {
	axes, err := r.valueAxes(in)
	if err != nil {
		return nil, err
	}
	return one(tensor.Cast(f(in[0], axes, r.KeepDims.Or(true)), in[0].DType()))
}

// extremes is a reduction to the largest or smallest element, which of nothing is
// the given bound, or the nearest one of the element type.
func extremes(f func(t *tensor.Tensor, axes []int, keepDims bool) *tensor.Tensor, bound float64) func(t *tensor.Tensor, axes []int, keepDims bool) *tensor.Tensor {
	return func(t *tensor.Tensor, axes []int, keepDims bool) *tensor.Tensor {
		if t.Len() > 0 {
			return f(t, axes, keepDims)
		}
		shape := tensor.Sum(t, axes, keepDims).Shape()
		return tensor.Cast(tensor.Scalar(bound), t.DType()).BroadcastTo(shape)
	}
}

// spread broadcasts a value of the shape of the result to that of the data.
func (r Reduction) spread(v *graph.Value, in []*graph.Value) *graph.Value {
	if !r.KeepDims.Or(true) {
		types := []graph.Type{in[0].Type()}
		if len(in) > 1 && in[1] != nil {
			types = append(types, in[1].Type())
		}
		axes, err := r.Axes(types)
		if err != nil {
			panic(&tensor.ShapeError{Op: "reduce", Detail: err.Error()}) // inference has checked it
		}
		if len(axes) > 0 && v.Rank() > 0 {
			v = Unsqueeze(v, axes...)
		}
	}
	return ExpandLike(v, in[0])
}

// shareExtremum gives g to the elements that hold the extremum, in equal shares.
func (r Reduction) shareExtremum(in, out, g []*graph.Value) []*graph.Value {
	hits := Cast(Equal(in[0], r.spread(out[0], in)), g[0].DType())
	count := apply1(ReduceSumOp(r), append([]*graph.Value{hits}, in[1:]...)...)
	return []*graph.Value{Mul(hits, r.spread(Div(g[0], count), in))}
}

// countPerElement is how many elements of x were reduced to one of y, as a scalar
// of their element type.
func countPerElement(x, y *graph.Value) *graph.Value {
	return Div(Cast(Size(x), x.DType()), Cast(Size(y), x.DType()))
}

// reductionSpec describes a Reduce operator made by f from the attributes; ofNothing
// says that it is defined for no elements.
func reductionSpec(f func(Reduction) graph.Op, name string, since int, formula string, data graph.Arg, ofNothing bool) graph.Spec {
	return graph.Spec{
		Name: name, Since: since, Formula: formula, Source: standard,
		Inputs: []string{"data", "axes?"}, Outputs: []string{"reduced"}, ULP: 16,
		FLOPs: func(in, _ []graph.Type) int64 { return elements(in[0]) },
		Cases: func() []graph.Case {
			x := func(dt tensor.DType, shape ...int) graph.Arg {
				a := data
				a.DType, a.Shape = dt, shape
				return a
			}
			drop := f(Reduction{KeepDims: Set(false)})
			cases := []graph.Case{
				{Name: "all", Op: f(Reduction{}), In: []graph.Arg{x(tensor.Invalid, 3, 37)}},
				{Name: "to scalar", Op: drop, In: []graph.Arg{x(tensor.Invalid, 3, 5)}},
				{Name: "last axis", Op: drop, In: []graph.Arg{x(tensor.Invalid, 3, 37), intsArg(-1)}},
				{Name: "first axis", Op: f(Reduction{}), In: []graph.Arg{x(tensor.Invalid, 5, 9), intsArg(0)}},
				{Name: "middle axis", Op: drop, In: []graph.Arg{x(tensor.Invalid, 2, 5, 3), intsArg(1)}},
				{Name: "two axes", Op: drop, In: []graph.Arg{x(tensor.Invalid, 2, 3, 4, 5), intsArg(3, 1)}},
				{Name: "noop", Op: f(Reduction{NoopWithEmptyAxes: true}), In: []graph.Arg{x(tensor.Invalid, 2, 3)}},
				{Name: "float64", Op: drop, In: []graph.Arg{x(tensor.Float64, 4, 5), intsArg(0)}},
				{Name: "int64", Op: drop, In: []graph.Arg{x(tensor.Int64, 4, 5), intsArg(1)}},
				{Name: "large", Op: drop, In: []graph.Arg{x(tensor.Invalid, 300, 129), intsArg(1)}, NoGrad: large},
				{Name: "large columns", Op: drop, In: []graph.Arg{x(tensor.Invalid, 129, 300), intsArg(0)}, NoGrad: large},
				{Name: "empty result", Op: drop, In: []graph.Arg{x(tensor.Invalid, 0, 5), intsArg(1)}},
			}
			if ofNothing {
				cases = append(cases, graph.Case{Name: "empty", Op: drop, In: []graph.Arg{x(tensor.Invalid, 0, 5), intsArg(0)}, NoGrad: "there is nothing to differentiate"})
			}
			return cases
		},
	}
}
