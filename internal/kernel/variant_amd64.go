//go:build amd64 && !purego

package kernel

import "golang.org/x/sys/cpu"

// variants lists the implementations of this build, the slowest first.
var variants = []Variant{
	plain,
	{
		Name:      "avx2",
		available: cpu.X86.HasAVX2 && cpu.X86.HasFMA,
		loops32:   &avx2Loops,
		loops64:   &avx2Loops64,
		pairs:     &avx2Pairs,
		limit:     limitLoop{ops: 12 * 8 * 2, run: limitAVX2},
	},
	{
		Name:      "avx512",
		available: cpu.X86.HasAVX512F && cpu.X86.HasAVX2 && cpu.X86.HasBMI2,
		loops32:   &avx512Loops,
		loops64:   &avx512Loops64,
		pairs:     &avx2Pairs,
		limit:     limitLoop{ops: 12 * 16 * 2, run: limitAVX512},
	},
}
