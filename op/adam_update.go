package op

import (
	"math"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// AdamUpdateOp is a step of Adam, or of AdamW if Decoupled:
//
//	p *= 1 - lr·WeightDecay             (Decoupled)
//	g += WeightDecay·p                  (otherwise)
//	m += (1 - Beta1)·(g - m)
//	v = Beta2·v + (1 - Beta2)·g²
//	top = max(top, v)                   (AMSGrad; top takes the place of v below)
//	p -= lr/(1 - Beta1^step)·m / (√v/√(1 - Beta2^step) + Epsilon)
//
// Its inputs are p, g, m, v, with AMSGrad top, then lr and step.
type AdamUpdateOp struct {
	Beta1, Beta2 float64
	Epsilon      float64
	WeightDecay  float64
	Decoupled    bool
	AMSGrad      bool
}

// Spec describes the operator.
func (o AdamUpdateOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "AdamUpdate", Domain: ember, Formula: "p -= lr·m̂/(√v̂ + ε)",
		Source: "Kingma, Ba, \"Adam\", 2015; Loshchilov, Hutter, \"Decoupled weight decay regularization\", 2019; torch.optim.AdamW",
		Inputs: []string{"param", "grad", "state...", "rate", "step"}, Outputs: []string{"param", "state..."}, ULP: 16,
		FLOPs: func(in, _ []graph.Type) int64 { return 12 * elements(in[0]) },
		Cases: func() []graph.Case {
			a := AdamUpdateOp{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}
			l2, w, ams := a, a, a
			l2.WeightDecay = 0.01
			w.WeightDecay, w.Decoupled = 0.01, true
			ams.AMSGrad = true
			return []graph.Case{
				{Op: a, In: updateArgs(0.01, 1, 2, 3)},
				{Name: "first step", Op: a, In: updateArgs(0.01, 1, 2, 1)},
				{Name: "weight decay", Op: l2, In: updateArgs(0.01, 1, 2, 3)},
				{Name: "decoupled", Op: w, In: updateArgs(0.01, 1, 2, 3)},
				{Name: "amsgrad", Op: ams, In: updateArgs(0.01, 1, 3, 3)},
			}
		},
	}
}

func (o AdamUpdateOp) states() int {
	if o.AMSGrad {
		return 3
	}
	return 2
}

// Infer gives the types of p and the states.
func (o AdamUpdateOp) Infer(in []graph.Type) ([]graph.Type, error) {
	return inferUpdate(in, o.states(), true)
}

// Eval is the definition.
func (o AdamUpdateOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	u := openUpdate(in, o.states())
	step := float64(u.step)
	size := u.rate / (1 - math.Pow(o.Beta1, step))
	scale := math.Sqrt(1 - math.Pow(o.Beta2, step))
	for i, p := range u.param {
		g := u.grad[i]
		if o.Decoupled {
			p *= 1 - float64(u.rate*o.WeightDecay)
		} else {
			g += float64(o.WeightDecay * p)
		}
		m := u.state[0][i] + float64((1-o.Beta1)*(g-u.state[0][i]))
		v := float64(o.Beta2*u.state[1][i]) + float64((1-o.Beta2)*g*g)
		u.state[0][i], u.state[1][i] = m, v
		if o.AMSGrad {
			v = max(u.state[2][i], v)
			u.state[2][i] = v
		}
		u.param[i] = p - size*m/(math.Sqrt(v)/scale+o.Epsilon)
	}
	return u.close(in[0]), nil
}

// AdamUpdate is a step of Adam: the new parameter and the new states m, v and, with
// AMSGrad, top, given the old ones.
func AdamUpdate(attrs AdamUpdateOp, param, grad *graph.Value, state []*graph.Value, rate, step *graph.Value) (newParam *graph.Value, newState []*graph.Value) {
	in := append([]*graph.Value{param, grad}, state...)
	out := apply(attrs, append(in, rate, step)...)
	return out[0], out[1:]
}
