package op

import (
	"fmt"
	"math"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/tensor"
)

// Views are the places of the heads in concrete queries, keys, values and results.
// With a past, keys and values are those with the past before them, [N, heads,
// keys, size].
func (l AttentionLayout) Views() (q, k, v, y kernel.HeadView) {
	extent := func(d graph.Dim) int { n, _ := d.Size(); return n }
	heads := func(heads, steps, size int) kernel.HeadView {
		return kernel.HeadView{Batch: heads * steps * size, Head: steps * size, Row: size}
	}
	rows := func(offset, width, steps, size int) kernel.HeadView {
		return kernel.HeadView{Offset: offset, Batch: steps * width, Head: size, Row: width}
	}
	queries, keys, past := extent(l.Queries), extent(l.Keys), extent(l.Past)
	q, y = heads(l.Heads, queries, l.Size), heads(l.Heads, queries, l.ValueSize)
	k, v = heads(l.KeyHeads, keys, l.Size), heads(l.KeyHeads, keys, l.ValueSize)
	if !l.Rows {
		return q, k, v, y
	}
	y = rows(0, l.Heads*l.ValueSize, queries, l.ValueSize)
	if l.Packed {
		width := (l.Heads + 2*l.KeyHeads) * l.Size
		q = rows(0, width, queries, l.Size)
		k = rows(l.Heads*l.Size, width, queries, l.Size)
		v = rows((l.Heads+l.KeyHeads)*l.Size, width, queries, l.Size)
		return q, k, v, y
	}
	q = rows(0, l.Heads*l.Size, queries, l.Size)
	if past == 0 {
		k = rows(0, l.KeyHeads*l.Size, keys, l.Size)
		v = rows(0, l.KeyHeads*l.ValueSize, keys, l.ValueSize)
	}
	return q, k, v, y
}

// attentionCase is an attention of concrete operands in float64.
type attentionCase struct {
	op                       AttentionOp
	layout                   AttentionLayout
	batch, queries, keys     int
	past                     int
	q, k, v                  []float64
	qAt, kAt, vAt, yAt       kernel.HeadView
	mask                     []float64 // to add, -∞ for what takes no part; nil for none
	maskStep                 [4]int
	maskKeys                 int
	lengths                  []int
	uniform                  []float64 // random numbers of the dropout
	threshold                float64   // below which they drop
	presentKey, presentValue *tensor.Tensor
	scale                    float64
}

// newAttentionCase reads the inputs of an attention.
func newAttentionCase(o AttentionOp, in []*tensor.Tensor) (*attentionCase, error) {
	types := make([]graph.Type, len(in))
	for i, x := range in {
		if x != nil {
			types[i] = graph.TypeOf(x)
		}
	}
	l, err := o.Layout(types)
	if err != nil {
		return nil, err
	}
	c := &attentionCase{op: o, layout: l}
	c.batch, _ = l.Batch.Size()
	c.queries, _ = l.Queries.Size()
	c.keys, _ = l.Keys.Size()
	c.past, _ = l.Past.Size()
	c.scale = o.Scale.Or(1 / math.Sqrt(float64(l.Size)))
	c.qAt, c.kAt, c.vAt, c.yAt = l.Views()
	c.q = tensor.Float64s(in[0])
	c.k, c.v = c.q, c.q
	if !l.Packed {
		key, value := withPast(in[1], arg(in, attentionPastKey), l.KeyHeads), withPast(in[2], arg(in, attentionPastValue), l.KeyHeads)
		c.k, c.v = tensor.Float64s(key), tensor.Float64s(value)
		c.presentKey, c.presentValue = inHeads(key, l.KeyHeads), inHeads(value, l.KeyHeads)
	}
	if m := arg(in, attentionMask); m != nil {
		c.setMask(m)
	}
	if n := arg(in, attentionLengths); n != nil {
		c.lengths = tensor.Ints(n)
		for b, n := range c.lengths {
			if n < 0 || n > c.keys {
				return nil, fmt.Errorf("nonpad_kv_seqlen[%d] is %d, of %d keys", b, n, c.keys)
			}
		}
	}
	if o.Dropout > 0 {
		shape := []int{c.batch, l.Heads, c.queries, c.keys}
		like := tensor.New(in[0].DType()).BroadcastTo(shape)
		u, err := RandomUniformOp{Purpose: o.Purpose}.Eval([]*tensor.Tensor{in[attentionRandomKey], in[attentionRandomIndex], like})
		if err != nil {
			return nil, err
		}
		c.uniform = tensor.Float64s(u[0])
		c.threshold = tensor.Float64s(tensor.Cast(tensor.Scalar(o.Dropout), in[0].DType()))[0]
	}
	return c, nil
}

