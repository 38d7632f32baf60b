// Package tensor holds n-dimensional arrays and computes with them as NumPy does.
//
// A [Tensor] is a view of memory: an element type ([DType]), a shape, strides
// counted in elements and an offset. The methods that select or rearrange, such
// as [Tensor.Transpose], [Tensor.Slice] and [Tensor.BroadcastTo], and [Split],
// [Flip] and [Diag] of a matrix, return views that share memory with their
// argument; [Tensor.Contiguous], [Tensor.Reshape] and [Cast] do where nothing
// has to move. Every other function allocates its result, and all of them leave
// their arguments alone.
//
//	x := tensor.Of([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
//	y := tensor.Add(x.Transpose(), tensor.Scalar[float32](1)) // shape [3 2]
//	fmt.Println(tensor.Sum(y, []int{0}, false))
//
// # Semantics
//
// Shapes broadcast and element types promote by NumPy's rules ([Broadcast],
// [Promote]); a scalar is an ordinary tensor of rank 0 and promotes like one
// (NEP 50). Where ONNX and NumPy differ, the comment of the function says which
// one it follows. Float16 and BFloat16 are computed in a wider type and rounded
// to nearest even after each operation. Sums and products run in one fixed order
// and without fused multiply-add, so their bits are the same on every machine.
//
// The code is the definition that faster engines are tested against: it prefers
// to be exact and clear.
//
// # Errors
//
// A shape, axis or element type that does not fit is the caller's bug and panics
// with a [*ShapeError]. What depends on data (an index out of range, a singular
// matrix, a damaged file) is returned as an error.
package tensor
