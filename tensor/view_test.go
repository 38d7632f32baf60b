package tensor

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func arange(shape ...int) *Tensor {
	data := make([]int32, Shape(shape).Len())
	for i := range data {
		data[i] = int32(i)
	}
	return Of(data, append(Shape{}, shape...)...)
}

func elements(t *Tensor) []int32 { return Data[int32](t.Contiguous()) }

func TestSlice(t *testing.T) {
	x := arange(5)
	for _, c := range []struct {
		start, stop, step int
		want              []int32
	}{
		{1, 4, 1, []int32{1, 2, 3}},
		{0, math.MaxInt, 2, []int32{0, 2, 4}},
		{-2, math.MaxInt, 1, []int32{3, 4}},
		{-1, math.MinInt, -1, []int32{4, 3, 2, 1, 0}},
		{math.MaxInt, math.MinInt, math.MinInt, []int32{4}},
		{3, 0, -2, []int32{3, 1}},
		{3, 1, 1, []int32{}},
		{0, 5, math.MaxInt, []int32{0}},
	} {
		if got := elements(x.Slice(0, c.start, c.stop, c.step)); !slices.Equal(got, c.want) {
			t.Errorf("[%d:%d:%d] = %v, want %v", c.start, c.stop, c.step, got, c.want)
		}
	}
}

// TestReshapeOfViews compares views with the reshape of a copy: the same
// elements in the same order.
func TestReshapeOfViews(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	base := arange(4, 1, 6, 5)
	shapes := []Shape{{120}, {2, 60}, {2, 2, 6, 5}, {4, 30}, {24, 5}, {1, 8, 15}, {3, 40}, {5, 24, 1}, {4, 2, 3, 5, 1}}
	for range 200 {
		v := base.Transpose(rng.Perm(4)...)
		for axis := range 4 {
			if rng.IntN(2) == 0 {
				v = v.Slice(axis, -1, math.MinInt, -1)
			}
		}
		for _, s := range shapes {
			if got, want := elements(v.Reshape(s...)), elements(v); !slices.Equal(got, want) {
				t.Fatalf("strides %v to %v: %v, want %v", v.Strides(), s, got, want)
			}
		}
	}
	if v := base.Transpose(2, 3, 0, 1); !MayShareMemory(v, v.Reshape(30, 2, 2)) {
		t.Error("splitting and merging along strides made a copy")
	}
}

func TestReshapeInfers(t *testing.T) {
	if got := arange(2, 6).Reshape(3, -1).Shape(); !got.Equal(Shape{3, 4}) {
		t.Errorf("got %v", got)
	}
	if got := arange(0, 6).Reshape(3, -1).Shape(); !got.Equal(Shape{3, 0}) {
		t.Errorf("got %v", got)
	}
	if got := arange(1, 1).Reshape().Rank(); got != 0 {
		t.Errorf("got rank %d", got)
	}
}

func TestCopyIntoOverlap(t *testing.T) {
	x := arange(6)
	CopyInto(x.Slice(0, 1, 6, 1), x.Slice(0, 0, 5, 1))
	if got, want := elements(x), []int32{0, 0, 1, 2, 3, 4}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestCopyIntoOverlappingWindows(t *testing.T) {
	mem := alignedBytes(5 * 8)
	a, b := Wrap(Int64, mem[:32], 2, 2), Wrap(Int64, mem[8:], 2, 2)
	if !MayShareMemory(a, b) || MayShareMemory(Wrap(Int64, mem[:8], 1), b) || MayShareMemory(a, Of([]string{"a"})) {
		t.Error("shared memory is not recognized")
	}
	copy(Data[int64](b), []int64{1, 2, 3, 4})
	CopyInto(a, b.Transpose())
	if want := Of([]int64{1, 3, 2, 4}, 2, 2); !Same(a, want) {
		t.Errorf("copied %v, want %v", a, want)
	}
}

func TestSqueezeUnsqueezeIndex(t *testing.T) {
	x := arange(2, 1, 3)
	if got := x.Squeeze().Unsqueeze(0, -1).Shape(); !got.Equal(Shape{1, 2, 3, 1}) {
		t.Errorf("got %v", got)
	}
	if got, want := elements(x.Index(2, -1)), []int32{2, 5}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAlignment(t *testing.T) {
	for n := 1; n < 100; n++ {
		if !aligned(New(Uint8, n).Bytes(), alignment) {
			t.Fatalf("%d bytes are not aligned", n)
		}
	}
}
