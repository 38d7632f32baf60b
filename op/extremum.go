package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// extremum is what Max and Min share: any number of inputs of one element type,
// broadcast together.
type extremum struct{}

func (extremum) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 1, max(1, len(in))); err != nil {
		return nil, err
	}
	if err := sameDType(in...); err != nil {
		return nil, err
	}
	if err := wantNumber(in[0]); err != nil {
		return nil, err
	}
	shapes := make([]graph.Shape, len(in))
	for i, t := range in {
		if !t.Present() {
			return nil, fmt.Errorf("input %d is missing", i)
		}
		shapes[i] = t.Shape
	}
	shape, err := graph.BroadcastShapes(shapes...)
	if err != nil {
		return nil, err
	}
	return oneType(in[0].With(shape...))
}

// Grad gives g to the input that holds the extremum; where several do, each
// gets an equal share.
func (extremum) Grad(in, out, g []*graph.Value) []*graph.Value {
	y := out[0]
	if len(in) == 1 {
		return g
	}
	hits := make([]*graph.Value, len(in))
	var count *graph.Value
	for i, x := range in {
		hits[i] = Cast(Equal(x, y), y.DType())
		if count == nil {
			count = hits[i]
		} else {
			count = Add(count, hits[i])
		}
	}
	share := Div(g[0], count)
	d := make([]*graph.Value, len(in))
	for i, x := range in {
		d[i] = SumLike(Mul(share, hits[i]), x)
	}
	return d
}

func extremumSpec(o graph.Op, name, formula string) graph.Spec {
	s := binarySpec(o, name, 13, formula, graph.Arg{}, graph.Arg{})
	s.Inputs, s.Outputs = []string{"data..."}, []string{"y"}
	pairs := s.Cases
	s.Cases = func() []graph.Case {
		return append(pairs(),
			graph.Case{Name: "one", Op: o, In: []graph.Arg{graph.Rand(3, 4)}},
			graph.Case{Name: "three", Op: o, In: []graph.Arg{graph.Rand(3, 4), graph.Rand(4), graph.Rand(3, 1)}},
		)
	}
	return s
}

func foldExtremum(in []*tensor.Tensor, f func(a, b *tensor.Tensor) *tensor.Tensor) ([]*tensor.Tensor, error) {
	y := in[0]
	for _, x := range in[1:] {
		y = f(y, x)
	}
	return one(y)
}
