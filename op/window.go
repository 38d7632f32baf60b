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
			if v < l.min {
				return fmt.Errorf("%s is %v, but must be at least %d", l.name, values, l.min)
			}
		}
	}
	for _, k := range kernel {
		if k < 1 {
			return fmt.Errorf("the kernel %s is empty", times(graph.Dims(kernel...)))
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

// axis are the attributes for spatial axis i.
func (w window) axis(i, kernel int) axisWindow {
	a := axisWindow{kernel: kernel, stride: 1, dilation: 1}
	if s := w.strides.Slice(); len(s) > 0 {
		a.stride = s[i]
	}
	if d := w.dilations.Slice(); len(d) > 0 {
		a.dilation = d[i]
	}
	if p := w.pads.Slice(); len(p) > 0 && w.autoPad != "VALID" {
		a.before, a.after = p[i], p[len(p)/2+i]
	}
	return a
}

// outputs are the extents of the result for spatial axes of the given extents.
func (w window) outputs(in []graph.Dim, kernel []int) ([]graph.Dim, error) {
	if err := w.check(kernel); err != nil {
		return nil, err
	}
	out := make([]graph.Dim, len(in))
	padded, reach := make([]graph.Dim, len(in)), make([]graph.Dim, len(in))
	fits := true
	for i, n := range in {
		a := w.axis(i, kernel[i])
		if w.same() {
			out[i] = n.Add(graph.Known(a.stride - 1)).Div(a.stride)
			continue
		}
		padded[i], reach[i] = n.Add(graph.Known(a.before+a.after)), graph.Known(a.reach())
		size, known := n.Size()
		if !known {
			slack := -a.reach()
			if w.ceil {
				slack += a.stride - 1
			}
			out[i] = padded[i].Add(graph.Known(slack)).Div(a.stride).Add(graph.Known(1))
			continue
		}
		count := a.count(size, w.ceil)
		fits = fits && count > 0
		out[i] = graph.Known(count)
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

// on is the geometry for spatial axes of concrete extents.
func (w window) on(in, kernel []int) geometry {
	g := geometry{in: in, kernel: kernel, out: make([]int, len(in)), axes: make([]axisWindow, len(in))}
	for i, n := range in {
		a := w.axis(i, kernel[i])
		if w.same() {
			g.out[i] = (n + a.stride - 1) / a.stride
			total := max(0, (g.out[i]-1)*a.stride+a.reach()-n)
			a.before = total / 2
			if w.autoPad == "SAME_LOWER" {
				a.before = total - total/2
			}
			a.after = total - a.before
		} else {
			g.out[i] = a.count(n, w.ceil)
		}
		g.axes[i] = a
	}
	return g
}

// axisWindow is how a kernel moves along one axis.
type axisWindow struct{ kernel, stride, dilation, before, after int }

// reach is how many neighboring elements the kernel spans.
func (a axisWindow) reach() int { return (a.kernel-1)*a.dilation + 1 }

// count is how many positions the kernel takes on n elements. A window that
// reaches over the end must still start on an element or on the padding before.
func (a axisWindow) count(n int, ceil bool) int {
	room := n + a.before + a.after - a.reach()
	if room < 0 {
		return 0
	}
	if !ceil {
		return room/a.stride + 1
	}
	c := (room+a.stride-1)/a.stride + 1
	if (c-1)*a.stride >= n+a.before {
		c--
	}
	return c
}

// geometry is a window on spatial axes of concrete extents.
type geometry struct {
	in, kernel, out []int
	axes            []axisWindow
}

// tap is an element of the kernel over an element of the input, both counted in
// row-major order.
type tap struct{ kernel, in int }

// taps are, for each element of the result in row-major order, the elements of
// the kernel that lie over the input rather than the padding.
func (g geometry) taps() [][]tap {
	kernels, step := volume(g.kernel), strides(g.in)
	at := make([][]tap, 0, volume(g.out))
	eachIndex(g.out, func(_ int, o []int) {
		ts := make([]tap, 0, kernels)
		eachIndex(g.kernel, func(flat int, k []int) {
			in := 0
			for i, a := range g.axes {
				p := o[i]*a.stride - a.before + k[i]*a.dilation
				if p < 0 || p >= g.in[i] {
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

// volume is the product of extents.
func volume(extents []int) int {
	n := 1
	for _, e := range extents {
		n *= e
	}
	return n
}
