package optim

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
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
	w := p.Value
	g := decayed(p, o.WeightDecay)
	if o.Momentum > 0 {
		buffer := zeros(w, "sgd.momentum")
		fresh := op.Mul(s.first(w, 1, 1-o.Dampening), g)
		b := op.Add(op.Mul(op.Scalar(w, o.Momentum), buffer), fresh)
		w.Graph().Update(buffer, b)
		if o.Nesterov {
			g = op.Add(g, op.Mul(op.Scalar(w, o.Momentum), b))
		} else {
			g = b
		}
	}
	w.Graph().Update(w, op.Sub(w, op.Mul(like(s.Rate, w), g)))
}

// first is one number at the first step and another later, in the element type
// of w.
func (s Step) first(w *graph.Value, first, later float64) *graph.Value {
	if first == later {
		return op.Scalar(w, first)
	}
	is := op.Equal(s.Number, op.Scalar(s.Number, 1))
	return op.Where(is, op.Scalar(w, first), op.Scalar(w, later))
}

// decayed is grad + decay·p.
func decayed(p Param, decay float64) *graph.Value {
	if decay == 0 || p.NoDecay {
		return p.Grad
	}
	return op.Add(p.Grad, op.Mul(op.Scalar(p.Value, decay), p.Value))
}

// like is a scalar in the element type of w.
func like(scalar, w *graph.Value) *graph.Value {
	if w.DType() == tensor.Float64 {
		return scalar
	}
	return op.Cast(scalar, w.DType())
}
