package nn

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
)

// Conv2D is a convolution of images with trained filters:
// y = dropout(activation(x ∗ W + b)).
//
// Shapes: x is [N, channels, h, w], y is [N, filters, h', w'] with
// h' = ⌊(h + 2·padding − dilation·(kernel − 1) − 1)/stride⌋ + 1. Parameters:
// weight [filters, channels/groups, kernel h, kernel w], bias [filters].
type Conv2D struct {
	Filters    int        `required:"true" min:"1" doc:"channels of the output"`
	Kernel     Pair       `required:"true" type:"number or [h, w]" doc:"size of the filters"`
	Stride     Pair       `default:"1" type:"number or [h, w]" doc:"step between neighbors"`
	Padding    Padding    `type:"valid, same or [h, w]" doc:"what is added around the image; valid is nothing, same is ONNX's SAME_UPPER"`
	Dilation   Pair       `default:"1" type:"number or [h, w]" doc:"distance between the cells of a filter"`
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
func (l Conv2D) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	x := b.image(in)
	channels := b.size(x, 1)
	if channels%l.Groups != 0 || l.Filters%l.Groups != 0 {
		b.Failf("%d channels and %d filters do not split into %d groups", channels, l.Filters, l.Groups)
	}
	kh, kw := l.Kernel.size()
	shape := []int{l.Filters, channels / l.Groups, kh, kw}
	w := b.Param("weight", l.Init, shape...)
	b.Penalize(w, l.L1, l.L2)
	var bias *graph.Value
	if *l.Bias {
		bias = b.param("bias", l.BiasInit, fansOf(shape), shape[:1])
	}
	y := op.Conv(x, w, bias, op.ConvOp{
		Strides: l.Stride.ints(), Dilations: l.Dilation.ints(), Group: l.Groups,
		Pads: l.Padding.pads(), AutoPad: l.Padding.autoPad(),
	})
	return b.Dropout(l.Activation.of(b, y), l.Dropout)
}
