package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// ReshapeOp gives data another shape with as many elements. In the shape, -1
// stands for the extent that makes it fit, and 0 for the extent of the same axis
// of the data, or with AllowZero for 0. The shape must be known while the graph is
// built, up to symbols.
type ReshapeOp struct {
	AllowZero bool `onnx:"allowzero"`
}

// Reshape is x in another shape; one extent may be -1, and 0 keeps the extent of
// that axis.
func Reshape(x *graph.Value, shape ...int) *graph.Value {
	return apply1(ReshapeOp{}, x, Ints(x, shape...))
}

// Spec describes the operator.
func (o ReshapeOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "Reshape", Since: 21, Formula: "y = x in another shape", Source: standard,
		Inputs: []string{"data", "shape"}, Outputs: []string{"reshaped"},
		FLOPs: noFLOPs,
		Cases: func() []graph.Case {
			return []graph.Case{
				{Op: ReshapeOp{}, In: []graph.Arg{graph.Rand(2, 12), intsArg(2, 3, 4)}},
				{Name: "inferred extent", Op: ReshapeOp{}, In: []graph.Arg{graph.Rand(2, 3, 4), intsArg(-1, 6)}},
				{Name: "kept extent", Op: ReshapeOp{}, In: []graph.Arg{graph.Rand(2, 3, 4), intsArg(0, -1)}},
				{Name: "to scalar", Op: ReshapeOp{}, In: []graph.Arg{graph.Rand(1, 1), intsArg()}},
				{Name: "allow zero", Op: ReshapeOp{AllowZero: true}, In: []graph.Arg{graph.Rand(3, 0), intsArg(0, 7)}},
				{Name: "strings", Op: ReshapeOp{}, In: []graph.Arg{graph.Given(tensor.Of([]string{"a", "b"})), intsArg(2, 1)}},
			}
		},
	}
}

// Infer resolves -1 and 0 and checks that the elements fit.
func (o ReshapeOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 2, 2); err != nil {
		return nil, err
	}
	want, ok := intsOf(in[1])
	if !ok {
		return nil, fmt.Errorf("the new shape must be known while the graph is built")
	}
	shape, err := o.resolve(in[0].Shape, want)
	if err != nil {
		return nil, err
	}
	out := in[0].With(shape...)
	if dims, ok := intsOf(in[0]); ok {
		out = withValue(out, dims)
	}
	return oneType(out)
}

// resolve is the new shape with -1 and 0 replaced.
func (o ReshapeOp) resolve(old graph.Shape, want []graph.Dim) (graph.Shape, error) {
	shape := graph.Shape(want).Clone()
	free := -1
	known := graph.Known(1)
	for i, d := range shape {
		switch {
		case d.Is(-1) && free < 0:
			free = i
			continue
		case d.Is(-1):
			return nil, fmt.Errorf("the new shape %v has more than one -1", shape)
		case d.Is(0) && !o.AllowZero:
			if i >= len(old) {
				return nil, fmt.Errorf("the new shape %v keeps axis %d, which the shape %v does not have", shape, i, old)
			}
			shape[i] = old[i]
		}
		if n, ok := d.Size(); ok && n < -1 {
			return nil, fmt.Errorf("the new shape %v has the negative extent %d", shape, n)
		}
		known = known.Mul(shape[i])
	}
	total := old.Len()
	if free < 0 {
		if differ(total, known) {
			return nil, fmt.Errorf("the %v elements of shape %v do not fill the shape %v", total, old, shape)
		}
		return shape, nil
	}
	if n, ok := total.Size(); ok {
		if k, ok := known.Size(); ok && (k == 0 || n%k != 0) {
			return nil, fmt.Errorf("the %d elements of shape %v cannot be divided into the shape %v", n, old, graph.Shape(want))
		}
	}
	d, ok := total.Quotient(known)
	if !ok {
		d = graph.Sym(fmt.Sprintf("(%v/(%v))", total, known))
	}
	shape[free] = d
	return shape, nil
}

// Eval is the definition.
func (o ReshapeOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	want := graph.Dims(tensor.Ints(in[1])...)
	shape, err := o.resolve(graph.Dims(in[0].Shape()...), want)
	if err != nil {
		return nil, err
	}
	sizes, _ := shape.Concrete()
	return one(in[0].Reshape(sizes...))
}

// Grad is dx = g in the shape of x.
func (ReshapeOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return []*graph.Value{ReshapeLike(g[0], in[0]), nil}
}
