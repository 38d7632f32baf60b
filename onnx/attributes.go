package onnx

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// attributes are a node's attributes by name: int64, float32, string, []int64,
// []float32, []string or *tensor.Tensor.
type attributes map[string]any

// decodeValues reads the attributes of a node.
func (n *nodeProto) decodeValues(external func(*tensorProto) ([]byte, error)) (attributes, error) {
	values := attributes{}
	for _, a := range n.attributes {
		var v any
		var err error
		switch a.kind {
		case attrFloat:
			v = a.f
		case attrInt:
			v = a.i
		case attrString:
			v = a.s
		case attrFloats:
			v = a.floats
		case attrInts:
			v = a.ints
		case attrStrings:
			v = a.strings
		case attrTensor:
			if a.t == nil {
				return nil, n.errorf("attribute %s has no tensor", a.name)
			}
			v, err = a.t.tensor(external)
		default:
			err = &UnsupportedError{Missing: []Missing{{Op: fmt.Sprintf("an attribute of kind %v: %s of %s", a.kind, a.name, n.opType), Nodes: []string{n.title()}}}}
		}
		if err != nil {
			return nil, err
		}
		if _, twice := values[a.name]; twice {
			return nil, n.errorf("attribute %s is given twice", a.name)
		}
		values[a.name] = v
	}
	return values, nil
}

// attributeField is a field of an operator's struct that is an ONNX attribute.
type attributeField struct {
	index    []int
	name     string // in ONNX
	standard string // the default that the field's zero value stands for; may be empty
	required bool   // ONNX has no default, and the zero value is a legal one
}

// attributeFields are the fields with a tag `onnx:"name"` or
// `onnx:"name,required"`.
func attributeFields(t reflect.Type) []attributeField {
	var fields []attributeField
	for _, f := range reflect.VisibleFields(t) {
		if tag, ok := f.Tag.Lookup("onnx"); ok {
			name, option, _ := strings.Cut(tag, ",")
			fields = append(fields, attributeField{f.Index, name, f.Tag.Get("default"), option == "required"})
		}
	}
	return fields
}

// encodeAttributes writes the attributes of an operator. What is not set, and so
// stands for ONNX's default, is left out.
func encodeAttributes(o graph.Op) ([]*attributeProto, error) {
	v := reflect.ValueOf(o)
	var out []*attributeProto
	for _, f := range attributeFields(v.Type()) {
		field := v.FieldByIndex(f.index)
		if field.IsZero() && !f.required {
			continue
		}
		a, err := encodeAttribute(field)
		if err != nil {
			return nil, fmt.Errorf("attribute %s of %s: %w", f.name, o.Spec().Name, err)
		}
		a.name = f.name
		out = append(out, a)
	}
	return out, nil
}

// encodeAttribute is the attribute that a field holds, without its name.
func encodeAttribute(field reflect.Value) (*attributeProto, error) {
	switch v := field.Interface().(type) {
	case tensor.DType:
		return &attributeProto{kind: attrInt, i: dataTypes[v]}, nil
	case graph.Ints:
		return &attributeProto{kind: attrInts, ints: convert[int64](v.Slice())}, nil
	case graph.Floats:
		a := &attributeProto{kind: attrFloats}
		for _, x := range v.Slice() {
			a.floats = append(a.floats, float32(x))
		}
		return a, nil
	case graph.Strings:
		return &attributeProto{kind: attrStrings, strings: v.Slice()}, nil
	case *tensor.Tensor:
		return &attributeProto{kind: attrTensor, t: protoOf("", v)}, nil
	case op.Opt[int]:
		return encodeAttribute(reflect.ValueOf(v.Or(0)))
	case op.Opt[float64]:
		return encodeAttribute(reflect.ValueOf(v.Or(0)))
	case op.Opt[bool]:
		return encodeAttribute(reflect.ValueOf(v.Or(false)))
	}
	switch {
	case field.CanInt():
		return &attributeProto{kind: attrInt, i: field.Int()}, nil
	case field.CanFloat():
		return &attributeProto{kind: attrFloat, f: float32(field.Float())}, nil
	case field.Kind() == reflect.Bool && field.Bool():
		return &attributeProto{kind: attrInt, i: 1}, nil
	case field.Kind() == reflect.Bool:
		return &attributeProto{kind: attrInt}, nil
	case field.Kind() == reflect.String:
		return &attributeProto{kind: attrString, s: field.String()}, nil
	}
	return nil, fmt.Errorf("the Go type %v has no ONNX form", field.Type())
}

