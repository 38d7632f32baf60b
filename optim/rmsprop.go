package optim

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
)

// RMSProp divides the gradient by the root of its mean square:
//
//	g = grad + WeightDecay·p
//	s = Alpha·s + (1-Alpha)·g²
//	m = m + (1-Alpha)·(g-m),  a = √(s-m²)    (if Centered)
//	a = √s                                   (otherwise)
//	b = Momentum·b + g/(a+Epsilon),  p = p - LR·b     (if Momentum > 0)
//	p = p - LR·g/(a+Epsilon)                          (otherwise)
//
// Source: Hinton, "Neural networks for machine learning", lecture 6, 2012;
// Graves, "Generating sequences with recurrent neural networks", 2013, for
// Centered.
type RMSProp struct {
	LR          float64 `default:"0.01" min:"0" exclusive:"min" doc:"learning rate"`
	Alpha       float64 `default:"0.99" min:"0" max:"1" doc:"decay of the mean square of the gradient"`
	Epsilon     float64 `default:"1e-8" min:"0" doc:"keeps the denominator away from 0"`
	Momentum    float64 `min:"0" max:"1" doc:"share of the last update that is kept"`
	Centered    bool    `doc:"divide by the standard deviation of the gradient"`
	WeightDecay float64 `min:"0" doc:"factor of the parameter that is added to its gradient"`
}

// Rate implements [Optimizer].
func (o RMSProp) Rate() float64 { return defaulted(o).LR }

// Update implements [Optimizer]. It keeps s, m and b in
// "<parameter>.rmsprop.square", ".mean" and ".momentum".
func (o RMSProp) Update(s Step, p Param) {
	o = defaulted(o)
	attrs := op.RMSPropUpdateOp{
		Alpha: o.Alpha, Epsilon: o.Epsilon, Momentum: o.Momentum, Centered: o.Centered, WeightDecay: p.decay(o.WeightDecay),
	}
	kept := []*graph.Value{p.zeros("rmsprop.square")}
	if o.Centered {
		kept = append(kept, p.zeros("rmsprop.mean"))
	}
	if o.Momentum > 0 {
		kept = append(kept, p.zeros("rmsprop.momentum"))
	}
	value, values := op.RMSPropUpdate(attrs, p.Value, p.Grad, kept, s.Rate)
	p.assign(value, kept, values)
}
