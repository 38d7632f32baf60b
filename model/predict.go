package model

import (
	"fmt"
	"runtime"
	"sync"

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
	// Batch is the most samples of one run; 0 means 64, or with Stateful those of a
	// call. More samples than that are computed one part after the other.
	Batch int
	// Stateful carries the states of a model that has some from batch to batch, within
	// a call and from call to call: sample i goes on where sample i of the batch
	// before ended, until Reset. All batches are of one size, and calls run one after
	// the other. Without it every sample is the beginning of a sequence.
	Stateful bool
}

// Predictor computes predictions. It is safe for concurrent use: as many calls run
// at a time as there are processors that Go may use, and others wait.
type Predictor struct {
	program *engine.Program
	idle    chan *engine.Program // forks of it; nil is one that is yet to be made
	columns bool                 // one input a column
	batch   int
	labels  []string

	states   []*graph.Value // inputs behind the samples
	stateful bool
	calls    sync.Mutex       // held in a call of a stateful predictor
	carried  []*tensor.Tensor // the states after the last batch; nil where sequences begin
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
	names, values := []string{name}, []*graph.Value{value}
	states := m.carried()
	for _, s := range states {
		names, values = append(names, s.before.Name()+NextSuffix), append(values, s.after)
	}
	g, err := m.Graph.Extract(names, values)
	if err != nil {
		return nil, err
	}
	p := &Predictor{columns: m.Pipeline != nil && len(m.Pipeline.Schema.Columns) > 0, batch: o.Batch, stateful: o.Stateful && len(states) > 0}
	for _, s := range states {
		p.states = append(p.states, s.before)
	}
	if name == ProbabilitiesOutput {
		p.labels = m.Labels()
	}
	switch in := g.Inputs()[:len(g.Inputs())-len(states)]; {
	case len(in) == 0 || len(in) > 1 && !p.columns:
		return nil, fmt.Errorf("model: it has %d inputs, and samples are one: run its graph with package engine", len(in))
	case in[0].Rank() == 0:
		return nil, fmt.Errorf("model: the input %s has no axis for samples", in[0].Name())
	default:
		if n, known := in[0].Shape()[0].Size(); known {
			p.batch = n
		}
	}
	if p.batch == 0 && !p.stateful {
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
	if p.stateful {
		p.calls.Lock()
		defer p.calls.Unlock()
	}
	n := x.Shape()[0]
	batch := p.batch
	if batch == 0 {
		batch = max(n, 1)
	}
	var parts []*tensor.Tensor
	for from := 0; from < n || from == 0; from += batch {
		part := x.Slice(0, from, min(from+batch, n), 1)
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
		if want := len(p.program.Graph().Inputs()) - len(p.states); x.Rank() != 2 || x.Shape()[1] != want {
			return nil, fmt.Errorf("model: samples of shape %v given, the model has %d columns", x.Shape()[1:], want)
		}
		in = in[:0]
		for c := range x.Shape()[1] {
			in = append(in, x.Slice(1, c, c+1, 1))
		}
	}
	begin, err := p.begin(x.Shape()[0])
	if err != nil {
		return nil, err
	}
	in = append(in, begin...)
	program := <-p.idle
	if program == nil {
		program = p.program.Fork()
	}
	defer func() { p.idle <- program }() // once its outputs are copied
	out, err := program.Run(in)
	if err != nil {
		return nil, err
	}
	if p.stateful {
		p.carried = nil
		for _, state := range out[1:] {
			p.carried = append(p.carried, state.Clone())
		}
	}
	return out[0].Clone(), nil
}

// begin is the states that a batch of n samples begins with.
func (p *Predictor) begin(n int) ([]*tensor.Tensor, error) {
	if p.stateful && p.carried != nil {
		if before := p.carried[0].Shape()[0]; before != n {
			return nil, fmt.Errorf("model: sample i goes on where sample i of the batch before ended, and that had %d samples, this has %d: give as many, or Reset the predictor to begin anew", before, n)
		}
		return p.carried, nil
	}
	var zeros []*tensor.Tensor
	for _, state := range p.states {
		row, known := state.Shape()[1:].Concrete()
		if !known {
			return nil, fmt.Errorf("model: the size of the state %s is not known: run its graph with package engine", state.Name())
		}
		zeros = append(zeros, tensor.New(state.DType(), append(tensor.Shape{n}, row...)...))
	}
	return zeros, nil
}

// Reset begins all sequences anew: the next batch has zeros for the states that a
// stateful predictor carries.
func (p *Predictor) Reset() {
	p.calls.Lock()
	defer p.calls.Unlock()
	p.carried = nil
}
