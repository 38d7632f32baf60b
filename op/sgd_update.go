package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// SGDUpdateOp is a step of stochastic gradient descent:
//
//	g += WeightDecay·p
//	b = step = 1 ? g : Momentum·b + (1 - Dampening)·g
//	p -= lr·(Nesterov ? g + Momentum·b : b)
//
// Its inputs are p, g, b, lr and step; without Momentum just p, g and lr, and the
// step is p -= lr·g.
type SGDUpdateOp struct {
	Momentum    float64
	Dampening   float64
	WeightDecay float64
	Nesterov    bool
}

// Spec describes the operator.
func (o SGDUpdateOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "SGDUpdate", Domain: ember, Formula: "b = momentum·b + (1 - dampening)·g; p -= lr·b",
		Source: "Sutskever and others, \"On the importance of initialization and momentum in deep learning\", 2013; torch.optim.SGD",
		Inputs: []string{"param", "grad", "state...", "rate", "step?"}, Outputs: []string{"param", "state..."}, ULP: 8,
		FLOPs: func(in, _ []graph.Type) int64 { return 5 * elements(in[0]) },
		Cases: func() []graph.Case {
			return []graph.Case{
				{Name: "plain", Op: SGDUpdateOp{WeightDecay: 0.01}, In: updateArgs(-1, 1, 0, 0)},
				{Name: "momentum", Op: SGDUpdateOp{Momentum: 0.9}, In: updateArgs(-1, 1, 1, 3)},
				{Name: "first step", Op: SGDUpdateOp{Momentum: 0.9, Dampening: 0.5}, In: updateArgs(-1, 1, 1, 1)},
				{Name: "nesterov", Op: SGDUpdateOp{Momentum: 0.9, Nesterov: true, WeightDecay: 0.01}, In: updateArgs(-1, 1, 1, 3)},
				{Name: "dampening", Op: SGDUpdateOp{Momentum: 0.9, Dampening: 0.5}, In: updateArgs(-1, 1, 1, 3)},
			}
		},
	}
}

func (o SGDUpdateOp) states() int {
	if o.Momentum == 0 {
		return 0
	}
	return 1
}

// Infer gives the types of p and b.
func (o SGDUpdateOp) Infer(in []graph.Type) ([]graph.Type, error) {
	return inferUpdate(in, o.states(), o.Momentum != 0)
}

// Eval is the definition.
func (o SGDUpdateOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	u := openUpdate(in, o.states())
	for i, p := range u.param {
		g := u.grad[i] + float64(o.WeightDecay*p)
		if o.Momentum != 0 {
			b := g
			if u.step != 1 {
				b = float64(o.Momentum*u.state[0][i]) + float64((1-o.Dampening)*g)
			}
			u.state[0][i] = b
			if o.Nesterov {
				g += float64(o.Momentum * b)
			} else {
				g = b
			}
		}
		u.param[i] = p - float64(u.rate*g)
	}
	return u.close(in[0]), nil
}

// SGDUpdate is a step of stochastic gradient descent: the new parameter and, with
// Momentum, the new buffer; without, buffer and step are nil.
func SGDUpdate(attrs SGDUpdateOp, param, grad, buffer, rate, step *graph.Value) (newParam, newBuffer *graph.Value) {
	if attrs.Momentum == 0 {
		return apply1(attrs, param, grad, rate), nil
	}
	out := apply(attrs, param, grad, buffer, rate, step)
	return out[0], out[1]
}
