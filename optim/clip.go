package optim

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
)

// ClipByValue bounds every element of the gradients to -limit…limit.
func ClipByValue(grads []*graph.Value, limit float64) []*graph.Value {
	out := make([]*graph.Value, len(grads))
	for i, g := range grads {
		out[i] = op.Clip(g, -limit, limit)
	}
	return out
}

// ClipByGlobalNorm scales all gradients by one factor, so that their Euclidean
// norm together is at most limit: g·min(1, limit/(norm + 1e-6)). The norm is that
// before. At least one gradient is needed, and all have one element type.
//
// Source: Pascanu et al., "On the difficulty of training recurrent neural
// networks", 2013; the 1e-6 is PyTorch's.
func ClipByGlobalNorm(grads []*graph.Value, limit float64) (clipped []*graph.Value, norm *graph.Value) {
	var total *graph.Value
	for _, g := range grads {
		squares := op.ReduceSum(op.Mul(g, g), nil, false)
		if total == nil {
			total = squares
		} else {
			total = op.Add(total, squares)
		}
	}
	norm = op.Sqrt(total)
	factor := op.Div(op.Scalar(norm, limit), op.Add(norm, op.Scalar(norm, 1e-6)))
	factor = op.Min(factor, op.Scalar(norm, 1))
	for _, g := range grads {
		clipped = append(clipped, op.Mul(g, factor))
	}
	return clipped, norm
}
