package feature

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// Scale multiplies every value: pixels of 0…255 by 1/255.
//
//	y = factor · x
type Scale struct {
	Factor float64 `json:"factor" required:"true" doc:"what every value is multiplied by"`
}

// Build adds a cast and a product.
func (s *Scale) Build(x *graph.Value) *graph.Value {
	x = toFloat(x)
	return op.Mul(x, op.Scalar(x, s.Factor))
}

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
		panic(&tensor.ShapeError{Op: name, Detail: fmtMismatch(x, axis, len(center))})
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
