package onnx

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
)

// export is a graph on its way into messages.
type export struct {
	graph   *graph.Graph
	proto   *graphProto
	names   []string        // by value id; empty while the value has no name
	taken   map[string]bool // names of values
	serial  map[string]int  // how often a node name was given
	wanted  []bool          // by value id: a node or an output uses it
	refused *UnsupportedError
	domains map[string]int64
}

// exportGraph makes the messages of a graph, and lists the operator sets that it
// needs beside ai.onnx.
func exportGraph(g *graph.Graph) (*graphProto, map[string]int64, error) {
	if len(g.Updates()) > 0 {
		return nil, nil, fmt.Errorf("onnx: the graph updates %s: only graphs that leave their variables alone become files", g.Updates()[0].Var.Name())
	}
	g, err := withoutComposites(g)
	if err != nil {
		return nil, nil, err
	}
	e := &export{
		graph: g, proto: &graphProto{name: g.Name},
		names: make([]string, g.NumValues()), wanted: make([]bool, g.NumValues()),
		taken: map[string]bool{"": true}, serial: map[string]int{}, domains: map[string]int64{},
		refused: &UnsupportedError{Hint: "ONNX has no such operator; build the model for inference, or from standard operators"},
	}
	if e.proto.name == "" {
		e.proto.name = "model" // the checker wants one
	}
	e.leaves()
	if err := e.outputs(); err != nil {
		return nil, nil, err
	}
	for _, n := range g.Nodes() {
		if err := e.node(n); err != nil {
			return nil, nil, err
		}
	}
	e.identities()
	if len(e.refused.Missing) > 0 {
		return nil, nil, e.refused
	}
	return e.proto, e.domains, nil
}

// withoutComposites puts the parts of operators newer than the files' opset in
// their place.
func withoutComposites(g *graph.Graph) (*graph.Graph, error) {
	parts := func(n *graph.Node) op.Composite {
		if c, ok := n.Op().(op.Composite); ok && c.Spec().Since > Opset {
			return c
		}
		return nil
	}
	if !slices.ContainsFunc(g.Nodes(), func(n *graph.Node) bool { return parts(n) != nil }) {
		return g, nil
	}
	return g.Replace(func(n *graph.Node, in []*graph.Value) []*graph.Value {
		if c := parts(n); c != nil {
			return c.Parts(in)
		}
		return nil
	})
}

// leaves names and writes inputs and variables.
func (e *export) leaves() {
	for _, v := range e.graph.Inputs() {
		e.name(v, v.Name())
		e.proto.inputs = append(e.proto.inputs, &valueProto{name: v.Name(), typ: typeOf(v.Type())})
	}
	for _, v := range e.graph.Variables() {
		e.name(v, v.Name())
		e.proto.initializers = append(e.proto.initializers, protoOf(v.Name(), v.Init()))
	}
}

// outputs gives the computed values among the outputs their names, and notes
// which values are used.
func (e *export) outputs() error {
	for i, v := range e.graph.Outputs() {
		name := e.graph.OutputNames()[i]
		e.wanted[v.ID()] = true
		e.proto.outputs = append(e.proto.outputs, &valueProto{name: name, typ: typeOf(v.Type())})
		if e.taken[name] && e.names[v.ID()] != name {
			return fmt.Errorf("onnx: the output name %q is empty or names another value already", name)
		}
		e.taken[name] = true
		if v.Origin() == graph.Computed && e.names[v.ID()] == "" {
			e.name(v, name)
		}
	}
	for _, n := range e.graph.Nodes() {
		for _, v := range n.In() {
			if v != nil {
				e.wanted[v.ID()] = true
			}
		}
	}
	return nil
}

// identities computes the outputs that are not the one name of a computed value.
func (e *export) identities() {
	for i, v := range e.graph.Outputs() {
		name := e.graph.OutputNames()[i]
		if e.names[v.ID()] == name {
			continue
		}
		from := e.input(v, name+"/value")
		e.proto.nodes = append(e.proto.nodes, &nodeProto{
			inputs: []string{from}, outputs: []string{name}, name: e.unique(name + "/Identity"), opType: "Identity",
		})
	}
}

