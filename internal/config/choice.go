package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Choice takes apart a value that names one of several kinds and its options: a
// word (flatten), or a map of one key (dense: {units: 10}), beside which the
// sibling keys may stand (name: head). Options are Null where none are given,
// and their Name is the key.
func (n *Node) Choice(siblings ...string) (key string, options *Node, err error) {
	if text, ok := n.Text(); ok {
		o := *n
		o.Kind, o.text, o.name = Null, "", text
		return text, &o, nil
	}
	var found []Entry
	for _, e := range n.Entries() {
		if !slices.Contains(siblings, e.Key) {
			found = append(found, e)
		}
	}
	switch {
	case len(found) == 1:
		return found[0].Key, found[0].Value, nil
	case len(found) == 0:
		return "", nil, n.Errorf("%s must be a word or one key with its options, got %s", n.subject(), n.describe())
	}
	for i, e := range found {
		if near := Nearest(e.Key, siblings); near != "" {
			return "", nil, e.at.errorHint(fmt.Sprintf("unknown key %q beside %q", e.Key, found[(i+1)%len(found)].Key), `did you mean "`+near+`"?`)
		}
	}
	hint := ""
	if len(siblings) > 0 {
		hint = "beside it only " + strings.Join(siblings, ", ")
	}
	return "", nil, found[1].at.errorHint(fmt.Sprintf("%q and %q stand side by side, but only one can be meant", found[0].Key, found[1].Key), hint)
}

// NewChoice is the node that [Node.Choice] takes apart: the word alone if there
// are no options and no siblings, else a map with the siblings after it.
func NewChoice(key string, options *Node, siblings ...Entry) *Node {
	bare := options.Empty()
	if bare && len(siblings) == 0 {
		return NewText(key)
	}
	if bare {
		options = NewMap()
	}
	return NewMap(append([]Entry{{Key: key, Value: options}}, siblings...)...)
}

// DecodeChoice reads a value that names one line of a table (see [Node.Choice])
// and its options: the line's zero value says the type. What names the table in
// the error for an unknown word: unknown layer "desne"; did you mean "dense"?
func DecodeChoice[T any](n *Node, what string, table map[string]T, siblings ...string) (T, error) {
	var none T
	key, options, err := n.Choice(siblings...)
	if err != nil {
		return none, err
	}
	zero, ok := table[key]
	if !ok {
		return none, n.Unknown(what, key, slices.Sorted(maps.Keys(table)))
	}
	fresh := reflect.New(reflect.TypeOf(zero))
	if err := options.Decode(fresh.Interface()); err != nil {
		return none, err
	}
	return fresh.Elem().Interface().(T), nil
}

// EncodeChoice is the node that [DecodeChoice] reads as v. A type that is not in
// the table is an error.
func EncodeChoice[T any](v T, what string, table map[string]T, siblings ...Entry) (*Node, error) {
	key, ok := ChoiceKey(v, table)
	if !ok {
		return nil, fmt.Errorf("the %s %T has no key in files; it lives in Go only", what, v)
	}
	options, err := From(v)
	if err != nil {
		return nil, err
	}
	return NewChoice(key, options, siblings...), nil
}

// ChoiceKey is the key of the line of the table that has v's type.
func ChoiceKey[T any](v T, table map[string]T) (key string, ok bool) {
	for _, key := range slices.Sorted(maps.Keys(table)) {
		if reflect.TypeOf(table[key]) == reflect.TypeOf(v) {
			return key, true
		}
	}
	return "", false
}
