package kernel

// The convolution with one input channel per group: direct loops, one plane at
// a time, over rows of the image for each tap of the kernel.

// taps calls f for each tap (r, q) of the kernel and each row of the result
// that it meets: outputs [lo, hi) of row oy meet inputs from index in of the
// plane on, stride apart.
func (c *Conv[T]) taps(f func(tap, out, n, in int)) {
	s := &c.call
	for r := range c.KH {
		top, bottom := span(s.oh, c.H, s.sh, r*s.dh-c.PadTop)
		for q := range c.KW {
			shift := q*s.dw - c.PadLeft
			lo, hi := span(s.ow, c.W, s.sw, shift)
			if lo >= hi {
				continue
			}
			for oy := top; oy < bottom; oy++ {
				iy := oy*s.sh + r*s.dh - c.PadTop
				f(r*c.KW+q, oy*s.ow+lo, hi-lo, iy*c.W+lo*s.sw+shift)
			}
		}
	}
}

type convDepthwise[T Float] Conv[T]

// Do computes planes of y.
func (t *convDepthwise[T]) Do(lo, hi, _ int) {
	c := (*Conv[T])(t)
	s := &c.call
	for i := lo; i < hi; i++ {
		n, m := i/c.M, i%c.M
		y := s.y[i*s.pos:][:s.pos]
		x := s.x[(n*c.C+m/s.mg)*c.H*c.W:][:c.H*c.W]
		w := s.w[m*s.k:][:s.k]
		var b T
		if s.bias != nil {
			b = s.bias[m]
		}
		fill(y, b)
		c.taps(func(tap, out, n, in int) {
			v, dst, src := w[tap], y[out:out+n], x[in:]
			if s.sw == 1 {
				AddScaled(dst, v, src)
				return
			}
			for j := range dst {
				dst[j] += T(v * src[j*s.sw])
			}
		})
	}
}

type convDepthwiseInput[T Float] Conv[T]

// Do computes planes of dx.
func (t *convDepthwiseInput[T]) Do(lo, hi, _ int) {
	c := (*Conv[T])(t)
	s := &c.call
	for i := lo; i < hi; i++ {
		dx := s.x[i*c.H*c.W:][:c.H*c.W]
		clear(dx)
		for j := range s.mg {
			m := i%c.C*s.mg + j
			dy := s.y[(i/c.C*c.M+m)*s.pos:][:s.pos]
			w := s.w[m*s.k:][:s.k]
			c.taps(func(tap, out, n, in int) {
				v, src, dst := w[tap], dy[out:out+n], dx[in:]
				if s.sw == 1 {
					AddScaled(dst[:n], v, src)
					return
				}
				for j, d := range src {
					dst[j*s.sw] += T(v * d)
				}
			})
		}
	}
}

type convDepthwiseWeight[T Float] Conv[T]

// Do computes the weights' gradient of output channels, images in order.
func (t *convDepthwiseWeight[T]) Do(lo, hi, _ int) {
	c := (*Conv[T])(t)
	s := &c.call
	for m := lo; m < hi; m++ {
		w := s.w[m*s.k:][:s.k]
		clear(w)
		for n := range c.N {
			dy := s.y[(n*c.M+m)*s.pos:][:s.pos]
			x := s.x[(n*c.C+m/s.mg)*c.H*c.W:][:c.H*c.W]
			c.taps(func(tap, out, n, in int) {
				if s.sw == 1 {
					w[tap] += dotBlocks(dy[out:out+n], x[in:in+n])
					return
				}
				var sum T
				for j, d := range dy[out : out+n] {
					sum += T(d * x[in+j*s.sw])
				}
				w[tap] += sum
			})
		}
	}
}

// span returns the range of output indices o < out whose input index
// o*stride + shift lies in [0, in).
func span(out, in, stride, shift int) (lo, hi int) {
	if shift < 0 {
		lo = (-shift + stride - 1) / stride
	}
	if in > shift {
		hi = (in-shift-1)/stride + 1
	}
	return min(lo, out), min(max(hi, 0), out)
}
