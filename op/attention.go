package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// AttentionOp is scaled dot product attention of several heads, ONNX's operator
// of opset 25:
//
//	Y = softmax(softcap(Scale·Q·Kᵀ) + mask)·V
//
// Queries, keys and values are [N, heads, steps, size] or, with the heads side by
// side, [N, steps, heads·size]. Where there are more heads of queries than of keys
// and values, neighbors share one. The mask broadcasts to [N, heads, queries,
// keys]: true is what takes part, or a number is added. A query to which nothing
// takes part gives zeros.
//
// Beside ONNX's form there is one for layers: K and V may be left out, and Q then
// holds rows of queries, keys and values side by side, [N, steps, (heads +
// 2·key heads)·size]. Files hold the operator by its parts: see [AttentionOp.Parts].
type AttentionOp struct {
	Heads       int          `onnx:"q_num_heads"`  // only of rows [N, steps, heads·size]
	KeyHeads    int          `onnx:"kv_num_heads"` // the same, of keys and values
	Scale       Opt[float64] `onnx:"scale"`        // 1/√size is the default
	Softcap     float64      `onnx:"softcap" default:"0"`
	Causal      bool         `onnx:"is_causal" default:"0"`
	LeftWindow  Opt[int]     `onnx:"left_window_size" default:"-1"`
	RightWindow Opt[int]     `onnx:"right_window_size" default:"-1"`
	ScoresMode  int          `onnx:"qk_matmul_output_mode" default:"0"` // 0 Scale·Q·Kᵀ, 1 capped, 2 with the mask, 3 after softmax
	Precision   int          `onnx:"softmax_precision"`                 // the type in which others compute it

	// Present and Scores ask for the outputs of these names, which are empty
	// otherwise.
	Present, Scores bool
	// Dropout is the share of the softmax that is set to 0, the rest being
	// divided by 1 - Dropout; it takes its random numbers as [RandomUniform] of
	// [N, heads, queries, keys] does, by the inputs key and index.
	Dropout float64
	Purpose int
}

// The inputs of [AttentionOp] after Q, K and V.
const (
	attentionMask = 3 + iota
	attentionPastKey
	attentionPastValue
	attentionLengths
	attentionRandomKey
	attentionRandomIndex
	attentionInputs
)

// Attention is the attention of q over k and v; mask may be nil. See [AttentionOp].
func Attention(q, k, v, mask *graph.Value, o AttentionOp) *graph.Value {
	return apply(o, q, k, v, mask)[0]
}

// AttentionDropout is [Attention] in training, with random numbers as those of
// [RandomUniform].
func AttentionDropout(q, k, v, mask, key, index *graph.Value, o AttentionOp) *graph.Value {
	return apply(o, q, k, v, mask, nil, nil, nil, key, index)[0]
}

// Spec describes the operator.
func (o AttentionOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "Attention", Since: 25, Formula: "Y = softmax(scale·Q·Kᵀ + mask)·V",
		Source:  "Vaswani and others, \"Attention is all you need\", 2017, section 3.2; ONNX operators",
		Inputs:  []string{"Q", "K?", "V?", "attn_mask?", "past_key?", "past_value?", "nonpad_kv_seqlen?", "key?", "index?"},
		Outputs: []string{"Y", "present_key?", "present_value?", "qk_matmul_output?", "lse?"}, ULP: 64,
		FLOPs: func(in, out []graph.Type) int64 { return o.flops(in, out, 2) },
		Cases: attentionCases,
	}
}

// flops counts products of queries by keys for each element of lse, the last of
// the outputs of the operator.
func (o AttentionOp) flops(in, out []graph.Type, products int64) int64 {
	l, err := o.Layout(in)
	if err != nil {
		return 0
	}
	keys, _ := l.Keys.Size()
	return elements(out[4]) * int64(keys) * int64(l.Size+l.ValueSize) * products
}

// AttentionLayout says where the heads of an attention's operands are.
type AttentionLayout struct {
	Batch, Queries, Past, Keys graph.Dim // Keys counts the past, too
	Heads, KeyHeads            int
	Size, ValueSize            int  // of a head
	Rows                       bool // heads side by side, [N, steps, heads·size]
	Packed                     bool // queries, keys and values side by side
}

