// Package graph is Ember's intermediate representation: a directed acyclic
// graph of operators over typed values.
//
// Every model, loss, gradient and optimizer step is one of these graphs. A
// [Graph] has leaves (inputs that are fed, variables that persist, constants),
// nodes that apply an [Op] to values, named outputs, and updates that assign a
// new value to a variable after a run:
//
//	g := graph.New()
//	x := g.Input("x", graph.TensorOf(tensor.Float32, graph.Sym("N"), graph.Known(784)))
//	w := g.Variable("dense_1.weight", init)
//	y := g.Apply(op.MatMulOp{}, x, w)[0]
//	g.Output("y", y)
//
// Shapes may hold symbolic dimensions such as the batch N: [Op].Infer works on
// them while a graph is built, and again on the concrete shapes when an engine
// plans a run. The package knows operators only through the interface; they
// live in package op.
//
// Mistakes of the program that builds a graph panic with a
// [*tensor.ShapeError]; [Build] turns exactly that panic into an error.
package graph
