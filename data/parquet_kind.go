package data

import (
	"encoding/binary"
	"math"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
	parquetformat "github.com/parquet-go/parquet-go/format"

	"github.com/emberml/ember/frame"
)

// parquetKind is how a type of Parquet is read.
type parquetKind struct {
	kind   frame.Kind
	sink   func(parquet.Type) parquetSink
	finish func(*frame.Column, frame.Type) *frame.Column // of what the sink gives; nil: as it is
}

// parquetKinds lists the types that are read by their physical and logical name,
// decimals without their digits.
//
// Source: https://github.com/apache/parquet-format/blob/master/LogicalTypes.md
var parquetKinds = map[string]parquetKind{
	"BOOLEAN":             {frame.Bool, newParquetBools, nil},
	"INT32":               {frame.Int32, numbers[int32, int32]((*encoding.Values).Int32), nil},
	"INT32 INT(8,true)":   {frame.Int8, numbers[int32, int8]((*encoding.Values).Int32), nil},
	"INT32 INT(16,true)":  {frame.Int16, numbers[int32, int16]((*encoding.Values).Int32), nil},
	"INT32 INT(32,true)":  {frame.Int32, numbers[int32, int32]((*encoding.Values).Int32), nil},
	"INT32 INT(8,false)":  {frame.Uint8, numbers[int32, uint8]((*encoding.Values).Int32), nil},
	"INT32 INT(16,false)": {frame.Uint16, numbers[int32, uint16]((*encoding.Values).Int32), nil},
	"INT32 INT(32,false)": {frame.Uint32, numbers[uint32, uint32]((*encoding.Values).Uint32), nil},
	"INT32 DATE":          {frame.Date, numbers[int32, int32]((*encoding.Values).Int32), as},
	"INT32 DECIMAL":       {frame.Decimal, numbers[int32, int64]((*encoding.Values).Int32), decimalOfInt},
	"INT64":               {frame.Int64, numbers[int64, int64]((*encoding.Values).Int64), nil},
	"INT64 INT(64,true)":  {frame.Int64, numbers[int64, int64]((*encoding.Values).Int64), nil},
	"INT64 INT(64,false)": {frame.Uint64, numbers[uint64, uint64]((*encoding.Values).Uint64), nil},
	"INT64 DECIMAL":       {frame.Decimal, numbers[int64, int64]((*encoding.Values).Int64), decimalOfInt},
	"INT64 TIMESTAMP(isAdjustedToUTC=true,unit=MICROS)":  {frame.Timestamp, numbers[int64, int64]((*encoding.Values).Int64), as},
	"INT64 TIMESTAMP(isAdjustedToUTC=false,unit=MICROS)": {frame.TimestampNTZ, numbers[int64, int64]((*encoding.Values).Int64), as},
	"INT64 TIMESTAMP(isAdjustedToUTC=true,unit=MILLIS)":  {frame.Timestamp, numbers[int64, int64]((*encoding.Values).Int64), fromMillis},
	"INT64 TIMESTAMP(isAdjustedToUTC=false,unit=MILLIS)": {frame.TimestampNTZ, numbers[int64, int64]((*encoding.Values).Int64), fromMillis},
	"INT64 TIMESTAMP(isAdjustedToUTC=true,unit=NANOS)":   {frame.Timestamp, numbers[int64, int64]((*encoding.Values).Int64), fromNanos},
	"INT64 TIMESTAMP(isAdjustedToUTC=false,unit=NANOS)":  {frame.TimestampNTZ, numbers[int64, int64]((*encoding.Values).Int64), fromNanos},
	"INT96":                        {frame.Timestamp, newParquetBytes, fromInt96},
	"FLOAT":                        {frame.Float32, numbers[float32, float32]((*encoding.Values).Float), nil},
	"DOUBLE":                       {frame.Float64, numbers[float64, float64]((*encoding.Values).Double), nil},
	"BYTE_ARRAY":                   {frame.Binary, newParquetBytes, nil},
	"BYTE_ARRAY STRING":            {frame.String, newParquetBytes, as},
	"BYTE_ARRAY ENUM":              {frame.String, newParquetBytes, as},
	"BYTE_ARRAY JSON":              {frame.String, newParquetBytes, as},
	"BYTE_ARRAY BSON":              {frame.Binary, newParquetBytes, nil},
	"BYTE_ARRAY DECIMAL":           {frame.Decimal, newParquetBytes, decimalOfBytes},
	"FIXED_LEN_BYTE_ARRAY":         {frame.Binary, newParquetBytes, nil},
	"FIXED_LEN_BYTE_ARRAY UUID":    {frame.Binary, newParquetBytes, nil},
	"FIXED_LEN_BYTE_ARRAY DECIMAL": {frame.Decimal, newParquetBytes, decimalOfBytes},
}

