package nn

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/tensor"
)

// Net is a network: its layers, what it learns and how. [ParseNet] reads it from
// a file, [Sequential] makes it of layers.
type Net struct {
	// Name is the model's name.
	Name string
	// Input is the shape of one sample: [1, 28, 28], [784].
	Input []int
	// Layers are in an order in which each follows its inputs; the last gives
	// the output.
	Layers []Item
	// Loss is what training makes small.
	Loss Loss
	// Target is "input" for a net that learns its own input, else empty.
	Target string

	// Features, Optimizer, Schedule, Metrics and Train are left to the trainer to
	// read; nil where the file says nothing.
	Features            *config.Node
	Optimizer, Schedule *config.Node
	Metrics             []*config.Node
	Train               *config.Node

	file   string       // for messages
	lossAt *config.Node // the loss's place in the file
}

// Item is a layer's place in a [Net].
type Item struct {
	Layer Layer
	// Name is the layer's name. Left out, it is the layer's key with a number
	// that counts all layers of the key: conv2d_1, conv2d_2.
	Name string
	// Inputs are the names of the items that the layer takes its inputs from;
	// "input" is the net's. Left out, it is the item before.
	Inputs []string

	at *config.Node // its place in the file
}

// InputName is what Inputs calls the net's input.
const InputName = "input"

// Sequential is a net of layers, each of which takes the output of the one
// before.
func Sequential(layers ...Layer) *Net {
	n := &Net{}
	for _, l := range layers {
		n.Layers = append(n.Layers, Item{Layer: l})
	}
	return n
}

// Measure sets the metrics of the net, each as a net file writes it: "accuracy"
// or "top_k: {k: 3}". Which there are is up to the trainer, which checks them.
func (n *Net) Measure(metrics ...string) error {
	nodes := make([]*config.Node, len(metrics))
	for i, text := range metrics {
		var err error
		if nodes[i], err = config.Parse("metrics", []byte(text)); err != nil {
			return err
		}
	}
	n.Metrics = nodes
	return nil
}

// Names are the names of the layers.
func (n *Net) Names() []string {
	names := make([]string, len(n.Layers))
	count := map[string]int{}
	for i, item := range n.Layers {
		kind := kindOf(item.Layer)
		count[kind]++
		names[i] = item.Name
		if item.Name == "" {
			names[i] = fmt.Sprintf("%s_%d", kind, count[kind])
		}
	}
	return names
}

// Forward builds the net for its input x, [N, Input…], and returns its output
// before the loss's activation. A net whose layers do not fit panics with a
// [*tensor.ShapeError] that names the layer.
func (n *Net) Forward(b *Builder, x *graph.Value) *graph.Value {
	if err := n.link(); err != nil {
		b.Failf("%v", err)
	}
	if len(n.Input) > 0 && x.Rank() > 0 && !x.Shape()[1:].Equal(graph.Dims(n.Input...)) {
		b.Failf("the net takes samples of shape %v, given %v", n.Input, x.Shape())
	}
	return n.forward(b, x, func(int, *graph.Value) {})
}

// forward builds the linked net and tells each layer's output.
func (n *Net) forward(b *Builder, x *graph.Value, built func(i int, y *graph.Value)) *graph.Value {
	byName := map[string]*graph.Value{InputName: x}
	last := x
	for i, name := range n.Names() {
		item := n.Layers[i]
		in := []*graph.Value{last}
		if item.Inputs != nil {
			in = in[:0]
			for _, from := range item.Inputs {
				in = append(in, byName[from])
			}
		}
		last = b.Scope(name, func() *graph.Value { return item.Layer.Build(b, in...) })
		byName[name] = last
		built(i, last)
	}
	return last
}

// link checks names and references: names are unique words, inputs stand above,
// and every layer's output is used.
func (n *Net) link() error {
	if len(n.Layers) == 0 {
		return n.errorf(nil, "the net has no layers")
	}
	names := n.Names()
	used := make([]bool, len(names))
	for i, item := range n.Layers {
		if item.Layer == nil {
			return n.errorf(item.at, "layer %d of the net is nil", i+1)
		}
		if !isName(names[i]) {
			return n.errorf(item.at, "%q cannot name a layer: letters, digits, _, - and . can", names[i])
		}
		if names[i] == InputName {
			return n.errorf(item.at, `a layer cannot be called "input": that is the net's input`)
		}
		above := append([]string{InputName}, names[:i]...)
		if slices.Contains(above, names[i]) {
			return n.errorf(item.at, "two layers are called %q", names[i])
		}
		if item.Inputs == nil && i > 0 {
			used[i-1] = true
		}
		for _, from := range item.Inputs {
			switch at := slices.Index(names, from); {
			case from == InputName:
			case at >= i:
				return n.errorf(item.at, "%s takes its input from %q, which does not stand above it", names[i], from)
			case at < 0:
				return n.errorf(item.at, "%s takes its input from %q, which is no layer%s", names[i], from, suggest(from, above))
			default:
				used[at] = true
			}
		}
	}
	if i := slices.Index(used[:len(used)-1], false); i >= 0 {
		return n.errorf(n.Layers[i].at, "no layer takes the output of %s, which is not the last", names[i])
	}
	return nil
}

