package optim

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
)

// SGD is stochastic gradient descent:
//
//	g = grad + WeightDecay·p
//	b = Momentum·b + (1-Dampening)·g, at the first step b = g   (if Momentum > 0)
//	g = g + Momentum·b if Nesterov, else b                      (if Momentum > 0)
//	p = p - LR·g
//
// Source: Sutskever et al., "On the importance of initialization and momentum in
// deep learning", 2013, in PyTorch's form, where the momentum is not scaled by
// the learning rate.
type SGD struct {
	LR          float64 `default:"0.01" min:"0" exclusive:"min" doc:"learning rate"`
	Momentum    float64 `min:"0" max:"1" doc:"share of the last update that is kept"`
	Dampening   float64 `min:"0" max:"1" doc:"share of the gradient that does not enter the momentum"`
	WeightDecay float64 `min:"0" doc:"factor of the parameter that is added to its gradient"`
	Nesterov    bool    `doc:"look ahead along the momentum"`
}

// Rate implements [Optimizer].
func (o SGD) Rate() float64 { return defaulted(o).LR }

// Update implements [Optimizer]. It keeps the momentum in
// "<parameter>.sgd.momentum".
func (o SGD) Update(s Step, p Param) {
	o = defaulted(o)
	attrs := op.SGDUpdateOp{
		Momentum: o.Momentum, Dampening: o.Dampening, Nesterov: o.Nesterov, WeightDecay: p.decay(o.WeightDecay),
	}
	if o.Momentum > 0 {
		buffer := p.zeros("sgd.momentum")
		value, next := op.SGDUpdate(attrs, p.Value, p.Grad, buffer, s.Rate, s.Number)
		p.assign(value, []*graph.Value{buffer}, []*graph.Value{next})
		return
	}
	value, _ := op.SGDUpdate(attrs, p.Value, p.Grad, nil, s.Rate, nil)
	p.assign(value, nil, nil)
}
