package tensor

import (
	"math"
	"testing"
)

// TestBadSizes asks for what no memory holds, for sizes whose sums and products
// overflow, and for negative ones.
func TestBadSizes(t *testing.T) {
	const huge, least = math.MaxInt, math.MinInt
	row := New(Int8, 3)
	vast := Scalar(int8(0)).BroadcastTo(Shape{1 << 62})
	for _, c := range []struct {
		f    func()
		want string
	}{
		{func() { New(Float32, 1<<50) }, "new [1125899906842624]: too large to allocate"},
		{func() { New(String, 1<<60) }, "new [1152921504606846976]: too large to allocate"},
		{func() { vast.Clone() }, "new [4611686018427387904]: too large to allocate"},
		{func() { Full(1.0, 1<<31, 1<<31) }, "new [2147483648 2147483648]: too large to address"},
		{func() { Full(1.0, -1) }, "new [-1]: axis 0 has negative extent -1"},
		{func() { Of([]int8{}, 0, 1<<62, 1<<62) }, "of [0 4611686018427387904 4611686018427387904]: too large to address"},
		{func() { row.BroadcastTo(Shape{huge, huge, 3}) }, "broadcast [9223372036854775807 9223372036854775807 3]: too large to address"},
		{func() { row.BroadcastTo(Shape{-1, 3}) }, "broadcast [-1 3]: axis 0 has negative extent -1"},
		{func() { Concat(0, vast, vast, vast, vast) }, "concat [-9223372036854775808]: axis 0 has negative extent -9223372036854775808"},
		{func() { Tile(row, huge) }, "broadcast [9223372036854775807 3]: too large to address"},
		{func() { Tile(row, least) }, "tile [3]: repeats [-9223372036854775808] are negative"},
		{func() { Repeat(row, 0, huge) }, "broadcast [3 9223372036854775807]: too large to address"},
		{func() { Pad(row, []int{huge}, []int{huge}, PadConstant, nil) }, "pad [3]: pads 9223372036854775807 and 9223372036854775807 of axis 0 are beyond 2305843009213693951"},
		{func() { Pad(row, []int{least}, []int{0}, PadEdge, nil) }, "pad [3]: pads -9223372036854775808 and 0 of axis 0 are beyond 2305843009213693951"},
		{func() { Pad(row, []int{1 << 60}, []int{0}, PadConstant, nil) }, "new [1152921504606846979]: too large to allocate"},
		{func() { Arange(0, math.Inf(1), 1) }, "arange: from 0 to +Inf by 1 is too large to allocate"},
		{func() { Arange(0, math.NaN(), 1) }, "arange: from 0 to NaN by 1 is too large to allocate"},
		{func() { Arange(0, 1, 1e-30) }, "arange: from 0 to 1 by 1e-30 is too large to allocate"},
		{func() { Arange[int64](least, huge, 1) }, "arange: from -9223372036854775808 to 9223372036854775807 by 1 is too large to allocate"},
		{func() { Arange[uint64](0, 1<<60, 1) }, "new [1152921504606846976]: too large to address"},
		{func() { Linspace(Float32, 0, 1, -1) }, "new [-1]: axis 0 has negative extent -1"},
		{func() { Eye(Float32, 1<<48) }, "new [281474976710656]: too large to allocate"},
		{func() { Diag(row, huge) }, "new [-9223372036854775806 -9223372036854775806]: axis 0 has negative extent -9223372036854775806"},
		{func() { OneHot(Float32, row, huge, 0) }, "new [9223372036854775807]: too large to address"},
		{func() { MatMul(vast.Unsqueeze(1), vast.Unsqueeze(0)) }, "new [4611686018427387904 4611686018427387904]: too large to address"},
		{func() { Split(row, 0, huge, huge, 5) }, "split [3]: sizes [9223372036854775807 9223372036854775807 5] do not fit axis 0"},
		{func() { row.Index(0, least) }, "index [3]: index -9223372036854775808 of axis 0 is out of range"},
		{func() { At[int8](row, least) }, "at [3]: index [-9223372036854775808] is out of range"},
		{func() { TopK(row, -1, 0, true) }, "topk [3]: k = -1 is outside axis 0"},
	} {
		if got := panicText(t, c.f); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

// TestExtremeNumbers checks results that sizes near the ends of int have.
func TestExtremeNumbers(t *testing.T) {
	const huge, least = math.MaxInt, math.MinInt
	square := arange(2, 2)
	for _, c := range []struct {
		name string
		got  *Tensor
		want *Tensor
	}{
		{"arange beyond 2⁵³", Arange[int64](huge-3, huge, 1), Of([]int64{huge - 3, huge - 2, huge - 1})},
		{"arange downwards", Arange[int8](127, -128, -100), Of([]int8{127, 27, -73})},
		{"arange of all bytes by 255", Arange[uint8](0, 255, 255), Of([]uint8{0})},
		{"arange the wrong way", Arange[uint64](2, 1, 1), New(Uint64, 0)},
		{"arange of one long step", Arange[int64](least, huge, huge), Of([]int64{least, -1, huge - 1})},
		{"diagonal far above", Diag(square, huge), New(Int32, 0)},
		{"diagonal far below", Diag(square, least), New(Int32, 0)},
		{"triangle far below", Trilu(square, least, true), square},
		{"slice of all", square.Slice(0, least, huge, huge), square.Slice(0, 0, 1, 1)},
		{"slice backwards", square.Slice(0, huge, least, least), square.Slice(0, 1, 2, 1)},
		{"padding of nothing", Pad(New(Int8, 0), []int{1}, []int{0}, PadConstant, nil), New(Int8, 1)},
		{"product over nothing", MatMul(New(Float32, 2, 0), New(Float32, 0, 3)), New(Float32, 2, 3)},
		{"product of nothing", MatMul(New(Float32, 0, 2), New(Float32, 2, 3)), New(Float32, 0, 3)},
	} {
		if !Same(c.got, c.want) {
			t.Errorf("%s: got %v of shape %v, want %v of shape %v", c.name, c.got, c.got.Shape(), c.want, c.want.Shape())
		}
	}
}
