package tensor

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

// panicText returns the message of the ShapeError with which f panics.
func panicText(t *testing.T, f func()) (text string) {
	t.Helper()
	defer func() {
		e, ok := recover().(*ShapeError)
		if !ok {
			t.Error("want a panic with a *ShapeError")
			return
		}
		text = e.Error()
	}()
	f()
	return ""
}

func TestShapeErrors(t *testing.T) {
	x, y := New(Float32, 2, 3), New(Float32, 4, 5)
	for _, c := range []struct {
		f    func()
		want string
	}{
		{func() { MatMul(x, y) }, "matmul [2 3] [4 5]: inner dimensions 3 and 4 differ"},
		{func() { MatMul(x, Scalar(1.0)) }, "matmul [2 3] []: an operand is a scalar"},
		{func() { Add(x, y) }, "add [2 3] [4 5]: extents 2 and 4 of axis 0 differ and neither is 1"},
		{func() { Add(x, Scalar("a")) }, "add [2 3] []: element types float32 and string do not meet"},
		{func() { Sub(Scalar(true), Scalar(true)) }, "sub: not defined for bool"},
		{func() { Sum(x, []int{2}, false) }, "sum [2 3]: axis 2 is outside rank 2"},
		{func() { Sum(x, []int{1, -1}, false) }, "sum [2 3]: axis -1 is repeated"},
		{func() { Max(New(Int8, 2, 0), []int{1}, false) }, "max [2 0]: there is no element to choose"},
		{func() { Sqrt(Scalar("a")) }, "sqrt []: not defined for string"},
		{func() { x.Reshape(4, -1) }, "reshape [2 3] [4 -1]: 6 elements do not fit"},
		{func() { x.Reshape(-1, -1) }, "reshape [2 3] [-1 -1]: more than one negative extent, or one below -1"},
		{func() { New(Float32, 0).Reshape(1<<32, 1<<32) }, "reshape [4294967296 4294967296]: too large to address"},
		{func() { New(Uint8, math.MaxInt) }, "new [9223372036854775807]: too large to address"},
		{func() { x.BroadcastTo(Shape{2, 4}) }, "broadcast [2 3] [2 4]: axis 1 has extent 3, not 1"},
		{func() { x.BroadcastTo(Shape{3}) }, "broadcast [2 3] [3]: the target has a lower rank"},
		{func() { x.Squeeze(0) }, "squeeze [2 3]: axis 0 has extent 2, not 1"},
		{func() { x.Index(0, 2) }, "index [2 3]: index 2 of axis 0 is out of range"},
		{func() { x.Slice(0, 0, 1, 0) }, "slice [2 3]: step is 0"},
		{func() { x.Transpose(0) }, "transpose [2 3]: permutation [0] has the wrong length"},
		{func() { Concat(0, x, y) }, "concat [2 3] [4 5]: extents 3 and 5 of axis 1 differ"},
		{func() { Split(x, 1, 2, 2) }, "split [2 3]: sizes [2 2] do not fit axis 1"},
		{func() { Split(x, 1, 2) }, "split [2 3]: sizes [2] do not add up to axis 1"},
		{func() { Data[float64](x) }, "data [2 3]: elements are float32, not float64"},
		{func() { Data[float32](x.Transpose()) }, "data [3 2]: the tensor is not contiguous"},
		{func() { At[float32](x, 0, 3) }, "at [2 3]: index [0 3] is out of range"},
		{func() { Of([]int8{1}, 2) }, "of [2]: got 1 elements, the shape has 2"},
		{func() { New(Float32, -1) }, "new [-1]: axis 0 has negative extent -1"},
		{func() { New(Float64, 1<<40, 1<<40) }, "new [1099511627776 1099511627776]: too large to address"},
		{func() { New(Invalid, 1) }, "new: element type is invalid"},
		{func() { Wrap(Float32, make([]byte, 3), 1) }, "wrap [1]: float32 needs 4 aligned bytes, got 3"},
		{func() { Cast(Scalar("x"), Int8) }, `cast []: cast to int8: strconv.ParseInt: parsing "x": invalid syntax`},
		{func() { TopK(x, 4, 1, true) }, "topk [2 3]: k = 4 is outside axis 1"},
		{func() { Det(x) }, "det [2 3]: want square matrices of numbers"},
		{func() { Gather(x, 0, x) }, "gather [2 3]: indices are float32, not integers"},
	} {
		if got := panicText(t, c.f); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestFromBytes(t *testing.T) {
	b := alignedBytes(8)
	b[4] = 2
	x, err := FromBytes(Int32, b, 2)
	if err != nil {
		t.Fatal(err)
	}
	SetAt[int32](x, 7, -2)
	if b[0] != 7 || At[int32](x, 1) != 2 {
		t.Errorf("%v does not alias %v", x, b)
	}
	for _, c := range []struct {
		dt    DType
		b     []byte
		shape []int
		want  string
	}{
		{Int32, b, []int{3}, "needs 12 bytes, got 8"},
		{Int32, b[1:5], []int{1}, "not aligned"},
		{Bool, b, []int{8}, "byte 0 of a bool tensor is 7"},
		{String, b, []int{8}, "cannot be made from raw bytes"},
	} {
		if _, err := FromBytes(c.dt, c.b, c.shape...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v %v: got %v, want %q", c.dt, c.shape, err, c.want)
		}
	}
}

func TestOfAdoptsAndRank(t *testing.T) {
	data := []string{"a", "b"}
	x := Of(data)
	SetAt(x, "c", 1)
	if data[1] != "c" || x.Rank() != 1 {
		t.Error("memory was not adopted")
	}
	if r := Of([]int8{1}, Shape{}...).Rank(); r != 0 {
		t.Errorf("Shape{}... gives rank %d", r)
	}
	if r := Scalar(1.5).Rank(); r != 0 {
		t.Errorf("a scalar has rank %d", r)
	}
}

func TestDTypes(t *testing.T) {
	for d := Float32; d <= String; d++ {
		got, err := ParseDType(d.String())
		if err != nil || got != d {
			t.Errorf("%v parses as %v (%v)", d, got, err)
		}
		if n := New(d, 3).Len(); n != 3 {
			t.Errorf("%v: length %d", d, n)
		}
	}
	if _, err := ParseDType("float"); err == nil {
		t.Error("float parses")
	}
	if s := DType(99).String(); s != "dtype(99)" {
		t.Errorf("got %s", s)
	}
}

func TestCastSaturates(t *testing.T) {
	x := Of([]float64{300, -300, math.NaN(), math.Inf(1), -0.9, 127.9})
	if got, want := Data[int8](Cast(x, Int8)), []int8{127, -128, 0, 127, 0, 127}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := Data[uint64](Cast(x, Uint64)), []uint64{300, 0, 0, math.MaxUint64, 0, 127}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	big := Of([]float64{0x1p63, -0x1p63, 0x1p62})
	if got, want := Int64s(big), []int64{math.MaxInt64, math.MinInt64, 1 << 62}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestParse(t *testing.T) {
	x := Of([]string{" 1.5", "-inf", "nan", "1e999"})
	got, err := Parse(x, Float32)
	if err != nil || At[float32](got, 0) != 1.5 || !math.IsInf(got.Float64At(3), 1) || !math.IsNaN(got.Float64At(2)) {
		t.Errorf("got %v (%v)", got, err)
	}
	if _, err := Parse(Of([]string{"1", "two"}), Int32); err == nil || !strings.Contains(err.Error(), `"two"`) {
		t.Errorf("got %v, want an error about \"two\"", err)
	}
	if _, err := Parse(Of([]string{"256"}), Uint8); err == nil {
		t.Error("256 fits uint8")
	}
}

// TestBFloat16 covers what NumPy cannot: arithmetic rounds to BFloat16, and the
// promotion table with it.
func TestBFloat16(t *testing.T) {
	x := Of([]BF16{BF16From(1), BF16From(256)})
	if got := Float64s(Add(x, Scalar(BF16From(1)))); !slices.Equal(got, []float64{2, 256}) {
		t.Errorf("got %v", got)
	}
	for _, c := range []struct{ a, b, want DType }{
		{BFloat16, Float16, Float32},
		{BFloat16, Int8, BFloat16},
		{Uint16, BFloat16, Float32},
		{BFloat16, Int64, Float64},
		{BFloat16, Float64, Float64},
		{Bool, BFloat16, BFloat16},
		{BFloat16, String, Invalid},
	} {
		if got := Promote(c.a, c.b); got != c.want {
			t.Errorf("%v and %v promote to %v, want %v", c.a, c.b, got, c.want)
		}
	}
	for _, order := range [][]*Tensor{ // float32, as NumPy has it, in any order
		{New(Int16, 1), New(Uint16, 1), New(Float16, 1)},
		{New(Float16, 1), New(Int16, 1), New(Uint16, 1)},
	} {
		if got := Concat(0, order...).DType(); got != Float32 {
			t.Errorf("%v, %v and %v join to %v, want float32", order[0].DType(), order[1].DType(), order[2].DType(), got)
		}
	}
}

func TestIntegerDivision(t *testing.T) {
	x, y := Of([]int8{7, -7, 7, -128, 5}), Of([]int8{2, 2, -2, -1, 0})
	if got, want := Data[int8](Div(x, y)), []int8{3, -3, -3, -128, 0}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	base, exp := Of([]int32{2, -1, 1, 0, 3}), Of([]int32{-1, -3, -5, -2, 4})
	if got, want := Data[int32](Pow(base, exp)), []int32{0, -1, 1, 0, 81}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestFormatErrorText(t *testing.T) {
	cause := errors.New("cause")
	for _, c := range []struct {
		e    FormatError
		want string
	}{
		{FormatError{File: "x.npy", Offset: 10, Detail: "cut off", Hint: "copy it again"}, "x.npy: byte 10: cut off (copy it again)"},
		{FormatError{File: "n.json", Line: 3, Column: 7, Detail: "no key"}, "n.json:3:7: no key"},
		{FormatError{Line: 3, Detail: "no key", Err: cause}, "3: no key: cause"},
		{FormatError{Detail: "bad"}, "bad"},
	} {
		if got := c.e.Error(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	if !errors.Is(&FormatError{Err: cause}, cause) {
		t.Error("the cause is not wrapped")
	}
}