// Layout is the layout of the operands, which it checks.
func (o AttentionOp) Layout(in []graph.Type) (AttentionLayout, error) {
	q := in[0]
	l := AttentionLayout{Packed: !has(in, 1), Past: graph.Known(0)}
	if l.Packed != !has(in, 2) {
		return l, fmt.Errorf("keys and values come together, or both with the queries")
	}
	var err error
	switch {
	case l.Packed && q.Rank() == 3:
		l.Heads, l.KeyHeads, l.Rows = o.Heads, or(o.KeyHeads, o.Heads), true
		width, known := q.Shape[2].Size()
		n := l.Heads + 2*l.KeyHeads
		if !known || l.Heads < 1 || l.KeyHeads < 1 || width%n != 0 {
			return l, fmt.Errorf("rows of %v numbers are not %d heads of queries and twice %d of keys", q.Shape[2], l.Heads, l.KeyHeads)
		}
		l.Size = width / n
		l.ValueSize = l.Size
		l.Batch, l.Queries, l.Keys = q.Shape[0], q.Shape[1], q.Shape[1]
	case l.Packed:
		return l, fmt.Errorf("queries, keys and values side by side must be [N, steps, size], not %v", q.Shape)
	case q.Rank() == 3 && in[1].Rank() == 3 && in[2].Rank() == 3:
		l.Heads, l.KeyHeads, l.Rows = o.Heads, o.KeyHeads, true
		if l.Heads < 1 || l.KeyHeads < 1 {
			return l, fmt.Errorf("q_num_heads and kv_num_heads must be given for inputs of three axes")
		}
		l.Batch, l.Queries, l.Keys = q.Shape[0], q.Shape[1], in[1].Shape[1]
		if l.Size, err = headSize("the queries", q.Shape[2], l.Heads); err == nil {
			l.ValueSize, err = headSize("the values", in[2].Shape[2], l.KeyHeads)
		}
		if size, known := in[1].Shape[2].Size(); err == nil && known && size != l.KeyHeads*l.Size {
			err = fmt.Errorf("the keys %v are not %d heads of the queries' size %d", in[1].Shape, l.KeyHeads, l.Size)
		}
		for i, kv := range in[1:3] {
			if err == nil {
				err = wantShape([]string{"the keys", "the values"}[i], kv, graph.Shape{l.Batch, l.Keys, kv.Shape[2]})
			}
		}
	case q.Rank() == 4 && in[1].Rank() == 4 && in[2].Rank() == 4:
		l.Batch, l.Queries, l.Keys = q.Shape[0], q.Shape[2], in[1].Shape[2]
		for _, d := range []struct {
			to   *int
			what string
			dim  graph.Dim
		}{
			{&l.Heads, "the number of heads", q.Shape[1]},
			{&l.KeyHeads, "the number of the keys' heads", in[1].Shape[1]},
			{&l.Size, "the size of a head", q.Shape[3]},
			{&l.ValueSize, "the size of a value", in[2].Shape[3]},
		} {
			n, known := d.dim.Size()
			if !known || n < 1 {
				return l, fmt.Errorf("%s must be known and above 0, not %v", d.what, d.dim)
			}
			*d.to = n
		}
		if err := wantShape("the keys", in[1], graph.Shape{l.Batch, graph.Known(l.KeyHeads), l.Keys, graph.Known(l.Size)}); err != nil {
			return l, err
		}
		err = wantShape("the values", in[2], graph.Shape{l.Batch, graph.Known(l.KeyHeads), l.Keys, graph.Known(l.ValueSize)})
	default:
		return l, fmt.Errorf("queries, keys and values must all have 3 or all 4 dimensions, but are %v, %v and %v", q.Shape, in[1].Shape, in[2].Shape)
	}
	if err != nil {
		return l, err
	}
	if l.Heads%l.KeyHeads != 0 {
		return l, fmt.Errorf("%d heads of queries cannot share %d of keys", l.Heads, l.KeyHeads)
	}
	return l, o.withPast(&l, in)
}

func headSize(what string, width graph.Dim, heads int) (int, error) {
	n, known := width.Size()
	if !known || n < heads || n%heads != 0 {
		return 0, fmt.Errorf("%s' rows of %v numbers are not %d heads", what, width, heads)
	}
	return n / heads, nil
}

// withPast adds the keys of the past.
func (o AttentionOp) withPast(l *AttentionLayout, in []graph.Type) error {
	if has(in, attentionPastKey) != has(in, attentionPastValue) {
		return fmt.Errorf("past keys and values come together")
	}
	if !has(in, attentionPastKey) {
		return nil
	}
	if l.Packed || has(in, attentionLengths) {
		return fmt.Errorf("a past goes neither with packed rows nor with nonpad_kv_seqlen")
	}
	key := in[attentionPastKey]
	if key.Rank() != 4 {
		return fmt.Errorf("the past keys must have 4 dimensions, but their shape is %v", key.Shape)
	}
	l.Past = key.Shape[2]
	l.Keys = l.Keys.Add(l.Past)
	heads := graph.Known(l.KeyHeads)
	if err := wantShape("the past keys", key, graph.Shape{l.Batch, heads, l.Past, graph.Known(l.Size)}); err != nil {
		return err
	}
	return wantShape("the past values", in[attentionPastValue], graph.Shape{l.Batch, heads, l.Past, graph.Known(l.ValueSize)})
}

