package op

import (
	"math"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// attentionParts is an attention by the operators it is made of: heads [N, heads,
// steps, size], of keys and values one for each of the queries'.
type attentionParts struct {
	op           AttentionOp
	layout       AttentionLayout
	in           []*graph.Value
	q, k, v      *graph.Value
	key, value   *graph.Value // with the past, before heads are shared
	scores       *graph.Value // Scale·Q·Kᵀ
	capped       *graph.Value
	masked       *graph.Value // with -∞, or a mask's number, where there is one
	bounded      *graph.Value // masked with the lowest number instead of -∞
	live         *graph.Value // what takes part, of a shape that broadcasts; nil for all
	softmax, lse *graph.Value
	scale        float64
}

// newAttentionParts builds the parts up to the softmax.
func newAttentionParts(o AttentionOp, in []*graph.Value) *attentionParts {
	p := &attentionParts{op: o, in: in}
	types := make([]graph.Type, len(in))
	for i, v := range in {
		if v != nil {
			types[i] = v.Type()
		}
	}
	p.layout, _ = o.Layout(types)
	l := p.layout
	p.scale = o.Scale.Or(1 / math.Sqrt(float64(l.Size)))
	q, k, v := in[0], optional(in, 1), optional(in, 2)
	if l.Packed {
		parts := Split(q, 2, l.Heads*l.Size, l.KeyHeads*l.Size, l.KeyHeads*l.Size)
		q, k, v = parts[0], parts[1], parts[2]
	}
	q, p.key, p.value = p.heads(q, l.Heads, l.Size), p.heads(k, l.KeyHeads, l.Size), p.heads(v, l.KeyHeads, l.ValueSize)
	if past := optional(in, attentionPastKey); past != nil {
		p.key = Concat(2, past, p.key)
		p.value = Concat(2, in[attentionPastValue], p.value)
	}
	p.q, p.k, p.v = q, p.share(p.key, l.Size), p.share(p.value, l.ValueSize)
	p.scores = Mul(MatMul(p.q, swapLast(p.k)), Scalar(q, p.scale))
	p.capped = p.scores
	if o.Softcap > 0 {
		c := Scalar(q, o.Softcap)
		p.capped = Mul(c, Tanh(Div(p.scores, c)))
	}
	p.mask()
	p.softmax = Softmax(p.bounded, -1)
	logs := LogSoftmax(p.bounded, -1)
	p.lse = Sub(ReduceMax(p.bounded, []int{-1}, false), ReduceMax(logs, []int{-1}, false))
	if p.live != nil {
		zero := Scalar(q, 0)
		p.softmax = Where(p.live, p.softmax, zero)
		alive := ReduceMax(Cast(p.live, q.DType()), []int{-1}, false)
		p.lse = Where(Greater(alive, zero), p.lse, zero)
	}
	return p
}

// heads is x as [N, heads, steps, size].
func (p *attentionParts) heads(x *graph.Value, heads, size int) *graph.Value {
	if !p.layout.Rows {
		return x
	}
	return Transpose(Reshape(x, 0, 0, heads, size), 0, 2, 1, 3)
}

// share repeats each head of keys or values for the heads of queries that share it.
func (p *attentionParts) share(x *graph.Value, size int) *graph.Value {
	group := p.layout.Heads / p.layout.KeyHeads
	if group == 1 {
		return x
	}
	return Reshape(Tile(Unsqueeze(x, 2), 1, 1, group, 1, 1), 0, p.layout.Heads, -1, size)
}

// rows is [N, heads, steps, size] as the operator gives it.
func (p *attentionParts) rows(x *graph.Value, heads, size int) *graph.Value {
	if !p.layout.Rows {
		return x
	}
	return Reshape(Transpose(x, 0, 2, 1, 3), 0, 0, heads*size)
}

// allow narrows down what takes part.
func (p *attentionParts) allow(cond *graph.Value) {
	if p.live != nil {
		cond = And(p.live, cond)
	}
	p.live = cond
}

// mask computes what takes part, and the masked scores.
func (p *attentionParts) mask() {
	o := p.op
	mask := p.padded()
	masked := p.capped
	switch {
	case mask == nil:
	case mask.DType() == tensor.Bool:
		p.allow(mask)
	default:
		masked = Add(p.capped, mask)
		p.allow(Greater(mask, Scalar(mask, math.Inf(-1))))
	}
	left, right := o.LeftWindow.Or(-1), o.RightWindow.Or(-1)
	if o.Causal && right < 0 {
		right = 0
	}
	if o.Causal {
		right = min(right, 0)
	}
	lengths := optional(p.in, attentionLengths)
	if left >= 0 || right >= 0 || lengths != nil {
		p.window(left, right, lengths)
	}
	if p.live == nil && p.layout.Keys.Is(0) {
		p.allow(Const(p.capped.Graph(), tensor.New(tensor.Bool, 1, 1, 1, 1)))
	}
	p.masked, p.bounded = masked, masked
	if p.live == nil {
		return
	}
	p.masked = Where(p.live, masked, Scalar(masked, math.Inf(-1)))
	p.bounded = Where(p.live, masked, Scalar(masked, lowest))
}

// lowest stands for -∞ before a softmax, which then gives no NaN where nothing
// takes part. No score comes near it.
const lowest = -1e30

// padded is the mask with as many columns as there are keys.
func (p *attentionParts) padded() *graph.Value {
	mask := optional(p.in, attentionMask)
	if mask == nil {
		return nil
	}
	n, known := mask.Shape()[mask.Rank()-1].Size()
	keys, bounded := p.layout.Keys.Size()
	if !known || !bounded || n == 1 || n >= keys {
		return mask
	}
	shape, _ := mask.Shape().Concrete()
	shape[len(shape)-1] = keys - n
	rest := tensor.New(mask.DType(), shape...)
	if mask.DType() != tensor.Bool {
		rest = tensor.Cast(tensor.Full(math.Inf(-1), shape...), mask.DType())
	}
	return Concat(-1, mask, Const(mask.Graph(), rest))
}

// window allows the keys that windows and lengths allow.
func (p *attentionParts) window(left, right int, lengths *graph.Value) {
	column := Range(extentOf(p.scores, 3))
	row := Unsqueeze(Range(extentOf(p.scores, 2)), 1)
	switch {
	case lengths != nil:
		of := Unsqueeze(lengths, 1, 2, 3)
		p.allow(Less(column, of))
		row = Add(row, Sub(of, extentOf(p.scores, 2)))
	case optional(p.in, attentionPastKey) != nil:
		row = Add(row, extentOf(p.in[attentionPastKey], 2))
	}
	if right >= 0 {
		p.allow(LessOrEqual(column, Add(row, Ints(column, right))))
	}
	if left >= 0 {
		p.allow(GreaterOrEqual(column, Sub(row, Ints(column, left))))
	}
}

// keep is what the dropout multiplies the softmax by; nil for no dropout.
func (p *attentionParts) keep() *graph.Value {
	if p.op.Dropout == 0 {
		return nil
	}
	u := RandomUniform(p.in[attentionRandomKey], p.in[attentionRandomIndex], p.scores, p.op.Purpose)
	zero, kept := Scalar(u, 0), Scalar(u, 1/(1-p.op.Dropout))
	return Where(Less(u, Scalar(u, p.op.Dropout)), zero, kept)
}

// Parts builds the operator from those that every version of ONNX has, with the
// same outputs. It is what a file holds, and what the gradient of a gradient goes
// through.
func (o AttentionOp) Parts(in []*graph.Value) []*graph.Value {
	p := newAttentionParts(o, in)
	softmax := p.softmax
	if keep := p.keep(); keep != nil {
		softmax = Mul(softmax, keep)
	}
	none := Const(in[0].Graph(), tensor.New(in[0].DType(), 0))
	out := []*graph.Value{p.rows(MatMul(softmax, p.v), p.layout.Heads, p.layout.ValueSize), none, none, none, p.lse}
	if o.Present {
		out[1], out[2] = p.key, p.value
	}
	if o.Scores {
		out[3] = []*graph.Value{p.scores, p.capped, p.masked, p.softmax}[o.ScoresMode]
	}
	return out
}

// Grad is [AttentionGradOp], or that of the parts where another output than Y
// matters, the mask is trained or keys have a past.
func (o AttentionOp) Grad(in, out, g []*graph.Value) []*graph.Value {
	fused := !needsGrad(optional(in, attentionMask)) && optional(in, attentionPastKey) == nil
	for _, other := range g[1:] {
		fused = fused && other == nil
	}
	if !fused {
		return gradByParts(in, g, o.Parts)
	}
	d := apply(AttentionGradOp(o), append([]*graph.Value{g[0], out[0], out[4]}, in...)...)
	if optional(in, 1) == nil {
		d = d[:1]
	}
	return append(d, make([]*graph.Value, len(in)-len(d))...)
}
