package nn

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
)

// Add is the sum of its inputs, which broadcast: a residual connection.
type Add struct{}

// Build adds the layer to the graph.
func (Add) Build(b *Builder, in ...*graph.Value) *graph.Value { return b.fold(in, op.Add) }

// Multiply is the product of its inputs, which broadcast: a gate.
type Multiply struct{}

// Build adds the layer to the graph.
func (Multiply) Build(b *Builder, in ...*graph.Value) *graph.Value { return b.fold(in, op.Mul) }

func (b *Builder) fold(in []*graph.Value, f func(x, y *graph.Value) *graph.Value) *graph.Value {
	if len(in) < 2 {
		b.Failf("takes two inputs or more, given %d; name them by inputs: […]", len(in))
	}
	y := in[0]
	for _, x := range in[1:] {
		y = f(y, x)
	}
	return y
}

// Concat puts its inputs side by side along an axis. All other axes agree.
type Concat struct {
	Axis int `default:"1" doc:"axis that grows; the batch is axis 0, negative ones count from the end"`
}

// Build adds the layer to the graph.
func (l Concat) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	if len(in) < 2 {
		b.Failf("takes two inputs or more, given %d; name them by inputs: […]", len(in))
	}
	return op.Concat(b.axis(in[0], l.Axis), in...)
}
