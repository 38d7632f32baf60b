package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// TileOp repeats x along each axis as often as repeats says.
type TileOp struct{}

// Tile repeats x along each axis the given number of times.
func Tile(x *graph.Value, repeats ...int) *graph.Value {
	return apply1(TileOp{}, x, Ints(x, repeats...))
}

// Spec describes the operator.
func (o TileOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "Tile", Since: 13, Formula: "y[i] = x[i mod n]", Source: standard,
		Inputs: []string{"input", "repeats"}, Outputs: []string{"output"},
		Cases: func() []graph.Case {
			return []graph.Case{
				{Op: o, In: []graph.Arg{graph.Rand(2, 3), intsArg(2, 1)}},
				{Name: "all axes", Op: o, In: []graph.Arg{graph.Rand(2, 3, 2), intsArg(2, 3, 2)}},
				{Name: "no times", Op: o, In: []graph.Arg{graph.Rand(2, 3), intsArg(0, 1)}},
			}
		},
	}
}

// repeats are the known numbers of times, one per axis.
func (TileOp) repeats(in []graph.Type) ([]int, error) {
	times, ok := constInts(in[1])
	if !ok {
		return nil, fmt.Errorf("the repeats must be known while the graph is built")
	}
	if len(times) != in[0].Rank() {
		return nil, fmt.Errorf("there are %d repeats for %d axes", len(times), in[0].Rank())
	}
	for _, n := range times {
		if n < 0 {
			return nil, fmt.Errorf("cannot repeat %d times", n)
		}
	}
	return times, nil
}

// Infer multiplies the extents.
func (o TileOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 2, 2); err != nil {
		return nil, err
	}
	times, err := o.repeats(in)
	if err != nil {
		return nil, err
	}
	shape := in[0].Shape.Clone()
	for i, n := range times {
		shape[i] = graph.Known(n).Mul(shape[i])
	}
	return oneType(in[0].With(shape...))
}

// Eval is the definition.
func (TileOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	x := in[0]
	shape, step := x.Shape().Clone(), strides(x.Shape())
	for i, n := range tensor.Ints(in[1]) {
		shape[i] *= n
	}
	from := make([]int, shape.Len())
	eachIndex(shape, func(flat int, idx []int) {
		for a, i := range idx {
			from[flat] += i % x.Shape()[a] * step[a]
		}
	})
	return one(pick(x, from, shape))
}

// Grad sums the copies: g is seen as an array of copies, whose axes alternate with
// those of x.
func (o TileOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	x := in[0]
	times, err := o.repeats([]graph.Type{x.Type(), in[1].Type()})
	if err != nil {
		panic(&tensor.ShapeError{Op: "Tile", Detail: err.Error()}) // inference has checked it
	}
	var shape []*graph.Value
	var copies []int
	for i, n := range times {
		shape = append(shape, Ints(x, n), extentOf(x, i))
		copies = append(copies, 2*i)
	}
	if len(shape) == 0 {
		return []*graph.Value{g[0], nil}
	}
	split := apply1(ReshapeOp{AllowZero: true}, g[0], Concat(0, shape...))
	return []*graph.Value{ReshapeLike(ReduceSum(split, copies, false), x), nil}
}
