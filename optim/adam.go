package optim

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
)

// Adam adapts the rate of each parameter to the mean and the mean square of its
// gradient. At step t, counted from 1:
//
//	g = grad + WeightDecay·p
//	m = m + (1-Beta1)·(g-m)
//	v = Beta2·v + (1-Beta2)·g²
//	p = p - LR/(1-Beta1ᵗ) · m / (√v/√(1-Beta2ᵗ) + Epsilon)
//
// With AMSGrad the greatest v so far takes the place of v in the last line.
//
// Source: Kingma, Ba, "Adam: a method for stochastic optimization", 2015,
// algorithm 1; Reddi et al., "On the convergence of Adam and beyond", 2018.
type Adam struct {
	LR          float64 `default:"0.001" min:"0" exclusive:"min" doc:"learning rate"`
	Beta1       float64 `default:"0.9" min:"0" max:"1" exclusive:"max" doc:"decay of the mean of the gradient"`
	Beta2       float64 `default:"0.999" min:"0" max:"1" exclusive:"max" doc:"decay of the mean square of the gradient"`
	Epsilon     float64 `default:"1e-8" min:"0" doc:"keeps the denominator away from 0"`
	WeightDecay float64 `min:"0" doc:"factor of the parameter that is added to its gradient"`
	AMSGrad     bool    `config:"amsgrad" doc:"divide by the greatest mean square so far"`
}

// AdamW is [Adam] with a weight decay that is apart from the gradient: first
// p = (1 - LR·WeightDecay)·p, then Adam's update without decay.
//
// Source: Loshchilov, Hutter, "Decoupled weight decay regularization", 2019,
// algorithm 2.
type AdamW struct {
	LR          float64 `default:"0.001" min:"0" exclusive:"min" doc:"learning rate"`
	Beta1       float64 `default:"0.9" min:"0" max:"1" exclusive:"max" doc:"decay of the mean of the gradient"`
	Beta2       float64 `default:"0.999" min:"0" max:"1" exclusive:"max" doc:"decay of the mean square of the gradient"`
	Epsilon     float64 `default:"1e-8" min:"0" doc:"keeps the denominator away from 0"`
	WeightDecay float64 `default:"0.01" min:"0" doc:"share of the parameter, times the learning rate, that each step takes away"`
	AMSGrad     bool    `config:"amsgrad" doc:"divide by the greatest mean square so far"`
}

// Rate implements [Optimizer].
func (o Adam) Rate() float64 { return defaulted(o).LR }

// Rate implements [Optimizer].
func (o AdamW) Rate() float64 { return defaulted(o).LR }

// Update implements [Optimizer]. It keeps m and v in "<parameter>.adam.m" and
// "<parameter>.adam.v", and the greatest v in "<parameter>.adam.vmax".
func (o Adam) Update(s Step, p Param) { defaulted(o).update(s, p, false) }

// Update implements [Optimizer]. It keeps the variables of [Adam].
func (o AdamW) Update(s Step, p Param) { Adam(defaulted(o)).update(s, p, true) }

func (o Adam) update(s Step, p Param, decoupled bool) {
	attrs := op.AdamUpdateOp{
		Beta1: o.Beta1, Beta2: o.Beta2, Epsilon: o.Epsilon, AMSGrad: o.AMSGrad,
		WeightDecay: p.decay(o.WeightDecay), Decoupled: decoupled,
	}
	kept := []*graph.Value{p.zeros("adam.m"), p.zeros("adam.v")}
	if o.AMSGrad {
		kept = append(kept, p.zeros("adam.vmax"))
	}
	value, values := op.AdamUpdate(attrs, p.Value, p.Grad, kept, s.Rate, s.Number)
	p.assign(value, kept, values)
}
