package nn

import (
	"slices"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
)

// Flatten makes each sample a vector.
//
// Shapes: x is [N, d1, d2, …], y is [N, d1·d2·…].
type Flatten struct{}

// Build adds the layer to the graph.
func (Flatten) Build(b *Builder, in ...*graph.Value) *graph.Value {
	return op.Flatten(b.One(in), 1)
}

// Reshape gives each sample another shape of as many elements.
//
// Shapes: x is [N, …], y is [N, shape…].
type Reshape struct {
	Shape []int `required:"true" min:"-1" doc:"shape of a sample, without the batch; one size may be -1 and follows from the others"`
}

// Build adds the layer to the graph.
func (l Reshape) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	x := b.One(in)
	have := 1
	for i := 1; i < x.Rank(); i++ {
		have *= b.size(x, i)
	}
	want, open := 1, -1
	for i, n := range l.Shape {
		switch {
		case n == -1 && open >= 0:
			b.Failf("only one size of shape %v may be -1", l.Shape)
		case n == -1:
			open = i
		case n < 1:
			b.Failf("a size of shape %v is %d", l.Shape, n)
		default:
			want *= n
		}
	}
	shape := slices.Clone(l.Shape)
	if open >= 0 && want > 0 && have%want == 0 {
		shape[open] = have / want
		want = have
	}
	if want != have {
		b.Failf("%d elements of a sample %v do not fill shape %v", have, x.Shape(), l.Shape)
	}
	return op.Reshape(x, append([]int{0}, shape...)...)
}

// Permute reorders the axes of each sample: [2, 1] makes of sequences [N, length,
// channels] those of convolutions, [N, channels, length], and back.
//
// Shapes: x is [N, d1, d2, …], y is [N, d of axes1, d of axes2, …].
type Permute struct {
	Axes []int `required:"true" min:"1" doc:"the input's axis that each axis of a sample is; the batch is axis 0 and stays"`
}

// Build adds the layer to the graph.
func (l Permute) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	x := b.One(in)
	axes := append([]int{0}, l.Axes...)
	sorted := slices.Sorted(slices.Values(axes))
	for i, a := range sorted {
		if a != i || len(axes) != x.Rank() {
			b.Failf("axes %v are not those of a sample of %v, each once", l.Axes, x.Shape())
		}
	}
	return op.Transpose(x, axes...)
}
