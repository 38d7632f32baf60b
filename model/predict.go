package model

import (
	"fmt"
	"runtime"

	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// PredictOptions say how predictions are computed.
type PredictOptions struct {
	// Backend runs the graph. It is required.
	Backend engine.Backend
	// Memory bounds what a run uses, in bytes; 0 does not. As many goroutines as
	// there are processors that Go may use may each be in a run.
	Memory int
	// Batch is the most samples of one run; 0 means 64. More samples than that
	// are computed one part after the other.
	Batch int
}

// Predictor computes predictions. It is safe for concurrent use: as many calls run
// at a time as there are processors that Go may use, and others wait.
type Predictor struct {
	program *engine.Program
	idle    chan *engine.Program // forks of it; nil is one that is yet to be made
	columns bool                 // one input a column
	batch   int
	labels  []string
}

// Prediction is what a model says of some samples.
type Prediction struct {
	// Probabilities of the classes, [n, C]; nil for a model of numbers.
	Probabilities *tensor.Tensor
	// Classes are the numbers of the most probable classes, the first of equal
	// ones; of the labels, for a model with labels. nil for a model of numbers.
	Classes []int
	// Labels are the labels of the classes.
	Labels []string
	// Values are the predicted numbers, [n, …]; nil for a model of classes.
	Values *tensor.Tensor
}

// Predictor compiles the model for predicting. Of a file of another program it
// computes the output prediction, else the first, from the one input.
func (m *Model) Predictor(o PredictOptions) (*Predictor, error) {
	name := PredictionOutput
	if m.Pipeline != nil && m.output(ProbabilitiesOutput) != nil {
		name = ProbabilitiesOutput
	}
	value := m.output(name)
	if value == nil { // a file of another program: its first output
		value = m.Graph.Outputs()[0]
	}
	g, err := m.Graph.Extract([]string{name}, []*graph.Value{value})
	if err != nil {
		return nil, err
	}
	p := &Predictor{columns: m.Pipeline != nil && len(m.Pipeline.Schema.Columns) > 0, batch: o.Batch}
	if name == ProbabilitiesOutput {
		p.labels = m.Labels()
	}
	switch in := g.Inputs(); {
	case len(in) == 0 || len(in) > 1 && !p.columns:
		return nil, fmt.Errorf("model: it has %d inputs, and samples are one: run its graph with package engine", len(in))
	case in[0].Rank() == 0:
		return nil, fmt.Errorf("model: the input %s has no axis for samples", in[0].Name())
	default:
		if n, known := in[0].Shape()[0].Size(); known {
			p.batch = n
		}
	}
	if p.batch == 0 {
		p.batch = 64
	}
	p.program, err = engine.Compile(g, engine.Options{Backend: o.Backend, Memory: o.Memory})
	p.idle = make(chan *engine.Program, runtime.GOMAXPROCS(0))
	for range cap(p.idle) {
		p.idle <- nil
	}
	return p, err
}

// Predict computes the predictions for samples [n, sample…]: raw, as they come
// from the source after the host steps of the pipeline, in the input's element
// type. For a table, x is [n, columns].
func (p *Predictor) Predict(x *tensor.Tensor) (*Prediction, error) {
	if x.Rank() == 0 {
		return nil, fmt.Errorf("model: samples have an axis, given a scalar")
	}
	n := x.Shape()[0]
	var parts []*tensor.Tensor
	for from := 0; from < n || from == 0; from += p.batch {
		part := x.Slice(0, from, min(from+p.batch, n), 1)
		out, err := p.run(part)
		if err != nil {
			return nil, err
		}
		parts = append(parts, out)
	}
	y := parts[0]
	if len(parts) > 1 {
		y = tensor.Concat(0, parts...)
	}
	if p.labels == nil {
		return &Prediction{Values: y}, nil
	}
	result := &Prediction{Probabilities: y}
	for _, c := range tensor.Ints(tensor.ArgMax(y, 1, false)) {
		result.Classes = append(result.Classes, c)
		result.Labels = append(result.Labels, p.labels[c])
	}
	return result, nil
}

// run computes one part; the result is the caller's.
func (p *Predictor) run(x *tensor.Tensor) (*tensor.Tensor, error) {
	in := []*tensor.Tensor{x}
	if p.columns {
		if want := len(p.program.Graph().Inputs()); x.Rank() != 2 || x.Shape()[1] != want {
			return nil, fmt.Errorf("model: samples of shape %v given, the model has %d columns", x.Shape()[1:], want)
		}
		in = in[:0]
		for c := range x.Shape()[1] {
			in = append(in, x.Slice(1, c, c+1, 1))
		}
	}
	program := <-p.idle
	if program == nil {
		program = p.program.Fork()
	}
	defer func() { p.idle <- program }() // once its outputs are copied
	out, err := program.Run(in)
	if err != nil {
		return nil, err
	}
	return out[0].Clone(), nil
}
