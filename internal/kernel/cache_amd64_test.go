//go:build amd64 && !purego

package kernel

import "testing"

// TestReadCaches reads the caches of processors as their vendors' manuals give
// the registers.
func TestReadCaches(t *testing.T) {
	type registers [4]uint32
	read := func(answers map[[2]uint32]registers) caches {
		return readCaches(func(leaf, subleaf uint32) (a, b, c, d uint32) {
			r := answers[[2]uint32{leaf, subleaf}]
			return r[0], r[1], r[2], r[3]
		})
	}
	// Zen 3: 32 KB of 8 ways, 512 KB of 8 ways, 32 MB of 16 ways.
	amd := read(map[[2]uint32]registers{
		{0, 0}: {16}, {0x80000000, 0}: {0x80000023},
		{0x8000001d, 0}: {0x4121, 7<<22 | 63, 63}, {0x8000001d, 1}: {0x4122, 7<<22 | 63, 63},
		{0x8000001d, 2}: {0x4143, 7<<22 | 63, 1023}, {0x8000001d, 3}: {0x3c163, 15<<22 | 63, 32767},
	})
	if want := (caches{512 << 10, 32 << 20}); amd != want {
		t.Errorf("AMD: %+v, want %+v", amd, want)
	}
	// Sapphire Rapids: 2 MB of 16 ways, 105 MB of 15 ways.
	intel := read(map[[2]uint32]registers{
		{0, 0}: {32}, {4, 0}: {0x4121, 11<<22 | 63, 63}, {4, 1}: {0x4122, 7<<22 | 63, 63},
		{4, 2}: {0x4143, 15<<22 | 63, 2047}, {4, 3}: {0x4163, 14<<22 | 63, 114687},
	})
	if want := (caches{2 << 20, 105 << 20}); intel != want {
		t.Errorf("Intel: %+v, want %+v", intel, want)
	}
	if none := read(nil); none != (caches{}) {
		t.Errorf("a processor that says nothing: %+v", none)
	}
	if c := readCaches(cpuid); c.second < 0 || c.second > 1<<30 || c.third < 0 {
		t.Errorf("this processor: %+v", c)
	}
}

// TestBlockSizes computes products with blocks for caches of all sizes: their
// bits are the same.
func TestBlockSizes(t *testing.T) {
	if !variants[1].available {
		t.Skip("AVX2 is not available")
	}
	const m, n, k = 301, 1050, 330
	var want []float32
	for _, c := range []caches{{}, {1, 1}, {256 << 10, 4 << 20}, {64 << 20, 1 << 30}} {
		l := avx2Loops
		l.tile = fit(l.tile, c, 4)
		if l.blockRows > maxBlockRows || l.blockCols > maxBlockCols || l.blockRows < l.rows || l.blockRows%l.rows != 0 || l.blockCols%l.cols != 0 {
			t.Errorf("%+v: blocks of %d and %d", c, l.blockRows, l.blockCols)
		}
		restore := Use(Variant{loops32: &l, loops64: &goLoops64})
		g := &Gemm[float32]{M: m, N: n, K: k, RSA: k, CSA: 1, RSB: n, CSB: 1, RSC: n}
		g.A, g.B, g.C = make([]float32, m*k), make([]float32, k*n), make([]float32, m*n)
		Stream{}.Uniform32(g.A, 0)
		Stream{Sub: 1}.Uniform32(g.B, 0)
		scratch := make([]float32, g.ScratchLen(1))
		g.Run(nil, scratch)
		once := append([]float32(nil), g.C...)
		g.Packed = g.PackB(make([]float32, g.PackedLen()))
		g.Run(nil, scratch)
		restore()
		if want == nil {
			want = once
		}
		for i := range want {
			if once[i] != want[i] || g.C[i] != want[i] {
				t.Fatalf("%+v: element %d is %v, packed %v, want %v", c, i, once[i], g.C[i], want[i])
			}
		}
	}
}
