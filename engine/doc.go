// Package engine compiles a graph into a [Program] and runs it.
//
// [Compile] simplifies the graph once, with its symbolic shapes. The first run
// with inputs of some concrete shape makes a plan for it: inference gives every
// shape, a [Backend] chooses a kernel for every node, and each intermediate
// result gets its place in one arena, where values that are not needed at the
// same time share memory. Later runs with that shape allocate nothing.
//
//	prog, err := engine.Compile(g, engine.Options{Backend: cpu.New(cpu.Options{})})
//	out, err := prog.Run([]*tensor.Tensor{x}) // in the order of g.Inputs()
//
// Variables live in a [State]; programs that share one (a gradient step, an
// optimizer's update, an evaluation) see each other's updates. Programs that
// run one after the other may share an [Arena] too.
package engine
