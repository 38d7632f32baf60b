package op

import "github.com/emberml/ember/graph"

// gradByParts differentiates an operator through the operators it is made of: build
// computes the outputs from the inputs by parts. It is for fused operators whose
// gradient is not worth a formula of its own. grad holds nil for an output that
// does not matter.
func gradByParts(in, grad []*graph.Value, build func(in []*graph.Value) []*graph.Value) []*graph.Value {
	copies := make([]*graph.Value, len(in)) // so that only the way through the parts counts
	var wrt []*graph.Value
	for i, v := range in {
		if v != nil {
			copies[i] = Identity(v)
			wrt = append(wrt, copies[i])
		}
	}
	var targets, seeds []*graph.Value
	for i, y := range build(copies) {
		if grad[i] != nil {
			targets, seeds = append(targets, y), append(seeds, grad[i])
		}
	}
	parts, err := graph.Gradients(targets, seeds, wrt, Add)
	if err != nil {
		panic(err) // a part without a gradient is a bug of the operator
	}
	d := make([]*graph.Value, len(in))
	for i := range d {
		if in[i] != nil {
			d[i], parts = parts[0], parts[1:]
		}
	}
	return d
}

// channelwise gives a vector of one number per channel the shape that broadcasts
// against [N, C, …] of the given rank.
func channelwise(v *graph.Value, rank int) *graph.Value {
	var axes []int
	for a := 1; a < rank-1; a++ {
		axes = append(axes, a)
	}
	if len(axes) == 0 {
		return v
	}
	return Unsqueeze(v, axes...)
}
