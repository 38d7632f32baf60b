package model

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// Spec says what a model is built from.
type Spec struct {
	// Name is the model's name, that of the net.
	Name string
	// Info is saved with the model. Its Pipeline is required: it gives inputs,
	// feature steps and the target.
	Info
	// Forward builds the network for predicting: from features [N, …] to
	// probabilities where the target is classes, [N, C] or for two classes the
	// probability of the second one, [N] or [N, 1]; else to numbers. It asks for
	// its parameters by [graph.Graph.Named] before it makes them, as nn does. Of a
	// state that is carried from batch to batch it adds the input and, named so with
	// NextSuffix behind, the output.
	Forward func(g *graph.Graph, x *graph.Value) *graph.Value
	// Weights are the parameters' values by name. They are not copied: the
	// model is saved, or used, before they change.
	Weights map[string]*tensor.Tensor
}

// Build makes a model. A shape that cannot be is a [*tensor.ShapeError]; a
// parameter without a weight is an error; weights that predicting does not need
// are left out.
func Build(s Spec) (*Model, error) {
	target := s.Pipeline.Schema.Target
	batch := graph.Sym("N")
	typ, err := s.Pipeline.InputType(batch)
	if err != nil {
		return nil, err
	}
	var mistake error
	states := 0 // outputs that are no result
	g, err := graph.Build(func(g *graph.Graph) {
		g.Name = s.Name
		for _, name := range slices.Sorted(maps.Keys(s.Weights)) {
			g.Variable(name, s.Weights[name])
		}
		x := inputs(g, s.Pipeline, typ)
		y := s.Forward(g, s.Pipeline.Build(x))
		states = len(g.Outputs())
		mistake = outputs(g, y, target)
	})
	if err == nil {
		err = mistake
	}
	if err != nil {
		return nil, err
	}
	for _, v := range g.Variables() {
		if s.Weights[v.Name()] == nil {
			return nil, fmt.Errorf("model: the parameter %s has no weight", v.Name())
		}
	}
	// Extract leaves out what predicting does not need. Results come first.
	names, values := g.OutputNames(), g.Outputs()
	names = slices.Concat(names[states:], names[:states])
	if g, err = g.Extract(names, slices.Concat(values[states:], values[:states])); err != nil {
		return nil, err
	}
	if g, err = g.Simplify(); err != nil {
		return nil, err
	}
	return &Model{Graph: g, Info: s.Info}, nil
}

// inputs adds the raw inputs and returns the pipeline's input: one value, or the
// columns of a table side by side.
func inputs(g *graph.Graph, p *feature.Pipeline, typ graph.Type) *graph.Value {
	columns := p.Schema.Columns
	if len(columns) == 0 {
		return g.Input("input", typ)
	}
	taken := map[string]bool{LabelOutput: true, ProbabilitiesOutput: true, PredictionOutput: true}
	values := make([]*graph.Value, len(columns))
	for i, name := range columns {
		for name == "" || taken[name] || g.Named(name) != nil {
			name += "_"
		}
		values[i] = g.Input(name, typ.With(typ.Shape[0], graph.Known(1)))
	}
	if len(values) == 1 {
		return values[0]
	}
	return op.Concat(1, values...)
}

// outputs names the results: label and probabilities for classes, else
// prediction.
func outputs(g *graph.Graph, y *graph.Value, target data.Target) error {
	if target.Kind != data.Classes {
		g.Output(PredictionOutput, y)
		return nil
	}
	defer g.Scope("label")()
	classes := len(target.Labels)
	if classes == 2 && (y.Rank() == 1 || y.Rank() == 2 && y.Shape()[1].Is(1)) {
		y = bothClasses(y)
	}
	if y.Rank() < 2 || !y.Shape()[1].Is(classes) {
		return fmt.Errorf("model: the network gives %v for %d classes: want [N %d]", y.Shape(), classes, classes)
	}
	label := op.ArgMax(y, 1, false)
	if names := labelTensor(target.Labels); names != nil {
		label = op.Gather(g.Constant(names), label, 0)
	}
	g.Output(LabelOutput, label)
	g.Output(ProbabilitiesOutput, y)
	return nil
}

// bothClasses is [1-p, p] for the probability p of the second class.
func bothClasses(p *graph.Value) *graph.Value {
	if p.Rank() == 1 {
		p = op.Unsqueeze(p, 1)
	}
	return op.Concat(1, op.Sub(op.Scalar(p, 1), p), p)
}

// labelTensor holds the labels: int64 where all are whole numbers, else strings;
// nil where each label is the number of its class.
func labelTensor(labels []string) *tensor.Tensor {
	numbers := make([]int64, len(labels))
	counting := true
	for i, l := range labels {
		n, err := strconv.ParseInt(l, 10, 64)
		if err != nil || strconv.FormatInt(n, 10) != l {
			return tensor.Of(labels, len(labels))
		}
		numbers[i] = n
		counting = counting && n == int64(i)
	}
	if counting {
		return nil
	}
	return tensor.Of(numbers, len(numbers))
}