// Infer checks the operands, mask and options.
func (o AttentionOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 1, attentionInputs); err != nil {
		return nil, err
	}
	if err := wantFloat(in[0]); err != nil {
		return nil, err
	}
	l, err := o.Layout(in)
	if err != nil {
		return nil, err
	}
	for _, i := range []int{1, 2, attentionPastKey, attentionPastValue} {
		if has(in, i) {
			if err := sameDType(in[0], in[i]); err != nil {
				return nil, err
			}
		}
	}
	if err := o.checkMask(in, l); err != nil {
		return nil, err
	}
	if err := o.checkOptions(in, l); err != nil {
		return nil, err
	}
	q, heads := in[0], graph.Known(l.Heads)
	y := q.With(l.Batch, heads, l.Queries, graph.Known(l.ValueSize))
	if l.Rows {
		y = q.With(l.Batch, l.Queries, graph.Known(l.Heads*l.ValueSize))
	}
	none := q.With(graph.Known(0))
	key, value, scores := none, none, none
	if o.Present {
		key = q.With(l.Batch, graph.Known(l.KeyHeads), l.Keys, graph.Known(l.Size))
		value = q.With(l.Batch, graph.Known(l.KeyHeads), l.Keys, graph.Known(l.ValueSize))
	}
	if o.Scores {
		scores = q.With(l.Batch, heads, l.Queries, l.Keys)
	}
	return []graph.Type{y, key, value, scores, q.With(l.Batch, heads, l.Queries)}, nil
}

func (o AttentionOp) checkMask(in []graph.Type, l AttentionLayout) error {
	if !has(in, attentionMask) {
		return nil
	}
	m := in[attentionMask]
	if err := wantDType("the mask", m, tensor.Bool, in[0].DType); err != nil {
		return err
	}
	want := graph.Shape{l.Batch, graph.Known(l.Heads), l.Queries, l.Keys}
	if m.Rank() < 1 || m.Rank() > 4 {
		return fmt.Errorf("the mask %v does not broadcast to %v", m.Shape, want)
	}
	for i, d := range m.Shape {
		to := want[4-m.Rank()+i]
		n, known := d.Size()
		most, bounded := to.Size()
		short := i == m.Rank()-1 && known && bounded && n < most // nothing takes part beyond it
		if differ(d, to) && n != 1 && !short {
			return fmt.Errorf("the mask %v does not broadcast to %v", m.Shape, want)
		}
	}
	return nil
}

func (o AttentionOp) checkOptions(in []graph.Type, l AttentionLayout) error {
	switch {
	case o.LeftWindow.Or(-1) < -1 || o.RightWindow.Or(-1) < -1:
		return fmt.Errorf("a window of %v and %v is negative", o.LeftWindow, o.RightWindow)
	case o.Softcap < 0:
		return fmt.Errorf("softcap is %v: it cannot be negative", o.Softcap)
	case o.ScoresMode < 0 || o.ScoresMode > 3:
		return fmt.Errorf("qk_matmul_output_mode is %d: want 0 to 3", o.ScoresMode)
	case o.Present && l.Packed:
		return fmt.Errorf("packed rows give no present keys and values")
	case o.Dropout < 0 || o.Dropout >= 1:
		return fmt.Errorf("dropout is %v: want 0 to below 1", o.Dropout)
	}
	if has(in, attentionLengths) {
		if err := wantDType("nonpad_kv_seqlen", in[attentionLengths], tensor.Int64); err != nil {
			return err
		}
		if err := wantShape("nonpad_kv_seqlen", in[attentionLengths], graph.Shape{l.Batch}); err != nil {
			return err
		}
	}
	if o.Dropout == 0 {
		return nil
	}
	if !has(in, attentionRandomKey) || !has(in, attentionRandomIndex) {
		return fmt.Errorf("dropout takes the inputs key and index")
	}
	scores := in[0].With(l.Batch, graph.Known(l.Heads), l.Queries, l.Keys)
	_, err := RandomUniformOp{}.Infer([]graph.Type{in[attentionRandomKey], in[attentionRandomIndex], scores})
	return err
}

// Asked is the operator with the outputs that are asked for, of which the first
// is always there.
func (o AttentionOp) Asked(outputs []bool) graph.Op {
	asked := func(i int) bool { return i < len(outputs) && outputs[i] }
	o.Present, o.Scores = asked(1) || asked(2), asked(3)
	return o
}
