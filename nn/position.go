package nn

import (
	"math"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// PositionalEncoding adds to each step numbers that tell its place: of Learned a
// trained vector, else sines and cosines (Vaswani et al. 2017, section 3.5):
//
//	e[t, 2i] = sin(t/10000^(2i/size)), e[t, 2i+1] = cos(t/10000^(2i/size))
//
// Shapes: x and y are [N, steps, size]. Parameters, if learned: weight [steps, size].
type PositionalEncoding struct {
	Learned bool `doc:"train a vector for each step"`
	Init    Init `default:"normal(0, 0.02)" doc:"first values of the trained vectors"`
}

// Build adds the layer to the graph.
func (l PositionalEncoding) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	x := b.One(in)
	size, steps := b.features(x), b.size(x, 1)
	if l.Learned {
		return op.Add(x, b.Param("weight", l.Init, steps, size))
	}
	e := make([]float64, steps*size)
	for i := range e {
		t, d := i/size, i%size
		angle := float64(t) * math.Pow(10000, -float64(d-d%2)/float64(size))
		if e[i] = math.Sin(angle); d%2 == 1 {
			e[i] = math.Cos(angle)
		}
	}
	return op.Add(x, b.Graph.Constant(tensor.Cast(tensor.Of(e, steps, size), x.DType())))
}

// Positions is a trained vector for each step of its input, whose values do not
// matter: [N, steps, …] gives [1, steps, units], which broadcasts to the samples.
// Parameters: weight [size, units], of which the first steps are used; with Single
// only the first one, for all steps, as for text of one segment.
type Positions struct {
	Size   int  `required:"true" min:"1" doc:"the most steps there can be"`
	Units  int  `required:"true" min:"1" doc:"length of each vector"`
	Single bool `doc:"give all steps the first vector"`
	Init   Init `default:"normal(0, 0.02)" doc:"first values of the vectors"`
}

// Build adds the layer to the graph.
func (l Positions) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	steps := b.size(b.One(in), 1)
	if l.Single {
		steps = 1
	}
	if steps > l.Size {
		b.Failf("there are %d steps, more than the %d positions", steps, l.Size)
	}
	w := b.Param("weight", l.Init, l.Size, l.Units)
	return op.Unsqueeze(op.Slice(w, 0, 0, steps, 1), 0)
}

// Rotary turns each pair of a head's numbers by an angle that grows with the step
// (Su et al. 2021): of queries and keys so turned, products depend on distances
// alone. Number i is paired with number i + size/2 of its head, and turned by
// t/base^(2i/size).
//
// Shapes: x and y are [N, steps, heads·size].
type Rotary struct {
	Heads int     `required:"true" min:"1" doc:"number of heads side by side"`
	Base  float64 `default:"10000" min:"1" doc:"the longest wavelength over 2π"`
}

// Build adds the layer to the graph.
func (l Rotary) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	x := b.One(in)
	width, steps := b.features(x), b.size(x, 1)
	size := width / l.Heads
	if width%l.Heads != 0 || size%2 != 0 {
		b.Failf("%d features are not %d heads of an even size", width, l.Heads)
	}
	half := size / 2
	cos, sin := make([]float64, steps*half), make([]float64, steps*half)
	for i := range cos {
		angle := float64(i/half) * math.Pow(l.Base, -float64(i%half)/float64(half))
		sin[i], cos[i] = math.Sincos(angle)
	}
	table := func(v []float64) *graph.Value {
		return b.Graph.Constant(tensor.Cast(tensor.Of(v, steps, 1, half), x.DType()))
	}
	c, s := table(cos), table(sin)
	parts := op.Split(op.Reshape(x, 0, 0, l.Heads, size), 3, half, half)
	first := op.Sub(op.Mul(parts[0], c), op.Mul(parts[1], s))
	second := op.Add(op.Mul(parts[1], c), op.Mul(parts[0], s))
	return op.Reshape(op.Concat(3, first, second), 0, 0, width)
}

// Select takes one place of an axis, which goes away: of a text [N, steps, size] the
// first step, say.
type Select struct {
	Axis  int `default:"1" doc:"axis that goes away; the batch is axis 0, negative ones count from the end"`
	Index int `doc:"place on the axis; negative ones count from the end"`
}

// Build adds the layer to the graph.
func (l Select) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	x := b.One(in)
	axis := b.axis(x, l.Axis)
	if n := b.size(x, axis); l.Index < -n || l.Index >= n {
		b.Failf("index %d is outside axis %d of %v", l.Index, axis, x.Shape())
	}
	end := l.Index + 1
	if l.Index == -1 {
		end = b.size(x, axis)
	}
	return op.Squeeze(op.Slice(x, axis, l.Index, end, 1), axis)
}
