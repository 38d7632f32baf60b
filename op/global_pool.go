package op

import (
	"github.com/emberml/ember/graph"
)

// globalPool is what the global poolings share: x is [N, C, …], the result
// [N, C, 1, …].
type globalPool struct{}

func (globalPool) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 1, 1); err != nil {
		return nil, err
	}
	if err := wantFloat(in[0]); err != nil {
		return nil, err
	}
	if err := wantSpatial(in[0]); err != nil {
		return nil, err
	}
	shape := in[0].Shape.Clone()
	for i := range shape[2:] {
		shape[2+i] = graph.Known(1)
	}
	return oneType(in[0].With(shape...))
}

// spatialAxes are the axes from the third on.
func spatialAxes(rank int) []int {
	axes := []int{}
	for a := 2; a < rank; a++ {
		axes = append(axes, a)
	}
	return axes
}

func globalSpec(o graph.Op, name, formula string) graph.Spec {
	return graph.Spec{
		Name: name, Since: 1, Formula: formula, Source: standard,
		Inputs: []string{"X"}, Outputs: []string{"Y"}, ULP: 8,
		FLOPs: func(in, _ []graph.Type) int64 { return elements(in[0]) },
		Cases: func() []graph.Case {
			return []graph.Case{
				{Op: o, In: []graph.Arg{graph.Rand(2, 3, 4, 5)}},
				{Name: "one axis", Op: o, In: []graph.Arg{graph.Rand(2, 3, 7)}},
				{Name: "one element", Op: o, In: []graph.Arg{graph.Rand(2, 3, 1, 1)}},
				{Name: "no samples", Op: o, In: []graph.Arg{graph.Rand(0, 3, 4, 5)}},
			}
		},
	}
}
