package frame

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
)

// number is what columns hold as typed memory.
type number interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

// vector is values of one width, one after another.
type vector interface {
	slice(lo, hi int) vector
	gather(rows []int32) vector // a copy of the given rows; a negative one is zero
	bytes() []byte              // the memory
	float(i int) float64        // value i, without a decimal's scale
}

// numbers is a vector of numbers.
type numbers[T number] []T

func (v numbers[T]) slice(lo, hi int) vector    { return v[lo:hi:hi] }
func (v numbers[T]) gather(rows []int32) vector { return numbers[T](gather(v, rows)) }
func (v numbers[T]) bytes() []byte              { return arrow.GetBytes(v) }
func (v numbers[T]) float(i int) float64        { return float64(v[i]) }

// decimals is a vector of 128-bit integers.
type decimals []decimal128.Num

func (v decimals) slice(lo, hi int) vector    { return v[lo:hi:hi] }
func (v decimals) gather(rows []int32) vector { return decimals(gather(v, rows)) }
func (v decimals) bytes() []byte              { return arrow.GetBytes(v) }
func (v decimals) float(i int) float64        { return v[i].ToFloat64(0) }

func gather[T any](v []T, rows []int32) []T {
	out := make([]T, len(rows))
	for i, r := range rows {
		if r >= 0 {
			out[i] = v[r]
		}
	}
	return out
}

// vectorOf returns bytes of Arrow memory as a vector of n values.
type vectorOf func(b []byte, n int) vector

func view[T number](b []byte, n int) vector { return numbers[T](arrow.GetData[T](b)[:n:n]) }

func viewDecimals(b []byte, n int) vector { return decimals(arrow.GetData[decimal128.Num](b)[:n:n]) }
