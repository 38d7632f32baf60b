package config

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"
)

// Decode fills the value that into points to: a struct of options, a list, a
// map, a number, a word. What the node leaves out keeps its value, or takes its
// default where that is zero. Unknown keys, wrong types and values out of bounds
// are an *Error.
func (n *Node) Decode(into any) error {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		panic(fmt.Sprintf("config: Decode into %T, want a pointer", into))
	}
	return decode(n, v.Elem(), n.subject())
}

// decode sets v from n; subject names the value in messages.
func decode(n *Node, v reflect.Value, subject string) error {
	if v.Type() == nodeType {
		v.Set(reflect.ValueOf(n))
		return nil
	}
	if v.Kind() == reflect.Pointer {
		if n.isNull() {
			return nil
		}
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		return decode(n, v.Elem(), subject)
	}
	switch reader := v.Addr().Interface().(type) {
	case Unmarshaler:
		return n.finish(subject, reader.UnmarshalConfig(n))
	case encoding.TextUnmarshaler:
		text, ok := n.Text()
		if !ok {
			return n.mismatch(subject, "a word")
		}
		return n.finish(subject, reader.UnmarshalText([]byte(text)))
	}
	switch v.Kind() {
	case reflect.Struct:
		return decodeStruct(n, v)
	case reflect.Slice:
		return decodeList(n, v, subject)
	case reflect.Map:
		return decodeMap(n, v, subject)
	}
	return decodeScalar(n, v, subject)
}

// finish gives an error of a type that reads itself its subject and place.
func (n *Node) finish(subject string, err error) error {
	var placed *Error
	if err == nil || errors.As(err, &placed) {
		return err
	}
	return n.Errorf("%s %v", subject, err)
}

func (n *Node) mismatch(subject, want string) error {
	return n.Errorf("%s must be %s, got %s", subject, want, n.describe())
}

func (n *Node) isNull() bool { return n == nil || n.Kind == Null }

func decodeStruct(n *Node, v reflect.Value) error {
	owner := n.Name()
	if !n.isNull() && n.Kind != Map {
		return n.mismatch(n.subject(), "a map of options")
	}
	schema := schemaOf(v.Type())
	given := map[string]bool{}
	for _, e := range n.Entries() {
		f := find(schema, e.Key)
		if f == nil {
			return e.place(n).errorHint(fmt.Sprintf("unknown key %q%s", e.Key, in(owner)), didYouMean(e.Key, names(schema)))
		}
		if err := f.decode(e.Value, v.FieldByIndex(f.index), owner); err != nil {
			return err
		}
		given[e.Key] = !e.Value.isNull()
	}
	for _, f := range schema {
		fv := v.FieldByIndex(f.index)
		if f.Required && !given[f.Name] && fv.IsZero() {
			return n.Errorf("%s is missing", f.subject(owner))
		}
		if !given[f.Name] {
			f.setDefault(fv)
		}
	}
	return nil
}

// decode sets the field from the file and checks it.
func (f *field) decode(n *Node, v reflect.Value, owner string) error {
	subject := f.subject(owner)
	if err := decode(n, v, subject); err != nil {
		return err
	}
	if n.isNull() {
		return nil
	}
	if detail := f.check(v); detail != "" {
		return n.errorHint(subject+" "+detail, f.hint(v))
	}
	if v.IsZero() && f.fallback != nil && f.zeroIsDefault() {
		return n.Errorf("%s cannot be %s: that stands for its default, %s", subject, n.describe(), f.Default)
	}
	return nil
}

// zeroIsDefault reports whether the field's zero value would turn into another
// value when defaults are applied.
func (f *field) zeroIsDefault() bool {
	v := reflect.New(f.typ).Elem()
	f.setDefault(v)
	return !v.IsZero()
}

func decodeList(n *Node, v reflect.Value, subject string) error {
	if n.isNull() {
		return nil
	}
	if n.Kind != List {
		return n.mismatch(subject, "a list")
	}
	list := reflect.MakeSlice(v.Type(), len(n.items), len(n.items))
	for i, item := range n.items {
		if err := decode(item, list.Index(i), fmt.Sprintf("item %d of %s", i+1, subject)); err != nil {
			return err
		}
	}
	v.Set(list)
	return nil
}

func decodeMap(n *Node, v reflect.Value, subject string) error {
	if n.isNull() {
		return nil
	}
	if n.Kind != Map {
		return n.mismatch(subject, "a map")
	}
	out := reflect.MakeMapWithSize(v.Type(), len(n.entries))
	for _, e := range n.entries {
		value := reflect.New(v.Type().Elem()).Elem()
		if err := decode(e.Value, value, fmt.Sprintf("%q in %s", e.Key, subject)); err != nil {
			return err
		}
		out.SetMapIndex(reflect.ValueOf(e.Key).Convert(v.Type().Key()), value)
	}
	v.Set(out)
	return nil
}

func decodeScalar(n *Node, v reflect.Value, subject string) error {
	if n.isNull() {
		return nil
	}
	if v.Type() == durationType {
		text, _ := n.Text()
		d, err := time.ParseDuration(text)
		if err != nil {
			return n.mismatch(subject, "a duration such as 30s or 5m")
		}
		v.SetInt(int64(d))
		return nil
	}
	switch kind := v.Kind(); {
	case kind == reflect.Bool:
		b, ok := n.Bool()
		if !ok {
			return n.mismatch(subject, "true or false")
		}
		v.SetBool(b)
	case kind == reflect.String:
		text, ok := n.Text()
		if !ok {
			return n.mismatch(subject, "a text")
		}
		v.SetString(text)
	case v.CanInt():
		i, ok := n.Int()
		if !ok || v.OverflowInt(i) {
			return n.mismatch(subject, "a whole number")
		}
		v.SetInt(i)
	case v.CanUint():
		text, _ := n.Text()
		u, err := strconv.ParseUint(text, 10, 64)
		if i, ok := n.Int(); err != nil && ok && i >= 0 {
			u, err = uint64(i), nil
		}
		if err != nil || n.quoted || v.OverflowUint(u) {
			return n.mismatch(subject, "a whole number ≥ 0")
		}
		v.SetUint(u)
	case v.CanFloat():
		f, ok := n.Float()
		if !ok || !math.IsInf(f, 0) && v.OverflowFloat(f) {
			return n.mismatch(subject, "a number")
		}
		v.SetFloat(f)
	default:
		panic(fmt.Sprintf("config: a %v cannot be an option", v.Type()))
	}
	return nil
}

// place is where the key stands, or else the map that holds it.
func (e Entry) place(holder *Node) *Node {
	if e.at != nil {
		return e.at
	}
	return holder
}

func find(schema []*field, name string) *field {
	for _, f := range schema {
		if f.Name == name {
			return f
		}
	}
	return nil
}

func names(schema []*field) []string {
	var out []string
	for _, f := range schema {
		out = append(out, f.Name)
	}
	return out
}

func in(owner string) string {
	if owner == "" {
		return ""
	}
	return " in " + owner
}
