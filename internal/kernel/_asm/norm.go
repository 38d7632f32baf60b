package main

import (
	"fmt"
	"maps"
	"slices"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// rows is a loop over rows of at least 8 elements: whole vectors, and one that
// ends at the end of the row, of which the lanes that stand in whole vectors
// already count in no sum.
type rows struct {
	cols, end, last, at reg.GPVirtual // end of the whole vectors; where the last one begins
	pointer             map[string]reg.GPVirtual
	moving              []reg.GPVirtual // those that move on by a row
	passes              int
}

// beginRows begins a function; each of the pointers moves on by a row at a time.
func beginRows(name, params string, doc []string, pointers ...string) *rows {
	TEXT(name, NOSPLIT, fmt.Sprintf("func(%s, rows, cols int)", params))
	Pragma("noescape")
	Doc(append([]string{name + " computes, for each of at least one row of at least 8 elements:", ""}, doc...)...)
	r := &rows{pointer: map[string]reg.GPVirtual{}, end: GP64(), last: GP64(), at: GP64()}
	for _, p := range pointers {
		r.pointer[p] = gpr(Load(Param(p), GP64()))
		r.moving = append(r.moving, r.pointer[p])
	}
	r.cols = gpr(Load(Param("cols"), GP64()))
	LEAQ(Mem{Base: r.cols, Disp: -1}, r.end)
	ANDQ(I32(-8), r.end)
	LEAQ(Mem{Base: r.cols, Disp: -8}, r.last)
	return r
}

// counted is a register with ones in the lanes of the last vector that do not
// stand in whole ones.
func (r *rows) counted() reg.VecVirtual {
	from, mask, ones := GP64(), YMM(), YMM()
	MOVQ(r.last, from)
	SUBQ(r.end, from)
	masks := GP64()
	LEAQ(maskTable(), masks)
	VMOVUPS(Mem{Base: masks, Index: from, Scale: 4, Disp: 64}, mask)
	VPCMPEQD(ones, ones, ones)
	VPXOR(ones, mask, mask)
	return mask
}

// each calls body for the vectors of a row, which are numbered modulo unroll.
// What the last one reads is read before, so that body may write where it reads.
func (r *rows) each(unroll int, in []string, body func(x []reg.VecVirtual, at Mem, lane int, last bool)) {
	r.passes++
	read := func(at reg.GPVirtual, disp int) []reg.VecVirtual {
		var x []reg.VecVirtual
		for _, p := range in {
			v := YMM()
			VMOVUPS(Mem{Base: r.pointer[p], Index: at, Scale: 4, Disp: disp}, v)
			x = append(x, v)
		}
		return x
	}
	tail := read(r.last, 0)
	XORQ(r.at, r.at)
	loop := func(vectors int) {
		label, end := fmt.Sprintf("pass%d_%d", r.passes, vectors), fmt.Sprintf("end%d_%d", r.passes, vectors)
		next := GP64()
		LEAQ(Mem{Base: r.at, Disp: 8 * vectors}, next)
		CMPQ(next, r.end)
		JG(LabelRef(end))
		Label(label)
		for v := range vectors {
			body(read(r.at, 32*v), Mem{Index: r.at, Scale: 4, Disp: 32 * v}, v, false)
		}
		MOVQ(next, r.at)
		ADDQ(Imm(uint64(8*vectors)), next)
		CMPQ(next, r.end)
		JLE(LabelRef(label))
		Label(end)
	}
	if unroll > 1 {
		loop(unroll)
	}
	loop(1)
	body(tail, Mem{Index: r.last, Scale: 4}, 0, true)
}

// of is the place of a vector behind a pointer.
func of(pointer reg.GPVirtual, at Mem) Mem {
	at.Base = pointer
	return at
}

// store writes a vector of a row.
func (r *rows) store(p string, at Mem, v reg.VecVirtual) {
	VMOVUPS(v, of(r.pointer[p], at))
}

// finish moves on to the next row, of which left tells whether there is one.
func (r *rows) finish(left reg.GPVirtual, label string) {
	for _, p := range r.moving {
		LEAQ(Mem{Base: p, Index: r.cols, Scale: 4}, p)
	}
	DECQ(left)
	JNE(LabelRef(label))
	VZEROUPPER()
	RET()
}

// total is the sum of all lanes, in each of them.
func total(acc []reg.VecVirtual) reg.VecVirtual {
	s := YMM()
	VBROADCASTSS(joined(acc).AsX(), s)
	return s
}

// greatest is the greatest of a row, in all lanes; a NaN may be overlooked.
func (r *rows) greatest() reg.VecVirtual {
	top := YMM()
	VMOVUPS(bits(0xff800000), top)
	r.each(4, []string{"src"}, func(x []reg.VecVirtual, _ Mem, _ int, _ bool) { VMAXPS(x[0], top, top) })
	s := YMM()
	VBROADCASTSS(across(top, func(b, a, dst Op) { VMAXPS(b, a, dst) }).AsX(), s)
	return s
}

// expBelow is e^x for x ≤ 0, and 0 where that is less than 2^-126.5.
func expBelow(x reg.VecVirtual) reg.VecVirtual {
	low := load(-88)
	VMAXPS(x, low, low)
	return expNormal(low)
}

// softmaxes writes softmax and its logarithm, what a loss needs of them, and the
// gradients.
func softmaxes() {
	softmax("softmaxAVX2", false)
	softmax("softmaxScaledAVX2", true)

	r := beginRows("logSoftmaxAVX2", "dst, src *float32",
		[]string{"	dst[c] = src[c] - max - log(sum of e^(src[c] - max))", "", "dst may be src."}, "dst", "src")
	left := gpr(Load(Param("rows"), GP64()))
	mask := r.counted()
	Label("row")
	top, sum := r.exponentials(mask, "")
	log := logarithm(sum)
	r.each(4, []string{"src"}, func(x []reg.VecVirtual, at Mem, _ int, _ bool) {
		VSUBPS(top, x[0], x[0])
		VSUBPS(log, x[0], x[0])
		r.store("dst", at, x[0])
	})
	r.finish(left, "row")

	r = beginRows("logSumsAVX2", "top, log, src *float32",
		[]string{"	top = max of src; log = log(sum of e^(src[c] - max))"}, "src")
	left = gpr(Load(Param("rows"), GP64()))
	statistic := map[string]reg.GPVirtual{"top": gpr(Load(Param("top"), GP64())), "log": gpr(Load(Param("log"), GP64()))}
	mask = r.counted()
	Label("row")
	top, sum = r.exponentials(mask, "")
	VMOVSS(top.AsX(), Mem{Base: statistic["top"]})
	VMOVSS(logarithm(sum).AsX(), Mem{Base: statistic["log"]})
	nextStatistics(statistic)
	r.finish(left, "row")

	r = beginRows("softmaxGradAVX2", "dx, y, dy *float32",
		[]string{"	dx[c] = y[c] * (dy[c] - sum of y*dy)", "", "dx may be y or dy."}, "dx", "y", "dy")
	left = gpr(Load(Param("rows"), GP64()))
	mask = r.counted()
	Label("row")
	sums := zeros(4)
	r.each(4, []string{"y", "dy"}, func(x []reg.VecVirtual, _ Mem, lane int, last bool) {
		if last {
			VANDPS(mask, x[0], x[0])
			VANDPS(mask, x[1], x[1])
		}
		VFMADD231PS(x[0], x[1], sums[lane])
	})
	dot := total(sums)
	r.each(2, []string{"y", "dy"}, func(x []reg.VecVirtual, at Mem, _ int, _ bool) {
		VSUBPS(dot, x[1], x[1])
		VMULPS(x[0], x[1], x[1])
		r.store("dx", at, x[1])
	})
	r.finish(left, "row")

	r = beginRows("logSoftmaxGradAVX2", "dx, y, dy *float32",
		[]string{"	dx[c] = dy[c] - e^y[c] * sum of dy", "", "dx may be y or dy."}, "dx", "y", "dy")
	left = gpr(Load(Param("rows"), GP64()))
	mask = r.counted()
	Label("row")
	sums = zeros(4)
	r.each(4, []string{"dy"}, func(x []reg.VecVirtual, _ Mem, lane int, last bool) {
		if last {
			VANDPS(mask, x[0], x[0])
		}
		VADDPS(x[0], sums[lane], sums[lane])
	})
	s := total(sums)
	r.each(1, []string{"y", "dy"}, func(x []reg.VecVirtual, at Mem, _ int, _ bool) {
		VFNMADD231PS(expBelow(x[0]), s, x[1])
		r.store("dx", at, x[1])
	})
	r.finish(left, "row")
}

// softmax writes the softmax of rows, or of rows that are scaled after it.
func softmax(name string, scaled bool) {
	params, doc := "dst, src *float32", "	dst[c] = e^(src[c] - max) / sum of those"
	if scaled {
		params, doc = "dst, src, scale *float32", "	dst[c] = scale * e^(src[c] - max) / sum of those"
	}
	r := beginRows(name, params, []string{doc, "", "dst may be src."}, "dst", "src")
	left := gpr(Load(Param("rows"), GP64()))
	var factor reg.GPVirtual
	if scaled {
		factor = gpr(Load(Param("scale"), GP64()))
	}
	mask := r.counted()
	Label("row")
	_, sum := r.exponentials(mask, "dst")
	scale := YMM()
	if scaled {
		VBROADCASTSS(Mem{Base: factor}, scale)
		ADDQ(Imm(4), factor)
	} else {
		scale = load(1)
	}
	VDIVPS(sum, scale, scale)
	r.each(4, []string{"dst"}, func(x []reg.VecVirtual, at Mem, _ int, _ bool) {
		VMULPS(scale, x[0], x[0])
		r.store("dst", at, x[0])
	})
	r.finish(left, "row")
}

// exponentials is the greatest of a row of src, and the sum of e^(x - greatest),
// which go to a pointer if one is named.
func (r *rows) exponentials(mask reg.VecVirtual, to string) (top, sum reg.VecVirtual) {
	top = r.greatest()
	sums := zeros(1)
	r.each(1, []string{"src"}, func(x []reg.VecVirtual, at Mem, lane int, last bool) {
		VSUBPS(top, x[0], x[0])
		e := expBelow(x[0])
		if to != "" {
			r.store(to, at, e)
		}
		if last {
			VANDPS(mask, e, e)
		}
		VADDPS(e, sums[lane], sums[lane])
	})
	return top, total(sums)
}

// norms writes the normalization of rows, with a mean or by the mean square, and
// that of channels.
func norms() {
	softmaxes()
	channels()
	for _, form := range []struct {
		name, doc  string
		mean, bias bool
	}{
		{"layerNorm", "y[c] = (x[c] - mean) * invStd * gain[c]", true, false},
		{"layerNormBias", "y[c] = (x[c] - mean) * invStd * gain[c] + bias[c]", true, true},
		{"rmsNorm", "y[c] = x[c] * invStd * gain[c]", false, false},
	} {
		params := "y, x, mean, invStd, gain, bias *float32, eps float32"
		doc := []string{"	mean = mean of x; invStd = 1/√(mean of (x - mean)² + eps)"}
		if !form.mean {
			params = "y, x, invStd, gain *float32, eps float32"
			doc = []string{"	invStd = 1/√(mean of x² + eps)"}
		} else if !form.bias {
			params = "y, x, mean, invStd, gain *float32, eps float32"
		}
		r := beginRows(form.name+"AVX2", params, append(doc, "	"+form.doc, "", "y may be x."), "y", "x")
		left := gpr(Load(Param("rows"), GP64()))
		statistic := map[string]reg.GPVirtual{"invStd": gpr(Load(Param("invStd"), GP64()))}
		factors := map[string]reg.GPVirtual{"gain": gpr(Load(Param("gain"), GP64()))}
		if form.mean {
			statistic["mean"] = gpr(Load(Param("mean"), GP64()))
		}
		if form.bias {
			factors["bias"] = gpr(Load(Param("bias"), GP64()))
		}
		mask, eps, count, mean := r.counted(), YMM(), YMM(), YMM()
		VBROADCASTSS(param("eps"), eps)
		VPBROADCASTD(param("cols"), count)
		VCVTDQ2PS(count, count)
		Label("row")
		if form.mean {
			sum := zeros(4)
			r.each(4, []string{"x"}, func(x []reg.VecVirtual, _ Mem, lane int, last bool) {
				if last {
					VANDPS(mask, x[0], x[0])
				}
				VADDPS(x[0], sum[lane], sum[lane])
			})
			VDIVPS(count, total(sum), mean)
			VMOVSS(mean.AsX(), Mem{Base: statistic["mean"]})
		}
		squares := zeros(4)
		r.each(4, []string{"x"}, func(x []reg.VecVirtual, _ Mem, lane int, last bool) {
			if form.mean {
				VSUBPS(mean, x[0], x[0])
			}
			if last {
				VANDPS(mask, x[0], x[0])
			}
			VFMADD231PS(x[0], x[0], squares[lane])
		})
		inv, root := load(1), YMM()
		VDIVPS(count, total(squares), root)
		VADDPS(eps, root, root)
		VSQRTPS(root, root)
		VDIVPS(root, inv, inv)
		VMOVSS(inv.AsX(), Mem{Base: statistic["invStd"]})
		r.each(2, []string{"x"}, func(x []reg.VecVirtual, at Mem, _ int, _ bool) {
			if form.mean {
				VSUBPS(mean, x[0], x[0])
			}
			VMULPS(inv, x[0], x[0])
			from := func(p string) Mem { return of(factors[p], at) }
			if form.bias {
				y := YMM()
				VMOVUPS(from("gain"), y)
				VFMADD213PS(from("bias"), y, x[0])
			} else {
				VMULPS(from("gain"), x[0], x[0])
			}
			r.store("y", at, x[0])
		})
		nextStatistics(statistic)
		r.finish(left, "row")
	}
	normGrad("layerNormGradAVX2", true)
	normGrad("rmsNormGradAVX2", false)
}

// nextStatistics moves on to those of the next row.
func nextStatistics(s map[string]reg.GPVirtual) {
	for _, name := range slices.Sorted(maps.Keys(s)) {
		ADDQ(Imm(4), s[name])
	}
}

// normGrad writes the gradient of a normalization, which adds to those of gain
// and bias.
func normGrad(name string, mean bool) {
	doc := []string{
		"	n[c] = (x[c] - mean) * invStd; g[c] = dy[c] * gain[c]",
		"	dx[c] = invStd * (g[c] - mean of g - n[c] * mean of g*n)",
		"	dGain[c] += dy[c] * n[c]; dBias[c] += dy[c]", "",
		"dx may be dy or x.",
	}
	params := "dx, dGain, dBias, dy, x, mean, invStd, gain *float32"
	if !mean {
		doc = []string{
			"	n[c] = x[c] * invStd; g[c] = dy[c] * gain[c]",
			"	dx[c] = invStd * (g[c] - n[c] * mean of g*n)",
			"	dGain[c] += dy[c] * n[c]", "",
			"dx may be dy or x.",
		}
		params = "dx, dGain, dy, x, invStd, gain *float32"
	}
	r := beginRows(name, params, doc, "dx", "dy", "x")
	left := gpr(Load(Param("rows"), GP64()))
	gain, dGain := gpr(Load(Param("gain"), GP64())), gpr(Load(Param("dGain"), GP64()))
	statistic := map[string]reg.GPVirtual{"invStd": gpr(Load(Param("invStd"), GP64()))}
	var dBias reg.GPVirtual
	if mean {
		statistic["mean"] = gpr(Load(Param("mean"), GP64()))
		dBias = gpr(Load(Param("dBias"), GP64()))
	}
	mask, count := r.counted(), YMM()
	VPBROADCASTD(param("cols"), count)
	VCVTDQ2PS(count, count)
	mu, inv := YMM(), YMM()
	normal := func(x reg.VecVirtual) {
		if mean {
			VSUBPS(mu, x, x)
		}
		VMULPS(inv, x, x)
	}
	Label("row")
	if mean {
		VBROADCASTSS(Mem{Base: statistic["mean"]}, mu)
	}
	VBROADCASTSS(Mem{Base: statistic["invStd"]}, inv)
	sum, dot := zeros(2), zeros(2)
	r.each(2, []string{"dy", "x"}, func(x []reg.VecVirtual, at Mem, lane int, last bool) {
		dy, n := x[0], x[1]
		normal(n)
		if last {
			VANDPS(mask, dy, dy)
			VANDPS(mask, n, n)
		}
		g, d := YMM(), YMM()
		to := of(dGain, at)
		VMOVUPS(to, d)
		VFMADD231PS(dy, n, d)
		VMOVUPS(d, to)
		if mean {
			to := of(dBias, at)
			VADDPS(to, dy, d)
			VMOVUPS(d, to)
		}
		VMULPS(of(gain, at), dy, g)
		if mean {
			VADDPS(g, sum[lane], sum[lane])
		}
		VFMADD231PS(g, n, dot[lane])
	})
	meanDot, meanSum := YMM(), YMM()
	VDIVPS(count, total(dot), meanDot)
	if mean {
		VDIVPS(count, total(sum), meanSum)
	}
	r.each(2, []string{"dy", "x"}, func(x []reg.VecVirtual, at Mem, _ int, _ bool) {
		g, n := x[0], x[1]
		normal(n)
		VMULPS(of(gain, at), g, g)
		if mean {
			VSUBPS(meanSum, g, g)
		}
		VFNMADD231PS(meanDot, n, g)
		VMULPS(inv, g, g)
		r.store("dx", at, g)
	})
	nextStatistics(statistic)
	r.finish(left, "row")
}
