package graph

import (
	"fmt"

	"github.com/emberml/ember/tensor"
)

// Kind says what a value is.
type Kind uint8

// The kinds of values. KindNone is an optional input that was left out.
const (
	KindNone Kind = iota
	KindTensor
	KindSequence
	KindOptional
)

// Type is what is known of a value before it is computed.
type Type struct {
	Kind  Kind
	DType tensor.DType
	Shape Shape
	// Const is the value itself where it is known while the graph is built, so
	// that Reshape, Slice or Expand can infer their shape from it. Nobody
	// changes the tensor.
	Const *tensor.Tensor
	// Dims is the value of an integer scalar or vector of which only the
	// symbols are known, such as what Shape gives for [N 3 32 32].
	Dims []Dim
	// Elem is the element's type of a sequence or optional.
	Elem *Type
}

// TensorOf is the type of a tensor.
func TensorOf(dt tensor.DType, dims ...Dim) Type {
	return Type{Kind: KindTensor, DType: dt, Shape: Shape(dims)}
}

// TypeOf is the type of a concrete tensor, without its value.
func TypeOf(t *tensor.Tensor) Type {
	return Type{Kind: KindTensor, DType: t.DType(), Shape: Dims(t.Shape()...)}
}

// ConstType is the type of a concrete tensor that carries its value.
func ConstType(t *tensor.Tensor) Type {
	ty := TypeOf(t)
	ty.Const = t
	return ty
}

// Present tells whether the value exists: false for an optional input left out.
func (t Type) Present() bool { return t.Kind != KindNone }

// Rank is the number of dimensions.
func (t Type) Rank() int { return len(t.Shape) }

// IsFloat tells whether the elements are floating-point numbers.
func (t Type) IsFloat() bool { return t.Kind == KindTensor && t.DType.IsFloat() }

// With is the type of the same elements in another shape, its value unknown.
func (t Type) With(dims ...Dim) Type { return TensorOf(t.DType, dims...) }

// Cast is the type of the same shape with other elements, its value unknown.
func (t Type) Cast(dt tensor.DType) Type { return TensorOf(dt, t.Shape...) }

// addressable is the size of the largest value, in bytes: what a process can
// address on 64-bit processors. Sums of many such sizes are exact.
const addressable int64 = 1 << 47

// Bytes is the size in memory; ok is false while a symbol is left, and for a
// shape that no memory holds.
func (t Type) Bytes() (n int, ok bool) {
	size := Known(max(1, t.DType.Size()))
	for _, d := range t.Shape {
		if !d.IsKnown() || d.size < 0 {
			return 0, false
		}
		// An extent beside one of 0 must be addressable too.
		size = size.Mul(Known(max(1, d.size)))
	}
	if int64(size.size) > addressable {
		return 0, false
	}
	s, _ := t.Shape.Concrete()
	return s.Len() * t.DType.Size(), true
}

// Ints is the known value of an integer scalar or vector as dimensions: from
// Const, else from Dims. ok is false where nothing is known of it.
func (t Type) Ints() (values []Dim, ok bool) {
	if t.Const != nil {
		for _, v := range tensor.Ints(t.Const) {
			values = append(values, Known(v))
		}
		return values, true
	}
	return t.Dims, t.Dims != nil
}

// String prints the type as "float32[N 784]".
func (t Type) String() string {
	switch t.Kind {
	case KindTensor:
		return t.DType.String() + t.Shape.String()
	case KindSequence:
		return fmt.Sprintf("sequence(%v)", t.Elem)
	case KindOptional:
		return fmt.Sprintf("optional(%v)", t.Elem)
	}
	return "none"
}
