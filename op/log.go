package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// LogOp is y = ln x, elementwise.
type LogOp struct{ floatUnary }

// Log is ln x.
func Log(x *graph.Value) *graph.Value { return apply1(LogOp{}, x) }

// Spec describes the operator.
func (o LogOp) Spec() graph.Spec {
	return unaryIn(o, "Log", 13, "y = ln x", 4, 0.2, 4)
}

// Eval is the definition.
func (LogOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) { return one(tensor.Log(in[0])) }

// Grad is dx = g/x.
func (LogOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return []*graph.Value{Div(g[0], in[0])}
}
