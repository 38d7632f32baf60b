package nn

import "github.com/emberml/ember/graph"

// Conv1D is a convolution of sequences with trained filters:
// y = dropout(activation(x ∗ W + b)).
//
// Shapes: x is [N, channels, length], y is [N, filters, length'] with
// length' = ⌊(length + 2·padding − dilation·(kernel − 1) − 1)/stride⌋ + 1; a
// [Permute] brings sequences [N, length, channels] into that form. Parameters:
// weight [filters, channels/groups, kernel], bias [filters].
type Conv1D struct {
	Filters    int        `required:"true" min:"1" doc:"channels of the output"`
	Kernel     int        `required:"true" min:"1" doc:"size of the filters"`
	Stride     int        `default:"1" min:"1" doc:"step between neighbors"`
	Padding    Padding    `type:"valid, same, causal or number" doc:"what is added at the ends; valid is nothing, same is ONNX's SAME_UPPER, causal pads the start alone"`
	Dilation   int        `default:"1" min:"1" doc:"distance between the cells of a filter"`
	Groups     int        `default:"1" min:"1" doc:"groups of channels that do not mix"`
	Activation Activation `doc:"function of the output, such as relu"`
	Bias       *bool      `default:"true" doc:"add a trained bias"`
	L1         float64    `min:"0" doc:"λ of λ·Σ|w|, added to the loss"`
	L2         float64    `min:"0" doc:"λ of λ·Σw², added to the loss"`
	Dropout    float64    `min:"0" max:"1" exclusive:"max" doc:"share of the outputs that training sets to 0"`
	Init       Init       `default:"fan_in_uniform" doc:"first values of the weight"`
	BiasInit   Init       `default:"fan_in_uniform" doc:"first values of the bias"`
}

// Build adds the layer to the graph.
func (l Conv1D) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	return convolution{
		filters: l.Filters, groups: l.Groups, padding: l.Padding,
		kernel: []int{l.Kernel}, stride: []int{l.Stride}, dilation: []int{l.Dilation},
		activation: l.Activation, bias: *l.Bias, l1: l.L1, l2: l.L2, dropout: l.Dropout, init: l.Init, biasInit: l.BiasInit,
	}.build(b, b.sequence(in))
}