// decodeAttributes is the operator of the prototype's type with the given
// attributes. One that the operator does not have is an error.
func decodeAttributes(prototype graph.Op, attrs attributes) (graph.Op, error) {
	v := reflect.New(reflect.TypeOf(prototype)).Elem()
	left := maps.Clone(attrs)
	for _, f := range attributeFields(v.Type()) {
		value, ok := left[f.name]
		if !ok {
			continue
		}
		delete(left, f.name)
		field := v.FieldByIndex(f.index)
		if err := setAttribute(field, value); err != nil {
			return nil, fmt.Errorf("attribute %s: %w", f.name, err)
		}
		if field.IsZero() && f.standard != "" {
			return nil, fmt.Errorf("attribute %s: %v is not a legal value", f.name, value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		return nil, fmt.Errorf("attribute %s is not known", name)
	}
	return v.Interface().(graph.Op), nil
}

// setAttribute sets a field to the value of an attribute.
func setAttribute(field reflect.Value, value any) error {
	switch field.Interface().(type) {
	case tensor.DType:
		n, ok := value.(int64)
		if !ok {
			break
		}
		dt, err := dtypeOf(n)
		field.Set(reflect.ValueOf(dt))
		return err
	case graph.Ints:
		list, ok := value.([]int64)
		if !ok {
			break
		}
		field.Set(reflect.ValueOf(graph.MakeInts(convert[int](list)...)))
		return nil
	case graph.Floats:
		list, ok := value.([]float32)
		if !ok {
			break
		}
		wide := make([]float64, len(list))
		for i, x := range list {
			wide[i] = widen(x)
		}
		field.Set(reflect.ValueOf(graph.MakeFloats(wide...)))
		return nil
	case graph.Strings:
		list, ok := value.([]string)
		if !ok {
			break
		}
		field.Set(reflect.ValueOf(graph.MakeStrings(list...)))
		return nil
	case *tensor.Tensor:
		t, ok := value.(*tensor.Tensor)
		if !ok {
			break
		}
		field.Set(reflect.ValueOf(t))
		return nil
	case op.Opt[int]:
		return setOpt[int](field, value)
	case op.Opt[float64]:
		return setOpt[float64](field, value)
	case op.Opt[bool]:
		return setOpt[bool](field, value)
	}
	switch x := value.(type) {
	case int64:
		if field.CanInt() && !field.OverflowInt(x) {
			field.SetInt(x)
			return nil
		}
		if field.Kind() == reflect.Bool && (x == 0 || x == 1) {
			field.SetBool(x == 1)
			return nil
		}
	case float32:
		if field.CanFloat() {
			field.SetFloat(widen(x))
			return nil
		}
	case string:
		if field.Kind() == reflect.String {
			field.SetString(x)
			return nil
		}
	}
	return fmt.Errorf("%v does not fit: want %s", value, wanted(field))
}

func setOpt[T int | float64 | bool](field reflect.Value, value any) error {
	var v T
	if err := setAttribute(reflect.ValueOf(&v).Elem(), value); err != nil {
		return err
	}
	field.Set(reflect.ValueOf(op.Set(v)))
	return nil
}

// widen is the float64 nearest to the shortest decimal of x, so that an
// attribute of 0.1 is 0.1 again after a round trip.
func widen(x float32) float64 {
	wide, err := strconv.ParseFloat(strconv.FormatFloat(float64(x), 'g', -1, 32), 64)
	if err != nil {
		return float64(x)
	}
	return wide
}

// wanted says in words what fits a field.
func wanted(field reflect.Value) string {
	switch field.Interface().(type) {
	case tensor.DType:
		return "the number of an element type"
	case graph.Ints:
		return "a list of integers"
	case graph.Floats:
		return "a list of numbers"
	case graph.Strings:
		return "a list of words"
	case *tensor.Tensor:
		return "a tensor"
	}
	return field.Kind().String()
}
