package nn

import (
	"strings"

	"github.com/emberml/ember/graph"
)

// Row is what a table of a net says of one layer.
type Row struct {
	Name   string      // "conv2d_1"
	Kind   string      // "conv2d"
	Output graph.Shape // with the batch N
	Params int         // trained numbers and running statistics
	FLOPs  int64       // floating-point operations to predict one sample
}

// Summary describes the layers, for people. It checks the net as [Net.Check]
// does.
func (n *Net) Summary() ([]Row, error) {
	shapes, err := n.walk(graph.Sym("N"))
	if err != nil {
		return nil, err
	}
	single, err := n.walk(graph.Known(1))
	if err != nil {
		return nil, err
	}
	rows := make([]Row, len(n.Layers))
	at := map[string]*Row{}
	for i, name := range n.Names() {
		rows[i] = Row{Name: name, Kind: kindOf(n.Layers[i].Layer), Output: shapes.outputs[i]}
		at[name] = &rows[i]
	}
	for _, p := range shapes.params {
		if row := at[topLayer(p.Layer, at)]; row != nil {
			row.Params += p.Len()
		}
	}
	// Without the loss and the penalties that the layers ask for.
	predict, err := single.graph.Extract(single.graph.OutputNames(), single.graph.Outputs())
	if err != nil {
		return nil, err
	}
	for _, node := range predict.Nodes() {
		outer, _, _ := strings.Cut(node.Scope(), "/")
		if row := at[outer]; row != nil {
			row.FLOPs += flops(node)
		}
	}
	return rows, nil
}

// topLayer is the net's layer that a parameter of a layer made of layers
// belongs to.
func topLayer(layer string, rows map[string]*Row) string {
	for rows[layer] == nil {
		dot := strings.LastIndexByte(layer, '.')
		if dot < 0 {
			return ""
		}
		layer = layer[:dot]
	}
	return layer
}

// flops counts a node's operations; all its shapes are known.
func flops(n *graph.Node) int64 {
	types := func(values []*graph.Value) []graph.Type {
		out := make([]graph.Type, len(values))
		for i, v := range values {
			if v != nil {
				out[i] = v.Type()
			}
		}
		return out
	}
	in, out := types(n.In()), types(n.Out())
	if count := n.Op().Spec().FLOPs; count != nil {
		return count(in, out)
	}
	var total int64
	for _, t := range out {
		if size, known := t.Shape.Len().Size(); known {
			total += int64(size)
		}
	}
	return total
}
