package onnx

import (
	"fmt"
	"math/bits"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/emberml/ember/tensor"
)

// dataTypes are ONNX's numbers of the element types: TensorProto.DataType.
var dataTypes = map[tensor.DType]int64{
	tensor.Float32: 1, tensor.Uint8: 2, tensor.Int8: 3, tensor.Uint16: 4, tensor.Int16: 5,
	tensor.Int32: 6, tensor.Int64: 7, tensor.String: 8, tensor.Bool: 9, tensor.Float16: 10,
	tensor.Float64: 11, tensor.Uint32: 12, tensor.Uint64: 13, tensor.BFloat16: 16,
}

// dtypeOf is the element type of ONNX's number.
func dtypeOf(dataType int64) (tensor.DType, error) {
	for dt, n := range dataTypes {
		if n == dataType {
			return dt, nil
		}
	}
	return tensor.Invalid, &UnsupportedError{Missing: []Missing{{Op: fmt.Sprintf("element type %d of ONNX", dataType)}}}
}

type tensorProto struct {
	at       int // offset in the file
	name     string
	doc      string
	dims     []int64
	dataType int64
	raw      []byte
	hasRaw   bool
	floats   []float32
	int32s   []int32
	int64s   []int64
	doubles  []float64
	uint64s  []uint64
	strings  []string
	external []*entryProto
	location int64 // 1: the data is in another file
	segment  bool
}

func (t *tensorProto) set(f field) error {
	switch f.num {
	case 1:
		return addInts(f, &t.dims)
	case 2:
		return setInt(f, &t.dataType)
	case 3:
		t.segment = true
	case 4:
		return addFloats(f, &t.floats)
	case 5:
		return addInts(f, &t.int32s)
	case 6:
		return addString(f, &t.strings)
	case 7:
		return addInts(f, &t.int64s)
	case 8:
		return setString(f, &t.name)
	case 9:
		t.raw, t.hasRaw = f.bytes, true
		return f.want(protowire.BytesType)
	case 10:
		return addDoubles(f, &t.doubles)
	case 11:
		return addInts(f, &t.uint64s)
	case 13:
		return add(f, &t.external)
	case 14:
		return setInt(f, &t.location)
	}
	return nil
}

// append writes the tensor; its raw data comes last, so that an encoder can
// place it.
func (t *tensorProto) append(b []byte) []byte {
	b = t.appendHead(b)
	if t.hasRaw {
		b = appendString(b, 9, t.raw)
	}
	return b
}

// appendHead writes all but the raw data.
func (t *tensorProto) appendHead(b []byte) []byte {
	for _, d := range t.dims {
		b = appendInt(b, 1, d)
	}
	b = appendInt(b, 2, t.dataType)
	for _, s := range t.strings {
		b = appendString(b, 6, s)
	}
	if t.name != "" {
		b = appendString(b, 8, t.name)
	}
	if t.doc != "" {
		b = appendString(b, 12, t.doc)
	}
	for _, e := range t.external {
		b = appendString(b, 13, e.append(nil))
	}
	if t.location != 0 {
		b = appendInt(b, 14, t.location)
	}
	return b
}

// protoOf is the tensor as a message; its raw data aliases a contiguous tensor.
func protoOf(name string, t *tensor.Tensor) *tensorProto {
	p := &tensorProto{name: name, dataType: dataTypes[t.DType()]}
	for _, d := range t.Shape() {
		p.dims = append(p.dims, int64(d))
	}
	t = t.Contiguous()
	if t.DType() == tensor.String {
		p.strings = tensor.Data[string](t)
		return p
	}
	p.raw, p.hasRaw = t.Bytes(), true
	return p
}

func (t *tensorProto) errorf(format string, args ...any) error {
	name := t.name
	if name == "" {
		name = "a tensor"
	}
	return &tensor.FormatError{Offset: int64(t.at), Detail: name + ": " + fmt.Sprintf(format, args...)}
}

