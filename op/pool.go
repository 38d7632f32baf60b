package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
)

// pool is what the pooling operators share: a window without a weight.
type pool struct {
	window
	kernel graph.Ints
}

// infer is the type of the result for x of shape [N, C, …].
func (p pool) infer(in []graph.Type) (graph.Type, error) {
	if err := expect(in, 1, 1); err != nil {
		return graph.Type{}, err
	}
	return p.inferOf(in[0])
}

func (p pool) inferOf(x graph.Type) (graph.Type, error) {
	if err := wantFloat(x); err != nil {
		return graph.Type{}, err
	}
	if err := wantSpatial(x); err != nil {
		return graph.Type{}, err
	}
	kernel := p.kernel.Slice()
	if len(kernel) != x.Rank()-2 {
		return graph.Type{}, fmt.Errorf("kernel_shape %v is not for %d spatial axes", kernel, x.Rank()-2)
	}
	out, err := p.outputs(x.Shape[2:], kernel)
	if err != nil {
		return graph.Type{}, err
	}
	for i := range kernel {
		if a := p.axis(i, kernel[i]); a.Before >= a.reach() || a.After >= a.reach() {
			return graph.Type{}, fmt.Errorf("pads %v must be smaller than the kernel %v", p.pads, kernel)
		}
	}
	return x.With(append(graph.Shape{x.Shape[0], x.Shape[1]}, out...)...), nil
}

// poolCase is a case of a pooling: the shapes of input and result.
type poolCase struct {
	name string
	pool
	x, y []int
}

// poolCases are those of all pooling operators.
func poolCases() []poolCase {
	i := graph.MakeInts
	return []poolCase{
		{"", pool{window{strides: i(2, 2)}, i(2, 2)}, []int{2, 3, 6, 4}, []int{2, 3, 3, 2}},
		{"overlapping", pool{window{strides: i(2, 2), pads: i(1, 1, 1, 1)}, i(3, 3)}, []int{1, 2, 7, 6}, []int{1, 2, 4, 3}},
		{"strides of 1", pool{window{}, i(2, 3)}, []int{1, 2, 4, 5}, []int{1, 2, 3, 3}},
		{"rows left over", pool{window{strides: i(2, 2)}, i(2, 2)}, []int{1, 2, 5, 5}, []int{1, 2, 2, 2}},
		{"ceil", pool{window{strides: i(2, 2), ceil: true}, i(2, 2)}, []int{1, 2, 5, 4}, []int{1, 2, 3, 2}},
		{"ceil padded", pool{window{strides: i(3, 3), pads: i(1, 1, 1, 1), ceil: true}, i(3, 3)}, []int{1, 1, 6, 6}, []int{1, 1, 3, 3}},
		{"pads differ", pool{window{pads: i(0, 1, 1, 0)}, i(2, 2)}, []int{1, 2, 3, 3}, []int{1, 2, 3, 3}},
		{"dilated", pool{window{dilations: i(2, 2)}, i(2, 2)}, []int{1, 2, 5, 5}, []int{1, 2, 3, 3}},
		{"same upper", pool{window{strides: i(2, 2), autoPad: "SAME_UPPER"}, i(3, 3)}, []int{1, 2, 5, 6}, []int{1, 2, 3, 3}},
		{"same lower", pool{window{autoPad: "SAME_LOWER"}, i(2, 2)}, []int{1, 2, 3, 4}, []int{1, 2, 3, 4}},
		{"one axis", pool{window{strides: i(2)}, i(3)}, []int{2, 3, 9}, []int{2, 3, 4}},
		{"three axes", pool{window{}, i(2, 2, 2)}, []int{1, 2, 3, 3, 2}, []int{1, 2, 2, 2, 1}},
		{"no samples", pool{window{}, i(2, 2)}, []int{0, 2, 3, 3}, []int{0, 2, 2, 2}},
	}
}
