package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Choices names the keys whose value is a choice (see [Node.Choice]), by their
// path, such as "optimizer", with the sibling keys that may stand beside it.
type Choices map[string][]string

// Set edits a configuration as --set path=value does. The path is keys with
// dots between them, a whole number for an item of a list, from 0:
//
//	optimizer.adam.lr=0.01   layers.0.conv2d.filters=8   metrics=[accuracy, auc]
//
// Maps that are not there are made. Where the path names another kind than the
// one chosen, it takes its place, and the note says so. The value is YAML; a
// mistake in it, or in its type once the configuration is decoded, is an *Error
// whose File is the flag.
func Set(root *Node, path, value string, choices Choices) (note string, err error) {
	flag := fmt.Sprintf("--set %s=%s", path, value)
	v, err := Parse(flag, []byte(value))
	if err != nil {
		return "", err
	}
	keys := strings.Split(path, ".")
	if slices.Contains(keys, "") {
		return "", &Error{File: flag, Detail: fmt.Sprintf("%q is not a path of keys with dots between them", path)}
	}
	v.relocate(flag, keys[len(keys)-1])
	return (&edit{flag, choices}).set(root, keys, "", v)
}

// relocate makes messages about the node and what it holds name the flag.
func (n *Node) relocate(flag, name string) {
	n.File, n.Line, n.Column, n.name = flag, 0, 0, name
	for _, item := range n.items {
		item.relocate(flag, name)
	}
	for i := range n.entries {
		n.entries[i].at = &Node{File: flag}
		n.entries[i].Value.relocate(flag, n.entries[i].Key)
	}
}

type edit struct {
	flag    string
	choices Choices
}

// set puts v at keys below n, which stands at path.
func (e *edit) set(n *Node, keys []string, path string, v *Node) (note string, err error) {
	if len(keys) == 0 {
		note = ""
		if siblings, isChoice := e.choices[path]; isChoice {
			note = e.replaced(n, v, siblings, path)
		}
		name := n.name
		*n = *v
		n.name = name
		return note, nil
	}
	key := keys[0]
	if n.Kind == List {
		i, err := strconv.Atoi(key)
		if err != nil || i < 0 || i >= len(n.items) {
			return "", &Error{File: e.flag, Detail: fmt.Sprintf("%q is not an item of %q, which has 0 to %d", key, path, len(n.items)-1)}
		}
		return e.set(n.items[i], keys[1:], join(path, key), v)
	}
	siblings, isChoice := e.choices[path]
	if isChoice && !slices.Contains(siblings, key) {
		note = e.choose(n, key, siblings, path)
	} else if n.Kind == Scalar {
		if !isChoice {
			return "", &Error{File: e.flag, Detail: fmt.Sprintf("%q is %s and has no %q", path, n.describe(), key)}
		}
		e.choose(n, n.text, siblings, path)
	}
	n.Kind = Map
	child := n.Get(key)
	if child == nil {
		child = &Node{File: e.flag, name: key}
		n.entries = append(n.entries, Entry{Key: key, Value: child, at: &Node{File: e.flag}})
	}
	below, err := e.set(child, keys[1:], join(path, key), v)
	if note == "" {
		note = below
	}
	return note, err
}

// choose makes n a map whose choice is key, and says what it replaced.
func (e *edit) choose(n *Node, key string, siblings []string, path string) (note string) {
	old, options, err := n.Choice(siblings...)
	if err == nil && old == key {
		if n.Kind == Scalar {
			options.name = key
			*n = Node{File: n.File, Line: n.Line, Column: n.Column, name: n.name, Kind: Map, entries: []Entry{{Key: key, Value: options}}}
		}
		return ""
	}
	kept := slices.DeleteFunc(slices.Clone(n.entries), func(entry Entry) bool { return !slices.Contains(siblings, entry.Key) })
	n.Kind, n.text, n.entries = Map, "", kept
	if err == nil {
		note = fmt.Sprintf("%s: %s takes the place of %s", path, key, old)
	}
	return note
}

// replaced says what a whole new value replaces in a choice, if its kind
// differs.
func (e *edit) replaced(n, v *Node, siblings []string, path string) string {
	old, _, oldErr := n.Choice(siblings...)
	key, _, err := v.Choice(siblings...)
	if oldErr != nil || err != nil || old == key {
		return ""
	}
	return fmt.Sprintf("%s: %s takes the place of %s", path, key, old)
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