// tensor is the message as a tensor. Raw data that is aligned for its type is
// aliased, not copied.
func (t *tensorProto) tensor(external func(t *tensorProto) ([]byte, error)) (*tensor.Tensor, error) {
	dt, err := dtypeOf(t.dataType)
	if err != nil {
		return nil, err
	}
	shape, n, err := t.shape(dt)
	if err != nil {
		return nil, err
	}
	if t.segment {
		return nil, t.errorf("it is a segment of a larger tensor, which ONNX forbids by now")
	}
	raw, isRaw := t.raw, t.hasRaw
	if t.location == 1 {
		if raw, err = external(t); err != nil {
			return nil, err
		}
		isRaw = true
	}
	if !isRaw {
		return t.fromFields(dt, shape, n)
	}
	if dt == tensor.String {
		return nil, t.errorf("strings cannot be raw data")
	}
	if len(raw) != n*dt.Size() {
		return nil, t.errorf("%v%v needs %d bytes of raw data, has %d", dt, shape, n*dt.Size(), len(raw))
	}
	if x, err := tensor.FromBytes(dt, raw, shape...); err == nil {
		return x, nil
	}
	x := tensor.New(dt, shape...) // what the file holds is not aligned, or a bool is not 0 or 1
	copy(x.Bytes(), raw)
	if x, err = tensor.FromBytes(dt, x.Bytes(), shape...); err != nil {
		return nil, t.errorf("%v", err)
	}
	return x, nil
}

// maxElements bounds dimensions and sizes in bytes: 256 TiB.
const maxElements = 1 << 48

// shape is the shape with its number of elements, which can be addressed.
func (t *tensorProto) shape(dt tensor.DType) (shape tensor.Shape, n int, err error) {
	shape = tensor.Shape{}
	count, empty := uint64(max(1, dt.Size())), false
	for _, d := range t.dims {
		hi, lo := bits.Mul64(count, uint64(d))
		if d < 0 || d > maxElements || hi != 0 || lo > maxElements {
			return nil, 0, t.errorf("the shape %v is not possible", t.dims)
		}
		empty = empty || d == 0
		count = max(lo, 1)
		shape = append(shape, int(d))
	}
	if empty {
		return shape, 0, nil
	}
	return shape, int(count) / max(1, dt.Size()), nil
}

// fromFields reads the elements from the field for their type: float_data,
// int32_data and so on.
func (t *tensorProto) fromFields(dt tensor.DType, shape tensor.Shape, n int) (*tensor.Tensor, error) {
	var x *tensor.Tensor
	var have int
	switch dt {
	case tensor.Float32:
		x, have = adopt(t.floats, shape, n)
	case tensor.Float64:
		x, have = adopt(t.doubles, shape, n)
	case tensor.Int32:
		x, have = adopt(t.int32s, shape, n)
	case tensor.Int64:
		x, have = adopt(t.int64s, shape, n)
	case tensor.Uint64:
		x, have = adopt(t.uint64s, shape, n)
	case tensor.Uint32:
		x, have = adopt(convert[uint32](t.uint64s), shape, n)
	case tensor.String:
		x, have = adopt(t.strings, shape, n)
	case tensor.Bool:
		b := make([]bool, len(t.int32s))
		for i, v := range t.int32s {
			b[i] = v != 0
		}
		x, have = adopt(b, shape, n)
	case tensor.Float16:
		x, have = adopt(convert[tensor.F16](t.int32s), shape, n)
	case tensor.BFloat16:
		x, have = adopt(convert[tensor.BF16](t.int32s), shape, n)
	case tensor.Int8:
		x, have = adopt(convert[int8](t.int32s), shape, n)
	case tensor.Int16:
		x, have = adopt(convert[int16](t.int32s), shape, n)
	case tensor.Uint8:
		x, have = adopt(convert[uint8](t.int32s), shape, n)
	case tensor.Uint16:
		x, have = adopt(convert[uint16](t.int32s), shape, n)
	}
	if x == nil {
		return nil, t.errorf("%v%v needs %d elements, has %d", dt, shape, n, have)
	}
	return x, nil
}

func adopt[T tensor.Element](data []T, shape tensor.Shape, n int) (*tensor.Tensor, int) {
	if len(data) != n {
		return nil, len(data)
	}
	return tensor.Of(data, shape...), n
}

func convert[T, F ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64](from []F) []T {
	to := make([]T, len(from))
	for i, v := range from {
		to[i] = T(v)
	}
	return to
}
