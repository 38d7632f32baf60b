package tensor

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/bits"

	"github.com/emberml/ember/internal/kernel"
)

// Rand draws random tensors from a counter-based generator (Philox4x32-10): what
// it gives depends only on the seed, the purpose and the counter, never on the
// machine, the number of threads or who else draws.
//
// Each call takes whole blocks of 128 bits and advances the counter by them. A
// Rand is not safe for use by many goroutines; give each its own by [Rand.At].
type Rand struct {
	stream  kernel.Stream
	counter uint64
}

// NewRand returns the generator of a seed at counter 0.
func NewRand(seed uint64) *Rand { return RandStream(seed, "") }

// RandStream returns the generator of a seed for one purpose, such as "shuffle"
// or the name of a layer, at counter 0. Streams of different purposes are
// independent.
func RandStream(seed uint64, purpose string) *Rand {
	h := fnv.New64a()
	h.Write([]byte(purpose))
	return &Rand{stream: kernel.Stream{Key: [2]uint32{uint32(seed), uint32(seed >> 32)}, Sub: h.Sum64()}}
}

// At returns the generator of item i of the stream, such as a sample's number in
// the data set or an epoch, at counter 0; its numbers do not depend on r's
// counter. Streams of different items are independent.
func (r *Rand) At(i uint64) *Rand {
	s := r.stream
	b := kernel.Philox(s.Key, [4]uint32{uint32(i), uint32(i >> 32), uint32(s.Sub), uint32(s.Sub >> 32)})
	// The new key keeps the item's stream apart from r's own blocks.
	return &Rand{stream: kernel.Stream{Key: [2]uint32{b[0], b[1]}, Sub: uint64(b[2]) | uint64(b[3])<<32}}
}

// Counter returns how many blocks have been drawn; with [Rand.Seek] it resumes a
// sequence.
func (r *Rand) Counter() uint64 { return r.counter }

// Seek moves the generator to the given counter.
func (r *Rand) Seek(counter uint64) { r.counter = counter }

// Uint64 returns 64 random bits.
func (r *Rand) Uint64() uint64 {
	c, s := r.counter, r.stream
	r.counter++
	b := kernel.Philox(s.Key, [4]uint32{uint32(c), uint32(c >> 32), uint32(s.Sub), uint32(s.Sub >> 32)})
	return uint64(b[0]) | uint64(b[1])<<32
}

// Float64 returns a number uniform in [0, 1), a multiple of 2⁻⁵³.
func (r *Rand) Float64() float64 { return float64(r.Uint64()>>11) * 0x1p-53 }

// IntN returns an integer uniform in [0, n), for n > 0.
func (r *Rand) IntN(n int) int {
	if n <= 0 {
		panic(&ShapeError{"random", nil, fmt.Sprintf("no integer below %d", n)})
	}
	hi, _ := bits.Mul64(r.Uint64(), uint64(n))
	return int(hi)
}

// Uniform returns numbers uniform in [lo, hi), before they are rounded to the
// float type dt. Float32 and the 16-bit types take 24 random bits, Float64 takes
// 53.
func (r *Rand) Uniform(dt DType, lo, hi float64, shape ...int) *Tensor {
	checkFloat("uniform", dt)
	u := make([]float64, Shape(shape).Len())
	if dt == Float64 {
		r.stream.Uniform64(u, 2*r.counter)
		r.counter += blocks(len(u), 2)
	} else {
		u32 := make([]float32, len(u))
		r.stream.Uniform32(u32, 4*r.counter)
		r.counter += blocks(len(u), 4)
		for i, v := range u32 {
			u[i] = float64(v)
		}
	}
	for i, v := range u {
		u[i] = lo + float64(v*(hi-lo))
	}
	return Cast(Of(u, append(Shape{}, shape...)...), dt)
}

// Normal returns numbers of a normal distribution, rounded to the float type dt,
// by the Box–Muller transform of 53-bit uniforms.
func (r *Rand) Normal(dt DType, mean, std float64, shape ...int) *Tensor {
	checkFloat("normal", dt)
	n := Shape(shape).Len()
	u := make([]float64, n+n%2)
	r.stream.Uniform64(u, 2*r.counter)
	r.counter += blocks(n, 2)
	for i := 0; i < n; i += 2 {
		radius := math.Sqrt(-2 * math.Log(1-u[i])) // 1-u is in (0, 1]
		sin, cos := math.Sincos(2 * math.Pi * u[i+1])
		u[i] = mean + float64(std*float64(radius*cos))
		u[i+1] = mean + float64(std*float64(radius*sin))
	}
	return Cast(Of(u[:n], append(Shape{}, shape...)...), dt)
}

// Randint returns integers uniform in [lo, hi), of the integer type dt.
func (r *Rand) Randint(dt DType, lo, hi int64, shape ...int) *Tensor {
	if lo >= hi || !dt.IsInteger() {
		panic(&ShapeError{"randint", nil, fmt.Sprintf("no %v in [%d, %d)", dt, lo, hi)})
	}
	data := make([]int64, Shape(shape).Len())
	for i := range data {
		hi, _ := bits.Mul64(r.Uint64(), uint64(hi-lo))
		data[i] = lo + int64(hi)
	}
	return Cast(Of(data, append(Shape{}, shape...)...), dt)
}

// Bernoulli returns a Bool tensor that is true with probability p.
func (r *Rand) Bernoulli(p float64, shape ...int) *Tensor {
	return Less(r.Uniform(Float64, 0, 1, shape...), Scalar(p))
}

// Permutation returns the integers 0 to n-1 in random order (Fisher–Yates).
func (r *Rand) Permutation(n int) []int {
	p := make([]int, n)
	for i := range p {
		j := r.IntN(i + 1)
		p[i] = p[j]
		p[j] = i
	}
	return p
}

// blocks returns how many blocks hold n numbers, perBlock in each.
func blocks(n, perBlock int) uint64 { return uint64((n + perBlock - 1) / perBlock) }

func checkFloat(op string, dt DType) {
	if !dt.IsFloat() {
		panic(&ShapeError{op, nil, "want a float type, not " + dt.String()})
	}
}
