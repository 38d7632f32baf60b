package graph

import (
	"fmt"

	"github.com/emberml/ember/tensor"
)

// Origin says where a value comes from.
type Origin uint8

// The origins of values.
const (
	Computed Origin = iota // by a node
	Input                  // fed at each run
	Variable               // persists between runs
	Constant               // fixed
)

// Graph is a graph of operators under construction or finished. Nodes are kept
// in an order in which each follows what it depends on. A Graph is not safe for
// concurrent building; finished, it may be read by many.
type Graph struct {
	// Name is the model's name.
	Name string

	values    []*Value // every leaf and node output, by id
	nodes     []*Node
	inputs    []*Value
	variables []*Value
	outputs   []*Value
	outNames  []string
	updates   []Update
	scope     string
	named     map[string]*Value // inputs and variables
}

// Update assigns New to the variable Var after each run.
type Update struct{ Var, New *Value }

// Value is one tensor (sequence, optional) that flows through a graph.
type Value struct {
	graph  *Graph
	id     int
	origin Origin
	name   string
	typ    Type
	node   *Node
	index  int
	init   *tensor.Tensor
}

// Node applies an operator to values.
type Node struct {
	op    Op
	in    []*Value
	out   []*Value
	scope string
}

// New is an empty graph.
func New() *Graph { return &Graph{named: map[string]*Value{}} }

// Build runs a function that builds a graph, and turns its shape mistakes (a
// panic with a *tensor.ShapeError) into an error. Other panics pass through.
func Build(build func(g *Graph)) (g *Graph, err error) {
	defer func() {
		if r := recover(); r != nil {
			mistake, ok := r.(*tensor.ShapeError)
			if !ok {
				panic(r)
			}
			g, err = nil, mistake
		}
	}()
	g = New()
	build(g)
	return g, nil
}

// Input adds a value that the caller feeds at each run. Names of inputs and
// variables are unique in a graph.
func (g *Graph) Input(name string, typ Type) *Value {
	v := g.leaf(Input, name, typ)
	g.inputs = append(g.inputs, v)
	return v
}

// Variable adds a value that persists between runs: a parameter, a running
// statistic, an optimizer's memory. Its first value is init, which the graph
// keeps and nobody changes.
func (g *Graph) Variable(name string, init *tensor.Tensor) *Value {
	v := g.leaf(Variable, name, TypeOf(init))
	v.init = init
	g.variables = append(g.variables, v)
	return v
}

// Constant adds a fixed value.
func (g *Graph) Constant(t *tensor.Tensor) *Value {
	v := g.value(Constant, ConstType(t))
	v.init = t
	return v
}

func (g *Graph) leaf(origin Origin, name string, typ Type) *Value {
	if _, taken := g.named[name]; taken || name == "" {
		panic(&tensor.ShapeError{Op: "graph", Detail: fmt.Sprintf("the name %q is empty or names another input or variable already", name)})
	}
	v := g.value(origin, typ)
	v.name = name
	g.named[name] = v
	return v
}

func (g *Graph) value(origin Origin, typ Type) *Value {
	v := &Value{graph: g, id: len(g.values), origin: origin, typ: typ}
	g.values = append(g.values, v)
	return v
}

// Apply adds a node and returns its outputs. A nil input is an optional one
// left out. A mistake panics with a *tensor.ShapeError that names the operator,
// the scope and the types.
func (g *Graph) Apply(op Op, in ...*Value) []*Value {
	out, err := g.TryApply(op, in...)
	if err != nil {
		panic(err)
	}
	return out
}

// TryApply is Apply for graphs that come from files: a mistake is an error.
func (g *Graph) TryApply(op Op, in ...*Value) ([]*Value, error) {
	types := make([]Type, len(in))
	for i, v := range in {
		if v == nil {
			continue
		}
		if v.graph != g {
			return nil, g.mistake(op, types, fmt.Errorf("input %d belongs to another graph", i))
		}
		types[i] = v.typ
	}
	outTypes, err := op.Infer(types)
	if err != nil {
		return nil, g.mistake(op, types, err)
	}
	n := &Node{op: op, in: in, scope: g.scope}
	for i, t := range outTypes {
		v := g.value(Computed, t)
		v.node, v.index = n, i
		n.out = append(n.out, v)
	}
	g.nodes = append(g.nodes, n)
	return n.out, nil
}

