package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// fuse is the body of steps that each have one output, with the last one's as
// the result, and those of others that are asked for.
func fuse(inputs int, results []int, steps ...FusedStep) FusedOp {
	for i := range steps {
		steps[i].Outs = 1
	}
	last := inputs + len(steps) - 1
	return FusedOp{&FusedBody{Inputs: inputs, Steps: steps, Results: append(results, last)}}
}

// on applies an operator to values of a body.
func on(o graph.Op, in ...int) FusedStep { return FusedStep{Op: o, In: in} }

// fusedCases are what engines make of graphs: chains of elementwise operators,
// activations and their gradients, products with what follows them.
func fusedCases() []graph.Case {
	r := graph.Rand
	half, zero := graph.Given(tensor.Scalar[float32](0.5)), graph.Given(tensor.Scalar[float32](0))
	wide := func(shape ...int) graph.Arg { return graph.Arg{DType: tensor.Float64, Shape: shape} }
	reluGrad := fuse(3, nil, on(GreaterOp{}, 0, 2), on(WhereOp{}, 3, 1, 2))
	swish := fuse(2, nil, on(AddOp{}, 0, 1), on(SigmoidOp{}, 2), on(MulOp{}, 2, 3))
	scaled := fuse(2, nil, on(MulOp{}, 0, 1), on(TanhOp{}, 2))
	kept := fuse(3, []int{3}, on(MulOp{}, 0, 1), on(SubOp{}, 3, 2), on(AbsOp{}, 4), on(AddOp{}, 5, 0))
	dense := fuse(3, nil, on(GemmOp{TransB: true}, 0, 1, 2), on(ReluOp{}, 3))
	denseGelu := fuse(3, nil, on(MatMulOp{}, 0, 1), on(AddOp{}, 3, 2), on(GeluOp{}, 4))
	transposed := fuse(3, nil, on(TransposeOp{}, 1), on(MatMulOp{}, 0, 3), on(AddOp{}, 4, 2))
	residual := fuse(4, nil, on(GemmOp{}, 0, 1, 2), on(AddOp{}, 4, 3))
	back := fuse(4, nil, on(GemmOp{}, 0, 1), on(GreaterOp{}, 2, 3), on(WhereOp{}, 5, 4, 3))
	conv := fuse(3, nil, on(ConvOp{}, 0, 1, 2), on(ReluOp{}, 3))
	normal := fuse(6, nil, on(ConvOp{}, 0, 1), on(BatchNormalizationOp{}, 6, 2, 3, 4, 5), on(AddOp{}, 7, 0), on(ReluOp{}, 8))
	stats := []graph.Arg{graph.RandIn(0.5, 2, 5), r(5), r(5), graph.RandIn(0.5, 2, 5)}
	return []graph.Case{
		{Name: "gradient of relu", Op: reluGrad, In: []graph.Arg{r(3, 37), r(3, 37), zero}},
		{Name: "bias and swish", Op: swish, In: []graph.Arg{r(5, 3, 130), r(130)}},
		{Name: "by column", Op: swish, In: []graph.Arg{r(2, 3, 4, 33), r(3, 1, 1)}},
		{Name: "scaled", Op: scaled, In: []graph.Arg{r(7, 9), half}},
		{Name: "empty", Op: scaled, In: []graph.Arg{r(0, 9), half}},
		{Name: "several results", Op: kept, In: []graph.Arg{r(4, 50), r(4, 50), r(50)}},
		{Name: "large", Op: kept, In: []graph.Arg{r(129, 257), r(129, 257), r(257)}},
		{Name: "large and plain", Op: kept, In: []graph.Arg{r(129, 257), r(129, 257), half}},
		{Name: "float64", Op: kept, In: []graph.Arg{wide(9, 70), wide(9, 70), wide(9, 70)}},
		{Name: "dense", Op: dense, In: []graph.Arg{r(17, 33), r(35, 33), r(35)}},
		{Name: "dense without rows", Op: dense, In: []graph.Arg{r(0, 33), r(35, 33), r(35)}},
		{Name: "large dense", Op: dense, In: []graph.Arg{r(129, 400), r(131, 400), r(131)}},
		{Name: "matrix, bias, gelu", Op: denseGelu, In: []graph.Arg{r(3, 8, 33), r(33, 20), r(20)}},
		{Name: "matrix transposed, bias", Op: transposed, In: []graph.Arg{r(3, 8, 33), r(20, 33), r(20)}},
		{Name: "residual", Op: residual, In: []graph.Arg{r(65, 40), r(40, 50), r(50), r(65, 50)}},
		{Name: "gradient of dense", Op: back, In: []graph.Arg{r(30, 40), r(40, 50), r(30, 50), zero}},
		{Name: "convolution, normalization, residual, relu", Op: normal, In: append([]graph.Arg{r(2, 5, 9, 8), r(5, 5, 1, 1)}, stats...)},
		{Name: "convolution", Op: conv, In: []graph.Arg{r(2, 3, 9, 8), r(5, 3, 3, 3), r(5)}},
	}
}
