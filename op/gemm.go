package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// GemmOp is Y = Alpha·A'·B' + Beta·C for matrices A and B, either transposed, and
// an optional C that broadcasts to the product.
type GemmOp struct {
	Alpha  Opt[float64] `onnx:"alpha" default:"1"`
	Beta   Opt[float64] `onnx:"beta" default:"1"`
	TransA bool         `onnx:"transA"`
	TransB bool         `onnx:"transB"`
}

// Gemm is alpha·a'·b' + beta·c; c may be nil.
func Gemm(a, b, c *graph.Value, attrs GemmOp) *graph.Value { return apply1(attrs, a, b, c) }

// Spec describes the operator.
func (o GemmOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "Gemm", Since: 13, Formula: "Y = alpha·A'·B' + beta·C", Source: standard,
		Inputs: []string{"A", "B", "C?"}, Outputs: []string{"Y"}, ULP: 32,
		Cases: func() []graph.Case {
			r := graph.Rand
			f64 := func(shape ...int) graph.Arg { return graph.Arg{DType: tensor.Float64, Shape: shape} }
			return []graph.Case{
				{Op: GemmOp{}, In: []graph.Arg{r(5, 7), r(7, 4), r(4)}},
				{Name: "without C", Op: GemmOp{}, In: []graph.Arg{r(17, 33), r(33, 35)}},
				{Name: "A transposed", Op: GemmOp{TransA: true}, In: []graph.Arg{r(33, 17), r(33, 35), r(17, 1)}},
				{Name: "B transposed", Op: GemmOp{TransB: true}, In: []graph.Arg{r(17, 33), r(35, 33), r(35)}},
				{Name: "both transposed", Op: GemmOp{TransA: true, TransB: true}, In: []graph.Arg{r(7, 5), r(4, 7), r(5, 4)}},
				{Name: "alpha and beta", Op: GemmOp{Alpha: Set(0.5), Beta: Set(-2.0)}, In: []graph.Arg{r(3, 4), r(4, 2), r(1, 2)}},
				{Name: "scalar C", Op: GemmOp{}, In: []graph.Arg{r(3, 4), r(4, 2), r()}},
				{Name: "no rows", Op: GemmOp{}, In: []graph.Arg{r(0, 4), r(4, 2), r(2)}},
				{Name: "no terms", Op: GemmOp{}, In: []graph.Arg{r(3, 0), r(0, 2), r(2)}},
				{Name: "large", Op: GemmOp{TransB: true}, In: []graph.Arg{r(129, 150), r(131, 150), r(131)}, NoGrad: large},
				{Name: "float64", Op: GemmOp{TransB: true}, In: []graph.Arg{f64(9, 11), f64(5, 11), f64(5)}},
			}
		},
		FLOPs: func(in, out []graph.Type) int64 {
			return 2 * elements(out[0]) * elements(in[0]) / max(firstDim(out[0]), 1)
		},
	}
}

// firstDim is the extent of the first axis of a concrete type.
func firstDim(t graph.Type) int64 {
	n, _ := t.Shape[0].Size()
	return int64(n)
}

// Infer checks the inner dimensions and that C broadcasts to the product.
func (o GemmOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 2, 3); err != nil {
		return nil, err
	}
	if err := sameDType(in...); err != nil {
		return nil, err
	}
	for i, name := range []string{"A", "B"} {
		if err := wantRank(name, in[i], 2); err != nil {
			return nil, err
		}
	}
	a, b := in[0], in[1]
	if o.TransA {
		a = a.With(a.Shape[1], a.Shape[0])
	}
	if o.TransB {
		b = b.With(b.Shape[1], b.Shape[0])
	}
	out, err := MatMulOp{}.Infer([]graph.Type{a, b})
	if err != nil || !has(in, 2) {
		return out, err
	}
	if _, err := (ExpandLikeOp{}).Infer([]graph.Type{in[2], out[0]}); err != nil {
		return nil, err
	}
	return out, nil
}

// Eval is the definition.
func (o GemmOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	dt := in[0].DType()
	a, b := tensor.Cast(in[0], tensor.Float64), tensor.Cast(in[1], tensor.Float64)
	if o.TransA {
		a = a.Transpose()
	}
	if o.TransB {
		b = b.Transpose()
	}
	y := tensor.Mul(tensor.MatMul(a, b), tensor.Scalar(o.Alpha.Or(1)))
	if c := arg(in, 2); c != nil {
		y = tensor.Add(y, tensor.Mul(tensor.Cast(c, tensor.Float64), tensor.Scalar(o.Beta.Or(1))))
	}
	return one(tensor.Cast(y, dt))
}

// Grad is dA' = Alpha·g·B'ᵀ, dB' = Alpha·A'ᵀ·g, each transposed back, and
// dC = Beta·g summed over what was broadcast.
func (o GemmOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	a, b, dy := in[0], in[1], g[0]
	d := make([]*graph.Value, len(in))
	if needsGrad(a) {
		if o.TransA {
			d[0] = Gemm(b, dy, nil, GemmOp{Alpha: o.Alpha, TransA: o.TransB, TransB: true})
		} else {
			d[0] = Gemm(dy, b, nil, GemmOp{Alpha: o.Alpha, TransB: !o.TransB})
		}
	}
	if needsGrad(b) {
		if o.TransB {
			d[1] = Gemm(dy, a, nil, GemmOp{Alpha: o.Alpha, TransA: true, TransB: o.TransA})
		} else {
			d[1] = Gemm(a, dy, nil, GemmOp{Alpha: o.Alpha, TransA: !o.TransA})
		}
	}
	if c := optional(in, 2); needsGrad(c) {
		sum := SumLike(dy, c)
		if beta := o.Beta.Or(1); beta != 1 {
			sum = Mul(sum, Scalar(sum, beta))
		}
		d[2] = sum
	}
	return d
}
