package config

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
)

// Field describes one option, for flags, help and documentation.
type Field struct {
	Name         string // its key
	Type         string // in words: "number", "whole number", "list of numbers", "options"
	Default      string // as a file would write it; "" if it has none
	Min, Max     *float64
	ExclusiveMin bool // Min itself is not allowed
	ExclusiveMax bool // Max itself is not allowed
	OneOf        []string
	Required     bool
	Doc          string
	Fields       []Field // of a nested options struct
}

// Unmarshaler is a type that reads itself: a kernel that is 5 or [3, 5]. An
// error that is not an *Error continues the sentence `the "kernel" of conv2d …`,
// such as "must be a whole number or [h, w]".
type Unmarshaler interface {
	UnmarshalConfig(*Node) error
}

// Marshaler is a type that writes itself: as a *Node, or as a simpler value.
type Marshaler interface {
	MarshalConfig() (any, error)
}

// Fields describes the options of a struct or of a pointer to one.
func Fields(v any) []Field {
	return fieldsOf(reflect.TypeOf(v))
}

func fieldsOf(t reflect.Type) []Field {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var out []Field
	for _, f := range schemaOf(t) {
		d := f.Field
		if isOptions(f.typ) {
			d.Fields = fieldsOf(f.typ)
		}
		out = append(out, d)
	}
	return out
}

// field is a Field and where it lies in its struct.
type field struct {
	Field
	index    []int
	typ      reflect.Type
	fallback *Node // the default, parsed; nil if there is none
}

var schemas sync.Map // reflect.Type to []*field

// schemaOf reads the tags of a struct type. A tag that makes no sense panics:
// it is a mistake in the program.
func schemaOf(t reflect.Type) []*field {
	if s, ok := schemas.Load(t); ok {
		return s.([]*field)
	}
	if t.Kind() != reflect.Struct {
		panic(fmt.Sprintf("config: %v is not a struct of options", t))
	}
	var fields []*field
	for _, sf := range reflect.VisibleFields(t) {
		if !sf.IsExported() || sf.Anonymous || sf.Tag.Get("config") == "-" || hidden(t, sf.Index) {
			continue
		}
		f, err := newField(sf)
		if err != nil {
			panic(fmt.Sprintf("config: tags of %v.%s: %v", t, sf.Name, err))
		}
		fields = append(fields, f)
	}
	s, _ := schemas.LoadOrStore(t, fields)
	return s.([]*field)
}

// hidden reports whether a promoted field comes through an embedded struct that
// is left out or a pointer.
func hidden(t reflect.Type, index []int) bool {
	for i := 1; i < len(index); i++ {
		outer := t.FieldByIndex(index[:i])
		if outer.Tag.Get("config") == "-" || outer.Type.Kind() == reflect.Pointer {
			return true
		}
	}
	return false
}

func newField(sf reflect.StructField) (*field, error) {
	tag := sf.Tag.Get
	f := &field{index: sf.Index, typ: sf.Type}
	f.Name, f.Type, f.Doc, f.Default = tag("config"), tag("type"), tag("doc"), tag("default")
	f.Required = tag("required") == "true"
	if f.Name == "" {
		f.Name = Snake(sf.Name)
	}
	if f.Type == "" {
		f.Type = typeName(sf.Type)
	}
	if s := tag("oneof"); s != "" {
		f.OneOf = strings.Split(s, ",")
	}
	var err error
	if f.Min, err = bound(tag("min")); err != nil {
		return nil, err
	}
	if f.Max, err = bound(tag("max")); err != nil {
		return nil, err
	}
	for _, side := range strings.Split(tag("exclusive"), ",") {
		switch {
		case side == "min" && f.Min != nil:
			f.ExclusiveMin = true
		case side == "max" && f.Max != nil:
			f.ExclusiveMax = true
		case side != "":
			return nil, fmt.Errorf("exclusive %q has no bound", side)
		}
	}
	if f.Default != "" {
		if f.fallback, err = Parse("", []byte(f.Default)); err != nil {
			return nil, err
		}
		if err := decode(f.fallback, reflect.New(f.typ).Elem(), "the default"); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func bound(text string) (*float64, error) {
	if text == "" {
		return nil, nil
	}
	b, err := strconv.ParseFloat(text, 64)
	return &b, err
}

var (
	unmarshalerType = reflect.TypeFor[Unmarshaler]()
	textType        = reflect.TypeFor[encoding.TextUnmarshaler]()
	durationType    = reflect.TypeFor[time.Duration]()
	nodeType        = reflect.TypeFor[*Node]()
)

// readsItself reports whether a pointer to t has its own way of decoding.
func readsItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(unmarshalerType) || p.Implements(textType)
}

// isOptions reports whether t, or what it points to, is a nested options struct.
func isOptions(t reflect.Type) bool {
	if t == nodeType {
		return false
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct && !readsItself(t)
}

// typeName is the type of a field in words.
func typeName(t reflect.Type) string {
	switch {
	case t == durationType:
		return "duration"
	case t == nodeType:
		return "value"
	case t.Kind() == reflect.Pointer:
		return typeName(t.Elem())
	case readsItself(t):
		return Snake(t.Name())
	}
	switch kind := t.Kind(); {
	case kind == reflect.Bool:
		return "true or false"
	case kind == reflect.String:
		return "text"
	case kind >= reflect.Int && kind <= reflect.Uint64:
		return "whole number"
	case kind == reflect.Float32 || kind == reflect.Float64:
		return "number"
	case kind == reflect.Slice:
		return "list of " + plural(typeName(t.Elem()))
	case kind == reflect.Map:
		return "map of " + plural(typeName(t.Elem()))
	case kind == reflect.Struct:
		return "options"
	}
	panic(fmt.Sprintf("a %v cannot be an option", t))
}

func plural(noun string) string { return strings.TrimSuffix(noun, "s") + "s" }

// Snake is the key of a Go name: LearningRate is learning_rate, LR is lr, L2 is
// l2, Conv2D is conv2d, MaxPool2D is max_pool2d, URLPath is url_path.
func Snake(name string) string {
	runes := []rune(name)
	var b strings.Builder
	for i, r := range runes {
		if i > 0 && unicode.IsUpper(r) {
			afterLower := unicode.IsLower(runes[i-1])
			beforeLower := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if afterLower || beforeLower {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
