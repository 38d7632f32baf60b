package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// channels writes the loops of a normalization of channels: each row is one of
// them, with numbers of its own.
func channels() {
	c := beginChannels("channelScaleAVX2", "dst, src, mean, gain, bias *float32",
		"	dst[i] = fma(src[i] - mean, gain, bias)", "dst may be src.", []string{"dst", "src"}, nil, "mean", "gain", "bias")
	c.each(4, []string{"src"}, func(x []reg.VecVirtual, at Mem, _ int, _ bool) {
		VSUBPS(c.number["mean"], x[0], x[0])
		VFMADD213PS(c.number["bias"], c.number["gain"], x[0])
		c.store("dst", at, x[0])
	})
	c.next()

	c = beginChannels("channelGradAVX2", "dst, dy, x, mean, dot, sum, gain *float32",
		"	dst[i] = gain * fma(-(x[i] - mean), dot, dy[i] - sum)", "dst may be dy.", []string{"dst", "dy", "x"}, nil, "mean", "dot", "sum", "gain")
	c.each(2, []string{"dy", "x"}, func(x []reg.VecVirtual, at Mem, _ int, _ bool) {
		VSUBPS(c.number["sum"], x[0], x[0])
		VSUBPS(c.number["mean"], x[1], x[1])
		VFNMADD231PS(c.number["dot"], x[1], x[0])
		VMULPS(c.number["gain"], x[0], x[0])
		c.store("dst", at, x[0])
	})
	c.next()

	c = beginChannels("channelSumsAVX2", "sum, x *float32", "	sum += x[i]", "", []string{"x"}, []string{"sum"})
	c.sums(4, func(x []reg.VecVirtual, acc [][]reg.VecVirtual, lane int) {
		VADDPS(x[0], acc[0][lane], acc[0][lane])
	})

	c = beginChannels("channelSquaresAVX2", "sum, x, mean *float32", "	sum += (x[i] - mean)²", "", []string{"x"}, []string{"sum"}, "mean")
	c.sums(4, func(x []reg.VecVirtual, acc [][]reg.VecVirtual, lane int) {
		VFMADD231PS(x[0], x[0], acc[0][lane])
	})

	c = beginChannels("channelDotsAVX2", "sum, dot, x, dy, mean *float32",
		"	sum += dy[i]; dot += (x[i] - mean) * dy[i]", "", []string{"x", "dy"}, []string{"sum", "dot"}, "mean")
	c.sums(2, func(x []reg.VecVirtual, acc [][]reg.VecVirtual, lane int) {
		VADDPS(x[1], acc[0][lane], acc[0][lane])
		VFMADD231PS(x[0], x[1], acc[1][lane])
	})
}

// channelRows is a loop over channels.
type channelRows struct {
	*rows
	left    reg.GPVirtual
	mask    reg.VecVirtual
	in, out []string
	at      map[string]reg.GPVirtual // of the channels' sums and numbers
	number  map[string]reg.VecVirtual
}

// beginChannels begins a function of arrays with so many sums and numbers for
// each channel.
func beginChannels(name, params, doc, more string, arrays, sums []string, numbers ...string) *channelRows {
	lines := []string{doc}
	if more != "" {
		lines = append(lines, "", more)
	}
	c := &channelRows{
		rows: beginRows(name, params, lines, arrays...), left: gpr(Load(Param("rows"), GP64())),
		in: arrays, out: sums, at: map[string]reg.GPVirtual{}, number: map[string]reg.VecVirtual{},
	}
	for _, n := range sums {
		c.at[n] = gpr(Load(Param(n), GP64()))
	}
	for _, n := range numbers {
		c.at[n], c.number[n] = gpr(Load(Param(n), GP64())), YMM()
	}
	c.mask = c.counted()
	Label("row")
	for _, n := range numbers {
		VBROADCASTSS(Mem{Base: c.at[n]}, c.number[n])
	}
	return c
}

// sums adds sums over each channel, of which the first operand is x less the mean
// if there is one, to numbers of the channel.
func (c *channelRows) sums(unroll int, add func(x []reg.VecVirtual, acc [][]reg.VecVirtual, lane int)) {
	var acc [][]reg.VecVirtual
	for range c.out {
		acc = append(acc, zeros(unroll))
	}
	c.each(unroll, c.in, func(x []reg.VecVirtual, _ Mem, lane int, last bool) {
		if mean, ok := c.number["mean"]; ok {
			VSUBPS(mean, x[0], x[0])
		}
		if last {
			for _, v := range x {
				VANDPS(c.mask, v, v)
			}
		}
		add(x, acc, lane)
	})
	for i, name := range c.out {
		sum := joined(acc[i])
		VADDSS(Mem{Base: c.at[name]}, sum, sum)
		VMOVSS(sum, Mem{Base: c.at[name]})
	}
	c.next()
}

// next moves on to the next channel.
func (c *channelRows) next() {
	nextStatistics(c.at)
	c.finish(c.left, "row")
}
