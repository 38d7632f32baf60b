package feature

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// toFloat casts x to float32 unless it is float32 or float64: a table's numbers
// read as float64 keep their precision until they are centered.
func toFloat(x *graph.Value) *graph.Value {
	if dt := x.DType(); dt == tensor.Float32 || dt == tensor.Float64 {
		return x
	}
	return op.Cast(x, tensor.Float32)
}

// affine is (x - center) · factor, with a center and a factor for each index of an
// axis of x.
func affine(name string, x *graph.Value, axis int, center, factor []float64) *graph.Value {
	x = toFloat(x)
	if axis >= x.Rank() || !x.Shape()[axis].Is(len(center)) {
		panic(&tensor.ShapeError{Op: name, Detail: fmt.Sprintf("the step knows %d columns or channels on axis %d, the data is %v", len(center), axis, x.Shape())})
	}
	shape := make([]int, x.Rank()-axis)
	for i := range shape {
		shape[i] = 1
	}
	shape[0] = len(center)
	constant := func(v []float64) *graph.Value {
		return x.Graph().Constant(tensor.Cast(tensor.Of(v, shape...), x.DType()))
	}
	return op.Mul(op.Sub(x, constant(center)), constant(factor))
}

// inverse returns 1/v, and 1 where v is 0.
func inverse(v []float64) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = 1
		if x != 0 {
			out[i] = 1 / x
		}
	}
	return out
}
