package graph

import (
	"fmt"
	"io"
	"reflect"
	"strings"
)

// String is the graph as text, one leaf, node, output or update a line.
func (g *Graph) String() string {
	var b strings.Builder
	for _, v := range g.inputs {
		fmt.Fprintf(&b, "input    %s %v\n", v.Name(), v.typ)
	}
	for _, v := range g.variables {
		fmt.Fprintf(&b, "variable %s %v\n", v.Name(), v.typ)
	}
	for _, v := range g.values {
		if v.origin == Constant {
			fmt.Fprintf(&b, "constant %s %v%s\n", v.Name(), v.typ, smallValue(v))
		}
	}
	for _, n := range g.nodes {
		fmt.Fprintf(&b, "%s = %s(%s)", names(n.out), opText(n.op), names(n.in))
		for _, v := range n.out {
			fmt.Fprintf(&b, " %v", v.typ)
		}
		if n.scope != "" {
			fmt.Fprintf(&b, "  # %s", n.scope)
		}
		b.WriteByte('\n')
	}
	for i, v := range g.outputs {
		fmt.Fprintf(&b, "output   %s = %s\n", g.outNames[i], v.Name())
	}
	for _, u := range g.updates {
		fmt.Fprintf(&b, "update   %s = %s\n", u.Var.Name(), u.New.Name())
	}
	return b.String()
}

func smallValue(v *Value) string {
	if v.init.Len() > 8 {
		return ""
	}
	return " " + strings.ReplaceAll(v.init.String(), "\n", "")
}

func names(vs []*Value) string {
	parts := make([]string, len(vs))
	for i, v := range vs {
		parts[i] = "-"
		if v != nil {
			parts[i] = v.Name()
		}
	}
	return strings.Join(parts, ", ")
}

// opText is the operator's name with the attributes that are not zero.
func opText(op Op) string {
	name := op.Spec().Name
	rv := reflect.Indirect(reflect.ValueOf(op))
	var attrs []string
	for i := range rv.NumField() {
		f := rv.Type().Field(i)
		if f.IsExported() && !f.Anonymous && !rv.Field(i).IsZero() {
			attrs = append(attrs, fmt.Sprintf("%s=%v", f.Name, rv.Field(i).Interface()))
		}
	}
	if len(attrs) == 0 {
		return name
	}
	return name + "{" + strings.Join(attrs, " ") + "}"
}

// WriteDOT draws the graph in Graphviz's language, one cluster a scope; updates
// are dashed.
func (g *Graph) WriteDOT(w io.Writer) error {
	var b strings.Builder
	b.WriteString("digraph {\n  node [shape=box fontname=\"sans-serif\" fontsize=10];\n")
	for _, v := range g.values {
		switch v.origin {
		case Input, Variable:
			fmt.Fprintf(&b, "  v%d [label=%q shape=ellipse];\n", v.id, fmt.Sprintf("%s\n%v", v.Name(), v.typ))
		case Constant:
			fmt.Fprintf(&b, "  v%d [label=%q shape=plain];\n", v.id, v.typ.String()+smallValue(v))
		}
	}
	at := map[*Node]int{}
	scopes := map[string][]int{}
	var order []string
	for i, n := range g.nodes {
		at[n] = i
		if _, ok := scopes[n.scope]; !ok {
			order = append(order, n.scope)
		}
		scopes[n.scope] = append(scopes[n.scope], i)
	}
	for c, scope := range order {
		if scope != "" {
			fmt.Fprintf(&b, "  subgraph cluster%d { label=%q;\n", c, scope)
		}
		for _, i := range scopes[scope] {
			fmt.Fprintf(&b, "  n%d [label=%q];\n", i, opText(g.nodes[i].op))
		}
		if scope != "" {
			b.WriteString("  }\n")
		}
	}
	edge := func(v *Value, to, attributes string) {
		from := fmt.Sprintf("v%d", v.id)
		if v.node != nil {
			from = fmt.Sprintf("n%d", at[v.node])
			attributes += fmt.Sprintf("label=%q", v.typ.Shape.String())
		}
		fmt.Fprintf(&b, "  %s -> %s [%s];\n", from, to, attributes)
	}
	for i, n := range g.nodes {
		for _, v := range n.in {
			if v != nil {
				edge(v, fmt.Sprintf("n%d", i), "")
			}
		}
	}
	for i, v := range g.outputs {
		fmt.Fprintf(&b, "  out%d [label=%q shape=ellipse];\n", i, g.outNames[i])
		edge(v, fmt.Sprintf("out%d", i), "")
	}
	for _, u := range g.updates {
		edge(u.New, fmt.Sprintf("v%d", u.Var.id), "style=dashed ")
	}
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}
