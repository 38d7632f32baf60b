package op

import (
	"math"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// RMSPropUpdateOp is a step of RMSProp:
//
//	g += WeightDecay·p
//	square = Alpha·square + (1 - Alpha)·g²
//	mean += (1 - Alpha)·(g - mean);  avg = √(square - mean²)   (Centered)
//	avg = √square                                              (otherwise)
//	buf = Momentum·buf + g/(avg + Epsilon);  p -= lr·buf       (with Momentum)
//	p -= lr·g/(avg + Epsilon)                                  (otherwise)
//
// Its inputs are p, g, square, with Centered mean, with Momentum buf, then lr.
type RMSPropUpdateOp struct {
	Alpha       float64
	Epsilon     float64
	WeightDecay float64
	Momentum    float64
	Centered    bool
}

// Spec describes the operator.
func (o RMSPropUpdateOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "RMSPropUpdate", Domain: ember, Formula: "p -= lr·g/(√E[g²] + ε)",
		Source: "Tieleman, Hinton, \"Lecture 6.5: RMSProp\", 2012; torch.optim.RMSprop",
		Inputs: []string{"param", "grad", "state...", "rate"}, Outputs: []string{"param", "state..."}, ULP: 16,
		FLOPs: func(in, _ []graph.Type) int64 { return 8 * elements(in[0]) },
		Cases: func() []graph.Case {
			r := RMSPropUpdateOp{Alpha: 0.99, Epsilon: 1e-8}
			decay, momentum, centered := r, r, r
			decay.WeightDecay = 0.01
			momentum.Momentum = 0.9
			centered.Centered, centered.Momentum = true, 0.9
			in := updateArgs(0.01, 0.1, 3, 0)
			in[2] = graph.RandIn(0.1, 1, 130, 129) // above the square of the mean
			return []graph.Case{
				{Op: r, In: updateArgs(0.01, 1, 1, 0)},
				{Name: "weight decay", Op: decay, In: updateArgs(0.01, 1, 1, 0)},
				{Name: "momentum", Op: momentum, In: updateArgs(0.01, 1, 2, 0)},
				{Name: "centered", Op: centered, In: in},
			}
		},
	}
}

func (o RMSPropUpdateOp) states() int {
	n := 1
	if o.Centered {
		n++
	}
	if o.Momentum != 0 {
		n++
	}
	return n
}

// Infer gives the types of p and the states.
func (o RMSPropUpdateOp) Infer(in []graph.Type) ([]graph.Type, error) {
	return inferUpdate(in, o.states(), false)
}

// Eval is the definition.
func (o RMSPropUpdateOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	u := openUpdate(in, o.states())
	buffer := u.state[len(u.state)-1] // with Momentum
	for i, p := range u.param {
		g := u.grad[i] + float64(o.WeightDecay*p)
		square := float64(o.Alpha*u.state[0][i]) + float64((1-o.Alpha)*g*g)
		u.state[0][i] = square
		if o.Centered {
			mean := u.state[1][i] + float64((1-o.Alpha)*(g-u.state[1][i]))
			u.state[1][i] = mean
			square -= float64(mean * mean)
		}
		move := g / (math.Sqrt(square) + o.Epsilon)
		if o.Momentum != 0 {
			move += float64(o.Momentum * buffer[i])
			buffer[i] = move
		}
		u.param[i] = p - float64(u.rate*move)
	}
	return u.close(in[0]), nil
}

// RMSPropUpdate is a step of RMSProp: the new parameter and the new states square,
// with Centered mean and with Momentum buf, given the old ones.
func RMSPropUpdate(attrs RMSPropUpdateOp, param, grad *graph.Value, state []*graph.Value, rate *graph.Value) (newParam *graph.Value, newState []*graph.Value) {
	in := append([]*graph.Value{param, grad}, state...)
	out := apply(attrs, append(in, rate)...)
	return out[0], out[1:]
}
