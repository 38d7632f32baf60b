package tensor

import (
	"math"
	"strconv"
	"strings"
)

// caster moves runs of elements between a tensor of one element type and their
// wide form.
type caster interface {
	// load fills w with n elements of t from pos on.
	load(w *wide, t *Tensor, pos, step, n int)
	// store converts n elements of w, which were loaded from elements of type
	// src, into t from pos on.
	store(w *wide, src DType, t *Tensor, pos, step, n int) error
}

// codecs is the caster of each element type.
var codecs = [...]caster{
	Float32:  floatCodec[float32](),
	Float64:  floatCodec[float64](),
	Float16:  codec[F16]{toFloat: F16.float64, ofFloat: f16Of, ofInt: viaFloat[int64](f16Of), ofUint: viaFloat[uint64](f16Of), parse: parseFloat(f16Of, 64)},
	BFloat16: codec[BF16]{toFloat: BF16.float64, ofFloat: bf16Of, ofInt: viaFloat[int64](bf16Of), ofUint: viaFloat[uint64](bf16Of), parse: parseFloat(bf16Of, 64)},
	Int8:     signedCodec[int8](math.MinInt8, math.MaxInt8),
	Int16:    signedCodec[int16](math.MinInt16, math.MaxInt16),
	Int32:    signedCodec[int32](math.MinInt32, math.MaxInt32),
	Int64:    signedCodec[int64](math.MinInt64, math.MaxInt64),
	Uint8:    unsignedCodec[uint8](math.MaxUint8),
	Uint16:   unsignedCodec[uint16](math.MaxUint16),
	Uint32:   unsignedCodec[uint32](math.MaxUint32),
	Uint64:   unsignedCodec[uint64](math.MaxUint64),
	Bool:     boolCodec(),
	String:   codec[string]{toString: func(v string) string { return v }},
}

// codec is the caster of elements of type T.
type codec[T Element] struct {
	// The one that leads to the wide type of T's class is set.
	toFloat  func(T) float64
	toInt    func(T) int64
	toUint   func(T) uint64
	toString func(T) string

	// Unset for string, whose text depends on the source's type.
	ofFloat func(float64) T
	ofInt   func(int64) T
	ofUint  func(uint64) T
	parse   func(string) (T, error)
}

func (c codec[T]) load(w *wide, t *Tensor, pos, step, n int) {
	src := storage[T](t)
	widenRun(w.floats[:n], src, pos, step, c.toFloat)
	widenRun(w.ints[:n], src, pos, step, c.toInt)
	widenRun(w.uints[:n], src, pos, step, c.toUint)
	widenRun(w.strings[:n], src, pos, step, c.toString)
}

func widenRun[W, T Element](dst []W, src []T, pos, step int, f func(T) W) {
	if f == nil {
		return
	}
	for i := range dst {
		dst[i] = f(src[pos+i*step])
	}
}

func (c codec[T]) store(w *wide, src DType, t *Tensor, pos, step, n int) error {
	if t.dtype == String {
		formatRun(reinterpret[string](t), pos, step, w, src, n)
		return nil
	}
	dst := storage[T](t)
	switch src.class() {
	case classFloat:
		narrowRun(dst, pos, step, w.floats[:n], c.ofFloat)
	case classSigned:
		narrowRun(dst, pos, step, w.ints[:n], c.ofInt)
	case classUnsigned, classBool:
		narrowRun(dst, pos, step, w.uints[:n], c.ofUint)
	case classString:
		for i, s := range w.strings[:n] {
			v, err := c.parse(strings.TrimSpace(s))
			if err != nil {
				return err
			}
			dst[pos+i*step] = v
		}
	}
	return nil
}

func narrowRun[W, T Element](dst []T, pos, step int, src []W, f func(W) T) {
	for i, v := range src {
		dst[pos+i*step] = f(v)
	}
}

func formatRun(dst []string, pos, step int, w *wide, src DType, n int) {
	for i := range n {
		s := &dst[pos+i*step]
		switch src.class() {
		case classFloat:
			*s = formatFloat(w.floats[i], src)
		case classSigned:
			*s = strconv.FormatInt(w.ints[i], 10)
		case classUnsigned:
			*s = strconv.FormatUint(w.uints[i], 10)
		case classBool:
			*s = formatBool(w.uints[i] != 0)
		}
	}
}

func floatCodec[T float32 | float64]() codec[T] {
	of := func(v float64) T { return T(v) }
	return codec[T]{
		toFloat: func(v T) float64 { return float64(v) },
		ofFloat: of,
		ofInt:   func(v int64) T { return T(v) },
		ofUint:  func(v uint64) T { return T(v) },
		parse:   parseFloat(of, 8*DTypeOf[T]().Size()),
	}
}

func signedCodec[T int8 | int16 | int32 | int64](lo, hi T) codec[T] {
	return codec[T]{
		toInt:   func(v T) int64 { return int64(v) },
		ofFloat: func(v float64) T { return saturate(v, lo, hi) },
		ofInt:   func(v int64) T { return T(v) },
		ofUint:  func(v uint64) T { return T(v) },
		parse: func(s string) (T, error) {
			v, err := strconv.ParseInt(s, 10, 8*DTypeOf[T]().Size())
			return T(v), err
		},
	}
}

func unsignedCodec[T uint8 | uint16 | uint32 | uint64](hi T) codec[T] {
	return codec[T]{
		toUint:  func(v T) uint64 { return uint64(v) },
		ofFloat: func(v float64) T { return saturate(v, 0, hi) },
		ofInt:   func(v int64) T { return T(v) },
		ofUint:  func(v uint64) T { return T(v) },
		parse: func(s string) (T, error) {
			v, err := strconv.ParseUint(s, 10, 8*DTypeOf[T]().Size())
			return T(v), err
		},
	}
}

func boolCodec() codec[bool] {
	return codec[bool]{
		toUint: func(v bool) uint64 {
			if v {
				return 1
			}
			return 0
		},
		ofFloat: func(v float64) bool { return v != 0 },
		ofInt:   func(v int64) bool { return v != 0 },
		ofUint:  func(v uint64) bool { return v != 0 },
		parse:   strconv.ParseBool,
	}
}

// saturate truncates v toward zero and moves it into [lo, hi]; NaN gives 0.
func saturate[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64](v float64, lo, hi T) T {
	switch {
	case v != v:
		return 0
	case v <= float64(lo):
		return lo
	case v >= float64(hi): // 64-bit bounds round up to 2⁶³ and 2⁶⁴
		return hi
	}
	return T(v)
}

func (h F16) float64() float64  { return widen(uint16(h), 5, 10) }
func (b BF16) float64() float64 { return float64(b.Float32()) }
func f16Of(v float64) F16       { return F16(narrow(v, 5, 10)) }
func bf16Of(v float64) BF16     { return BF16(narrow(v, 8, 7)) }

func viaFloat[W int64 | uint64, T F16 | BF16](of func(float64) T) func(W) T {
	return func(v W) T { return of(float64(v)) }
}

func parseFloat[T Element](of func(float64) T, bits int) func(string) (T, error) {
	return func(s string) (T, error) {
		v, err := strconv.ParseFloat(s, bits)
		if math.IsInf(v, 0) { // out of range rounds to infinity
			err = nil
		}
		return of(v), err
	}
}

func formatBool(v bool) string {
	if v {
		return "True"
	}
	return "False"
}
