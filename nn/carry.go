package nn

import "github.com/emberml/ember/graph"

// Carry is a state that a stateful layer carries from batch to batch: sample i of a
// batch goes on where sample i of the one before ended. Who runs the graph feeds
// zeros where sequences begin, then what After was. No gradient goes back to the
// batch before.
type Carry struct {
	Before *graph.Value // an input of the graph, [N, …], named as the state
	After  *graph.Value // of the same shape
}

// Carried is the layer's state of the name as the batch before left it, [batch,
// size]: a new input "<layer>.<name>" of the graph. [Builder.Carry] tells what
// becomes of it.
func (b *Builder) Carried(name string, batch graph.Dim, size int) *graph.Value {
	full := b.fullName(name)
	if b.Graph.Named(full) != nil {
		b.Failf("its state %s is in the graph already: a stateful layer is built once", full)
	}
	return b.Graph.Input(full, graph.TensorOf(b.DType, batch, graph.Known(size)))
}

// Carry says what a state is after the batch.
func (b *Builder) Carry(before, after *graph.Value) {
	b.carries = append(b.carries, Carry{before, after})
}

// Carries are the states that the layers built so far carry from batch to batch.
func (b *Builder) Carries() []Carry { return b.carries }
