package tensor

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// ErrSingular is returned for a matrix that has no inverse; the remedy is to
// remove dependent rows or to add a small multiple of the identity.
var ErrSingular = errors.New("matrix is singular")

// ErrNotPositiveDefinite is returned by [Cholesky] for a matrix that has no such
// factor.
var ErrNotPositiveDefinite = errors.New("matrix is not positive definite")

// The functions below work on the square matrices of the last two axes, one by
// one, in float64; the result has the type of a float operand, else Float64.

// Solve returns x with a·x = b, where b is [… n k], or [n] for a single matrix;
// by LU factorization with partial pivoting. The error is [ErrSingular].
func Solve(a, b *Tensor) (*Tensor, error) {
	n := checkSquare("solve", a)
	column := b
	if b.Rank() == 1 {
		column = b.Unsqueeze(1)
	}
	if column.Rank() != a.Rank() || !column.shape[:a.Rank()-1].Equal(a.shape[:a.Rank()-1]) {
		panic(&ShapeError{"solve", []Shape{a.shape, b.shape}, "shapes do not match"})
	}
	x := Cast(column, Float64).Clone()
	k := x.shape[x.Rank()-1]
	matrices, columns := matricesOf(Float64s(a), n), Data[float64](x)
	for i := range matrices {
		f := factorize(matrices[i], n)
		if f.singular() {
			return nil, ErrSingular
		}
		f.solve(columns[i*n*k:(i+1)*n*k], k)
	}
	return Cast(x.Reshape(b.shape...), floatResult(a, b)), nil
}

// Inv returns the inverse of each matrix. The error is [ErrSingular].
func Inv(a *Tensor) (*Tensor, error) {
	n := checkSquare("inv", a)
	x, err := Solve(Cast(a, Float64), Eye(Float64, n).BroadcastTo(a.shape))
	if err != nil {
		return nil, err
	}
	return Cast(x, floatResult(a)), nil
}

// Det returns the determinant of each matrix.
func Det(a *Tensor) *Tensor {
	n := checkSquare("det", a)
	out := Full(1.0, a.shape[:a.Rank()-2]...)
	det := Data[float64](out)
	for i, m := range matricesOf(Float64s(a), n) {
		det[i] = factorize(m, n).det()
	}
	return Cast(out, floatResult(a))
}

// Cholesky returns the lower triangular L with L·Lᵀ = a, of which only the lower
// half is read. The error is [ErrNotPositiveDefinite].
func Cholesky(a *Tensor) (*Tensor, error) {
	n := checkSquare("cholesky", a)
	out := Trilu(Cast(a, Float64), 0, false)
	for _, l := range matricesOf(Data[float64](out), n) {
		for j := range n {
			row := l[j*n : j*n+j]
			d := l[j*n+j] - dot(row, row)
			if !(d > 0) { // also for NaN
				return nil, fmt.Errorf("%w: pivot %d is %.3g", ErrNotPositiveDefinite, j, d)
			}
			d = math.Sqrt(d)
			l[j*n+j] = d
			for i := j + 1; i < n; i++ {
				l[i*n+j] = (l[i*n+j] - dot(l[i*n:i*n+j], row)) / d
			}
		}
	}
	return Cast(out, floatResult(a)), nil
}

// lu is P·A = L·U, with L (unit diagonal) and U in one matrix.
type lu struct {
	n    int
	m    []float64
	perm []int // row i of P·A is row perm[i] of A
	sign float64
}

// factorize overwrites the n×n matrix m with its factors.
func factorize(m []float64, n int) lu {
	f := lu{n, m, make([]int, n), 1}
	for i := range f.perm {
		f.perm[i] = i
	}
	for c := range n {
		p := c
		for i := c + 1; i < n; i++ {
			if math.Abs(m[i*n+c]) > math.Abs(m[p*n+c]) {
				p = i
			}
		}
		if m[p*n+c] == 0 {
			continue // singular: the diagonal keeps its zero
		}
		if p != c {
			f.swap(p, c)
		}
		for i := c + 1; i < n; i++ {
			factor := m[i*n+c] / m[c*n+c]
			m[i*n+c] = factor
			for j := c + 1; j < n; j++ {
				m[i*n+j] -= float64(factor * m[c*n+j])
			}
		}
	}
	return f
}

func (f *lu) swap(i, j int) {
	n := f.n
	for c := range n {
		f.m[i*n+c], f.m[j*n+c] = f.m[j*n+c], f.m[i*n+c]
	}
	f.perm[i], f.perm[j] = f.perm[j], f.perm[i]
	f.sign = -f.sign
}

func (f lu) det() float64 {
	d := f.sign
	for i := range f.n {
		d *= f.m[i*f.n+i]
	}
	return d
}

func (f lu) singular() bool {
	for i := range f.n {
		if f.m[i*f.n+i] == 0 {
			return true
		}
	}
	return false
}

// solve replaces the n×k matrix b with A⁻¹·b.
func (f lu) solve(b []float64, k int) {
	n := f.n
	x := make([]float64, len(b))
	for i, p := range f.perm {
		copy(x[i*k:(i+1)*k], b[p*k:(p+1)*k])
	}
	subtract := func(i, j int) {
		factor := f.m[i*n+j]
		for c := range k {
			x[i*k+c] -= float64(factor * x[j*k+c])
		}
	}
	for i := range n {
		for j := range i {
			subtract(i, j)
		}
	}
	for i := n - 1; i >= 0; i-- {
		for j := i + 1; j < n; j++ {
			subtract(i, j)
		}
		for c := range k {
			x[i*k+c] /= f.m[i*n+i]
		}
	}
	copy(b, x)
}

// matricesOf cuts data into n×n matrices.
func matricesOf(data []float64, n int) [][]float64 {
	if n == 0 {
		return nil
	}
	return slices.Collect(slices.Chunk(data, n*n))
}

func checkSquare(op string, a *Tensor) int {
	r := a.Rank()
	if r < 2 || a.shape[r-1] != a.shape[r-2] || a.dtype == String {
		panic(&ShapeError{op, []Shape{a.shape}, "want square matrices of numbers"})
	}
	return a.shape[r-1]
}

func floatResult(ts ...*Tensor) DType {
	if dt := promoteAll(ts); dt.IsFloat() {
		return dt
	}
	return Float64
}

func dot(x, y []float64) float64 {
	sum := 0.0
	for i, v := range x {
		sum += float64(v * y[i])
	}
	return sum
}
