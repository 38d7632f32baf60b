package tensor

import "fmt"

// MatMul returns the matrix product by NumPy's rules: [… m k] · [… k n] gives
// [… m n], where the leading axes broadcast; a 1-D a counts as a row and a 1-D b
// as a column, whose axis the result lacks.
//
// Each element is Σₖ a[i,k]·b[k,j] in the order of k. Float16, BFloat16 and
// Float32 are summed in float64 and rounded once; integers wrap.
func MatMul(a, b *Tensor) *Tensor {
	dt := Promote(a.dtype, b.dtype)
	fail := func(detail string) { panic(&ShapeError{"matmul", []Shape{a.shape, b.shape}, detail}) }
	if dt == Invalid || dt == String {
		fail(fmt.Sprintf("not defined for %v and %v", a.dtype, b.dtype))
	}
	if a.Rank() == 0 || b.Rank() == 0 {
		fail("an operand is a scalar")
	}
	x, y := a, b
	if a.Rank() == 1 {
		x = x.Unsqueeze(0)
	}
	if b.Rank() == 1 {
		y = y.Unsqueeze(1)
	}
	m, k, n := x.shape[x.Rank()-2], x.shape[x.Rank()-1], y.shape[y.Rank()-1]
	if y.shape[y.Rank()-2] != k {
		fail(fmt.Sprintf("inner dimensions %d and %d differ", k, y.shape[y.Rank()-2]))
	}
	batch := mustBroadcast("matmul", x.shape[:x.Rank()-2], y.shape[:y.Rank()-2])

	wide := wideType(dt)
	shape := func(rows, cols int) Shape { return append(batch.Clone(), rows, cols) }
	out := New(wide, shape(m, n)...)
	x = Cast(x, wide).BroadcastTo(shape(m, k))
	y = Cast(y, wide).BroadcastTo(shape(k, n))
	switch wide {
	case Float64:
		batched(out, x, y, matMul[float64])
	case Int64:
		batched(out, x, y, matMul[int64])
	default:
		batched(out, x, y, matMul[uint64])
	}
	if a.Rank() == 1 {
		out = out.Squeeze(-2)
	}
	if b.Rank() == 1 {
		out = out.Squeeze(-1)
	}
	return Cast(out, dt)
}

// Dot returns the inner product Σ a[i]·b[i] of two 1-D tensors, a scalar.
func Dot(a, b *Tensor) *Tensor {
	if a.Rank() != 1 || b.Rank() != 1 {
		panic(&ShapeError{"dot", []Shape{a.shape, b.shape}, "want two 1-D operands"})
	}
	return MatMul(a, b)
}

// batched calls f on each pair of matrices of a and b, whose leading axes agree
// with those of out.
func batched(out, a, b *Tensor, f func(out, a, b *Tensor)) {
	if out.Rank() == 2 {
		f(out, a, b)
		return
	}
	for i := range out.shape[0] {
		batched(out.Index(0, i), a.Index(0, i), b.Index(0, i), f)
	}
}

// matMul adds a·b to out, which is contiguous. Columns are done in blocks so
// that those rows of b stay in cache while all rows of a pass.
func matMul[T number](out, a, b *Tensor) {
	const block = 256
	m, k, n := out.shape[0], a.shape[1], out.shape[1]
	if m == 0 || n == 0 || k == 0 {
		return
	}
	c, x, y := Data[T](out), Data[T](a.Contiguous()), Data[T](b.Contiguous())
	for j := 0; j < n; j += block {
		end := min(j+block, n)
		for i := range m {
			sum := c[i*n+j : i*n+end]
			for p := range k {
				v := x[i*k+p]
				for q, w := range y[p*n+j : p*n+end] {
					sum[q] += T(v * w) // the conversion forbids a fused multiply-add
				}
			}
		}
	}
}
