package nn

import (
	"slices"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
)

// ZeroPad adds zeros around each channel.
//
// Shapes: x is [N, channels, d1, d2, …], y is [N, channels, before1 + d1 + after1,
// …].
type ZeroPad struct {
	Before []int `required:"true" min:"0" doc:"zeros at the start of each spatial axis: [1, 2] is one row above and two columns to the left of an image"`
	After  []int `min:"0" doc:"zeros at the end of each spatial axis; left out, as many as before"`
}

// Build adds the layer to the graph.
func (l ZeroPad) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	x := b.One(in)
	after := l.After
	if after == nil {
		after = l.Before
	}
	for _, zeros := range [][]int{l.Before, after} {
		if len(zeros) != x.Rank()-2 {
			b.Failf("zeros %v have %d numbers, but the input %v has %d spatial axes", zeros, len(zeros), x.Shape(), max(0, x.Rank()-2))
		}
	}
	outer := []int{0, 0}
	return op.Pad(x, slices.Concat(outer, l.Before), slices.Concat(outer, after))
}

// Upsample repeats each cell of a sequence, image or volume: the nearest
// neighbor.
//
// Shapes: x is [N, channels, d1, d2, …], y is [N, channels, factor1·d1, factor2·d2,
// …].
type Upsample struct {
	Factors []int `required:"true" min:"1" doc:"how often the cells repeat along each spatial axis: [2, 2] doubles an image"`
}

// Build adds the layer to the graph.
func (l Upsample) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	x := b.One(in)
	if len(l.Factors) != x.Rank()-2 {
		b.Failf("factors %v are %d numbers, but the input %v has %d spatial axes", l.Factors, len(l.Factors), x.Shape(), max(0, x.Rank()-2))
	}
	// [N, c, d, …] becomes [N, c, d, 1, …], [N, c, d, factor, …], [N, c, d·factor, …].
	apart, repeats, joined := []int{0, 0}, []int{1, 1}, []int{0, 0}
	for i, factor := range l.Factors {
		d := b.size(x, 2+i)
		apart, repeats, joined = append(apart, d, 1), append(repeats, 1, factor), append(joined, d*factor)
	}
	return op.Reshape(op.Expand(op.Reshape(x, apart...), op.Ints(x, repeats...)), joined...)
}
