package train

import (
	"strings"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/model"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/optim"
	"github.com/emberml/ember/tensor"
)

// The inputs of the gradient and evaluation programs.
const (
	inputName  = "input"
	targetName = "target"
	scaleName  = "loss.scale" // one over the samples of the global batch
	shareName  = "loss.share" // this part's share of them, the penalty's weight
)

// gradPrefix marks the variables that hold gradients between the programs.
const gradPrefix = "grad."

// programs are what training runs. They share the state.
type programs struct {
	state   *engine.State
	params  nn.Params
	carried *carried
	first   *engine.Program // gradients of a part of a batch
	update  *engine.Program
	eval    *engine.Program

	gradients *gradients
	ready     func(variable string) // hears of gradients that are computed; may be nil
}

// The outputs of the gradient and evaluation programs, in order.
const (
	outLoss    = iota // sum of the samples' losses
	outPenalty        // the net's penalties, 0 without
	outPrediction
	outTarget // as fed, or the net's input where that is the target
	// Behind it, what carried states are after the batch.
)

// compile builds and compiles the programs of a job.
func compile(job *Job, pipeline *feature.Pipeline, schema *data.Schema) (*programs, error) {
	p := &programs{state: engine.NewState()}
	options := engine.Options{Backend: job.Backend, State: p.state, Arena: engine.NewArena(), Memory: job.Memory}
	build := func(into **engine.Program, options engine.Options, body func(g *graph.Graph) error) error {
		var failed error
		g, err := graph.Build(func(g *graph.Graph) { failed = body(g) })
		if err == nil {
			err = failed
		}
		if err == nil {
			*into, err = engine.Compile(g, options)
		}
		return err
	}
	input, err := pipeline.InputType(graph.Sym("N"))
	if err != nil {
		return nil, err
	}
	forward := forward{job: job, pipeline: pipeline, schema: schema, input: input}
	heard := options
	heard.Updated = func(variable string) {
		if p.ready != nil {
			p.ready(variable)
		}
	}
	err = build(&p.first, heard, func(g *graph.Graph) error {
		b, err := forward.gradients(g)
		if err != nil {
			return err
		}
		p.params, p.carried = b.Params(), newCarried(b.Carries(), job.Batch, job.parts)
		for _, v := range p.params { // their first values themselves, not copies
			if err := p.state.Place(v.Name, v.Value.Init()); err != nil {
				return err
			}
		}
		if err := p.carried.place(p.state); err != nil {
			return err
		}
		p.gradients, err = placeGradients(p.state, p.params.Trainable(), extras(p.params, p.carried))
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := build(&p.update, options, func(g *graph.Graph) error { return buildUpdate(g, job, p.params) }); err != nil {
		return nil, err
	}
	return p, build(&p.eval, options, func(g *graph.Graph) error {
		forward.loss(g, false)
		return nil
	})
}

// forward builds what the gradient and evaluation programs have in common.
type forward struct {
	job      *Job
	pipeline *feature.Pipeline
	schema   *data.Schema
	input    graph.Type
}

// loss builds features, net, loss and prediction, and the outputs for them.
func (f forward) loss(g *graph.Graph, training bool) (each *graph.Value, b *nn.Builder) {
	b = nn.NewBuilder(g, nn.Options{Train: training, Seed: f.job.Seed, Freeze: f.job.Freeze, Blank: !training})
	x := f.pipeline.Build(g.Input(inputName, f.input))
	target := x
	if f.job.Net.Target != nn.InputName {
		target = g.Input(targetName, targetType(f.schema, f.input.Shape[0]))
	}
	y := f.job.Net.Forward(b, x)
	end := g.Scope("loss")
	each = f.job.Net.Loss.Each(b, y, target)
	penalty := b.Penalty()
	if penalty == nil {
		penalty = op.Scalar(each, 0)
	}
	g.Output("loss", op.ReduceSum(each, nil, false))
	g.Output("penalty", penalty)
	g.Output("prediction", f.job.Net.Loss.Predict(y))
	g.Output("target", target)
	for _, state := range b.Carries() {
		g.Output(state.Before.Name()+model.NextSuffix, state.After)
	}
	end()
	return each, b
}

// gradients builds the gradients of the scaled loss into the variables that
// hold them.
func (f forward) gradients(g *graph.Graph) (*nn.Builder, error) {
	each, b := f.loss(g, true)
	if err := b.CheckFreeze(); err != nil {
		return nil, err
	}
	scalar := graph.TensorOf(each.DType())
	scale, share := g.Input(scaleName, scalar), g.Input(shareName, scalar)
	total := op.Mul(op.ReduceSum(each, nil, false), scale)
	if penalty := b.Penalty(); penalty != nil {
		total = op.Add(total, op.Mul(penalty, share))
	}
	trained := b.Params().Trainable()
	if len(trained) == 0 {
		return nil, &config.Error{Detail: "the net has no parameters to train", Hint: "freeze fewer layers, or give it some"}
	}
	grads, err := op.Gradients([]*graph.Value{total}, trained.Values())
	if err != nil {
		return nil, err
	}
	for i, p := range trained {
		held := g.Variable(gradPrefix+p.Name, tensor.New(p.Value.DType()).BroadcastTo(concrete(p.Value)))
		g.Update(held, grads[i])
	}
	return b, nil
}

// buildUpdate builds the optimizer's step from the held gradients.
func buildUpdate(g *graph.Graph, job *Job, params nn.Params) error {
	step := optim.NewStep(g)
	trained := params.Trainable()
	grads := make([]*graph.Value, len(trained))
	for i, p := range trained {
		grads[i] = g.Variable(gradPrefix+p.Name, tensor.New(p.Value.DType(), concrete(p.Value)...))
	}
	if job.ClipValue > 0 {
		grads = optim.ClipByValue(grads, job.ClipValue)
	}
	if job.ClipNorm > 0 {
		grads, _ = optim.ClipByGlobalNorm(grads, job.ClipNorm)
	}
	for i, p := range trained {
		end := g.Scope(p.Layer)
		job.Optimizer.Update(step, optim.Param{
			Value: g.Variable(p.Name, p.Value.Init()), Grad: grads[i], NoDecay: !p.Decay,
		})
		end()
	}
	return nil
}

func concrete(v *graph.Value) tensor.Shape {
	s, _ := v.Shape().Concrete()
	return s
}

// targetType is the type of the targets of a batch.
func targetType(s *data.Schema, n graph.Dim) graph.Type {
	switch {
	case s.Target.Kind == data.Classes:
		return graph.TensorOf(tensor.Int64, n)
	case len(s.Target.Names) > 1:
		return graph.TensorOf(tensor.Float32, n, graph.Known(len(s.Target.Names)))
	}
	return graph.TensorOf(tensor.Float32, n)
}

// transient tells whether a variable is no part of a checkpoint: a gradient
// lives for one step.
func transient(name string) bool { return strings.HasPrefix(name, gradPrefix) }

// feeds puts the inputs of a program in its order.
type feeds struct {
	names  []string
	values []*tensor.Tensor
}

func feedsOf(p *engine.Program) *feeds {
	f := &feeds{}
	for _, v := range p.Graph().Inputs() {
		f.names = append(f.names, v.Name())
	}
	f.values = make([]*tensor.Tensor, len(f.names))
	return f
}

// set gives an input its value; a program that lacks the input ignores it.
func (f *feeds) set(name string, t *tensor.Tensor) {
	for i, n := range f.names {
		if n == name {
			f.values[i] = t
		}
	}
}
