package feature

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// Pipeline is the steps between a source's samples and a network.
type Pipeline struct {
	// Schema describes the samples that the steps are for, those of the
	// training data.
	Schema *data.Schema
	// Host are the steps that are applied when a sample is read.
	Host []HostStep
	// Graph are the steps that are part of the model.
	Graph []GraphStep
}

// New returns the pipeline of the given steps. Steps that change images as they are
// read come before those of the graph.
func New(schema *data.Schema, list ...Step) (*Pipeline, error) {
	p := &Pipeline{Schema: schema}
	columns := schema.Columns
	for _, s := range list {
		switch s := s.(type) {
		case HostStep:
			if len(p.Graph) > 0 {
				return nil, fmt.Errorf("step %s works on images as they are read: put it before %s", NameOf(s), NameOf(p.Graph[0]))
			}
			if schema.Layout == "" {
				return nil, fmt.Errorf("step %s works on images, but a sample of %s is %v", NameOf(s), schema.Name, schema.Sample)
			}
			p.Host = append(p.Host, s)
		case GraphStep:
			if hot, ok := s.(*OneHot); ok {
				if err := hot.bind(columns); err != nil {
					return nil, err
				}
				columns = slices.Delete(slices.Clone(columns), hot.At, hot.At+1)
			}
			p.Graph = append(p.Graph, s)
		default:
			return nil, fmt.Errorf("%T is neither a GraphStep nor a HostStep", s)
		}
	}
	_, err := p.sample()
	return p, err
}

// image returns the shape of a sample as an image [height, width, channels].
func image(shape tensor.Shape) tensor.Shape {
	if len(shape) == 2 {
		return append(shape.Clone(), 1)
	}
	return shape
}

// sample returns the shape of a sample after the host steps, -1 where it varies.
func (p *Pipeline) sample() (tensor.Shape, error) {
	shape := p.Schema.Sample
	if p.Schema.Varies {
		shape = tensor.Shape{-1, -1, shape[2]}
	}
	if len(p.Host) == 0 {
		return shape, nil
	}
	out := image(shape)
	for _, s := range p.Host {
		var err error
		if out, err = s.Shape(out); err != nil {
			return nil, err
		}
	}
	return out[:max(len(shape), 2)], nil
}

// InputType returns the type of the graph's input: a batch of samples as they are
// read, raw, after the host steps.
func (p *Pipeline) InputType(batch graph.Dim) (graph.Type, error) {
	shape, err := p.sample()
	if err != nil {
		return graph.Type{}, err
	}
	if slices.Contains(shape, -1) {
		if p.Schema.Varies && len(p.Host) == 0 {
			shape = p.Schema.Sample // of one size after all, or reading fails
		} else {
			return graph.Type{}, fmt.Errorf("%s: images of various sizes need the step resize or a crop", p.Schema.Name)
		}
	}
	return graph.TensorOf(p.Schema.DType, append(graph.Shape{batch}, graph.Dims(shape...)...)...), nil
}

// Build adds the graph steps to the graph of x, whose type is InputType's, and
// returns the network's input, float32. The steps are in scopes of their names.
func (p *Pipeline) Build(x *graph.Value) *graph.Value {
	x = p.build(x, len(p.Graph))
	if x.DType() != tensor.Float32 {
		x = op.Cast(x, tensor.Float32)
	}
	return x
}

// build adds the first n graph steps.
func (p *Pipeline) build(x *graph.Value, n int) *graph.Value {
	for _, s := range p.Graph[:n] {
		end := x.Graph().Scope(NameOf(s))
		x = s.Build(x)
		end()
	}
	return x
}

// Output returns the shape of one sample as the network gets it.
func (p *Pipeline) Output() (tensor.Shape, error) {
	t, err := p.InputType(graph.Sym("N"))
	if err != nil {
		return nil, err
	}
	if s := p.growing(); s != nil {
		return nil, fmt.Errorf("the shape after the step %s is known when the steps are fitted", NameOf(s))
	}
	var out graph.Shape
	_, err = graph.Build(func(g *graph.Graph) { out = p.placeholder().Build(g.Input("x", t)).Shape() })
	if err != nil {
		return nil, err
	}
	shape, ok := out[1:].Concrete()
	if !ok {
		return nil, fmt.Errorf("the steps give samples of shape %v, which is not known before they are read", out[1:])
	}
	return shape, nil
}

// placeholder is the pipeline without the steps that still have to learn and keep
// the shape of a sample.
func (p *Pipeline) placeholder() *Pipeline {
	out := *p
	out.Graph = slices.DeleteFunc(slices.Clone(p.Graph), func(s GraphStep) bool {
		f, ok := s.(Fitter)
		return ok && !f.Fitted()
	})
	return &out
}

// growing returns a step that changes the shape of a sample and has not learned yet
// how, or nil.
func (p *Pipeline) growing() GraphStep {
	for _, s := range p.Graph {
		if hot, ok := s.(*OneHot); ok && !hot.Fitted() {
			return s
		}
	}
	return nil
}

