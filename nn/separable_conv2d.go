package nn

import "github.com/emberml/ember/graph"

// SeparableConv2D is a convolution of each channel of an image by itself and
// then one of 1×1 that mixes them (Chollet 2017), without anything in between:
// y = dropout(activation((x ∗ D) ∗ P + b)).
//
// Shapes: x is [N, channels, h, w], y is [N, filters, h', w'] with the extents of
// [Conv2D]. Parameters: depthwise.weight [channels·multiplier, 1, kernel h, kernel
// w], pointwise.weight [filters, channels·multiplier, 1, 1], pointwise.bias
// [filters].
type SeparableConv2D struct {
	Filters    int        `required:"true" min:"1" doc:"channels of the output"`
	Kernel     Pair       `required:"true" type:"number or [h, w]" doc:"size of the depthwise filters"`
	Stride     Pair       `default:"1" type:"number or [h, w]" doc:"step between neighbors"`
	Padding    Padding    `type:"valid, same or [h, w]" doc:"what is added around the image; valid is nothing, same is ONNX's SAME_UPPER"`
	Dilation   Pair       `default:"1" type:"number or [h, w]" doc:"distance between the cells of a filter"`
	Multiplier int        `default:"1" min:"1" doc:"depthwise filters of each channel"`
	Activation Activation `doc:"function of the output, such as relu"`
	Bias       *bool      `default:"true" doc:"add a trained bias"`
	L1         float64    `min:"0" doc:"λ of λ·Σ|w| of both weights, added to the loss"`
	L2         float64    `min:"0" doc:"λ of λ·Σw² of both weights, added to the loss"`
	Dropout    float64    `min:"0" max:"1" exclusive:"max" doc:"share of the outputs that training sets to 0"`
	Init       Init       `default:"fan_in_uniform" doc:"first values of the weights"`
	BiasInit   Init       `default:"fan_in_uniform" doc:"first values of the bias"`
}

// Build adds the layer to the graph.
func (l SeparableConv2D) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	x := b.image(in)
	depthwise := DepthwiseConv2D{
		Kernel: l.Kernel, Stride: l.Stride, Padding: l.Padding, Dilation: l.Dilation, Multiplier: l.Multiplier,
		Bias: new(false), L1: l.L1, L2: l.L2, Init: l.Init,
	}
	pointwise := Conv2D{
		Filters: l.Filters, Kernel: Pair{1}, Activation: l.Activation, Bias: l.Bias,
		L1: l.L1, L2: l.L2, Dropout: l.Dropout, Init: l.Init, BiasInit: l.BiasInit,
	}
	x = b.Scope("depthwise", func() *graph.Value { return depthwise.Build(b, x) })
	return b.Scope("pointwise", func() *graph.Value { return pointwise.Build(b, x) })
}
