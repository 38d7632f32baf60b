package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/tensor"
)

// AttentionGradOp is the gradient of an attention with respect to queries, keys and
// values, given that with respect to its result, the result and its lse. Where the
// rows are packed so is the gradient, and the other two outputs are empty. It
// computes the softmax anew from the lse.
type AttentionGradOp AttentionOp

// Spec describes the operator.
func (o AttentionGradOp) Spec() graph.Spec {
	forward := AttentionOp(o).Spec()
	return graph.Spec{
		Name: "AttentionGrad", Domain: ember,
		Formula: "dV = Pᵀ·g; dS = P·(g·Vᵀ - Σ g·Y); dQ = scale·dS·K; dK = scale·dSᵀ·Q, P = e^(S - lse)",
		Source:  "Dao and others, \"FlashAttention\", 2022, algorithm 4",
		Inputs:  append([]string{"g", "Y", "lse"}, forward.Inputs...), Outputs: []string{"dQ", "dK?", "dV?"}, ULP: 128,
		FLOPs: func(in, _ []graph.Type) int64 {
			return AttentionOp(o).flops(in[3:], []graph.Type{{}, {}, {}, {}, in[2]}, 5)
		},
		Cases: func() []graph.Case {
			var cases []graph.Case
			for _, c := range attentionCases() {
				forward := c.Op.(AttentionOp)
				if forward.Present || forward.Scores {
					continue
				}
				in := c.In
				y, lse := graph.Rand(attentionResult(forward, in)...), []int{in[0].Shape[0], 0, 0}
				lse[1], lse[2] = attentionQueries(forward, in)
				c.Op, c.In = AttentionGradOp(forward), append([]graph.Arg{y, y, graph.RandIn(2, 3, lse...)}, in...)
				cases = append(cases, c)
			}
			return cases
		},
	}
}

// Infer gives the types of queries, keys and values.
func (o AttentionGradOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 4, 3+attentionInputs); err != nil {
		return nil, err
	}
	out, err := AttentionOp(o).Infer(in[3:])
	if err != nil {
		return nil, err
	}
	if has(in[3:], attentionPastKey) {
		return nil, fmt.Errorf("keys with a past have no gradient of their own")
	}
	for i, of := range []int{0, 0, 4} {
		if err := wantShape([]string{"the gradient", "the result", "the lse"}[i], in[i], out[of].Shape); err != nil {
			return nil, err
		}
	}
	none := in[3].With(graph.Known(0))
	d := []graph.Type{in[3].With(in[3].Shape...), none, none}
	if has(in, 4) {
		d[1], d[2] = in[4].With(in[4].Shape...), in[5].With(in[5].Shape...)
	}
	return d, nil
}

// Eval is the definition.
func (o AttentionGradOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	c, err := newAttentionCase(AttentionOp(o), in[3:])
	if err != nil {
		return nil, err
	}
	l := c.layout
	g, y, lse := tensor.Float64s(in[0]), tensor.Float64s(in[1]), tensor.Float64s(in[2])
	dq := make([]float64, len(c.q))
	dk, dv := dq, dq
	if !l.Packed {
		dk, dv = make([]float64, len(c.k)), make([]float64, len(c.v))
	}
	c.each(func(b, h, i, flat int) {
		kh := h / (l.Heads / l.KeyHeads)
		row := func(x []float64, at kernel.HeadView, h, i, size int) []float64 {
			return x[at.At(b, h)+i*at.Row:][:size]
		}
		q, dq := row(c.q, c.qAt, h, i, l.Size), row(dq, c.qAt, h, i, l.Size)
		dy := row(g, c.yAt, h, i, l.ValueSize)
		delta := inner(dy, row(y, c.yAt, h, i, l.ValueSize))
		for j := range c.keys {
			k, v := row(c.k, c.kAt, kh, j, l.Size), row(c.v, c.vAt, kh, j, l.ValueSize)
			p, slope := c.weight(b, h, i, j, inner(q, k)*c.scale, lse[flat])
			kept := c.dropped(b, h, i, j)
			addScaled(row(dv, c.vAt, kh, j, l.ValueSize), p*kept, dy)
			ds := p * (inner(dy, v)*kept - delta) * slope * c.scale
			addScaled(dq, ds, k)
			addScaled(row(dk, c.kAt, kh, j, l.Size), ds, q)
		}
	})
	dt := in[3].DType()
	if l.Packed {
		none := tensor.New(dt, 0)
		return []*tensor.Tensor{ofFloats(dt, dq, in[3].Shape()), none, none}, nil
	}
	return []*tensor.Tensor{ofFloats(dt, dq, in[3].Shape()), ofFloats(dt, dk, in[4].Shape()), ofFloats(dt, dv, in[5].Shape())}, nil
}

// inner is Σ a·b.
func inner(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += float64(v * b[i])
	}
	return sum
}

// addScaled adds scale·x to y.
func addScaled(y []float64, scale float64, x []float64) {
	for i, v := range x {
		y[i] += float64(scale * v)
	}
}

// Grad differentiates the formula by its parts; result and lse count as inputs of
// their own.
func (o AttentionGradOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return gradByParts(in, g, func(in []*graph.Value) []*graph.Value {
		p := newAttentionParts(AttentionOp(o), in[3:])
		l := p.layout
		dy, y := p.heads(in[0], l.Heads, l.ValueSize), p.heads(in[1], l.Heads, l.ValueSize)
		softmax := Exp(Sub(p.bounded, Unsqueeze(in[2], 3)))
		if p.live != nil {
			softmax = Where(p.live, softmax, Scalar(y, 0))
		}
		dp := MatMul(dy, swapLast(p.v))
		dropped := softmax
		if keep := p.keep(); keep != nil {
			dp, dropped = Mul(dp, keep), Mul(softmax, keep)
		}
		ds := Mul(softmax, Sub(dp, ReduceSum(Mul(dy, y), []int{-1}, true)))
		if o.Softcap > 0 {
			ratio := Div(p.capped, Scalar(y, o.Softcap))
			ds = Mul(ds, Sub(Scalar(y, 1), Mul(ratio, ratio)))
		}
		ds = Mul(ds, Scalar(y, p.scale))
		dq := p.rows(MatMul(ds, p.k), l.Heads, l.Size)
		dk := p.rows(p.shared(MatMul(swapLast(ds), p.q), l.Size), l.KeyHeads, l.Size)
		dv := p.rows(p.shared(MatMul(swapLast(dropped), dy), l.ValueSize), l.KeyHeads, l.ValueSize)
		if l.Packed {
			none := Const(y.Graph(), tensor.New(y.DType(), 0))
			return []*graph.Value{Concat(2, dq, dk, dv), none, none}
		}
		return []*graph.Value{dq, dk, dv}
	})
}

// shared sums over the heads of queries that share one of keys.
func (p *attentionParts) shared(x *graph.Value, size int) *graph.Value {
	group := p.layout.Heads / p.layout.KeyHeads
	if group == 1 {
		return x
	}
	x = Reshape(x, 0, p.layout.KeyHeads, group, -1, size)
	return ReduceSum(x, []int{2}, false)
}
