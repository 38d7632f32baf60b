package nn

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// Attention is scaled dot product attention of its inputs: queries, keys and
// values, each [N, steps, heads·size], and as a fourth input maybe what the
// keys' padding is, [N, steps], zero for padding. It has no parameters;
// [MultiHeadAttention] has.
//
// Shapes: y is [N, steps of the queries, heads·size of the values].
type Attention struct {
	Heads    int     `required:"true" min:"1" doc:"number of heads"`
	KeyHeads int     `min:"0" doc:"number of heads of keys and values, which neighboring heads share; 0 is as many as heads"`
	Causal   bool    `doc:"a step attends to itself and those before it"`
	Dropout  float64 `min:"0" max:"1" exclusive:"max" doc:"share of the attention's weights that training sets to 0"`
}

// Build adds the layer to the graph.
func (l Attention) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	if len(in) != 3 && len(in) != 4 {
		b.Failf("takes queries, keys, values and maybe what is not padding, given %d inputs", len(in))
	}
	var padding *graph.Value
	if len(in) == 4 {
		padding = in[3]
	}
	return l.attend(b, in[0], in[1], in[2], padding)
}

// attend is the attention of q over k and v, which are nil where q is packed rows;
// padding may be nil.
func (l Attention) attend(b *Builder, q, k, v, padding *graph.Value) *graph.Value {
	o := op.AttentionOp{Heads: l.Heads, KeyHeads: l.KeyHeads, Causal: l.Causal}
	if o.KeyHeads == 0 {
		o.KeyHeads = l.Heads
	}
	var mask *graph.Value
	if padding != nil {
		mask = op.Unsqueeze(b.truth(padding), 1, 2)
	}
	if !b.Train || l.Dropout == 0 {
		return op.Attention(q, k, v, mask, o)
	}
	o.Dropout, o.Purpose = l.Dropout, b.purpose()
	key, index := b.input(KeyInput, graph.Known(2)), b.input(IndexInput, q.Shape()[0])
	return op.AttentionDropout(q, k, v, mask, key, index, o)
}

// truth is x ≠ 0.
func (b *Builder) truth(x *graph.Value) *graph.Value {
	if x.DType() == tensor.Bool {
		return x
	}
	return op.Not(op.Equal(x, op.Scalar(x, 0)))
}

// MultiHeadAttention projects its input to queries, keys and values, attends with
// several heads and projects the result (Vaswani et al. 2017):
//
//	y = attention(x·Wqᵀ, m·Wkᵀ, m·Wvᵀ)·Woᵀ
//
// Its inputs are x, for attention to itself, and maybe a memory m to attend to; with
// Padding the last input is what of the memory is not padding, [N, steps], zero for
// padding.
//
// Shapes: x is [N, steps, size], y the same. Parameters, as PyTorch's: in_proj_weight
// [3·size, size] and in_proj_bias (of a memory of another size q_proj_weight,
// k_proj_weight and v_proj_weight), out_proj.weight [size, size], out_proj.bias.
type MultiHeadAttention struct {
	Heads   int     `required:"true" min:"1" doc:"number of heads, which share the input's size"`
	Causal  bool    `doc:"a step attends to itself and those before it"`
	Padding bool    `doc:"the last input tells what is not padding"`
	Dropout float64 `min:"0" max:"1" exclusive:"max" doc:"share of the attention's weights that training sets to 0"`
	Bias    *bool   `default:"true" doc:"add trained biases"`
	Init    Init    `default:"xavier_uniform" doc:"first values of the projections"`
}

// Build adds the layer to the graph.
func (l MultiHeadAttention) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	var padding *graph.Value
	if l.Padding && len(in) > 1 {
		in, padding = in[:len(in)-1], in[len(in)-1]
	} else if l.Padding {
		b.Failf("wants what is not padding as its last input")
	}
	if len(in) < 1 || len(in) > 2 {
		b.Failf("takes an input and maybe a memory, given %d", len(in))
	}
	x := in[0]
	size := b.features(x)
	if size%l.Heads != 0 {
		b.Failf("%d features are not %d heads of one size", size, l.Heads)
	}
	core := Attention{Heads: l.Heads, Causal: l.Causal, Dropout: l.Dropout}
	var y *graph.Value
	if len(in) == 1 {
		w := b.Param("in_proj_weight", l.Init, 3*size, size)
		y = core.attend(b, b.linear(x, w, l.bias(b, 3*size)), nil, nil, padding)
	} else {
		q, k, v := l.project(b, x, in[1], size)
		y = core.attend(b, q, k, v, padding)
	}
	return b.Scope("out_proj", func() *graph.Value {
		return Dense{Units: size, Bias: l.Bias, Init: "fan_in_uniform", BiasInit: "zeros"}.Build(b, y)
	})
}

// project is the queries of x and the keys and values of a memory.
func (l MultiHeadAttention) project(b *Builder, x, memory *graph.Value, size int) (q, k, v *graph.Value) {
	of := b.features(memory)
	var weights [3]*graph.Value
	if of == size {
		copy(weights[:], op.Split(b.Param("in_proj_weight", l.Init, 3*size, size), 0, size, size, size))
	} else {
		weights = [3]*graph.Value{
			b.Param("q_proj_weight", l.Init, size, size), b.Param("k_proj_weight", l.Init, size, of), b.Param("v_proj_weight", l.Init, size, of),
		}
	}
	var biases [3]*graph.Value
	if bias := l.bias(b, 3*size); bias != nil {
		copy(biases[:], op.Split(bias, 0, size, size, size))
	}
	return b.linear(x, weights[0], biases[0]), b.linear(memory, weights[1], biases[1]), b.linear(memory, weights[2], biases[2])
}

func (l MultiHeadAttention) bias(b *Builder, size int) *graph.Value {
	if !*l.Bias {
		return nil
	}
	return b.Param("in_proj_bias", "zeros", size)
}

// linear is x·wᵀ + bias.
func (b *Builder) linear(x, w, bias *graph.Value) *graph.Value {
	y := op.MatMul(x, op.Transpose(w, 1, 0))
	if bias == nil {
		return y
	}
	return op.Add(y, bias)
}

// features checks that x is [N, steps, size] and returns the size.
func (b *Builder) features(x *graph.Value) int {
	if x.Rank() != 3 {
		b.Failf("wants sequences [N, steps, features], given %v", x.Shape())
	}
	return b.size(x, 2)
}
