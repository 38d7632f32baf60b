package onnx

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// valueProto is the name and type of an input or output.
type valueProto struct {
	name string
	typ  *typeProto
}

func (v *valueProto) set(f field) error {
	switch f.num {
	case 1:
		return setString(f, &v.name)
	case 2:
		v.typ = &typeProto{at: f.at}
		return decode(f, v.typ)
	}
	return nil
}

func (v *valueProto) append(b []byte) []byte {
	return appendString(appendString(b, 1, v.name), 2, v.typ.append(nil))
}

// typeProto is the type of a value: a tensor, or a sequence or optional of
// another type.
type typeProto struct {
	at       int
	kind     int64 // the field that is set: 1 tensor, 4 sequence, 9 optional; others are not supported
	elemType int64 // of a tensor
	shape    *shapeProto
	elem     *typeProto // of a sequence or optional
}

const (
	tensorKind   = 1
	sequenceKind = 4
	optionalKind = 9
)

func (t *typeProto) set(f field) error {
	switch f.num {
	case tensorKind:
		t.kind = tensorKind
		return decode(f, (*tensorTypeProto)(t))
	case sequenceKind, optionalKind:
		t.kind = int64(f.num)
		t.elem = &typeProto{at: f.at}
		return decode(f, (*elemTypeProto)(t.elem))
	case 5, 7, 8: // map, opaque, sparse tensor
		t.kind = int64(f.num)
	}
	return nil
}

func (t *typeProto) append(b []byte) []byte {
	if t.kind != tensorKind {
		return appendString(b, protowire.Number(t.kind), appendString(nil, 1, t.elem.append(nil)))
	}
	inner := appendInt(nil, 1, t.elemType)
	var dims []byte
	for _, d := range t.shape.dims {
		dims = appendString(dims, 1, d.append(nil))
	}
	return appendString(b, 1, appendString(inner, 2, dims))
}

// tensorTypeProto reads TypeProto.Tensor into its typeProto.
type tensorTypeProto typeProto

func (t *tensorTypeProto) set(f field) error {
	switch f.num {
	case 1:
		return setInt(f, &t.elemType)
	case 2:
		t.shape = &shapeProto{}
		return decode(f, t.shape)
	}
	return nil
}

// elemTypeProto reads TypeProto.Sequence and Optional: the type of the element.
// Nothing Ember knows is nested deeper, so that deeper nesting stays unread.
type elemTypeProto typeProto

func (t *elemTypeProto) set(f field) error {
	if f.num != 1 {
		return nil
	}
	return eachField(f.bytes, f.at, func(f field) error {
		if f.num != tensorKind {
			t.kind = -1
			return nil
		}
		t.kind = tensorKind
		return decode(f, (*tensorTypeProto)(t))
	})
}

type shapeProto struct{ dims []*dimProto }

func (s *shapeProto) set(f field) error {
	if f.num != 1 {
		return nil
	}
	return add(f, &s.dims)
}

// dimProto is one dimension: a size, a symbol, or neither.
type dimProto struct {
	size  int64
	known bool
	param string
}

func (d *dimProto) set(f field) error {
	switch f.num {
	case 1:
		d.known = true
		return setInt(f, &d.size)
	case 2:
		return setString(f, &d.param)
	}
	return nil
}

func (d *dimProto) append(b []byte) []byte {
	if d.known {
		return appendInt(b, 1, d.size)
	}
	return appendString(b, 2, d.param)
}

// typeOf is the message for a type of the graph.
func typeOf(t graph.Type) *typeProto {
	switch t.Kind {
	case graph.KindSequence:
		return &typeProto{kind: sequenceKind, elem: typeOf(*t.Elem)}
	case graph.KindOptional:
		return &typeProto{kind: optionalKind, elem: typeOf(*t.Elem)}
	}
	p := &typeProto{kind: tensorKind, elemType: dataTypes[t.DType], shape: &shapeProto{}}
	for _, d := range t.Shape {
		size, known := d.Size()
		dim := &dimProto{size: int64(size), known: known}
		if !known {
			dim.param = d.String()
		}
		p.shape.dims = append(p.shape.dims, dim)
	}
	return p
}

// graphType is the type of the value of that name. A dimension that the file
// leaves open gets a symbol of its own, "<name>.0".
func (t *typeProto) graphType(name string) (graph.Type, error) {
	if t == nil {
		return graph.Type{}, &tensor.FormatError{Detail: fmt.Sprintf("%s has no type", name)}
	}
	switch t.kind {
	case sequenceKind, optionalKind:
		elem, err := t.elem.graphType(name)
		kind := graph.KindSequence
		if t.kind == optionalKind {
			kind = graph.KindOptional
		}
		return graph.Type{Kind: kind, Elem: &elem}, err
	case tensorKind:
	default:
		return graph.Type{}, &UnsupportedError{Missing: []Missing{{Op: "a value that is neither tensor, sequence nor optional", Nodes: []string{name}}}}
	}
	dt, err := dtypeOf(t.elemType)
	if err != nil {
		return graph.Type{}, err
	}
	if t.shape == nil {
		return graph.Type{}, &UnsupportedError{
			Missing: []Missing{{Op: "a tensor of unknown rank", Nodes: []string{name}}},
			Hint:    "give the input a shape; single dimensions may stay open",
		}
	}
	shape := graph.Shape{}
	for i, d := range t.shape.dims {
		switch {
		case d.known && d.size < -1:
			return graph.Type{}, &tensor.FormatError{Offset: int64(t.at), Detail: fmt.Sprintf("dimension %d of %s is %d", i, name, d.size)}
		case d.known && d.size >= 0:
			shape = append(shape, graph.Known(int(d.size)))
		case d.param != "":
			shape = append(shape, graph.Sym(d.param))
		default:
			shape = append(shape, graph.Sym(fmt.Sprintf("%s.%d", name, i)))
		}
	}
	return graph.TensorOf(dt, shape...), nil
}
