package data

import (
	"math/bits"

	"github.com/emberml/ember/tensor"
)

// Permutation is a random order of 0…n-1 of which any place can be computed
// alone: nothing is stored, and an epoch resumes at any sample.
//
// It is a Feistel network over the numbers of 2h bits, 2^2h ≥ n; a number outside
// 0…n-1 is passed through it again until it falls inside (cycle walking), which
// takes fewer than four passes on average.
//
// Source: Black, Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002,
// methods 2 and 3.
type Permutation struct {
	n    uint64
	half uint // bits of one half
	keys [6]uint64
}

// NewPermutation returns the order of 0…n-1 that r's next numbers give.
func NewPermutation(n int, r *tensor.Rand) Permutation {
	p := Permutation{n: uint64(n), half: uint(bits.Len64(uint64(max(n, 2)-1))+1) / 2}
	for i := range p.keys {
		p.keys[i] = r.Uint64()
	}
	return p
}

// At returns the number at place i, 0 ≤ i < n.
func (p *Permutation) At(i int) int {
	v := uint64(i)
	for {
		v = p.pass(v)
		if v < p.n {
			return int(v)
		}
	}
}

func (p *Permutation) pass(v uint64) uint64 {
	mask := uint64(1)<<p.half - 1
	left, right := v>>p.half, v&mask
	for _, key := range p.keys {
		left, right = right, left^mix(right+key)&mask
	}
	return left<<p.half | right
}

// mix is the finalizer of SplitMix64.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
