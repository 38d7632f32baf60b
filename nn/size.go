package nn

import (
	"errors"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/config"
)

// Pair is a height and a width. A width of 0 is the same as the height, so that
// Pair{5} is 5×5. In a net file it is one whole number or [h, w].
type Pair [2]int

// UnmarshalConfig reads 5 or [5, 3].
func (p *Pair) UnmarshalConfig(n *config.Node) error {
	h, w, ok := readPair(n)
	if !ok || h < 1 || w < 1 {
		return errors.New("must be a whole number > 0 or [h, w]")
	}
	*p = Pair{h, w}
	return nil
}

// MarshalConfig writes one number for a square.
func (p Pair) MarshalConfig() (any, error) {
	h, w := p.size()
	if h == w {
		return h, nil
	}
	return []int{h, w}, nil
}

func (p Pair) size() (h, w int) {
	if p[1] == 0 {
		return p[0], p[0]
	}
	return p[0], p[1]
}

// or is p, or the other pair where p is left out.
func (p Pair) or(other Pair) Pair {
	if p == (Pair{}) {
		return other
	}
	return p
}

func (p Pair) ints() graph.Ints { return graph.MakeInts(p.size()) }

// Padding is what a convolution or pooling adds around an image: nothing (the
// zero value, "valid"), [Same], or a number of rows above and below and of
// columns left and right, [Pad].
type Padding struct {
	same bool
	h, w int
}

// Same pads so that the output has ⌈size/stride⌉ rows and columns; an odd one
// goes to the end (ONNX's SAME_UPPER).
var Same = Padding{same: true}

// Pad pads with h rows above and below and w columns left and right.
func Pad(h, w int) Padding { return Padding{h: h, w: w} }

// UnmarshalConfig reads valid, same or [h, w].
func (p *Padding) UnmarshalConfig(n *config.Node) error {
	if text, ok := n.Text(); ok {
		switch text {
		case "valid":
			*p = Padding{}
			return nil
		case "same":
			*p = Same
			return nil
		}
	}
	h, w, ok := readPair(n)
	if !ok || h < 0 || w < 0 {
		return errors.New("must be valid, same or [h, w]")
	}
	*p = Pad(h, w)
	return nil
}

// MarshalConfig writes valid, same or [h, w].
func (p Padding) MarshalConfig() (any, error) {
	switch p {
	case Padding{}:
		return "valid", nil
	case Same:
		return "same", nil
	}
	return []int{p.h, p.w}, nil
}

// autoPad is ONNX's word for the padding.
func (p Padding) autoPad() string {
	if p.same {
		return "SAME_UPPER"
	}
	return ""
}

// pads is the padding at the four edges; empty where it is ONNX's default or
// follows from autoPad.
func (p Padding) pads() graph.Ints {
	if p.same || p == (Padding{}) {
		return graph.Ints{}
	}
	return graph.MakeInts(p.h, p.w, p.h, p.w)
}

// readPair reads a number, which counts twice, or a list of two.
func readPair(n *config.Node) (h, w int, ok bool) {
	items := n.Items()
	switch {
	case n.Kind == config.Scalar:
		items = []*config.Node{n, n}
	case len(items) != 2:
		return 0, 0, false
	}
	a, okA := items[0].Int()
	b, okB := items[1].Int()
	const most = 1 << 30
	return int(a), int(b), okA && okB && a < most && b < most
}
