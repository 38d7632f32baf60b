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
	x := in[0]
	size := b.features(x)
	part := func(name string, layer Layer, in ...*graph.Value) *graph.Value {
		return b.Scope(name, func() *graph.Value { return layer.Build(b, in...) })
	}
	norm := func(name string, x *graph.Value) *graph.Value { return part(name, LayerNorm{Epsilon: l.Epsilon}, x) }
	attend := func(x *graph.Value) *graph.Value {
		attention := MultiHeadAttention{Heads: l.Heads, Causal: l.Causal, Padding: l.Padding, Dropout: l.Dropout}
		return b.Dropout(part("self_attn", attention, append([]*graph.Value{x}, in[1:]...)...), l.Dropout)
	}
	feed := func(x *graph.Value) *graph.Value {
		h := part("linear1", Dense{Units: l.Hidden, Activation: l.Activation, Dropout: l.Dropout}, x)
		return b.Dropout(part("linear2", Dense{Units: size}, h), l.Dropout)
	}
	if l.PreNorm {
		x = op.Add(x, attend(norm("norm1", x)))
		return op.Add(x, feed(norm("norm2", x)))
	}
	x = norm("norm1", op.Add(x, attend(x)))
	return norm("norm2", op.Add(x, feed(x)))
}
