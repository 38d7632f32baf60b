package kernel

import "math/bits"

// Philox returns the 128 random bits that Philox4x32-10 gives for a key and a
// counter. Different counters give independent bits, so any element of a
// random tensor can be computed alone.
//
// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011.
func Philox(key [2]uint32, ctr [4]uint32) [4]uint32 {
	k0, k1 := key[0], key[1]
	c0, c1, c2, c3 := ctr[0], ctr[1], ctr[2], ctr[3]
	for range 10 {
		hi0, lo0 := bits.Mul32(0xD2511F53, c0)
		hi1, lo1 := bits.Mul32(0xCD9E8D57, c2)
		c0, c1, c2, c3 = hi1^c1^k0, lo1, hi0^c3^k1, lo0
		k0 += 0x9E3779B9
		k1 += 0xBB67AE85
	}
	return [4]uint32{c0, c1, c2, c3}
}

// Stream is a sequence of random numbers that any position of can be computed
// alone: position p is word p%4 (of 32 bits) or p%2 (of 64 bits) of the block
// with counter {block low, block high, Sub low, Sub high}.
type Stream struct {
	Key [2]uint32
	Sub uint64 // independent sequences under one key
}

func (s Stream) block(i uint64) [4]uint32 {
	return Philox(s.Key, [4]uint32{uint32(i), uint32(i >> 32), uint32(s.Sub), uint32(s.Sub >> 32)})
}

// Uniform32 fills dst with numbers uniform in [0, 1), multiples of 2^-24, from
// the 32-bit words at positions offset, offset+1, ….
func (s Stream) Uniform32(dst []float32, offset uint64) {
	head := min(int(-offset%4), len(dst))
	s.uniform32(dst[:head], offset)
	dst, offset = dst[head:], offset+uint64(head)
	if f := loops32().uniform; f != nil {
		done := f(dst, s, offset/4)
		dst, offset = dst[done:], offset+uint64(done)
	}
	s.uniform32(dst, offset)
}

// uniform32 defines Uniform32.
func (s Stream) uniform32(dst []float32, offset uint64) {
	for i := 0; i < len(dst); {
		pos := offset + uint64(i)
		b := s.block(pos / 4)
		for _, w := range b[pos%4:] {
			if i == len(dst) {
				return
			}
			dst[i] = float32(w>>8) * 0x1p-24
			i++
		}
	}
}

// Uniform64 fills dst with numbers uniform in [0, 1), multiples of 2^-53, from
// the 64-bit words at positions offset, offset+1, ….
func (s Stream) Uniform64(dst []float64, offset uint64) {
	for i := 0; i < len(dst); {
		pos := offset + uint64(i)
		b := s.block(pos / 2)
		for j := 2 * (pos % 2); j < 4 && i < len(dst); j += 2 {
			dst[i] = float64((uint64(b[j])|uint64(b[j+1])<<32)>>11) * 0x1p-53
			i++
		}
	}
}
