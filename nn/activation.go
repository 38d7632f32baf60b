package nn

import (
	"fmt"
	"maps"
	"slices"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/op"
)

// Activation names an elementwise function that a layer applies to its output:
// the key of one of the activation layers, with its default options. The empty
// word is none.
type Activation string

// activations are the layers that may stand as an [Activation].
var activations = map[string]Layer{
	"relu":       Relu{},
	"relu6":      Relu6{},
	"leaky_relu": LeakyRelu{},
	"elu":        Elu{},
	"sigmoid":    Sigmoid{},
	"tanh":       Tanh{},
	"softplus":   Softplus{},
	"gelu":       Gelu{},
	"softmax":    Softmax{},
}

// UnmarshalConfig reads a key of an activation layer.
func (a *Activation) UnmarshalConfig(n *config.Node) error {
	text, ok := n.Text()
	if !ok {
		return fmt.Errorf("must be a word such as relu")
	}
	if err := Activation(text).check(); err != nil {
		return n.Unknown("activation", text, slices.Sorted(maps.Keys(activations)))
	}
	*a = Activation(text)
	return nil
}

func (a Activation) check() error {
	if a == "" || activations[string(a)] != nil {
		return nil
	}
	return fmt.Errorf("unknown activation %q%s", string(a), suggest(string(a), slices.Sorted(maps.Keys(activations))))
}

// of applies the activation.
func (a Activation) of(b *Builder, x *graph.Value) *graph.Value {
	if err := a.check(); err != nil {
		b.Failf("%v", err)
	}
	if a == "" {
		return x
	}
	return activations[string(a)].Build(b, x)
}

// Relu is max(x, 0).
type Relu struct{}

// Build applies the function.
func (Relu) Build(b *Builder, in ...*graph.Value) *graph.Value { return op.Relu(b.One(in)) }

// Relu6 is min(max(x, 0), 6) (Howard et al. 2017).
type Relu6 struct{}

// Build applies the function.
func (Relu6) Build(b *Builder, in ...*graph.Value) *graph.Value { return op.Clip(b.One(in), 0, 6) }

// LeakyRelu is x where x > 0, else alpha·x.
type LeakyRelu struct {
	Alpha float64 `default:"0.01" doc:"slope below zero"`
}

// Build applies the function.
func (l LeakyRelu) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	return op.LeakyRelu(b.One(in), l.Alpha)
}

// Elu is x where x > 0, else alpha·(eˣ − 1) (Clevert et al. 2016).
type Elu struct {
	Alpha float64 `default:"1" doc:"limit of -f(x) far below zero"`
}

// Build applies the function.
func (l Elu) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	return op.Elu(b.One(in), l.Alpha)
}

// Sigmoid is 1/(1 + e⁻ˣ).
type Sigmoid struct{}

// Build applies the function.
func (Sigmoid) Build(b *Builder, in ...*graph.Value) *graph.Value { return op.Sigmoid(b.One(in)) }

// Tanh is the hyperbolic tangent.
type Tanh struct{}

// Build applies the function.
func (Tanh) Build(b *Builder, in ...*graph.Value) *graph.Value { return op.Tanh(b.One(in)) }

// Softplus is log(1 + eˣ).
type Softplus struct{}

// Build applies the function.
func (Softplus) Build(b *Builder, in ...*graph.Value) *graph.Value { return op.Softplus(b.One(in)) }

// Gelu is x·Φ(x) with the normal distribution's Φ (Hendrycks and Gimpel 2016).
type Gelu struct {
	Approximate bool `doc:"use x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³)))"`
}

// Build applies the function.
func (l Gelu) Build(b *Builder, in ...*graph.Value) *graph.Value {
	if l.Approximate {
		return op.GeluTanh(b.One(in))
	}
	return op.Gelu(b.One(in))
}

// Softmax is eˣ/Σeˣ along an axis. A net that learns classes does not end in
// it: its loss works on logits, and predictions get their softmax from the
// loss.
type Softmax struct {
	Axis int `default:"-1" doc:"axis of the sum; the batch is axis 0, negative ones count from the end"`
}

// Build applies the function.
func (l Softmax) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	x := b.One(in)
	return op.Softmax(x, b.axis(x, l.Axis))
}
