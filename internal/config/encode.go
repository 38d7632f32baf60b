package config

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Encode writes options as YAML in the style of a net file: the outer keys one
// to a line, a list of maps one item to a line, everything else within braces.
// What equals its default is left out. v is a struct, a *Node or a [Marshaler].
func Encode(v any) ([]byte, error) {
	n, err := From(v)
	if err != nil {
		return nil, err
	}
	if n.Kind != Map {
		return []byte(n.String() + "\n"), nil
	}
	var b strings.Builder
	for _, e := range n.entries {
		b.WriteString(quote(e.Key) + ":")
		if e.Value.isBlock() {
			for _, item := range e.Value.items {
				b.WriteString("\n  - " + item.inner())
			}
		} else {
			b.WriteString(" " + e.Value.String())
		}
		b.WriteByte('\n')
	}
	return []byte(b.String()), nil
}

// isBlock reports whether the node is a list that holds a map.
func (n *Node) isBlock() bool {
	return slices.ContainsFunc(n.Items(), func(item *Node) bool { return item.Kind == Map })
}

// inner is the node as an item of a block list: a map of one key needs no
// braces.
func (n *Node) inner() string {
	if n.Kind == Map && len(n.entries) == 1 {
		return quote(n.entries[0].Key) + ": " + n.entries[0].Value.String()
	}
	return n.String()
}

// String is the node on one line, as YAML.
func (n *Node) String() string {
	switch {
	case n.isNull():
		return "null"
	case n.Kind == Scalar:
		if n.quoted || !n.isLiteral() {
			return quote(n.text)
		}
		return n.text
	case n.Kind == List:
		var parts []string
		for _, item := range n.items {
			parts = append(parts, item.String())
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	var parts []string
	for _, e := range n.entries {
		parts = append(parts, quote(e.Key)+": "+e.Value.String())
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// quote puts a text in quotes unless it is a plain word that reads back as
// itself.
func quote(text string) string {
	n := Node{Kind: Scalar, text: text}
	if n.isLiteral() || text == "null" || text == "Null" || text == "NULL" || !isWord(text) {
		return strconv.Quote(text)
	}
	return text
}

// isLiteral reports whether a scalar is a number, true or false.
func (n *Node) isLiteral() bool {
	_, number := n.Float()
	_, boolean := n.Bool()
	return number || boolean
}

func isWord(text string) bool {
	for i, r := range text {
		letter := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		inside := '0' <= r && r <= '9' || strings.ContainsRune("-./", r)
		if !letter && (i == 0 || !inside) {
			return false
		}
	}
	return text != ""
}

// From is the node of a value: a struct without what equals its default, or
// what [Encode] takes else.
func From(v any) (*Node, error) {
	if v == nil {
		return &Node{}, nil
	}
	return from(reflect.ValueOf(v))
}

func from(v reflect.Value) (*Node, error) {
	switch special := v.Interface().(type) {
	case *Node:
		if special == nil {
			return &Node{}, nil
		}
		return special, nil
	case Marshaler:
		if v.Kind() == reflect.Pointer && v.IsNil() {
			return &Node{}, nil
		}
		simple, err := special.MarshalConfig()
		if err != nil {
			return nil, err
		}
		return From(simple)
	case encoding.TextMarshaler:
		text, err := special.MarshalText()
		return NewText(string(text)), err
	case time.Duration:
		return NewText(special.String()), nil
	}
	switch kind := v.Kind(); {
	case kind == reflect.Pointer || kind == reflect.Interface:
		if v.IsNil() {
			return &Node{}, nil
		}
		return from(v.Elem())
	case kind == reflect.String:
		return NewText(v.String()), nil
	case kind == reflect.Bool:
		return &Node{Kind: Scalar, text: strconv.FormatBool(v.Bool())}, nil
	case v.CanInt():
		return &Node{Kind: Scalar, text: strconv.FormatInt(v.Int(), 10)}, nil
	case v.CanUint():
		return &Node{Kind: Scalar, text: strconv.FormatUint(v.Uint(), 10)}, nil
	case v.CanFloat():
		return &Node{Kind: Scalar, text: floatText(v)}, nil
	case kind == reflect.Slice || kind == reflect.Array:
		return fromList(v)
	case kind == reflect.Map:
		return fromMap(v)
	case kind == reflect.Struct:
		return fromStruct(v)
	}
	return nil, fmt.Errorf("a %v cannot be written as an option", v.Type())
}

// floatText is a float as YAML writes it.
func floatText(v reflect.Value) string {
	switch f := v.Float(); {
	case math.IsInf(f, 1):
		return ".inf"
	case math.IsInf(f, -1):
		return "-.inf"
	}
	return strconv.FormatFloat(v.Float(), 'g', -1, v.Type().Bits())
}

func fromList(v reflect.Value) (*Node, error) {
	list := NewList()
	for i := range v.Len() {
		item, err := from(v.Index(i))
		if err != nil {
			return nil, err
		}
		list.items = append(list.items, item)
	}
	return list, nil
}

func fromMap(v reflect.Value) (*Node, error) {
	out := NewMap()
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, k := range keys {
		value, err := from(v.MapIndex(k))
		if err != nil {
			return nil, err
		}
		out.entries = append(out.entries, Entry{Key: k.String(), Value: value})
	}
	return out, nil
}

func fromStruct(v reflect.Value) (*Node, error) {
	out := NewMap()
	for _, f := range schemaOf(v.Type()) {
		fv := v.FieldByIndex(f.index)
		normal := reflect.New(f.typ).Elem()
		f.setDefault(normal)
		if fv.IsZero() || reflect.DeepEqual(fv.Interface(), normal.Interface()) {
			continue
		}
		value, err := from(fv)
		if err != nil {
			return nil, err
		}
		if isOptions(f.typ) && value.Empty() {
			continue
		}
		out.entries = append(out.entries, Entry{Key: f.Name, Value: value})
	}
	return out, nil
}
