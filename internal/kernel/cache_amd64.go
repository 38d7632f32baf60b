//go:build amd64 && !purego

package kernel

// caches are the sizes, in bytes, of the second and the third cache, 0 where
// there is none or it is not known.
type caches struct{ second, third int }

// thisProcessor is what CPUID says; a hypervisor may say nothing.
var thisProcessor = readCaches(cpuid)

// readCaches reads the parameters of caches that Intel's processors tell under
// leaf 4 and AMD's, in the same form, under leaf 0x8000001D.
func readCaches(cpuid func(leaf, subleaf uint32) (a, b, c, d uint32)) caches {
	const intel, extended, amd = 4, 0x80000000, 0x8000001d
	var found caches
	top, _, _, _ := cpuid(0, 0)
	topExtended, _, _, _ := cpuid(extended, 0)
	for _, leaf := range []struct {
		number uint32
		have   bool
	}{{intel, top >= intel}, {amd, topExtended >= amd}} {
		for i := uint32(0); leaf.have && i < 16; i++ {
			a, b, c, _ := cpuid(leaf.number, i)
			kind, level := a&31, a>>5&7
			if kind == 0 { // no more
				break
			}
			if kind == 2 { // instructions
				continue
			}
			size := int(b>>22+1) * int(b>>12&0x3ff+1) * int(b&0xfff+1) * (int(c) + 1)
			switch level {
			case 2:
				found.second = size
			case 3:
				found.third = size
			}
		}
		if found.second != 0 {
			break
		}
	}
	return found
}

// fit sets the sizes of a tile's blocks, of elements of size bytes: a block of
// A takes a third of the second cache, a block of B, which threads share with
// each other and perhaps with other processes, an eighth of the third.
func fit[T Number](t tile[T], c caches, size int) tile[T] {
	const second, third = 512 << 10, 16 << 20 // the least that processors with AVX2 mostly have
	if c.second == 0 {
		c.second = second
	}
	if c.third == 0 {
		c.third = third
	}
	rows := c.second / 3 / (depth * size)
	cols := c.third / 8 / (depth * size)
	t.blockRows = max(2*t.rows, min(rows, maxBlockRows)/t.rows*t.rows)
	t.blockCols = max(512, min(cols, maxBlockCols)/t.cols*t.cols)
	return t
}
