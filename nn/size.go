package nn

import (
	"errors"

	"github.com/emberml/ember/internal/config"
)

// Pair is a height and a width. A width of 0 is the same as the height, so that
// Pair{5} is 5×5. In a net file it is one whole number or [h, w].
type Pair [2]int

// UnmarshalConfig reads 5 or [5, 3].
func (p *Pair) UnmarshalConfig(n *config.Node) error {
	sizes, ok := readSizes(n, len(p))
	if !ok {
		return errors.New("must be a whole number > 0 or [h, w]")
	}
	copy(p[:], sizes)
	return nil
}

// MarshalConfig writes one number for a square.
func (p Pair) MarshalConfig() (any, error) { return shortest(p.sizes()), nil }

// sizes are the height and the width.
func (p Pair) sizes() []int { return filled(p[:]) }

// or is p, or the other pair where p is left out.
func (p Pair) or(other Pair) Pair {
	if p == (Pair{}) {
		return other
	}
	return p
}

// Triple is a depth, a height and a width. A height and a width of 0 are the same
// as the depth, so that Triple{3} is 3×3×3. In a net file it is one whole number
// or [d, h, w].
type Triple [3]int

// UnmarshalConfig reads 3 or [1, 3, 3].
func (t *Triple) UnmarshalConfig(n *config.Node) error {
	sizes, ok := readSizes(n, len(t))
	if !ok {
		return errors.New("must be a whole number > 0 or [d, h, w]")
	}
	copy(t[:], sizes)
	return nil
}

// MarshalConfig writes one number for a cube.
func (t Triple) MarshalConfig() (any, error) { return shortest(t.sizes()), nil }

// sizes are the depth, the height and the width.
func (t Triple) sizes() []int { return filled(t[:]) }

// or is t, or the other triple where t is left out.
func (t Triple) or(other Triple) Triple {
	if t == (Triple{}) {
		return other
	}
	return t
}

// filled are the sizes with the first in place of those left out.
func filled(sizes []int) []int {
	out := make([]int, len(sizes))
	for i, n := range sizes {
		out[i] = n
		if n == 0 {
			out[i] = sizes[0]
		}
	}
	return out
}

// shortest is one number in place of sizes that are all the same.
func shortest(sizes []int) any {
	for _, n := range sizes {
		if n != sizes[0] {
			return sizes
		}
	}
	return sizes[0]
}

// readSizes reads a number above 0, which counts for every axis, or a list of one
// for each.
func readSizes(n *config.Node, axes int) ([]int, bool) {
	sizes, ok := readInts(n, 1)
	if n.Kind == config.Scalar && ok {
		sizes = append(sizes, make([]int, axes-1)...)
		return filled(sizes), true
	}
	return sizes, ok && len(sizes) == axes
}

// readInts reads a whole number or a list of them, none below least.
func readInts(n *config.Node, least int64) ([]int, bool) {
	items := n.Items()
	if n.Kind == config.Scalar {
		items = []*config.Node{n}
	}
	out := make([]int, len(items))
	for i, item := range items {
		v, ok := item.Int()
		if !ok || v < least || v >= 1<<30 {
			return nil, false
		}
		out[i] = int(v)
	}
	return out, true
}
