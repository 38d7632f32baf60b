// Package optim moves parameters by their gradients.
//
// An [Optimizer] is a plain struct of options that builds its update into a
// graph, as operators on the parameter, its gradient and the variables that it
// remembers. The learning rate and the number of the step are inputs, so one
// compiled program serves a whole run, and a [Schedule] is ordinary Go:
//
//	adam := optim.Adam{LR: 0.001}
//	step := optim.NewStep(g)
//	for i, p := range params {
//		adam.Update(step, optim.Param{Value: p, Grad: grads[i]})
//	}
//	…
//	rate := adam.Rate() * schedule.Factor(at)
//
// The formulas, their order of operations and the defaults are PyTorch's.
//
// In a net file the optimizer and the schedule are choices with options:
//
//	optimizer: {adam: {lr: 0.001, weight_decay: 1e-4}}
//	schedule: {cosine: {min: 0.01}, warmup: {steps: 500}}
package optim

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/tensor"
)

// Optimizer turns gradients into updates of parameters. Its zero value has the
// documented defaults.
type Optimizer interface {
	// Rate is the learning rate before any schedule.
	Rate() float64
	// Update adds the update of one parameter to its graph, and the variables
	// that the optimizer keeps for it, which are named
	// "<parameter>.<optimizer>.<what>" and start as zeros.
	Update(s Step, p Param)
}

// Param is a parameter to update.
type Param struct {
	Value *graph.Value // a variable
	Grad  *graph.Value // the gradient, of the same type
	// NoDecay leaves the parameter out of weight decay, as is usual for biases
	// and the scales of norms.
	NoDecay bool
}

// Step is what an update needs to know of the step: two scalars.
type Step struct {
	Rate   *graph.Value // the learning rate, float64
	Number *graph.Value // 1 at the first step, int64
}

// The names of the inputs of [NewStep].
const (
	RateInput   = "optim.rate"
	NumberInput = "optim.step"
)

// NewStep adds the step's inputs, [RateInput] and [NumberInput], to a graph.
func NewStep(g *graph.Graph) Step {
	return Step{
		Rate:   g.Input(RateInput, graph.TensorOf(tensor.Float64)),
		Number: g.Input(NumberInput, graph.TensorOf(tensor.Int64)),
	}
}

// All is the table of optimizers by their key in files.
var All = map[string]Optimizer{
	"sgd":     SGD{},
	"adam":    Adam{},
	"adamw":   AdamW{},
	"rmsprop": RMSProp{},
}

// Parse reads an optimizer from a net file: a key of [All], alone or with its
// options. A node that is not there is Adam with its defaults.
func Parse(n *config.Node) (Optimizer, error) {
	if n.Empty() {
		return Adam{}, nil
	}
	o, err := config.DecodeChoice(n, "optimizer", All)
	if err != nil {
		return nil, err
	}
	if detail := conflict(o); detail != "" {
		return nil, n.Errorf("%s", detail)
	}
	return o, nil
}

// Encode is the node that [Parse] reads as the optimizer.
func Encode(o Optimizer) (*config.Node, error) {
	return config.EncodeChoice(o, "optimizer", All)
}

// Validate checks the options of an optimizer that a program made.
func Validate(o Optimizer) error {
	key, ok := config.ChoiceKey(o, All)
	if !ok {
		return nil // of another package, which knows its own bounds
	}
	if err := config.ValidateAs(key, o); err != nil {
		return err
	}
	if detail := conflict(o); detail != "" {
		return &config.Error{Detail: detail}
	}
	return nil
}

// conflict says which options of the optimizer do not go together, or "".
func conflict(o Optimizer) string {
	if s, ok := o.(SGD); ok && s.Nesterov && (s.Momentum == 0 || s.Dampening != 0) {
		return fmt.Sprintf(`the "nesterov" of sgd needs a momentum > 0 and a dampening of 0, got %v and %v`, s.Momentum, s.Dampening)
	}
	return ""
}

// defaulted is the options with defaults for what is zero.
func defaulted[T any](options T) T {
	config.Defaults(&options)
	return options
}

// decay is the weight decay of the parameter.
func (p Param) decay(amount float64) float64 {
	if p.NoDecay {
		return 0
	}
	return amount
}

// zeros is a variable that an optimizer keeps for the parameter.
func (p Param) zeros(name string) *graph.Value {
	v := p.Value
	shape, ok := v.Shape().Concrete()
	if !ok {
		panic(&tensor.ShapeError{Op: "optim", Detail: fmt.Sprintf("the parameter %s has the shape %v, which is not concrete", v.Name(), v.Shape())})
	}
	return v.Graph().Variable(v.Name()+"."+name, tensor.New(v.DType()).BroadcastTo(shape)) // the state makes room
}

// assign updates the parameter and the variables that are kept for it.
func (p Param) assign(value *graph.Value, kept, values []*graph.Value) {
	g := p.Value.Graph()
	g.Update(p.Value, value)
	for i, v := range kept {
		g.Update(v, values[i])
	}
}