func isName(name string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."
	return name != "" && strings.Trim(name, letters) == ""
}

// Check builds the net and its loss for any batch size N and returns what does
// not fit: a name, or a shape that cannot be, with the layer and, for a net file,
// the line.
func (n *Net) Check() error {
	_, err := n.walk(graph.Sym("N"))
	return err
}

// Params are the parameters and states of the net, with names and shapes but no
// values yet. It checks the net as [Net.Check] does.
func (n *Net) Params() (Params, error) {
	shapes, err := n.walk(graph.Sym("N"))
	if err != nil {
		return nil, err
	}
	return shapes.params, nil
}

// built is what walk knows of a net.
type built struct {
	graph   *graph.Graph
	outputs []graph.Shape // of each layer
	params  Params
}

// walk builds the net for predicting a batch of the given size, with parameters
// that have no values yet.
func (n *Net) walk(batch graph.Dim) (*built, error) {
	if err := n.checkInput(); err != nil {
		return nil, err
	}
	if err := n.link(); err != nil {
		return nil, err
	}
	out := &built{}
	names := n.Names()
	g, err := graph.Build(func(g *graph.Graph) {
		b := NewBuilder(g, Options{Blank: true})
		x := g.Input(InputName, graph.TensorOf(tensor.Float32, append(graph.Shape{batch}, graph.Dims(n.Input...)...)...))
		y := n.forward(b, x, func(_ int, y *graph.Value) { out.outputs = append(out.outputs, y.Shape()) })
		out.params = b.Params()
		g.Output("output", y)
		n.checkLoss(b, x, y)
	})
	switch i := len(out.outputs); {
	case err == nil:
	case i == len(n.Layers):
		return nil, n.shapeError(n.lossAt, kindOf(n.Loss), err)
	default:
		return nil, n.shapeError(n.Layers[i].at, names[i], err)
	}
	out.graph = g
	for i, shape := range out.outputs {
		for _, d := range shape {
			if size, known := d.Size(); known && size < 1 {
				return nil, n.errorf(n.Layers[i].at, "%s: nothing is left of the image: the output is %v", names[i], shape)
			}
		}
	}
	return out, nil
}

func (n *Net) checkInput() error {
	if len(n.Input) == 0 {
		return n.errorf(nil, `the net's "input" is missing: the shape of one sample`)
	}
	for _, size := range n.Input {
		if size < 1 {
			return n.errorf(nil, `the net's "input" %v has a size below 1`, n.Input)
		}
	}
	return nil
}

// checkLoss builds the loss for a target that fits the output: the input
// itself, or a value of the kind that the loss learns.
func (n *Net) checkLoss(b *Builder, x, y *graph.Value) {
	if n.Loss == nil {
		return
	}
	b.layer = kindOf(n.Loss)
	target := x
	if n.Target != InputName {
		t := y.Type()
		if n.Loss.Target() == ClassTarget {
			if y.Rank() < 2 || y.Shape()[1].Is(1) {
				b.Failf("wants an output for each of two classes or more, given %v; binary_cross_entropy learns one yes or no", y.Shape())
			}
			t = graph.TensorOf(tensor.Int64, slices.Delete(y.Shape().Clone(), 1, 2)...)
		}
		target = b.Graph.Input("target", t)
	}
	n.Loss.Each(b, y, target)
}

// shapeError names the layer, or the loss, once and its place.
func (n *Net) shapeError(at *config.Node, name string, err error) error {
	var mistake *tensor.ShapeError
	if !errors.As(err, &mistake) {
		return n.errorf(at, "%s: %v", name, err)
	}
	detail := strings.TrimPrefix(mistake.Detail, name+": ")
	if mistake.Op == name {
		return n.errorf(at, "%s: %s", name, detail)
	}
	return n.errorf(at, "%s: %s: %s", name, mistake.Op, detail)
}

// errorf is an error at a place of the net's file, or in a net that a program
// made.
func (n *Net) errorf(at *config.Node, format string, args ...any) error {
	if at == nil {
		at = &config.Node{File: n.file}
	}
	return at.Errorf(format, args...)
}
