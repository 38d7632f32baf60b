package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Kind says what a [Node] is.
type Kind uint8

// The kinds of nodes.
const (
	Null   Kind = iota // nothing: an empty value, null, ~
	Scalar             // a word, a text, a number, true or false
	List
	Map
)

// Node is a value of a configuration and its place. A nil Node is a value that
// is not there; its methods treat it as Null.
type Node struct {
	File   string
	Line   int // from 1; 0 if unknown
	Column int // from 1; 0 if unknown
	Kind   Kind

	name    string // the key it stands under, for messages
	text    string
	quoted  bool // a scalar in quotes is always text
	items   []*Node
	entries []Entry
}

// Entry is a key of a Map node and its value.
type Entry struct {
	Key   string
	Value *Node
	at    *Node // the place of the key
}

// NewMap is a map of the given entries, for [Encode] and [Set].
func NewMap(entries ...Entry) *Node { return &Node{Kind: Map, entries: entries} }

// NewList is a list of the given items.
func NewList(items ...*Node) *Node { return &Node{Kind: List, items: items} }

// NewText is the scalar of the given text, which reads back as that text.
func NewText(text string) *Node {
	return &Node{Kind: Scalar, text: text, quoted: true}
}

// Name is the key that the node stands under, or the choice that it holds the
// options of; "" for the root.
func (n *Node) Name() string {
	if n == nil {
		return ""
	}
	return n.name
}

// Empty reports whether the node is Null, or a list or map of nothing.
func (n *Node) Empty() bool {
	return n == nil || n.Kind == Null || n.Kind != Scalar && len(n.items)+len(n.entries) == 0
}

// Get is the value of the key in a map, or nil.
func (n *Node) Get(key string) *Node {
	if n != nil {
		for _, e := range n.entries {
			if e.Key == key {
				return e.Value
			}
		}
	}
	return nil
}

// Entries are the keys and values of a map in the order of the file.
func (n *Node) Entries() []Entry {
	if n == nil {
		return nil
	}
	return n.entries
}

// Keys are the keys of a map in the order of the file.
func (n *Node) Keys() []string {
	var keys []string
	for _, e := range n.Entries() {
		keys = append(keys, e.Key)
	}
	return keys
}

// Items are the items of a list.
func (n *Node) Items() []*Node {
	if n == nil {
		return nil
	}
	return n.items
}

// Text is a scalar as text; ok is false for other nodes.
func (n *Node) Text() (text string, ok bool) {
	if n == nil || n.Kind != Scalar {
		return "", false
	}
	return n.text, true
}

// Int is a scalar as a whole number (1e3 is one too); ok is false for others.
func (n *Node) Int() (value int64, ok bool) {
	if n == nil || n.Kind != Scalar || n.quoted {
		return 0, false
	}
	if i, err := strconv.ParseInt(n.text, 10, 64); err == nil {
		return i, true
	}
	f, ok := n.Float()
	if ok && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int64(f), true
	}
	return 0, false
}

// Float is a scalar as a number, .inf included; ok is false for others.
func (n *Node) Float() (value float64, ok bool) {
	if n == nil || n.Kind != Scalar || n.quoted {
		return 0, false
	}
	switch n.text {
	case ".inf", "+.inf":
		return math.Inf(1), true
	case "-.inf":
		return math.Inf(-1), true
	}
	// ParseFloat also reads words and hexadecimal, which YAML's numbers are not.
	if strings.Trim(n.text, "+-.0123456789eE") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(n.text, 64)
	return f, err == nil
}

// Bool is a scalar as true or false; ok is false for others.
func (n *Node) Bool() (value, ok bool) {
	if n == nil || n.Kind != Scalar || n.quoted {
		return false, false
	}
	switch n.text {
	case "true", "True", "TRUE":
		return true, true
	case "false", "False", "FALSE":
		return false, true
	}
	return false, false
}

// Errorf is an *Error at the node's place.
func (n *Node) Errorf(format string, args ...any) error {
	return n.errorHint(fmt.Sprintf(format, args...), "")
}

// Unknown is the *Error for a word that is none of the candidates, with the
// nearest as a hint: unknown layer "desne"; did you mean "dense"?
func (n *Node) Unknown(what, word string, candidates []string) error {
	return n.errorHint(fmt.Sprintf("unknown %s %q", what, word), didYouMean(word, candidates))
}

func (n *Node) errorHint(detail, hint string) error {
	if n == nil {
		return &Error{Detail: detail, Hint: hint}
	}
	return &Error{File: n.File, Line: n.Line, Column: n.Column, Detail: detail, Hint: hint}
}

// subject names the node in a message.
func (n *Node) subject() string {
	if n.Name() == "" {
		return "the value"
	}
	return strconv.Quote(n.Name())
}

// describe says what the node is in a message.
func (n *Node) describe() string {
	switch {
	case n == nil || n.Kind == Null:
		return "nothing"
	case n.Kind == Scalar && n.quoted:
		return strconv.Quote(n.text)
	}
	if text := n.String(); len(text) <= 40 {
		return text
	}
	if n.Kind == List {
		return fmt.Sprintf("a list of %d", len(n.items))
	}
	if n.Kind == Map {
		return fmt.Sprintf("a map of %d keys", len(n.entries))
	}
	return "a long text"
}
