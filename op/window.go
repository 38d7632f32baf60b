package op

import (
	"fmt"
	"strings"

	"github.com/emberml/ember/graph"
)

// window is how a kernel moves over the spatial axes of a convolution or pooling.
type window struct {
	strides, pads, dilations graph.Ints
	autoPad                  string
	ceil                     bool // the last window may reach over the end
}

// maxWindow bounds attributes and kernels, so that no product of two overflows.
const maxWindow = 1<<31 - 1

// check checks the attributes for kernels of the given extents.
func (w window) check(kernel []int) error {
	rank := len(kernel)
	lists := []struct {
		name   string
		values graph.Ints
		n, min int
	}{{"strides", w.strides, rank, 1}, {"dilations", w.dilations, rank, 1}, {"pads", w.pads, 2 * rank, 0}}
	for _, l := range lists {
		values := l.values.Slice()
		if len(values) != 0 && len(values) != l.n {
			return fmt.Errorf("%s has %d numbers, but %d spatial axes need %d", l.name, len(values), rank, l.n)
		}
		for _, v := range values {
			if v < l.min || v > maxWindow {
				return fmt.Errorf("%s is %v, but must be at least %d and at most %d", l.name, values, l.min, maxWindow)
			}
		}
	}
	for _, k := range kernel {
		if k < 1 || k > maxWindow {
			return fmt.Errorf("the kernel %s is empty or too large", times(graph.Dims(kernel...)))
		}
	}
	switch or(w.autoPad, "NOTSET") {
	case "NOTSET":
	case "SAME_UPPER", "SAME_LOWER", "VALID":
		if w.pads.Len() > 0 && w.autoPad != "VALID" {
			return fmt.Errorf("auto_pad is %s, but pads are given too", w.autoPad)
		}
	default:
		return fmt.Errorf("auto_pad is %q: want NOTSET, SAME_UPPER, SAME_LOWER or VALID", w.autoPad)
	}
	return nil
}

// same tells whether padding is chosen so that the result has ⌈n/stride⌉ elements.
func (w window) same() bool { return strings.HasPrefix(w.autoPad, "SAME_") }

// axis is how the kernel moves along spatial axis i, without its extents.
func (w window) axis(i, kernel int) Spatial {
	s := Spatial{Kernel: kernel, Stride: 1, Dilation: 1}
	if strides := w.strides.Slice(); len(strides) > 0 {
		s.Stride = strides[i]
	}
	if dilations := w.dilations.Slice(); len(dilations) > 0 {
		s.Dilation = dilations[i]
	}
	if pads := w.pads.Slice(); len(pads) > 0 && w.autoPad != "VALID" {
		s.Before, s.After = pads[i], pads[len(pads)/2+i]
	}
	return s
}

// outputs are the extents of the result for spatial axes of the given extents.
func (w window) outputs(in []graph.Dim, kernel []int) ([]graph.Dim, error) {
	if err := w.check(kernel); err != nil {
		return nil, err
	}
	out, padded, reach := make([]graph.Dim, len(in)), make([]graph.Dim, len(in)), make([]graph.Dim, len(in))
	fits := true
	for i, n := range in {
		s := w.axis(i, kernel[i])
		padded[i], reach[i] = n.Add(graph.Known(s.Before+s.After)), graph.Known(s.reach())
		size, known := n.Size()
		switch {
		case known:
			s = w.place(s, size)
			fits = fits && s.Out > 0
			out[i] = graph.Known(s.Out)
		case w.same():
			out[i] = n.Add(graph.Known(s.Stride - 1)).Div(s.Stride)
		default: // ⌊(n - reach)/stride⌋ + 1 with the constants added up
			slack := s.Before + s.After - s.reach() + s.Stride
			if w.ceil {
				slack += s.Stride - 1
			}
			out[i] = n.Add(graph.Known(slack)).Div(s.Stride)
		}
	}
	if !fits {
		return nil, fmt.Errorf("the kernel %s does not fit in the padded input %s", times(reach), times(padded))
	}
	return out, nil
}

// times prints extents as "5x5".
func times(dims []graph.Dim) string {
	parts := make([]string, len(dims))
	for i, d := range dims {
		parts[i] = d.String()
	}
	return strings.Join(parts, "x")
}

// place puts the kernel on an axis of n elements: it works out automatic padding
// and the number of positions, 0 where the kernel does not fit.
func (w window) place(s Spatial, n int) Spatial {
	s.In = n
	if w.same() {
		s.Out = (n + s.Stride - 1) / s.Stride
		total := max(0, (s.Out-1)*s.Stride+s.reach()-n)
		s.Before, s.After = total/2, total-total/2
		if w.autoPad == "SAME_LOWER" {
			s.Before, s.After = s.After, s.Before
		}
		return s
	}
	room := n + s.Before + s.After - s.reach()
	switch {
	case room < 0:
	case w.ceil:
		// A window that reaches over the end must still start on an element or
		// on the padding before.
		s.Out = (room+s.Stride-1)/s.Stride + 1
		if (s.Out-1)*s.Stride >= n+s.Before {
			s.Out--
		}
	default:
		s.Out = room/s.Stride + 1
	}
	return s
}

// on is the geometry for spatial axes of concrete extents.
func (w window) on(in, kernel []int) geometry {
	g := make(geometry, len(in))
	for i, n := range in {
		g[i] = w.place(w.axis(i, kernel[i]), n)
	}
	return g
}
