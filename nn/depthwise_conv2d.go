package nn

import "github.com/emberml/ember/graph"

// DepthwiseConv2D is a convolution of each channel of an image by itself, with
// as many trained filters a channel as Multiplier says (Howard et al. 2017). The
// outputs of a channel are neighbors, as in TensorFlow.
//
// Shapes: x is [N, channels, h, w], y is [N, channels·multiplier, h', w'] with the
// extents of [Conv2D]. Parameters: weight [channels·multiplier, 1, kernel h,
// kernel w], bias [channels·multiplier].
type DepthwiseConv2D struct {
	Kernel     Pair       `required:"true" type:"number or [h, w]" doc:"size of the filters"`
	Stride     Pair       `default:"1" type:"number or [h, w]" doc:"step between neighbors"`
	Padding    Padding    `type:"valid, same or [h, w]" doc:"what is added around the image; valid is nothing, same is ONNX's SAME_UPPER"`
	Dilation   Pair       `default:"1" type:"number or [h, w]" doc:"distance between the cells of a filter"`
	Multiplier int        `default:"1" min:"1" doc:"filters of each channel"`
	Activation Activation `doc:"function of the output, such as relu"`
	Bias       *bool      `default:"true" doc:"add a trained bias"`
	L1         float64    `min:"0" doc:"λ of λ·Σ|w|, added to the loss"`
	L2         float64    `min:"0" doc:"λ of λ·Σw², added to the loss"`
	Dropout    float64    `min:"0" max:"1" exclusive:"max" doc:"share of the outputs that training sets to 0"`
	Init       Init       `default:"fan_in_uniform" doc:"first values of the weight"`
	BiasInit   Init       `default:"fan_in_uniform" doc:"first values of the bias"`
}

// Build adds the layer to the graph.
func (l DepthwiseConv2D) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	return convolution{
		filters: l.Multiplier, padding: l.Padding,
		kernel: l.Kernel.sizes(), stride: l.Stride.sizes(), dilation: l.Dilation.sizes(),
		activation: l.Activation, bias: *l.Bias, l1: l.L1, l2: l.L2, dropout: l.Dropout, init: l.Init, biasInit: l.BiasInit,
	}.build(b, b.image(in))
}
