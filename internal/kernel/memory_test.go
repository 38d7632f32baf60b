package kernel_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/kernel/kerneltest"
)

// naiveCopy is Copy by an index of one position at a time.
func naiveCopy(src []float64, offset int, shape, strides []int) []float64 {
	if len(shape) == 0 {
		return []float64{src[offset]}
	}
	var out []float64
	for i := range shape[0] {
		out = append(out, naiveCopy(src, offset+i*strides[0], shape[1:], strides[1:])...)
	}
	return out
}

func TestCopy(t *testing.T) {
	src := make([]float64, 5000)
	for i := range src {
		src[i] = float64(i)
	}
	cases := []struct {
		offset         int
		shape, strides []int
	}{
		{7, nil, nil},
		{0, []int{0, 3}, []int{3, 1}},
		{3, []int{5}, []int{1}},
		{3, []int{5}, []int{0}},
		{40, []int{5}, []int{-3}},
		{0, []int{4, 6}, []int{6, 1}},
		{0, []int{35, 50}, []int{1, 35}},
		{2, []int{3, 4}, []int{0, 1}},
		{2, []int{3, 4}, []int{1, 0}},
		{100, []int{3, 4, 5}, []int{-20, 5, 1}},
		{1, []int{2, 1, 3, 2, 4}, []int{60, 9, 2, 100, 7}},
		{0, []int{2, 3, 4, 5}, []int{60, 1, 15, 3}},
		{0, []int{2, 2, 2, 2, 2, 2, 2, 2}, []int{1, 2, 4, 8, 16, 32, 64, 128}},
		{0, []int{2, 2, 2, 2, 2, 2, 2, 2, 2, 2}, []int{1, 2, 4, 8, 16, 32, 64, 128, 256, 512}},
	}
	for _, c := range cases {
		want := naiveCopy(src, c.offset, c.shape, c.strides)
		dst := kerneltest.NaN[float64](len(want))
		kernel.Copy(dst.Data, src, c.offset, c.shape, c.strides)
		dst.Check(t)
		kerneltest.Identical(t, kerneltest.Name(c), dst.Data, want)
	}
	dst := make([]float64, 120)
	shape, strides := []int{2, 3, 4, 5}, []int{60, 1, 15, 3}
	if n := testing.AllocsPerRun(10, func() { kernel.Copy(dst, src, 0, shape, strides) }); n != 0 {
		t.Errorf("Copy allocates %v times", n)
	}
}

// TestCopyTransposes checks transposed planes of elements of four bytes, in all
// variants.
func TestCopyTransposes(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T) {
		for _, s := range [][2]int{{1, 9}, {8, 8}, {9, 7}, {70, 33}, {130, 16}} {
			rows, cols := s[0], s[1]
			src := make([]uint32, 3+rows*cols)
			for i := range src {
				src[i] = uint32(i) | 0x7f800000 // as floats NaN, which are to keep their bits
			}
			dst := kerneltest.New[uint32](rows * cols)
			kernel.Copy(dst.Data, src, 3, []int{rows, cols}, []int{1, rows})
			dst.Check(t)
			for i, v := range dst.Data {
				if want := src[3+i/cols+i%cols*rows]; v != want {
					t.Fatalf("%d×%d: element %d is %#x, want %#x", rows, cols, i, v, want)
				}
			}
		}
	})
}

func TestGatherAndScatterAddRows(t *testing.T) {
	src := []float32{0, 1, 10, 11, 20, 21}
	dst := kerneltest.NaN[float32](8)
	if err := kernel.GatherRows(dst.Data, src, []int64{2, 0, -1, -3}, 2); err != nil {
		t.Fatal(err)
	}
	dst.Check(t)
	kerneltest.Identical(t, "rows", dst.Data, []float32{20, 21, 0, 1, 20, 21, 0, 1})

	sum := kerneltest.New[float32](6)
	if err := kernel.ScatterAddRows(sum.Data, dst.Data, []int32{1, 1, 0, -2}, 2); err != nil {
		t.Fatal(err)
	}
	sum.Check(t)
	kerneltest.Identical(t, "sums", sum.Data, []float32{20, 21, 20, 23, 0, 0})

	for _, bad := range []int64{3, -4} {
		err := kernel.GatherRows(dst.Data, src, []int64{0, bad}, 2)
		if err == nil || !strings.Contains(err.Error(), "position 1") {
			t.Errorf("gather of row %d: error %v", bad, err)
		}
		if err := kernel.ScatterAddRows(sum.Data, src, []int64{bad}, 2); err == nil {
			t.Errorf("scatter to row %d gives no error", bad)
		}
	}
	if err := kernel.GatherRows(nil, src, []int64(nil), 0); err != nil {
		t.Error(err)
	}
}

func TestGatherAndScatterAddElements(t *testing.T) {
	src := []float64{0, 1, 10, 11, 20, 21} // [1, 3, 2]
	dst := kerneltest.NaN[float64](4)
	if err := kernel.GatherElements(dst.Data, src, []int64{2, 0, -3, -1}, 3, 2, 2); err != nil {
		t.Fatal(err)
	}
	dst.Check(t)
	kerneltest.Identical(t, "elements", dst.Data, []float64{20, 1, 0, 21})
	sum := kerneltest.New[float64](6)
	if err := kernel.ScatterAddElements(sum.Data, []float64{1, 2, 3, 4}, []int32{2, 1, -1, 1}, 3, 2, 2); err != nil {
		t.Fatal(err)
	}
	sum.Check(t)
	kerneltest.Identical(t, "sums", sum.Data, []float64{0, 0, 0, 6, 4, 0})
	if err := kernel.GatherElements(dst.Data, src, []int64{0, 3, 0, 0}, 3, 2, 2); err == nil || !strings.Contains(err.Error(), "position 1") {
		t.Errorf("gather of element 3: error %v", err)
	}
}