// inHeads is [N, steps, heads·size] as [N, heads, steps, size].
func inHeads(x *tensor.Tensor, heads int) *tensor.Tensor {
	if x.Rank() == 4 {
		return x
	}
	s := x.Shape()
	return x.Reshape(s[0], s[1], heads, s[2]/heads).Transpose(0, 2, 1, 3).Contiguous()
}

// withPast is x with what is past before its steps; without a past it is x.
func withPast(x, past *tensor.Tensor, heads int) *tensor.Tensor {
	if past == nil {
		return x
	}
	y, _ := ConcatOp{Axis: 2}.Eval([]*tensor.Tensor{past, inHeads(x, heads)})
	return y[0]
}

func (c *attentionCase) setMask(m *tensor.Tensor) {
	shape := m.Shape()
	c.maskKeys = shape[len(shape)-1]
	step := strides(shape)
	for i, n := range shape {
		at := 4 - len(shape) + i
		if n > 1 || i == len(shape)-1 && c.keys == 1 {
			c.maskStep[at] = step[i]
		}
	}
	if c.maskKeys == 1 { // it broadcasts
		c.maskKeys = c.keys
	}
	if m.DType() != tensor.Bool {
		c.mask = tensor.Float64s(m)
		return
	}
	c.mask = tensor.Float64s(tensor.Cast(m, tensor.Float64))
	for i, v := range c.mask {
		c.mask[i] = 0
		if v == 0 {
			c.mask[i] = math.Inf(-1)
		}
	}
}

// bounds are the first key that takes part in a row, and the one after the last,
// by windows and lengths.
func (c *attentionCase) bounds(b, i int) (from, to int) {
	from, to = 0, c.keys
	at := i + c.past
	if c.lengths != nil {
		to = c.lengths[b]
		at += c.lengths[b] - c.queries
	}
	if c.op.Causal {
		to = min(to, at+1)
	}
	if w := c.op.RightWindow.Or(-1); w >= 0 {
		to = min(to, at+w+1)
	}
	if w := c.op.LeftWindow.Or(-1); w >= 0 {
		from = max(0, at-w)
	}
	return from, max(from, to)
}

// bias is what is added to a score: -∞ where nothing takes part.
func (c *attentionCase) bias(b, h, i, j int) float64 {
	if from, to := c.bounds(b, i); j < from || j >= to {
		return math.Inf(-1)
	}
	if c.mask == nil {
		return 0
	}
	if j >= c.maskKeys {
		return math.Inf(-1)
	}
	s := c.maskStep
	return c.mask[b*s[0]+h*s[1]+i*s[2]+j*s[3]]
}