func (e *export) name(v *graph.Value, name string) {
	e.names[v.ID()] = name
	e.taken[name] = true
}

// unique is the name, with a number where it was given before: the second
// "dense_1/Add" is "dense_1/Add_2".
func (e *export) unique(name string) string {
	for {
		e.serial[name]++
		candidate := name
		if e.serial[name] > 1 {
			candidate += "_" + strconv.Itoa(e.serial[name])
		}
		if !e.taken[candidate] {
			return candidate
		}
	}
}

// node writes one node, after the constants that it is the first to use.
func (e *export) node(n *graph.Node) error {
	spec := n.Op().Spec()
	title := spec.Name
	if n.Scope() != "" {
		title = n.Scope() + "/" + title
	}
	if e.version(spec) < int64(max(1, spec.Since)) {
		e.refused.add(qualified(spec.Domain, spec.Name), title)
		return nil
	}
	p := &nodeProto{name: e.unique(title), opType: spec.Name, domain: spec.Domain}
	e.taken[p.name] = true
	for i, v := range n.In() {
		if v == nil {
			p.inputs = append(p.inputs, "")
			continue
		}
		p.inputs = append(p.inputs, e.input(v, p.name+"/"+argument(spec.Inputs, i)))
	}
	p.inputs = trim(p.inputs)
	for i, v := range n.Out() {
		switch {
		case e.names[v.ID()] != "":
		case !e.wanted[v.ID()] && strings.HasSuffix(argument(spec.Outputs, i), "?"):
			p.outputs = append(p.outputs, "")
			continue
		case len(n.Out()) == 1:
			e.name(v, p.name)
		default:
			e.name(v, e.unique(p.name+"/"+strings.TrimSuffix(argument(spec.Outputs, i), "?")))
		}
		p.outputs = append(p.outputs, e.names[v.ID()])
	}
	p.outputs = trim(p.outputs)
	attributes, err := encodeAttributes(n.Op())
	if err != nil {
		return fmt.Errorf("onnx: %s: %w", p.name, err)
	}
	p.attributes = attributes
	e.proto.nodes = append(e.proto.nodes, p)
	return nil
}

// input is the name of a value that a node uses; a constant that has none yet
// becomes a Constant node of the proposed name.
func (e *export) input(v *graph.Value, proposed string) string {
	if e.names[v.ID()] == "" && v.Origin() == graph.Constant {
		e.name(v, e.unique(strings.TrimRight(proposed, "?.")))
		e.proto.nodes = append(e.proto.nodes, &nodeProto{
			outputs: []string{e.names[v.ID()]}, name: e.names[v.ID()], opType: "Constant",
			attributes: []*attributeProto{{name: "value", kind: attrTensor, t: protoOf("", v.Init())}},
		})
	}
	return e.names[v.ID()]
}

// version is the version of the operator set that Ember writes, noted as used;
// 0 if no file can hold it.
func (e *export) version(spec graph.Spec) int64 {
	if spec.Domain == "" {
		return Opset
	}
	v := domainVersions[spec.Domain]
	if v > 0 {
		e.domains[spec.Domain] = v
	}
	return v
}

// argument is the name of the i-th input or output of an operator, with its
// mark: the last one repeats.
func argument(names []string, i int) string {
	if len(names) == 0 {
		return strconv.Itoa(i)
	}
	if i < len(names) && !strings.HasSuffix(names[i], "...") {
		return names[i]
	}
	return strings.TrimSuffix(names[len(names)-1], "...") + strconv.Itoa(i)
}

// trim drops what is left out at the end.
func trim(names []string) []string {
	for len(names) > 0 && names[len(names)-1] == "" {
		names = names[:len(names)-1]
	}
	return slices.Clip(names)
}

// qualified is the name of an operator with its domain, if that is not ai.onnx.
func qualified(domain, name string) string {
	if domain == "" {
		return name
	}
	return domain + "." + name
}
