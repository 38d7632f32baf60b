// Package op holds the operators of Ember's graphs, one file each: attributes,
// type inference, gradient and a plain definition.
//
// Names and meaning are those of ONNX (opset 21); operators of the domain
// "ember" exist for gradients, random numbers and optimizers and are never
// written to a file. [All] lists every operator, [ByName] finds one.
//
// A builder function has the operator's name and applies it to values of a
// graph; the struct of the operator has the suffix Op and holds its attributes:
//
//	h := op.Relu(op.Add(op.MatMul(x, w), b))
//	y := op.Conv(h, k, nil, op.ConvOp{Strides: graph.MakeInts(2, 2)})
//
// Builders panic with a [*tensor.ShapeError] where inputs do not fit, as
// [graph.Graph.Apply] does.
//
// # Attributes
//
// The zero value of an operator is the one with all of ONNX's defaults. A plain
// field whose zero value is not a legal setting (a group of 0, an empty list of
// strides) stands for the default in its tag; where zero is a legal setting that
// is not the default (an axis 0 where -1 is the default, a false where true is),
// the field is an [Opt], made with [Set].
//
// # Outputs
//
// An operator with optional outputs always has all of them; who writes a file
// leaves unused trailing ones out.
//
// # Gradients
//
// [Gradients] differentiates a graph. Each operator's Grad builds operators that
// are differentiable again. Where a gradient is not unique (a kink of Relu, a
// tie of Max) the choice is PyTorch's and stated in the operator's file.
package op
