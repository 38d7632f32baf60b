package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// The update operators make one step of an optimizer: from a parameter, its
// gradient, the optimizer's state, the learning rate and the number of the step
// (from 1) they compute the new parameter and the new state. The formulas and their
// order are PyTorch's. Their attributes have no defaults; those are package optim's.

// inferUpdate checks a parameter, its gradient and states of its type, then a
// scalar learning rate and, if counted, a scalar int64 step. It gives the types of
// the parameter and the states.
func inferUpdate(in []graph.Type, states int, counted bool) ([]graph.Type, error) {
	n := 3 + states
	if counted {
		n++
	}
	if err := expect(in, n, n); err != nil {
		return nil, err
	}
	if err := wantFloat(in[0]); err != nil {
		return nil, err
	}
	if err := sameDType(in[:2+states]...); err != nil {
		return nil, err
	}
	for _, t := range in[1 : 2+states] {
		if !t.Shape.Equal(in[0].Shape) {
			return nil, fmt.Errorf("the parameter has the shape %v, but its gradient or state %v", in[0].Shape, t.Shape)
		}
	}
	rate := in[2+states]
	if !rate.IsFloat() || !rate.Shape.Len().Is(1) {
		return nil, fmt.Errorf("the learning rate must be a floating-point scalar, not %v", rate)
	}
	if counted {
		if step := in[3+states]; step.DType != tensor.Int64 || !step.Shape.Len().Is(1) {
			return nil, fmt.Errorf("the step must be an int64 scalar, not %v", step)
		}
	}
	out := []graph.Type{in[0].With(in[0].Shape...)}
	for range states {
		out = append(out, out[0])
	}
	return out, nil
}

// update holds the inputs of an update in float64; its slices may be changed.
type update struct {
	param, grad []float64
	state       [][]float64
	rate        float64
	step        int
}

func openUpdate(in []*tensor.Tensor, states int) update {
	u := update{param: tensor.Float64s(in[0]), grad: tensor.Float64s(in[1]), rate: tensor.Float64s(in[2+states])[0]}
	for _, t := range in[2 : 2+states] {
		u.state = append(u.state, tensor.Float64s(t))
	}
	if step := arg(in, 3+states); step != nil {
		u.step = tensor.Ints(step)[0]
	}
	return u
}

// close rounds the parameter and the states to the type of the parameter.
func (u update) close(param *tensor.Tensor) []*tensor.Tensor {
	out := []*tensor.Tensor{ofFloats(param.DType(), u.param, param.Shape())}
	for _, s := range u.state {
		out = append(out, ofFloats(param.DType(), s, param.Shape()))
	}
	return out
}

// updateArgs are the arguments of a case, with enough elements for several threads:
// states are in lo…hi.
func updateArgs(lo, hi float64, states int, step int64) []graph.Arg {
	in := []graph.Arg{graph.Rand(130, 129), graph.Rand(130, 129)}
	for range states {
		in = append(in, graph.RandIn(lo, hi, 130, 129))
	}
	in = append(in, graph.Given(tensor.Scalar(0.05)))
	if step > 0 {
		in = append(in, graph.Given(tensor.Scalar(step)))
	}
	return in
}
