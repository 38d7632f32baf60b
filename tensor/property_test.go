package tensor

import (
	"errors"
	"math"
	"slices"
	"testing"
)

// randomView returns a random tensor of rank 3 with strides of some kind.
func randomView(r *Rand) *Tensor {
	t := r.Normal(Float64, 0, 1, 1+r.IntN(4), 1+r.IntN(4), 1+r.IntN(4))
	t = t.Transpose(r.Permutation(3)...)
	if r.IntN(2) == 0 {
		t = Flip(t, r.IntN(3))
	}
	return t
}

// TestBroadcastIsLoop checks elementwise functions against a loop over At.
func TestBroadcastIsLoop(t *testing.T) {
	r := NewRand(1)
	for range 100 {
		x := randomView(r)
		y := randomView(r)
		for axis := range 3 { // make y broadcast along some axes
			n := x.Shape()[axis]
			if r.IntN(2) == 0 || y.Shape()[axis] < n {
				n = 1
			}
			y = y.Slice(axis, 0, n, 1)
		}
		z := Sub(x, y)
		at := func(t *Tensor, idx ...int) float64 {
			for i := range idx {
				idx[i] %= t.Shape()[i]
			}
			return At[float64](t, idx...)
		}
		s := x.Shape()
		for i := range s[0] {
			for j := range s[1] {
				for k := range s[2] {
					if got, want := at(z, i, j, k), at(x, i, j, k)-at(y, i, j, k); got != want {
						t.Fatalf("%v - %v at %d %d %d: %v, want %v", s, y.Shape(), i, j, k, got, want)
					}
				}
			}
		}
	}
}

// TestReductionsCompose reduces one axis after the other.
func TestReductionsCompose(t *testing.T) {
	r := NewRand(2)
	for range 50 {
		x := randomView(r)
		a, b := r.IntN(3), r.IntN(2)
		axes := []int{a, b}
		if b >= a {
			axes[1]++
		}
		if got, want := Max(x, axes, false), Max(Max(x, []int{a}, false), []int{b}, false); !Same(got, want) {
			t.Fatalf("max over %v: %v, want %v", axes, got, want)
		}
		if got, want := Sum(x, axes, true), Sum(Sum(x, axes[:1], true), axes[1:], true); !AllClose(got, want, 1e-12, 1e-12) {
			t.Fatalf("sum over %v: %v, want %v", axes, got, want)
		}
	}
}

func TestSplitAndConcatAreInverse(t *testing.T) {
	r := NewRand(3)
	for range 50 {
		x := randomView(r)
		axis := r.IntN(3)
		n := x.Shape()[axis]
		first := r.IntN(n + 1)
		if got := Concat(axis, Split(x, axis, first, n-first)...); !Same(got, x) {
			t.Fatalf("%v comes back as %v", x, got)
		}
	}
}

func TestSortSorts(t *testing.T) {
	r := NewRand(4)
	for range 50 {
		x := randomView(r)
		axis := r.IntN(3)
		s := Sort(x, axis, false)
		n := x.Shape()[axis]
		if !Data[bool](All(LessEqual(s.Slice(axis, 0, n-1, 1), s.Slice(axis, 1, n, 1)), nil, false))[0] {
			t.Fatalf("%v is not in order", s)
		}
		if !AllClose(Sum(s, []int{axis}, false), Sum(x, []int{axis}, false), 1e-12, 1e-12) {
			t.Fatalf("%v has other elements than %v", s, x)
		}
	}
}

// TestSumIsPairwise: the error of a long sum stays near one rounding.
func TestSumIsPairwise(t *testing.T) {
	const n = 1 << 20
	if got := Sum(Full(0.1, n), nil, false).Float64At(); math.Abs(got-0.1*n) > 1e-9 {
		t.Errorf("got %.17g, want %.17g", got, 0.1*n)
	}
	if got := Sum(Full(float32(0.1), n), nil, false).Float64At(); got != float64(float32(float64(float32(0.1))*n)) {
		t.Errorf("got %.9g", got)
	}
}

func TestLinearAlgebra(t *testing.T) {
	r := NewRand(5)
	a := r.Normal(Float64, 0, 1, 3, 6, 6)
	inv, err := Inv(a)
	if err != nil {
		t.Fatal(err)
	}
	unit := Eye(Float64, 6).BroadcastTo(a.Shape())
	if got := MatMul(a, inv); !AllClose(got, unit, 0, 1e-10) {
		t.Errorf("A·A⁻¹ = %v", got)
	}
	p := Add(MatMul(a, a.Transpose(0, 2, 1)), unit)
	l, err := Cholesky(p)
	if err != nil || !AllClose(MatMul(l, l.Transpose(0, 2, 1)), p, 1e-12, 1e-12) {
		t.Errorf("L·Lᵀ is not A (%v)", err)
	}
	if got, want := Det(p), Prod(Mul(diagonals(l), diagonals(l)), []int{1}, false); !AllClose(got, want, 1e-10, 0) {
		t.Errorf("determinants %v, want %v", got, want)
	}
	if _, err := Solve(Of([]float64{1, 2, 2, 4}, 2, 2), Of([]float64{1, 2})); !errors.Is(err, ErrSingular) {
		t.Errorf("error is %v", err)
	}
	if _, err := Cholesky(Of([]float64{1, 2, 2, 1}, 2, 2)); !errors.Is(err, ErrNotPositiveDefinite) {
		t.Errorf("error is %v", err)
	}
	if got := Det(New(Float64, 0, 0)).Float64At(); got != 1 {
		t.Errorf("the empty determinant is %v", got)
	}
}

// diagonals returns the main diagonal of each matrix.
func diagonals(t *Tensor) *Tensor {
	rows := make([]*Tensor, t.Shape()[0])
	for i := range rows {
		rows[i] = Diag(t.Index(0, i), 0)
	}
	return Stack(0, rows...)
}

// TestMatMulBlocks crosses the borders of the blocks.
func TestMatMulBlocks(t *testing.T) {
	r := NewRand(6)
	a, b := r.Randint(Int64, -9, 9, 3, 5), r.Randint(Int64, -9, 9, 5, 600)
	got := MatMul(a, b)
	for i := range 3 {
		for j := range 600 {
			want := Data[int64](Sum(Mul(a.Index(0, i), b.Index(1, j)), nil, false))[0]
			if v := At[int64](got, i, j); v != want {
				t.Fatalf("at %d %d: %d, want %d", i, j, v, want)
			}
		}
	}
	if got := Dot(Of([]float32{1, 2}), Of([]float32{3, 4})); got.Rank() != 0 || got.Float64At() != 11 {
		t.Errorf("got %v", got)
	}
}

func TestUniqueNaN(t *testing.T) {
	d := Unique(Of([]float64{math.NaN(), 1, math.NaN(), 1}))
	if d.Values.Len() != 2 || !slices.Equal(Ints(d.Counts), []int{2, 2}) || !slices.Equal(Ints(d.Inverse), []int{1, 0, 1, 0}) {
		t.Errorf("got %v %v %v", d.Values, d.Counts, d.Inverse)
	}
	if d := Unique(New(String, 0)); d.Values.Len() != 0 || d.Values.DType() != String {
		t.Errorf("got %v", d.Values)
	}
}
