package op

import "github.com/emberml/ember/graph"

// Spatial is how a kernel moves along one spatial axis of known extent, with
// automatic padding resolved: what an engine's kernel needs to know.
type Spatial struct {
	In, Out, Kernel  int
	Stride, Dilation int
	Before, After    int // padding
}

// Spatial is the geometry of the convolution of x with the weight w, concrete
// types, one entry a spatial axis.
func (o ConvOp) Spatial(x, w graph.Type) []Spatial {
	kernel, _ := w.Shape[2:].Concrete()
	return o.window().spatial(x, kernel)
}

// Spatial is the geometry of the pooling of x, a concrete type, one entry a
// spatial axis.
func (o MaxPoolOp) Spatial(x graph.Type) []Spatial {
	return o.pool().spatial(x, o.KernelShape.Slice())
}

// Spatial is the geometry of the pooling of x, a concrete type, one entry a
// spatial axis.
func (o AveragePoolOp) Spatial(x graph.Type) []Spatial {
	return o.pool().spatial(x, o.KernelShape.Slice())
}

func (w window) spatial(x graph.Type, kernel []int) []Spatial {
	in, _ := x.Shape[2:].Concrete()
	g := w.on(in, kernel)
	axes := make([]Spatial, len(in))
	for i, a := range g.axes {
		axes[i] = Spatial{
			In: in[i], Out: g.out[i], Kernel: a.kernel,
			Stride: a.stride, Dilation: a.dilation, Before: a.before, After: a.after,
		}
	}
	return axes
}