// row computes the scores of a query in the four stages that qk_matmul_output may
// show, and the logarithm of the sum of their exponentials; for a query to which
// nothing takes part that is 0 and so is the last stage.
func (c *attentionCase) row(b, h, i int, stages [4][]float64) (lse float64) {
	l := c.layout
	kh := h / (l.Heads / l.KeyHeads)
	q := c.q[c.qAt.At(b, h)+i*c.qAt.Row:][:l.Size]
	top := math.Inf(-1)
	live := false
	for j := range c.keys {
		k := c.k[c.kAt.At(b, kh)+j*c.kAt.Row:][:l.Size]
		s := 0.0
		for d, v := range q {
			s += float64(v * k[d])
		}
		s *= c.scale
		stages[0][j] = s
		if c.op.Softcap > 0 {
			s = c.op.Softcap * math.Tanh(s/c.op.Softcap)
		}
		stages[1][j] = s
		bias := c.bias(b, h, i, j)
		live = live || !math.IsInf(bias, -1)
		stages[2][j] = s + bias
		top = max(top, s+bias)
	}
	p := stages[3]
	if !live {
		clear(p)
		return 0
	}
	sum := 0.0
	for j, s := range stages[2] {
		p[j] = math.Exp(s - top)
		sum += p[j]
	}
	for j := range p {
		p[j] /= sum
	}
	return top + math.Log(sum)
}

// dropped is the factor by which the dropout multiplies an element of the softmax.
func (c *attentionCase) dropped(b, h, i, j int) float64 {
	if c.uniform == nil {
		return 1
	}
	if c.uniform[((b*c.layout.Heads+h)*c.queries+i)*c.keys+j] < c.threshold {
		return 0
	}
	return 1 / (1 - c.op.Dropout)
}

// each calls f for every query of every head, with its place among all.
func (c *attentionCase) each(f func(b, h, i, flat int)) {
	eachIndex(tensor.Shape{c.batch, c.layout.Heads, c.queries}, func(flat int, at []int) { f(at[0], at[1], at[2], flat) })
}

// Eval is the definition.
func (o AttentionOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	c, err := newAttentionCase(o, in)
	if err != nil {
		return nil, err
	}
	l, dt := c.layout, in[0].DType()
	n := c.batch * l.Heads * c.queries
	y, lse := make([]float64, n*l.ValueSize), make([]float64, n)
	var scores []float64
	var stages [4][]float64
	for i := range stages {
		stages[i] = make([]float64, c.keys)
	}
	c.each(func(b, h, i, flat int) {
		lse[flat] = c.row(b, h, i, stages)
		if o.Scores {
			scores = append(scores, stages[o.ScoresMode]...)
		}
		kh := h / (l.Heads / l.KeyHeads)
		out := y[c.yAt.At(b, h)+i*c.yAt.Row:][:l.ValueSize]
		for j, p := range stages[3] {
			if p *= c.dropped(b, h, i, j); p != 0 {
				for d, v := range c.v[c.vAt.At(b, kh)+j*c.vAt.Row:][:l.ValueSize] {
					out[d] += float64(p * v)
				}
			}
		}
	})
	shape := tensor.Shape{c.batch, l.Heads, c.queries, l.ValueSize}
	if l.Rows {
		shape = tensor.Shape{c.batch, c.queries, l.Heads * l.ValueSize}
	}
	none := tensor.New(dt, 0)
	outs := []*tensor.Tensor{ofFloats(dt, y, shape), none, none, none, ofFloats(dt, lse, tensor.Shape{c.batch, l.Heads, c.queries})}
	if o.Present {
		outs[1], outs[2] = c.presentKey, c.presentValue
	}
	if o.Scores {
		outs[3] = ofFloats(dt, scores, tensor.Shape{c.batch, l.Heads, c.queries, c.keys})
	}
	return outs, nil
}

// weight is the softmax e^(s - lse) of a raw score, and the slope of its cap.
func (c *attentionCase) weight(b, h, i, j int, s, lse float64) (p, slope float64) {
	slope = 1
	if limit := c.op.Softcap; limit > 0 {
		t := math.Tanh(s / limit)
		s, slope = limit*t, 1-float64(t*t)
	}
	return math.Exp(s + c.bias(b, h, i, j) - lse), slope
}
