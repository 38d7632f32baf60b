package op

import (
	"github.com/emberml/ember/tensor"
)

// The definitions below compute in float64 and round once to the element type.

// mapFloat is f of each element.
func mapFloat(x *tensor.Tensor, f func(float64) float64) *tensor.Tensor {
	y := tensor.Float64s(x)
	for i, v := range y {
		y[i] = f(v)
	}
	return ofFloats(x.DType(), y, x.Shape())
}

// ofFloats is the tensor of the given values rounded to an element type.
func ofFloats(dt tensor.DType, values []float64, shape tensor.Shape) *tensor.Tensor {
	return tensor.Cast(tensor.Of(values, shape.Clone()...), dt)
}

// eachIndex calls f for every index of the shape in row-major order. f must not
// keep idx.
func eachIndex(shape tensor.Shape, f func(flat int, idx []int)) {
	n := shape.Len()
	idx := make([]int, len(shape))
	for flat := range n {
		f(flat, idx)
		for a := len(idx) - 1; a >= 0; a-- {
			idx[a]++
			if idx[a] < shape[a] {
				break
			}
			idx[a] = 0
		}
	}
}

// strides are the distances between neighbors along each axis of a row-major
// tensor of the shape.
func strides(shape tensor.Shape) []int {
	s := make([]int, len(shape))
	n := 1
	for i := len(shape) - 1; i >= 0; i-- {
		s[i] = n
		n *= shape[i]
	}
	return s
}

// dot is Σ a·b over the common length.
func dot(a, b []int) int {
	sum := 0
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

// pick is the tensor whose element i in row-major order is element from[i] of x,
// or zero where from[i] is negative.
func pick(x *tensor.Tensor, from []int, shape tensor.Shape) *tensor.Tensor {
	x = x.Contiguous()
	y := tensor.New(x.DType(), shape...)
	if x.DType() == tensor.String {
		dst, src := tensor.Data[string](y), tensor.Data[string](x)
		for i, j := range from {
			if j >= 0 {
				dst[i] = src[j]
			}
		}
		return y
	}
	size := x.DType().Size()
	dst, src := y.Bytes(), x.Bytes()
	for i, j := range from {
		if j >= 0 {
			copy(dst[i*size:(i+1)*size], src[j*size:])
		}
	}
	return y
}

// scatter is the transpose of pick: a tensor of the shape where element i of g is
// added to element to[i], or dropped where to[i] is negative.
func scatter(g *tensor.Tensor, to []int, shape tensor.Shape) *tensor.Tensor {
	sum := make([]float64, shape.Len())
	for i, v := range tensor.Float64s(g) {
		if to[i] >= 0 {
			sum[to[i]] += v
		}
	}
	return ofFloats(g.DType(), sum, shape)
}
