package optim

import "github.com/emberml/ember/op"

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
	w := p.Value
	graph := w.Graph()
	g := decayed(p, o.WeightDecay)
	keep, take := op.Scalar(w, o.Alpha), op.Scalar(w, 1-o.Alpha)
	squareVar := zeros(w, "rmsprop.square")
	square := op.Add(op.Mul(keep, squareVar), op.Mul(op.Mul(take, g), g))
	graph.Update(squareVar, square)
	if o.Centered {
		meanVar := zeros(w, "rmsprop.mean")
		mean := op.Add(meanVar, op.Mul(take, op.Sub(g, meanVar)))
		graph.Update(meanVar, mean)
		square = op.Sub(square, op.Mul(mean, mean))
	}
	move := op.Div(g, op.Add(op.Sqrt(square), op.Scalar(w, o.Epsilon)))
	if o.Momentum > 0 {
		buffer := zeros(w, "rmsprop.momentum")
		move = op.Add(op.Mul(op.Scalar(w, o.Momentum), buffer), move)
		graph.Update(buffer, move)
	}
	graph.Update(w, op.Sub(w, op.Mul(like(s.Rate, w), move)))
}
