package nn

import "github.com/emberml/ember/graph"

// Conv3D is a convolution of volumes, or of videos along time too, with trained
// filters: y = dropout(activation(x ∗ W + b)).
//
// Shapes: x is [N, channels, d, h, w], y is [N, filters, d', h', w'] with
// d' = ⌊(d + 2·padding − dilation·(kernel − 1) − 1)/stride⌋ + 1. Parameters:
// weight [filters, channels/groups, kernel d, kernel h, kernel w], bias
// [filters].
type Conv3D struct {
	Filters    int        `required:"true" min:"1" doc:"channels of the output"`
	Kernel     Triple     `required:"true" type:"number or [d, h, w]" doc:"size of the filters"`
	Stride     Triple     `default:"1" type:"number or [d, h, w]" doc:"step between neighbors"`
	Padding    Padding    `type:"valid, same or [d, h, w]" doc:"what is added around the volume; valid is nothing, same is ONNX's SAME_UPPER"`
	Dilation   Triple     `default:"1" type:"number or [d, h, w]" doc:"distance between the cells of a filter"`
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
func (l Conv3D) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	return convolution{
		filters: l.Filters, groups: l.Groups, padding: l.Padding,
		kernel: l.Kernel.sizes(), stride: l.Stride.sizes(), dilation: l.Dilation.sizes(),
		activation: l.Activation, bias: *l.Bias, l1: l.L1, l2: l.L2, dropout: l.Dropout, init: l.Init, biasInit: l.BiasInit,
	}.build(b, b.volume(in))
}
