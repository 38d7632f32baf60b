package op

import "github.com/emberml/ember/graph"

// Composite is an operator newer than the files that Ember writes, which hold the
// parts instead.
type Composite interface {
	graph.Op
	// Parts builds the outputs from operators of older versions.
	Parts(in []*graph.Value) []*graph.Value
}

// Selective is an operator that computes some of its outputs only where they are
// asked for.
type Selective interface {
	graph.Op
	// Asked is the operator for the outputs that are asked for.
	Asked(outputs []bool) graph.Op
}