func (g *Graph) mistake(op Op, in []Type, err error) *tensor.ShapeError {
	return &tensor.ShapeError{Op: op.Spec().Name, Detail: fmt.Sprintf("%s%v, given %v", g.scopePrefix(), err, in)}
}

// Scope names the layer that the following nodes belong to, for messages and
// drawings, until the returned function is called: defer g.Scope("dense_1")().
// Scopes nest with a slash.
func (g *Graph) Scope(name string) (end func()) {
	outer := g.scope
	if outer != "" {
		name = outer + "/" + name
	}
	g.scope = name
	return func() { g.scope = outer }
}

// Output names a result of the graph.
func (g *Graph) Output(name string, v *Value) {
	g.own("output "+name, v)
	g.outputs = append(g.outputs, v)
	g.outNames = append(g.outNames, name)
}

// Update assigns the value to a variable after each run; its type must be the
// variable's. A variable is updated once.
func (g *Graph) Update(variable, value *Value) {
	g.own("update", variable, value)
	if variable.origin != Variable || variable.typ.DType != value.typ.DType || !variable.typ.Shape.Equal(value.typ.Shape) {
		panic(&tensor.ShapeError{Op: "update", Detail: fmt.Sprintf("%s%s of type %v from a value of type %v", g.scopePrefix(), variable.name, variable.typ, value.typ)})
	}
	for _, u := range g.updates {
		if u.Var == variable {
			panic(&tensor.ShapeError{Op: "update", Detail: fmt.Sprintf("%s is updated twice", variable.name)})
		}
	}
	g.updates = append(g.updates, Update{variable, value})
}

// own panics for a value of another graph.
func (g *Graph) own(op string, values ...*Value) {
	for _, v := range values {
		if v == nil || v.graph != g {
			panic(&tensor.ShapeError{Op: op, Detail: g.scopePrefix() + "a value belongs to another graph, or is nil"})
		}
	}
}

func (g *Graph) scopePrefix() string {
	if g.scope == "" {
		return ""
	}
	return g.scope + ": "
}

// Inputs are the fed values in the order in which they were added.
func (g *Graph) Inputs() []*Value { return g.inputs }

// Variables are the persistent values in the order in which they were added.
func (g *Graph) Variables() []*Value { return g.variables }

// Outputs are the results in the order in which they were added.
func (g *Graph) Outputs() []*Value { return g.outputs }

// OutputNames are the names of the outputs, in their order.
func (g *Graph) OutputNames() []string { return g.outNames }

// Updates are the assignments after a run.
func (g *Graph) Updates() []Update { return g.updates }

// Nodes are the applications of operators in an order in which each follows
// what it depends on.
func (g *Graph) Nodes() []*Node { return g.nodes }

// Named is the input or variable of the name, or nil.
func (g *Graph) Named(name string) *Value { return g.named[name] }

// NumValues bounds the ids of the values: 0 ≤ v.ID() < NumValues.
func (g *Graph) NumValues() int { return len(g.values) }

// Graph is the graph that v belongs to.
func (v *Value) Graph() *Graph { return v.graph }

// ID numbers the values of a graph from 0.
func (v *Value) ID() int { return v.id }

// Origin says where v comes from.
func (v *Value) Origin() Origin { return v.origin }

// Type is what is known of v.
func (v *Value) Type() Type { return v.typ }

// Shape is the shape of v.
func (v *Value) Shape() Shape { return v.typ.Shape }

// DType is the type of the elements of v.
func (v *Value) DType() tensor.DType { return v.typ.DType }

// Rank is the number of dimensions of v.
func (v *Value) Rank() int { return len(v.typ.Shape) }

// Node is the application that computes v; nil for a leaf.
func (v *Value) Node() *Node { return v.node }

// Index is v's place among the outputs of its node.
func (v *Value) Index() int { return v.index }

// Init is the value of a constant, the first value of a variable, else nil.
func (v *Value) Init() *tensor.Tensor { return v.init }

// Name is the name of an input or variable; another value is called %id.
func (v *Value) Name() string {
	if v.name != "" {
		return v.name
	}
	return fmt.Sprintf("%%%d", v.id)
}

// Op is the operator of the node.
func (n *Node) Op() Op { return n.op }

// In are the inputs of the node; nil where an optional one is left out.
func (n *Node) In() []*Value { return n.in }

// Out are the outputs of the node.
func (n *Node) Out() []*Value { return n.out }

// Scope is the layer that the node was built for, "encoder/dense_1".
func (n *Node) Scope() string { return n.scope }
