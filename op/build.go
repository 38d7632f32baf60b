package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// apply adds a node to the graph of the first input that is given. Trailing
// optional inputs that are left out are dropped.
func apply(o graph.Op, in ...*graph.Value) []*graph.Value {
	for len(in) > 0 && in[len(in)-1] == nil {
		in = in[:len(in)-1]
	}
	for _, v := range in {
		if v != nil {
			return v.Graph().Apply(o, in...)
		}
	}
	panic(&tensor.ShapeError{Op: o.Spec().Name, Detail: "all inputs are left out"})
}

// apply1 is apply for an operator with one output.
func apply1(o graph.Op, in ...*graph.Value) *graph.Value { return apply(o, in...)[0] }

// Const is a constant of the graph.
func Const(g *graph.Graph, t *tensor.Tensor) *graph.Value { return g.Constant(t) }

// Scalar is a constant of rank 0 that holds v in the element type of like.
func Scalar(like *graph.Value, v float64) *graph.Value {
	return like.Graph().Constant(tensor.Cast(tensor.Scalar(v), like.DType()))
}

// Ints is a constant int64 vector: a shape, axes, pads, as an input of an
// operator.
func Ints(like *graph.Value, values ...int) *graph.Value {
	v := make([]int64, len(values))
	for i, n := range values {
		v[i] = int64(n)
	}
	return like.Graph().Constant(tensor.Of(v, len(v)))
}

// Filled has the shape and element type of x, every element v.
func Filled(x *graph.Value, v float64) *graph.Value {
	if x.Rank() == 0 {
		return Scalar(x, v)
	}
	return ExpandLike(Scalar(x, v), x)
}

// Gradients builds the gradients of the sum of all elements of all targets with
// respect to each of wrt, in the graph of the targets. It is zero for a value on
// which the targets do not depend. An operator without a gradient on the way is
// an error that names it. What it builds can be differentiated again.
func Gradients(targets, wrt []*graph.Value) ([]*graph.Value, error) {
	seeds := make([]*graph.Value, len(targets))
	for i, t := range targets {
		if !t.Type().IsFloat() {
			return nil, fmt.Errorf("gradients: target %d has the type %v, which has no gradient", i, t.Type())
		}
		seeds[i] = Filled(t, 1)
	}
	grads, err := graph.Gradients(targets, seeds, wrt, Add)
	if err != nil {
		return nil, err
	}
	for i, v := range wrt {
		if grads[i] == nil {
			grads[i] = Filled(v, 0)
		}
	}
	return grads, nil
}

// needsGrad tells whether a gradient with respect to v can matter: it is a
// floating-point value and not a constant.
func needsGrad(v *graph.Value) bool {
	return v != nil && v.Origin() != graph.Constant && v.Type().IsFloat()
}