// Fit lets every step learn that has to, each from what those before it give. All
// workers that share a [data.Spread] learn the same; see [Learn].
func (p *Pipeline) Fit(ctx context.Context, src data.Source) error {
	for i, s := range p.Graph {
		f, ok := s.(Fitter)
		if !ok || f.Fitted() {
			continue
		}
		if src.Len() == 0 {
			return &data.ContentError{Source: src.Schema().Name, Detail: "there are no samples to learn the step " + NameOf(s) + " from", Hint: "give a file that holds some"}
		}
		err := f.Fit(Rows{src, func(some data.Source, do func(x *tensor.Tensor) error) error { return p.eachBatch(ctx, some, i, do) }})
		if err != nil {
			return fmt.Errorf("%s: fit the step %s: %w", src.Schema().Name, NameOf(s), err)
		}
	}
	return nil
}

// evaluate computes the first n graph steps by the operators' definitions.
func (p *Pipeline) evaluate(x *tensor.Tensor, n int) (*tensor.Tensor, error) {
	var out *graph.Value
	g, err := graph.Build(func(g *graph.Graph) { out = p.build(g.Input("x", graph.TypeOf(x)), n) })
	if err != nil {
		return nil, err
	}
	values := make([]*tensor.Tensor, g.NumValues())
	values[g.Inputs()[0].ID()] = x
	value := func(v *graph.Value) *tensor.Tensor {
		if v.Origin() == graph.Constant {
			return v.Init()
		}
		return values[v.ID()]
	}
	for _, node := range g.Nodes() {
		in := make([]*tensor.Tensor, len(node.In()))
		for i, v := range node.In() {
			if v != nil {
				in[i] = value(v)
			}
		}
		results, err := node.Op().Eval(in)
		if err != nil {
			return nil, err
		}
		for i, v := range node.Out() {
			values[v.ID()] = results[i]
		}
	}
	return value(out), nil
}

// Clone returns the pipeline with steps of its own, which learn without those of p
// changing.
func (p *Pipeline) Clone() *Pipeline {
	out := &Pipeline{Schema: p.Schema}
	for _, s := range p.Host {
		out.Host = append(out.Host, cloneStep(s))
	}
	for _, s := range p.Graph {
		out.Graph = append(out.Graph, cloneStep(s))
	}
	return out
}

// cloneStep copies the struct behind a step. What it has learned is replaced, never
// changed, so the copy may share it.
func cloneStep[S Step](s S) S {
	v := reflect.New(reflect.TypeOf(s).Elem())
	v.Elem().Set(reflect.ValueOf(s).Elem())
	return v.Interface().(S)
}

// String lists the steps, those of the host before a bar.
func (p *Pipeline) String() string {
	var host, inGraph []string
	for _, s := range p.Host {
		host = append(host, describe(s))
	}
	for _, s := range p.Graph {
		inGraph = append(inGraph, describe(s))
	}
	return strings.TrimSpace(strings.Join(host, ", ") + " | " + strings.Join(inGraph, ", "))
}

func describe(s Step) string {
	b, err := json.Marshal(s)
	if err != nil || len(b) > 80 || string(b) == "{}" {
		return NameOf(s)
	}
	return NameOf(s) + string(b)
}

// pipelineJSON is the form of a Pipeline in a model's metadata.
type pipelineJSON struct {
	Schema *data.Schema `json:"schema"`
	Host   List         `json:"host"`
	Graph  List         `json:"graph"`
}

// MarshalJSON writes schema and steps, with all that they have learned.
func (p *Pipeline) MarshalJSON() ([]byte, error) {
	out := pipelineJSON{Schema: p.Schema, Host: List{}, Graph: List{}}
	for _, s := range p.Host {
		out.Host = append(out.Host, s)
	}
	for _, s := range p.Graph {
		out.Graph = append(out.Graph, s)
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (p *Pipeline) UnmarshalJSON(b []byte) error {
	var in pipelineJSON
	if err := json.Unmarshal(b, &in); err != nil {
		return fmt.Errorf("feature steps: %w", err)
	}
	if in.Schema == nil {
		return fmt.Errorf("feature steps: the schema is missing")
	}
	*p = Pipeline{Schema: in.Schema}
	for _, s := range in.Host {
		h, ok := s.(HostStep)
		if !ok {
			return fmt.Errorf("feature steps: %s is not a step of the host", NameOf(s))
		}
		p.Host = append(p.Host, h)
	}
	for _, s := range in.Graph {
		g, ok := s.(GraphStep)
		if !ok {
			return fmt.Errorf("feature steps: %s is not a step of the graph", NameOf(s))
		}
		p.Graph = append(p.Graph, g)
	}
	return nil
}

// adapt returns the pipeline for samples of another source than those that it was
// made for: images of another size are resized first.
func (p *Pipeline) adapt(s *data.Schema) (*Pipeline, error) {
	if s.Layout == "" || p.Schema.Layout == "" || len(p.Host) > 0 || (s.Varies && p.Schema.Varies) {
		return p, nil
	}
	have, want := image(s.Sample), image(p.Schema.Sample)
	if !s.Varies && have.Equal(want) {
		return p, nil
	}
	if have[2] != want[2] {
		return nil, &data.ContentError{Source: s.Name, Detail: fmt.Sprintf("an image has %d channels, want %d as in %s", have[2], want[2], p.Schema.Name), Hint: "open it in the form of the training data"}
	}
	out := *p
	out.Host = []HostStep{&Resize{Height: want[0], Width: want[1]}}
	return &out, nil
}