// findParquetKind returns how a leaf is read, and the type that its column has.
func findParquetKind(t parquet.Type) (k parquetKind, typ frame.Type, ok bool) {
	name := t.Kind().String()
	if l := t.LogicalType(); l != nil && l.Value != nil {
		if d, ok := l.Value.(*parquetformat.DecimalType); ok {
			name += " DECIMAL"
			typ.Precision, typ.Scale = int(d.Precision), int(d.Scale)
		} else {
			name += " " + l.String()
		}
	}
	k, ok = parquetKinds[name]
	typ.Kind = k.kind
	return k, typ, ok
}

// column returns what the sink took in as a column of the given type.
func (k parquetKind) column(s parquetSink, t frame.Type) *frame.Column {
	if k.finish == nil {
		return s.column()
	}
	return k.finish(s.column(), t)
}

func as(c *frame.Column, t frame.Type) *frame.Column { return c.As(t.Kind) }

func fromMillis(c *frame.Column, t frame.Type) *frame.Column {
	v := frame.Values[int64](c) // its only user is here
	for i := range v {
		v[i] = max(min(v[i], math.MaxInt64/1000), math.MinInt64/1000) * 1000
	}
	return c.As(t.Kind)
}

func fromNanos(c *frame.Column, t frame.Type) *frame.Column {
	v := frame.Values[int64](c)
	for i, nanos := range v {
		v[i] = nanos / 1000
		if nanos%1000 < 0 {
			v[i]--
		}
	}
	return c.As(t.Kind)
}

// fromInt96 reads the time stamps of Impala and older Sparks: nanoseconds of the day
// and the Julian day, which is 2440588 on 1970-01-01.
func fromInt96(c *frame.Column, t frame.Type) *frame.Column {
	v := make([]int64, c.Len())
	for i := range v {
		if b := c.Bytes(i); len(b) == 12 {
			nanos, day := binary.LittleEndian.Uint64(b), int64(binary.LittleEndian.Uint32(b[8:]))
			v[i] = (day-2_440_588)*24*3600*1e6 + int64(nanos/1000)
		}
	}
	return frame.Of(v).As(t.Kind)
}

func decimalOfInt(c *frame.Column, t frame.Type) *frame.Column {
	v := frame.Values[int64](c)
	hi, lo := make([]int64, len(v)), make([]uint64, len(v))
	for i, x := range v {
		hi[i], lo[i] = x>>63, uint64(x)
	}
	return frame.Decimals(t.Precision, t.Scale, hi, lo)
}

// decimalOfBytes reads big-endian numbers in two's complement; of longer ones than
// 128 bits, which Parquet has no precision for, the last.
func decimalOfBytes(c *frame.Column, t frame.Type) *frame.Column {
	hi, lo := make([]int64, c.Len()), make([]uint64, c.Len())
	for i := range hi {
		for j, b := range c.Bytes(i) {
			if j == 0 && b >= 0x80 {
				hi[i], lo[i] = -1, math.MaxUint64
			}
			hi[i], lo[i] = hi[i]<<8|int64(lo[i]>>56), lo[i]<<8|uint64(b)
		}
	}
	return frame.Decimals(t.Precision, t.Scale, hi, lo)
}
