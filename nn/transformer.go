package nn

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
)

// TransformerEncoder is a block of a transformer's encoder (Vaswani et al. 2017):
// attention and a feed-forward net, each with dropout, a residual connection and
// layer norm.
//
//	h = norm1(x + attention(x)), y = norm2(h + feed(h))
//	h = x + attention(norm1(x)), y = h + feed(norm2(h)) with PreNorm
//
// With Padding the last of two inputs is what is not padding, [N, steps].
//
// Shapes: x and y are [N, steps, size]. Parameters are those of PyTorch's
// TransformerEncoderLayer: self_attn.…, linear1.…, linear2.…, norm1.…, norm2.….
type TransformerEncoder struct {
	Heads      int        `required:"true" min:"1" doc:"number of heads, which share the input's size"`
	Hidden     int        `required:"true" min:"1" doc:"size between the two layers of the feed-forward net"`
	Activation Activation `default:"relu" doc:"function in the feed-forward net, such as gelu"`
	PreNorm    bool       `doc:"normalize what goes into attention and feed-forward net, not what comes out"`
	Causal     bool       `doc:"a step attends to itself and those before it"`
	Padding    bool       `doc:"the last input tells what is not padding"`
	Dropout    float64    `min:"0" max:"1" exclusive:"max" doc:"share of the values that training sets to 0"`
	Epsilon    float64    `default:"1e-5" min:"0" doc:"added to the variance"`
}

// Build adds the layer to the graph.
func (l TransformerEncoder) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	if len(in) < 1 {
		b.Failf("takes one input, given none")
	}
	t := transformer{b: b, dropout: l.Dropout, epsilon: l.Epsilon, preNorm: l.PreNorm}
	self := MultiHeadAttention{Heads: l.Heads, Causal: l.Causal, Padding: l.Padding, Dropout: l.Dropout}
	x := t.residual(in[0], "norm1", t.attention("self_attn", self, in[1:]...))
	return t.residual(x, "norm2", t.feed(l.Hidden, l.Activation, b.features(x)))
}

// TransformerDecoder is a block of a transformer's decoder (Vaswani et al. 2017):
// attention to the steps up to each, attention to a memory, and a feed-forward net,
// each with dropout, a residual connection and layer norm.
//
//	h = norm1(x + attention(x)), k = norm2(h + attention(h, m)), y = norm3(k + feed(k))
//	h = x + attention(norm1(x)), k = h + attention(norm2(h), m), y = k + feed(norm3(k)) with PreNorm
//
// Its inputs are x and the memory m, such as what an encoder gives; with Padding the
// last of three is what of the memory is not padding, [N, steps of m].
//
// Shapes: x and y are [N, steps, size], m is [N, steps of m, any size]. Parameters
// are those of PyTorch's TransformerDecoderLayer: self_attn.…, multihead_attn.…,
// linear1.…, linear2.…, norm1.…, norm2.…, norm3.….
type TransformerDecoder struct {
	Heads      int        `required:"true" min:"1" doc:"number of heads, which share the input's size"`
	Hidden     int        `required:"true" min:"1" doc:"size between the two layers of the feed-forward net"`
	Activation Activation `default:"relu" doc:"function in the feed-forward net, such as gelu"`
	PreNorm    bool       `doc:"normalize what goes into attentions and feed-forward net, not what comes out"`
	Causal     *bool      `default:"true" doc:"a step attends to itself and those before it, not to all"`
	Padding    bool       `doc:"the last input tells what of the memory is not padding"`
	Dropout    float64    `min:"0" max:"1" exclusive:"max" doc:"share of the values that training sets to 0"`
	Epsilon    float64    `default:"1e-5" min:"0" doc:"added to the variance"`
}

// Build adds the layer to the graph.
func (l TransformerDecoder) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	if len(in) < 2 {
		b.Failf("takes an input and a memory, given %d inputs", len(in))
	}
	t := transformer{b: b, dropout: l.Dropout, epsilon: l.Epsilon, preNorm: l.PreNorm}
	self := MultiHeadAttention{Heads: l.Heads, Causal: *l.Causal, Dropout: l.Dropout}
	cross := MultiHeadAttention{Heads: l.Heads, Padding: l.Padding, Dropout: l.Dropout}
	x := t.residual(in[0], "norm1", t.attention("self_attn", self))
	x = t.residual(x, "norm2", t.attention("multihead_attn", cross, in[1:]...))
	return t.residual(x, "norm3", t.feed(l.Hidden, l.Activation, b.features(x)))
}

// transformer adds the parts of a block.
type transformer struct {
	b                *Builder
	dropout, epsilon float64
	preNorm          bool
}

// part adds a layer under its name.
func (t transformer) part(name string, layer Layer, in ...*graph.Value) *graph.Value {
	return t.b.Scope(name, func() *graph.Value { return layer.Build(t.b, in...) })
}

// residual is x and what a part makes of it, normalized after or before.
func (t transformer) residual(x *graph.Value, norm string, part func(x *graph.Value) *graph.Value) *graph.Value {
	layer := LayerNorm{Epsilon: t.epsilon}
	if t.preNorm {
		return op.Add(x, part(t.part(norm, layer, x)))
	}
	return t.part(norm, layer, op.Add(x, part(x)))
}

// attention is that of x to itself, or to the memory that others begin with.
func (t transformer) attention(name string, layer MultiHeadAttention, others ...*graph.Value) func(x *graph.Value) *graph.Value {
	return func(x *graph.Value) *graph.Value {
		return t.b.Dropout(t.part(name, layer, append([]*graph.Value{x}, others...)...), t.dropout)
	}
}

// feed is the feed-forward net.
func (t transformer) feed(hidden int, activation Activation, size int) func(x *graph.Value) *graph.Value {
	return func(x *graph.Value) *graph.Value {
		h := t.part("linear1", Dense{Units: hidden, Activation: activation, Dropout: t.dropout}, x)
		return t.b.Dropout(t.part("linear2", Dense{Units: size}, h), t.dropout)
	}
}
