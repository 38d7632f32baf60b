package data

import (
	"errors"
	"math"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"

	"github.com/emberml/ember/frame"
)

// parquetValues are the values of a page that are not null.
type parquetValues struct {
	n     int
	all   encoding.Values // the values, or the dictionary that index points into
	index []int32         // nil: the values as they come
}

func newParquetValues(p parquet.Page, n int) parquetValues {
	if d := p.Dictionary(); d != nil {
		index := p.Data()
		return parquetValues{n, d.Page().Data(), index.Int32()[:n]}
	}
	return parquetValues{n: n, all: p.Data()}
}

// at returns the place of value i in all.
func (v *parquetValues) at(i int) int {
	if v.index != nil {
		return int(v.index[i])
	}
	return i
}

// parquetSink takes in the values of one column, page by page. Values stand where
// valid is true; nil is true everywhere.
type parquetSink interface {
	page(v parquetValues, valid []bool) error
	column() *frame.Column
}

// parquetNumbers makes numbers T of numbers P.
type parquetNumbers[P, T number] struct {
	view func(*encoding.Values) []P
	out  []T
}

// number is what columns of frames hold.
type number interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

func numbers[P, T number](view func(*encoding.Values) []P) func(parquet.Type) parquetSink {
	return func(parquet.Type) parquetSink { return &parquetNumbers[P, T]{view: view} }
}

func (s *parquetNumbers[P, T]) page(v parquetValues, valid []bool) error {
	in, out := s.view(&v.all), s.out
	switch {
	case valid == nil && v.index == nil:
		for _, x := range in[:v.n] {
			out = append(out, T(x))
		}
	case valid == nil:
		for _, k := range v.index {
			out = append(out, T(in[k]))
		}
	default:
		next := 0
		for _, ok := range valid {
			var x T
			if ok {
				x = T(in[v.at(next)])
				next++
			}
			out = append(out, x)
		}
	}
	s.out = out
	return nil
}

func (s *parquetNumbers[P, T]) column() *frame.Column { return frame.Of(s.out) }

// parquetBools makes bools of bits.
type parquetBools struct{ out []bool }

func newParquetBools(parquet.Type) parquetSink { return &parquetBools{} }

func (s *parquetBools) page(v parquetValues, valid []bool) error {
	in := v.all.Boolean()
	next := 0
	take := func() {
		k := v.at(next)
		s.out = append(s.out, in[k>>3]>>(k&7)&1 != 0)
		next++
	}
	if valid == nil {
		for range v.n {
			take()
		}
	}
	for _, ok := range valid {
		if ok {
			take()
		} else {
			s.out = append(s.out, false)
		}
	}
	return nil
}

func (s *parquetBools) column() *frame.Column { return frame.Bools(s.out) }

// parquetBytes makes pieces of bytes, of one size or of any (0).
type parquetBytes struct {
	size    int
	content []byte
	offsets []int32
}

func newParquetBytes(t parquet.Type) parquetSink {
	s := &parquetBytes{offsets: []int32{0}}
	switch t.Kind() {
	case parquet.FixedLenByteArray:
		s.size = t.Length()
	case parquet.Int96:
		s.size = 12
	}
	return s
}

func (s *parquetBytes) page(v parquetValues, valid []bool) error {
	in, offsets := v.all.Data()
	next := 0
	take := func() {
		k := v.at(next)
		if s.size > 0 {
			s.content = append(s.content, in[k*s.size:(k+1)*s.size]...)
		} else {
			s.content = append(s.content, in[offsets[k]:offsets[k+1]]...)
		}
		next++
	}
	end := func() error {
		if len(s.content) > math.MaxInt32 {
			return errors.New("more than 2 GiB of text in a row group: write smaller ones")
		}
		s.offsets = append(s.offsets, int32(len(s.content)))
		return nil
	}
	places := v.n
	if valid != nil {
		places = len(valid)
	}
	for i := range places {
		if valid == nil || valid[i] {
			take()
		}
		if err := end(); err != nil {
			return err
		}
	}
	return nil
}

func (s *parquetBytes) column() *frame.Column { return frame.Texts(frame.Binary, s.offsets, s.content) }