// TestPhilox holds the known answers of the Random123 distribution
// (tests/kat_vectors, philox4x32 10).
func TestPhilox(t *testing.T) {
	const ones = 0xffffffff
	cases := []struct {
		ctr  [4]uint32
		key  [2]uint32
		want [4]uint32
	}{
		{[4]uint32{}, [2]uint32{}, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{[4]uint32{ones, ones, ones, ones}, [2]uint32{ones, ones}, [4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{
			[4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
			[2]uint32{0xa4093822, 0x299f31d0},
			[4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
		},
	}
	for _, c := range cases {
		if got := kernel.Philox(c.key, c.ctr); got != c.want {
			t.Errorf("Philox(%x, %x) = %x, want %x", c.key, c.ctr, got, c.want)
		}
	}
}

// TestStreamPositions fills in pieces and compares with filling at once.
func TestStreamPositions(t *testing.T) {
	s := kernel.Stream{Key: [2]uint32{1, 2}, Sub: 3}
	singles := make([]float32, 40)
	s.Uniform32(singles, 5)
	doubles := make([]float64, 40)
	s.Uniform64(doubles, 5)
	for i, n := range []int{1, 2, 3, 4, 5, 9, 16} {
		at := 3 * i
		f := kerneltest.NaN[float32](n)
		s.Uniform32(f.Data, uint64(5+at))
		f.Check(t)
		kerneltest.Identical(t, "uniform float32", f.Data, singles[at:at+n])
		d := kerneltest.NaN[float64](n)
		s.Uniform64(d.Data, uint64(5+at))
		d.Check(t)
		kerneltest.Identical(t, "uniform float64", d.Data, doubles[at:at+n])
	}
	other := make([]float32, 40)
	kernel.Stream{Key: s.Key, Sub: 4}.Uniform32(other, 5)
	if slices.Equal(other, singles) {
		t.Error("sub-streams are equal")
	}
}

// TestUniformBits compares with the words of the generator, one block at a time, also
// where the counter passes a whole number of 32 bits.
func TestUniformBits(t *testing.T) {
	s := kernel.Stream{Key: [2]uint32{0xdeadbeef, 2}, Sub: 3<<32 | 5}
	kerneltest.Each(t, func(t *testing.T) {
		for _, from := range []uint64{0, 3, 1<<34 - 3, 4*(1<<32-8) - 1, 4*(1<<32-17) + 1, 1<<40 + 6} {
			for n := 0; n < 140; n += 1 + n/7 {
				got, want := kerneltest.NaN[float32](n), make([]float32, n)
				for i := range want {
					at := from + uint64(i)
					ctr := [4]uint32{uint32(at / 4), uint32(at / 4 >> 32), uint32(s.Sub), uint32(s.Sub >> 32)}
					want[i] = float32(kernel.Philox(s.Key, ctr)[at%4]>>8) * 0x1p-24
				}
				s.Uniform32(got.Data, from)
				got.Check(t)
				kerneltest.Identical(t, kerneltest.Name("uniform", from, n), got.Data, want)
			}
		}
	})
}

func BenchmarkUniform32(b *testing.B) {
	x := make([]float32, 1<<14)
	for _, v := range kernel.Variants() {
		b.Run(v.Name, func(b *testing.B) {
			defer kernel.Use(v)()
			b.SetBytes(int64(4 * len(x)))
			for b.Loop() {
				kernel.Stream{}.Uniform32(x, 0)
			}
		})
	}
}

func TestUniformRangeAndMoments(t *testing.T) {
	s := kernel.Stream{Key: [2]uint32{7, 0}}
	x, y := make([]float32, 1<<16), make([]float64, 1<<16)
	s.Uniform32(x, 0)
	s.Uniform64(y, 0)
	for name, v := range map[string][]float64{"float32": float64s(x), "float64": y} {
		var sum, squares float64
		for _, u := range v {
			if u < 0 || u >= 1 {
				t.Fatalf("%s: %v is not in [0, 1)", name, u)
			}
			sum += u
			squares += u * u
		}
		n := float64(len(v))
		if mean, second := sum/n, squares/n; mean < 0.495 || mean > 0.505 || second < 0.328 || second > 0.339 {
			t.Errorf("%s: mean %v, mean square %v", name, mean, second)
		}
	}
}

func float64s(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

// TestCopyRandom walks random views.
func TestCopyRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	src := make([]float64, 4096)
	for i := range src {
		src[i] = float64(i)
	}
	for range 300 {
		rank := rng.IntN(6)
		shape, strides := make([]int, rank), make([]int, rank)
		offset := 1500
		for i := range shape {
			shape[i] = 1 + rng.IntN(4)
			strides[i] = rng.IntN(100) - 40
		}
		want := naiveCopy(src, offset, shape, strides)
		got := make([]float64, len(want))
		kernel.Copy(got, src, offset, shape, strides)
		kerneltest.Identical(t, kerneltest.Name(shape, strides), got, want)
	}
}
