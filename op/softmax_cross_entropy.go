package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// SoftmaxCrossEntropyOp is the loss of rows of logits x, classes along the last
// axis, whose right classes are the targets t:
//
//	p = softmax(x), K classes of weights w, or 1 where they are left out
//	loss = (1 - Smoothing)·w[t]·(-ln p[t]) + Smoothing/K·Σ w[k]·(-ln p[k])
type SoftmaxCrossEntropyOp struct {
	Smoothing float64 // share of the target that is spread over all classes
}

// SoftmaxCrossEntropy is the loss of each row of logits along the last axis of x;
// weight may be nil. See [SoftmaxCrossEntropyOp].
func SoftmaxCrossEntropy(x, target, weight *graph.Value, smoothing float64) *graph.Value {
	return apply1(SoftmaxCrossEntropyOp{Smoothing: smoothing}, x, target, weight)
}

// Spec describes the operator.
func (o SoftmaxCrossEntropyOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "SoftmaxCrossEntropy", Domain: ember, Formula: "loss = -ln softmax(x)[target], weighted and smoothed",
		Source: "torch.nn.functional.cross_entropy without reduction",
		Inputs: []string{"x", "target", "weight?"}, Outputs: []string{"loss"}, ULP: 32,
		FLOPs: func(in, _ []graph.Type) int64 { return 4 * elements(in[0]) },
		Cases: func() []graph.Case {
			return crossEntropyCases(func(o SoftmaxCrossEntropyOp, in ...graph.Arg) (graph.Op, []graph.Arg) { return o, in[1:] })
		},
	}
}

// crossEntropyCases are those of SoftmaxCrossEntropy and its gradient, made from a
// gradient, x, targets and perhaps weights.
func crossEntropyCases(of func(o SoftmaxCrossEntropyOp, in ...graph.Arg) (graph.Op, []graph.Arg)) []graph.Case {
	smooth := SoftmaxCrossEntropyOp{Smoothing: 0.25}
	var cases []graph.Case
	for _, c := range []struct {
		name     string
		o        SoftmaxCrossEntropyOp
		rows     []int
		classes  int
		weighted bool
	}{
		{"", SoftmaxCrossEntropyOp{}, []int{5}, 10, false},
		{"two classes", SoftmaxCrossEntropyOp{}, []int{6}, 2, false},
		{"one class", SoftmaxCrossEntropyOp{}, []int{3}, 1, false},
		{"weights", SoftmaxCrossEntropyOp{}, []int{5}, 9, true},
		{"smoothing", smooth, []int{2, 3}, 11, false},
		{"weights and smoothing", smooth, []int{7}, 4, true},
		{"one row", smooth, nil, 20, true},
		{"large", smooth, []int{300}, 129, true},
		{"no samples", SoftmaxCrossEntropyOp{}, []int{0}, 10, false},
	} {
		in := []graph.Arg{
			graph.Rand(c.rows...), graph.RandIn(-3, 3, append(append([]int{}, c.rows...), c.classes)...),
			intArg(-c.classes, c.classes-1, c.rows...),
		}
		if c.weighted {
			in = append(in, graph.RandIn(0.5, 2, c.classes))
		}
		o, in := of(c.o, in...)
		g := graph.Case{Name: c.name, Op: o, In: in}
		if c.name == "large" {
			g.NoGrad = large
		}
		cases = append(cases, g)
	}
	return cases
}

// Infer gives the shape of the targets.
func (o SoftmaxCrossEntropyOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 2, 3); err != nil {
		return nil, err
	}
	if err := wantFloat(in[0]); err != nil {
		return nil, err
	}
	if err := wantDType("the targets", in[1], tensor.Int64); err != nil {
		return nil, err
	}
	rank := in[0].Rank()
	if rank == 0 {
		return nil, fmt.Errorf("the logits have no axis of classes")
	}
	if err := wantShape("the targets", in[1], in[0].Shape[:rank-1]); err != nil {
		return nil, err
	}
	if has(in, 2) {
		if err := sameDType(in[0], in[2]); err != nil {
			return nil, err
		}
		if err := wantShape("the weights", in[2], in[0].Shape[rank-1:]); err != nil {
			return nil, err
		}
	}
	return oneType(in[0].With(in[0].Shape[:rank-1]...))
}

// crossEntropyRow is what the loss of one row is made of.
type crossEntropyRow struct {
	logP  []float64 // ln p[k]
	share []float64 // the loss is -Σ share[k]·ln p[k]
}

// each calls f for each row.
func (o SoftmaxCrossEntropyOp) each(x, target, weight *tensor.Tensor, f func(i int, r crossEntropyRow)) error {
	shape := x.Shape()
	classes := shape[len(shape)-1]
	weights := make([]float64, classes)
	for k := range weights {
		weights[k] = 1
	}
	if weight != nil {
		weights = tensor.Float64s(weight)
	}
	logP, err := LogSoftmaxOp{}.Eval([]*tensor.Tensor{tensor.Cast(x, tensor.Float64)})
	if err != nil {
		return err
	}
	all := tensor.Float64s(logP[0])
	for i, t := range tensor.Ints(target) {
		at, err := indexOf(t, classes)
		if err != nil {
			return fmt.Errorf("target %d: %w", i, err)
		}
		share := make([]float64, classes)
		for k, w := range weights {
			share[k] = o.Smoothing / float64(classes) * w
		}
		share[at] += (1 - o.Smoothing) * weights[at]
		f(i, crossEntropyRow{all[i*classes:][:classes], share})
	}
	return nil
}

// Eval is the definition.
func (o SoftmaxCrossEntropyOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	loss := make([]float64, in[1].Len())
	err := o.each(in[0], in[1], arg(in, 2), func(i int, r crossEntropyRow) {
		for k, s := range r.share {
			if s != 0 {
				loss[i] -= float64(s * r.logP[k])
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return one(ofFloats(in[0].DType(), loss, in[1].Shape()))
}

// Grad is SoftmaxCrossEntropyGrad; with respect to the weights it is by parts.
func (o SoftmaxCrossEntropyOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	d := make([]*graph.Value, len(in))
	if needsGrad(optional(in, 2)) {
		d = gradByParts(in, g, func(in []*graph.Value) []*graph.Value {
			share := o.share(in[0], in[1], optional(in, 2))
			return []*graph.Value{Neg(ReduceSum(Mul(share, LogSoftmax(in[0], -1)), []int{-1}, false))}
		})
	}
	d[0] = apply1(SoftmaxCrossEntropyGradOp(o), append([]*graph.Value{g[0]}, in...)...)
	return d
}

// share is the share of each class in the loss, in the shape of x.
func (o SoftmaxCrossEntropyOp) share(x, target, weight *graph.Value) *graph.Value {
	at := Unsqueeze(target, -1)
	add := ScatterElementsOp{Axis: -1, Reduction: "add"}
	right := apply1(add, Filled(x, 0), at, ExpandLike(Scalar(x, 1), at))
	share := Add(Mul(right, Scalar(x, 1-o.Smoothing)), Mul(ReduceMean(right, []int{-1}, true), Scalar(x, o.Smoothing)))
	if weight != nil {
		share = Mul(share, weight)
	}
	return share
}
