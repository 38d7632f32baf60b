package onnx

import (
	"fmt"
	"strings"
)

// UnsupportedError says that a well-formed model, or a graph that should become
// a file, uses what Ember or the format does not have. It lists everything that
// is missing, not just the first.
type UnsupportedError struct {
	File    string // may be empty
	Missing []Missing
	Hint    string // what to do about it
}

// Missing is one thing that a model uses and that is not supported.
type Missing struct {
	Op    string   // the operator, "ai.onnx.ml.Scaler", or another feature in words
	Nodes []string // the nodes or layers that use it
}

// Error names each missing operator with the nodes that use it, three at most.
func (e *UnsupportedError) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File + ": ")
	}
	b.WriteString("not supported: ")
	for i, m := range e.Missing {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(m.Op)
		shown := m.Nodes[:min(3, len(m.Nodes))]
		if len(shown) > 0 {
			b.WriteString(" (" + strings.Join(shown, ", "))
			if more := len(m.Nodes) - len(shown); more > 0 {
				fmt.Fprintf(&b, " and %d more", more)
			}
			b.WriteString(")")
		}
	}
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

// add notes that a node uses an unsupported operator.
func (e *UnsupportedError) add(op, node string) {
	for i := range e.Missing {
		if e.Missing[i].Op == op {
			e.Missing[i].Nodes = append(e.Missing[i].Nodes, node)
			return
		}
	}
	e.Missing = append(e.Missing, Missing{Op: op, Nodes: []string{node}})
}
