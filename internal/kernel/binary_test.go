package kernel_test

import (
	"math"
	"slices"
	"testing"

	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/kernel/kerneltest"
)

var binaryFuncs = map[kernel.BinaryOp]func(x, y float64) float64{
	kernel.Add: func(x, y float64) float64 { return x + y },
	kernel.Sub: func(x, y float64) float64 { return x - y },
	kernel.Mul: func(x, y float64) float64 { return x * y },
	kernel.Div: func(x, y float64) float64 { return x / y },
	kernel.Pow: math.Pow,
	kernel.Max: func(x, y float64) float64 { return max(x, y) },
	kernel.Min: func(x, y float64) float64 { return min(x, y) },
}

var binaryValues = []float64{0, 1, -1, 2, 0.5, -3, 1e30, math.Inf(1), math.Inf(-1), math.NaN()}

// TestZip runs every function over all pairs of values, in all four layouts.
func TestZip(t *testing.T) {
	n := len(binaryValues)
	for op, f := range binaryFuncs {
		for stepA := range 2 {
			for stepB := range 2 {
				for shift := range n {
					a, b := rotate(binaryValues, 0, n*stepA+1-stepA), rotate(binaryValues, shift, n*stepB+1-stepB)
					dst := kerneltest.NaN[float64](n)
					want := make([]float64, n)
					for i := range want {
						want[i] = f(a[i*stepA], b[i*stepB])
					}
					kernel.Zip(op, dst.Data, a, stepA, b, stepB)
					dst.Check(t)
					kerneltest.Identical(t, kerneltest.Name("op", op, stepA, stepB, shift), dst.Data, want)
					if stepA == 1 {
						kernel.Zip(op, a, a, 1, b, stepB)
						kerneltest.Identical(t, kerneltest.Name("in place", op, stepB, shift), a, want)
					}
				}
			}
		}
		kernel.Zip[float64](op, nil, nil, 1, nil, 1)
	}
}

func rotate(x []float64, by, n int) []float64 {
	return append(slices.Clone(x[by:]), x[:by]...)[:n]
}

func TestIntegerPow(t *testing.T) {
	dst := make([]int32, 8)
	kernel.Zip(kernel.Pow, dst, []int32{2, 3, -2, -1, -1, 5, 1, 0}, 1, []int32{10, 4, 3, -3, -4, -1, -9, 0}, 1)
	if want := []int32{1024, 81, -8, -1, 1, 0, 1, 1}; !slices.Equal(dst, want) {
		t.Errorf("powers %v, want %v", dst, want)
	}
	bytes := make([]uint8, 2)
	kernel.Zip(kernel.Pow, bytes, []uint8{3, 255}, 1, []uint8{5, 2}, 1)
	if want := []uint8{243, 1}; !slices.Equal(bytes, want) {
		t.Errorf("powers of bytes %v, want %v", bytes, want)
	}
}

func TestCompareAndWhere(t *testing.T) {
	nan := math.NaN()
	a, b := []float64{1, 2, 3, nan}, []float64{2, 2, 2, nan}
	cases := map[kernel.CompareOp][]uint8{
		kernel.Equal:        {0, 1, 0, 0},
		kernel.NotEqual:     {1, 0, 1, 1},
		kernel.Less:         {1, 0, 0, 0},
		kernel.LessEqual:    {1, 1, 0, 0},
		kernel.Greater:      {0, 0, 1, 0},
		kernel.GreaterEqual: {0, 1, 1, 0},
	}
	for op, want := range cases {
		got := []uint8{9, 9, 9, 9}
		kernel.Compare(op, got, a, 1, b, 1)
		if !slices.Equal(got, want) {
			t.Errorf("relation %d: %v, want %v", op, got, want)
		}
		kernel.Compare(op, got[:3], a, 1, []float64{2}, 0)
		if !slices.Equal(got[:3], want[:3]) {
			t.Errorf("relation %d to one value: %v, want %v", op, got[:3], want[:3])
		}
	}
	got := make([]string, 3)
	kernel.Where(got, []uint8{1, 0, 255}, 1, []string{"a", "b", "c"}, 1, []string{"z"}, 0)
	if want := []string{"a", "z", "c"}; !slices.Equal(got, want) {
		t.Errorf("where %v, want %v", got, want)
	}
}
