package onnx

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/emberml/ember/tensor"
)

// field is one field of a protobuf message. Bytes alias the file.
type field struct {
	num   protowire.Number
	typ   protowire.Type
	bits  uint64 // of a varint, fixed32 or fixed64
	bytes []byte // of a length-delimited field
	at    int    // where the field (bytes: their first one) is in the file
}

// eachField visits the fields of the message b, whose first byte is at that
// offset of the file, in their order.
func eachField(b []byte, at int, visit func(field) error) error {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return &tensor.FormatError{Offset: int64(at), Detail: "a damaged field: " + protowire.ParseError(n).Error()}
		}
		f := field{num: num, typ: typ, at: at}
		value := b[n:]
		size := -1
		switch typ {
		case protowire.VarintType:
			f.bits, size = protowire.ConsumeVarint(value)
		case protowire.Fixed32Type:
			var v uint32
			v, size = protowire.ConsumeFixed32(value)
			f.bits = uint64(v)
		case protowire.Fixed64Type:
			f.bits, size = protowire.ConsumeFixed64(value)
		case protowire.BytesType:
			f.bytes, size = protowire.ConsumeBytes(value)
			f.at = at + n + size - len(f.bytes)
		default:
			size = protowire.ConsumeFieldValue(num, typ, value)
		}
		if size < 0 {
			return &tensor.FormatError{Offset: int64(at), Detail: fmt.Sprintf("field %d is cut off or damaged: %v", num, protowire.ParseError(size))}
		}
		if err := visit(f); err != nil {
			return err
		}
		b, at = value[size:], at+n+size
	}
	return nil
}

func (f field) errorf(format string, args ...any) error {
	return &tensor.FormatError{Offset: int64(f.at), Detail: fmt.Sprintf(format, args...)}
}

func (f field) want(typ protowire.Type) error {
	if f.typ != typ {
		return f.errorf("field %d has wire type %d, not %d", f.num, f.typ, typ)
	}
	return nil
}

// integer is any number that protobuf holds as a varint.
type integer interface {
	~int | ~int32 | ~int64 | ~uint64
}

func setInt[T integer](f field, to *T) error {
	*to = T(f.bits)
	return f.want(protowire.VarintType)
}

func setString(f field, to *string) error {
	*to = string(f.bytes)
	return f.want(protowire.BytesType)
}

func addString(f field, to *[]string) error {
	*to = append(*to, string(f.bytes))
	return f.want(protowire.BytesType)
}

// addInts appends a repeated varint, packed or not.
func addInts[T integer](f field, to *[]T) error {
	if f.typ == protowire.VarintType {
		*to = append(*to, T(f.bits))
		return nil
	}
	if err := f.want(protowire.BytesType); err != nil {
		return err
	}
	for b := f.bytes; len(b) > 0; {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return f.errorf("a list of numbers is cut off")
		}
		*to = append(*to, T(v))
		b = b[n:]
	}
	return nil
}

// addFloats appends a repeated float, packed or not.
func addFloats(f field, to *[]float32) error {
	if f.typ == protowire.Fixed32Type {
		*to = append(*to, math.Float32frombits(uint32(f.bits)))
		return nil
	}
	if err := f.want(protowire.BytesType); err != nil {
		return err
	}
	for b := f.bytes; len(b) > 0; {
		v, n := protowire.ConsumeFixed32(b)
		if n < 0 {
			return f.errorf("a list of floats is cut off")
		}
		*to = append(*to, math.Float32frombits(v))
		b = b[n:]
	}
	return nil
}

// addDoubles appends a repeated double, packed or not.
func addDoubles(f field, to *[]float64) error {
	if f.typ == protowire.Fixed64Type {
		*to = append(*to, math.Float64frombits(f.bits))
		return nil
	}
	if err := f.want(protowire.BytesType); err != nil {
		return err
	}
	for b := f.bytes; len(b) > 0; {
		v, n := protowire.ConsumeFixed64(b)
		if n < 0 {
			return f.errorf("a list of doubles is cut off")
		}
		*to = append(*to, math.Float64frombits(v))
		b = b[n:]
	}
	return nil
}

// message is a protobuf message that reads its fields one by one and ignores
// those it does not know.
type message interface{ set(f field) error }

// decode reads the nested message that the field holds.
func decode(f field, to message) error {
	if err := f.want(protowire.BytesType); err != nil {
		return err
	}
	return eachField(f.bytes, f.at, to.set)
}

// add appends a nested message to a list.
func add[T any, P interface {
	*T
	message
}](f field, to *[]*T) error {
	m := P(new(T))
	*to = append(*to, (*T)(m))
	return decode(f, m)
}

func appendInt(b []byte, num protowire.Number, v int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), uint64(v))
}

func appendFloat(b []byte, num protowire.Number, v float32) []byte {
	return protowire.AppendFixed32(protowire.AppendTag(b, num, protowire.Fixed32Type), math.Float32bits(v))
}

func appendString[T ~string | ~[]byte](b []byte, num protowire.Number, v T) []byte {
	b = protowire.AppendTag(b, num, protowire.BytesType)
	return append(protowire.AppendVarint(b, uint64(len(v))), v...)
}

// appendLength appends n as a varint of exactly size bytes, not necessarily the
// fewest: so the length of a message can be placed before it is known.
func appendLength(b []byte, n uint64, size int) []byte {
	for range size - 1 {
		b = append(b, byte(n)|0x80)
		n >>= 7
	}
	return append(b, byte(n))
}
