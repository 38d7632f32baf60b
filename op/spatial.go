package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

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
	return w.on(in, kernel)
}

// reach is how many neighboring elements the kernel spans.
func (s Spatial) reach() int { return (s.Kernel-1)*s.Dilation + 1 }

// position is the element under element k of the kernel at position o; it may lie
// in the padding.
func (s Spatial) position(o, k int) int { return o*s.Stride - s.Before + k*s.Dilation }

// geometry is how a kernel moves along all spatial axes.
type geometry []Spatial

// in are the extents of the input.
func (g geometry) in() tensor.Shape {
	return g.extents(func(s Spatial) int { return s.In })
}

// out are the extents of the result.
func (g geometry) out() tensor.Shape {
	return g.extents(func(s Spatial) int { return s.Out })
}

// kernel are the extents of the kernel.
func (g geometry) kernel() tensor.Shape {
	return g.extents(func(s Spatial) int { return s.Kernel })
}

func (g geometry) extents(of func(Spatial) int) tensor.Shape {
	e := make(tensor.Shape, len(g))
	for i, s := range g {
		e[i] = of(s)
	}
	return e
}

// tap is an element of the kernel over an element of the input, both counted in
// row-major order.
type tap struct{ kernel, in int }

// taps are, for each element of the result in row-major order, the elements of
// the kernel that lie over the input rather than the padding.
func (g geometry) taps() [][]tap {
	kernel, step := g.kernel(), strides(g.in())
	at := make([][]tap, 0, g.out().Len())
	eachIndex(g.out(), func(_ int, o []int) {
		ts := make([]tap, 0, kernel.Len())
		eachIndex(kernel, func(flat int, k []int) {
			in := 0
			for i, s := range g {
				p := s.position(o[i], k[i])
				if p < 0 || p >= s.In {
					return
				}
				in += p * step[i]
			}
			ts = append(ts, tap{flat, in})
		})
		at = append(at, ts)
	})
	return at
}
