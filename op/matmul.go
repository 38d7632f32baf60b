package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// MatMulOp is the matrix product of the last two axes with the leading ones
// broadcast, as NumPy's matmul: a vector on the left is a row, one on the right
// a column, and that axis does not appear in the result.
type MatMulOp struct{}

// MatMul is the matrix product a·b.
func MatMul(a, b *graph.Value) *graph.Value { return apply1(MatMulOp{}, a, b) }

// Spec describes the operator.
func (o MatMulOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "MatMul", Since: 13, Formula: "C = A·B", Source: standard,
		Inputs: []string{"A", "B"}, Outputs: []string{"C"}, ULP: 32,
		Cases: func() []graph.Case {
			pair := func(name string, a, b []int) graph.Case {
				return graph.Case{Name: name, Op: o, In: []graph.Arg{graph.Rand(a...), graph.Rand(b...)}}
			}
			f64 := func(shape ...int) graph.Arg { return graph.Arg{DType: tensor.Float64, Shape: shape} }
			return []graph.Case{
				pair("", []int{5, 7}, []int{7, 4}),
				pair("odd", []int{17, 33}, []int{33, 65}),
				pair("tall", []int{67, 3}, []int{3, 2}),
				pair("one row", []int{1, 40}, []int{40, 35}),
				pair("one column", []int{19, 21}, []int{21, 1}),
				pair("batch", []int{3, 4, 5}, []int{3, 5, 2}),
				pair("sequence by matrix", []int{2, 3, 5}, []int{5, 4}),
				pair("broadcast batch", []int{2, 1, 3, 4}, []int{3, 4, 2}),
				pair("vector by matrix", []int{5}, []int{5, 3}),
				pair("matrix by vector", []int{4, 5}, []int{5}),
				pair("vector by vector", []int{6}, []int{6}),
				pair("vector by batch", []int{5}, []int{2, 5, 3}),
				pair("no terms", []int{3, 0}, []int{0, 2}),
				pair("no rows", []int{0, 3}, []int{3, 2}),
				{Name: "large", Op: o, In: []graph.Arg{graph.Rand(129, 150), graph.Rand(150, 131)}, NoGrad: large},
				{Name: "float64", Op: o, In: []graph.Arg{f64(9, 11), f64(11, 5)}},
				{Name: "int32", Op: o, In: []graph.Arg{{DType: tensor.Int32, Lo: -9, Hi: 9, Shape: []int{3, 4}}, {DType: tensor.Int32, Lo: -9, Hi: 9, Shape: []int{4, 2}}}},
			}
		},
		FLOPs: func(in, out []graph.Type) int64 {
			depth, _ := in[0].Shape[in[0].Rank()-1].Size()
			return 2 * elements(out[0]) * int64(depth)
		},
	}
}

// Infer checks the inner dimensions and broadcasts the leading ones.
func (MatMulOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 2, 2); err != nil {
		return nil, err
	}
	if err := sameDType(in...); err != nil {
		return nil, err
	}
	if err := wantNumber(in[0]); err != nil {
		return nil, err
	}
	a, b := in[0].Shape, in[1].Shape
	if len(a) == 0 || len(b) == 0 {
		return nil, fmt.Errorf("a matrix product needs at least vectors; scalars are multiplied by Mul")
	}
	if len(a) == 1 {
		a = graph.Shape{graph.Known(1), a[0]}
	}
	if len(b) == 1 {
		b = graph.Shape{b[0], graph.Known(1)}
	}
	ra, rb := len(a), len(b)
	if inner, rows := a[ra-1], b[rb-2]; differ(inner, rows) {
		return nil, fmt.Errorf("the inner dimensions differ: A %v has %v columns, B %v has %v rows", in[0].Shape, inner, in[1].Shape, rows)
	}
	shape, err := graph.BroadcastShapes(a[:ra-2], b[:rb-2])
	if err != nil {
		return nil, err
	}
	if in[0].Rank() > 1 {
		shape = append(shape, a[ra-2])
	}
	if in[1].Rank() > 1 {
		shape = append(shape, b[rb-1])
	}
	return oneType(in[0].With(shape...))
}

// Eval is the definition.
func (MatMulOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(tensor.MatMul(in[0], in[1]))
}

// Grad is dA = g·Bᵀ, dB = Aᵀ·g, each summed over what was broadcast.
func (MatMulOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	a, b, dy := in[0], in[1], g[0]
	switch {
	case a.Rank() == 1 && b.Rank() == 1:
		return []*graph.Value{Mul(dy, b), Mul(dy, a)}
	case a.Rank() == 1:
		a, dy = Unsqueeze(a, 0), Unsqueeze(dy, -2)
	case b.Rank() == 1:
		b, dy = Unsqueeze(b, 1), Unsqueeze(dy, -1)
	}
	d := make([]*graph.Value, 2)
	if needsGrad(in[0]) {
		d[0] = ReshapeLike(SumLike(matMulTransposed(dy, b, false, true), a), in[0])
	}
	if needsGrad(in[1]) {
		d[1] = ReshapeLike(matrixGradient(a, b, dy), in[1])
	}
	return d
}

// matrixGradient is dB = Aᵀ·g, summed over what of B was broadcast. The batch of
// an A by which a single matrix B was multiplied becomes rows, so that the sum is
// part of one product.
func matrixGradient(a, b, dy *graph.Value) *graph.Value {
	rows, okRows := b.Shape()[b.Rank()-2].Size()
	columns, okColumns := b.Shape()[b.Rank()-1].Size()
	if b.Rank() == 2 && a.Rank() > 2 && okRows && okColumns && rows > 0 && columns > 0 {
		a, dy = Reshape(a, -1, rows), Reshape(dy, -1, columns)
	}
	return SumLike(matMulTransposed(a, dy, true, false), b)
}

// matMulTransposed is a·b with the last two axes of either transposed.
func matMulTransposed(a, b *graph.Value, transA, transB bool) *graph.Value {
	if a.Rank() == 2 && b.Rank() == 2 {
		return Gemm(a, b, nil, GemmOp{TransA: transA, TransB: transB})
	}
	if transA {
		a = swapLast(a)
	}
	if transB {
		b = swapLast(b)
	}
	return MatMul(a, b)
}

// swapLast transposes the last two axes.
func swapLast(x *graph.Value) *graph.Value {
	perm := make([]int, x.Rank())
	for i := range perm {
		perm[i] = i
	}
	n := len(perm)
	perm[n-2], perm[n-1] = n-1, n-2
	return Transpose(x, perm...)
}
