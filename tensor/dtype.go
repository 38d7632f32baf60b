package tensor

import "fmt"

// DType is the type of a tensor's elements.
type DType uint8

// The element types. Their names and meaning are those of ONNX and NumPy.
const (
	Invalid  DType = iota // the zero value: no type
	Float32               // IEEE 754 binary32
	Float64               // IEEE 754 binary64
	Float16               // IEEE 754 binary16, held as [F16]
	BFloat16              // the upper half of a binary32, held as [BF16]
	Int8
	Int16
	Int32
	Int64
	Uint8
	Uint16
	Uint32
	Uint64
	Bool
	String // any bytes; by convention UTF-8
)

// Element lists the Go types of elements, one for each [DType].
type Element interface {
	float32 | float64 | F16 | BF16 |
		int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | bool | string
}

// class groups element types that convert alike.
type class uint8

const (
	classNone class = iota
	classBool
	classUnsigned
	classSigned
	classFloat
	classString
)

// dtypes describes each element type; DType indexes it.
var dtypes = [...]struct {
	name  string
	size  int
	class class
}{
	Invalid:  {"invalid", 0, classNone},
	Float32:  {"float32", 4, classFloat},
	Float64:  {"float64", 8, classFloat},
	Float16:  {"float16", 2, classFloat},
	BFloat16: {"bfloat16", 2, classFloat},
	Int8:     {"int8", 1, classSigned},
	Int16:    {"int16", 2, classSigned},
	Int32:    {"int32", 4, classSigned},
	Int64:    {"int64", 8, classSigned},
	Uint8:    {"uint8", 1, classUnsigned},
	Uint16:   {"uint16", 2, classUnsigned},
	Uint32:   {"uint32", 4, classUnsigned},
	Uint64:   {"uint64", 8, classUnsigned},
	Bool:     {"bool", 1, classBool},
	String:   {"string", 0, classString},
}

// String returns the NumPy name, such as "float32".
func (d DType) String() string {
	if int(d) >= len(dtypes) {
		return fmt.Sprintf("dtype(%d)", uint8(d))
	}
	return dtypes[d].name
}

// Size returns the bytes of one element; 0 for String, whose elements have no
// fixed size, and for Invalid.
func (d DType) Size() int {
	if int(d) >= len(dtypes) {
		return 0
	}
	return dtypes[d].size
}

// IsFloat reports whether d is one of the four floating-point types.
func (d DType) IsFloat() bool { return d.class() == classFloat }

// IsInteger reports whether d is a signed or unsigned integer type; Bool is not.
func (d DType) IsInteger() bool {
	c := d.class()
	return c == classSigned || c == classUnsigned
}

func (d DType) class() class {
	if int(d) >= len(dtypes) {
		return classNone
	}
	return dtypes[d].class
}

// ParseDType returns the element type with the given name, as [DType.String]
// writes it.
func ParseDType(name string) (DType, error) {
	for d := Float32; int(d) < len(dtypes); d++ {
		if dtypes[d].name == name {
			return d, nil
		}
	}
	return Invalid, fmt.Errorf("unknown element type %q: want float32, int64, bool, string or another NumPy name", name)
}

// DTypeOf returns the element type whose elements have the Go type T.
func DTypeOf[T Element]() DType {
	var zero T
	switch any(zero).(type) {
	case float32:
		return Float32
	case float64:
		return Float64
	case F16:
		return Float16
	case BF16:
		return BFloat16
	case int8:
		return Int8
	case int16:
		return Int16
	case int32:
		return Int32
	case int64:
		return Int64
	case uint8:
		return Uint8
	case uint16:
		return Uint16
	case uint32:
		return Uint32
	case uint64:
		return Uint64
	case bool:
		return Bool
	default:
		return String
	}
}
