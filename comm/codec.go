package comm

import "github.com/emberml/ember/internal/kernel"

// Number is what members can add up.
type Number interface{ float32 | float64 | int64 }

// Wire is how float32 values travel in a large [Group.AllReduce].
type Wire uint8

// The wire formats. Sums are float32 in all of them; the short ones halve the
// bytes and round what is sent: the partial sums and the result, which is the
// same on all members all the same.
const (
	Float32  Wire = iota
	Float16       // IEEE 754 binary16: beyond 65504 infinite
	BFloat16      // the upper half of a float32
)

// codec turns numbers into bytes, in the machine's byte order, and back. The
// bytes start where any number may.
type codec[T any] struct {
	width int                       // bytes of a number
	lossy bool                      // get does not undo put
	put   func(dst []byte, src []T) // dst = src
	get   func(dst []T, src []byte) // dst = src
	add   func(dst []T, src []byte) // dst[i] += src[i]
}

var (
	float32s = exact[float32](4)
	float64s = exact[float64](8)
	int64s   = exact[int64](8)
)

// exact is the codec of numbers as they are.
func exact[T Number](width int) codec[T] {
	return codec[T]{
		width: width,
		put:   func(dst []byte, src []T) { copy(dst, kernel.View[byte](src)) },
		get:   func(dst []T, src []byte) { copy(dst, kernel.View[T](src)) },
		add: func(dst []T, src []byte) {
			kernel.Zip(kernel.Add, dst, dst, 1, kernel.View[T](src), 1)
		},
	}
}

var wires = [...]codec[float32]{
	Float32:  float32s,
	Float16:  short(kernel.ToFloat16, kernel.FromFloat16, kernel.AddFloat16),
	BFloat16: short(kernel.ToBFloat16, kernel.FromBFloat16, kernel.AddBFloat16),
}

// short is the codec of a 16-bit format.
func short(put func(dst []uint16, src []float32), get, add func(dst []float32, src []uint16)) codec[float32] {
	return codec[float32]{
		width: 2, lossy: true,
		put: func(dst []byte, src []float32) { put(kernel.View[uint16](dst)[:len(src)], src) },
		get: func(dst []float32, src []byte) { get(dst, kernel.View[uint16](src)) },
		add: func(dst []float32, src []byte) { add(dst, kernel.View[uint16](src)) },
	}
}

// codecOf is the exact codec of a type.
func codecOf[T Number]() *codec[T] {
	var c any
	switch any(T(0)).(type) {
	case float32:
		c = &float32s
	case float64:
		c = &float64s
	default:
		c = &int64s
	}
	return c.(*codec[T])
}
