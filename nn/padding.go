package nn

import (
	"errors"
	"slices"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/tensor"
)

// Padding is what a convolution or pooling adds around its input: nothing (the
// zero value, "valid"), [Same], [Causal], or numbers of cells, [Pad].
type Padding struct {
	word string // "same", "causal", or empty for numbers
	axes int    // how many numbers; one is for every axis, none is 0
	by   [maxAxes]int
}

// maxAxes is the most spatial axes that a layer has.
const maxAxes = 3

// Same pads so that the output has ⌈size/stride⌉ cells along each axis; an odd
// one goes to the end (ONNX's SAME_UPPER).
var Same = Padding{word: "same"}

// Causal pads the start alone, so that no cell of the output sees a later one of
// the input. It is for sequences, not for pooling.
var Causal = Padding{word: "causal"}

// Pad pads both ends of each spatial axis: Pad(2) each axis with 2 cells, Pad(h,
// w) with h rows above and below and w columns left and right. More than three
// numbers panic.
func Pad(by ...int) Padding {
	if len(by) > maxAxes {
		panic(&tensor.ShapeError{Op: "nn.Pad", Detail: "more than three axes"})
	}
	p := Padding{axes: len(by)}
	copy(p.by[:], by)
	return p
}

// UnmarshalConfig reads valid, same, causal, 1 or [1, 2].
func (p *Padding) UnmarshalConfig(n *config.Node) error {
	text, _ := n.Text()
	switch text {
	case "valid":
		*p = Padding{}
		return nil
	case "same", "causal":
		*p = Padding{word: text}
		return nil
	}
	by, ok := readInts(n, 0)
	if !ok || len(by) == 0 || len(by) > maxAxes {
		return errors.New("must be valid, same, causal, one whole number ≥ 0 for all axes, or a list of one for each")
	}
	*p = Pad(by...)
	return nil
}

// MarshalConfig writes what UnmarshalConfig reads.
func (p Padding) MarshalConfig() (any, error) {
	switch {
	case p.word != "":
		return p.word, nil
	case p.axes == 0:
		return "valid", nil
	case p.axes == 1:
		return p.by[0], nil
	}
	return p.by[:p.axes], nil
}

// autoPad is ONNX's word for the padding.
func (p Padding) autoPad() string {
	if p.word == "same" {
		return "SAME_UPPER"
	}
	return ""
}

// pads are the cells at the start of each axis and then at the end; empty where
// that is ONNX's default or follows from autoPad. The reach of a kernel is how
// many cells it covers along each axis but the first; pooling has none.
func (p Padding) pads(b *Builder, axes int, reach []int) graph.Ints {
	switch {
	case p.word == "causal":
		if axes != 1 || reach == nil {
			b.Failf("causal padding is for convolutions of sequences")
		}
		return graph.MakeInts(reach[0], 0)
	case p.word != "" || p.axes == 0 || p.by == [maxAxes]int{}:
		return graph.Ints{}
	}
	by := p.by[:p.axes]
	if p.axes == 1 {
		by = slices.Repeat(by, axes)
	}
	if len(by) != axes {
		b.Failf("padding %v has %d numbers, but there are %d axes", by, len(by), axes)
	}
	return graph.MakeInts(slices.Concat(by, by)...)
}
