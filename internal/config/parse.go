package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a configuration: far above any net file, far below what could
// exhaust memory or the stack. The parser takes time that is quadratic in the
// keys of a map, a few seconds at this size.
const (
	maxBytes = 1 << 17
	maxDepth = 64
)

// Parse reads one YAML document, or JSON, which is YAML too. The file name
// serves messages only. Anchors, aliases, merge keys and tags are refused: a
// file says what it means, and a small file cannot unfold into a large one.
func Parse(file string, data []byte) (*Node, error) {
	top := &Node{File: file}
	if len(data) > maxBytes {
		return nil, top.Errorf("the configuration has %d bytes, more than %d", len(data), maxBytes)
	}
	text := string(data)
	if trimmed := strings.TrimLeft(text, " \t\r\n\ufeff"); strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "[") {
		text = expandTabs(text)
	}
	tokens := lexer.Tokenize(text)
	if err := checkTokens(file, tokens); err != nil {
		return nil, err
	}
	parsed, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, syntaxError(file, err)
	}
	var root *Node
	for _, doc := range parsed.Docs {
		if doc == nil || doc.Body == nil {
			continue
		}
		if root != nil {
			return nil, place(file, doc.Body).Errorf("a second document begins; one file holds one")
		}
		if root, err = convert(file, "", doc.Body, 0); err != nil {
			return nil, err
		}
	}
	if root == nil {
		return top, nil
	}
	return root, nil
}

// expandTabs turns the tabs between JSON's tokens, which YAML forbids as
// indentation, into spaces, so that columns stay.
func expandTabs(text string) string {
	b := []byte(text)
	inText := false
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == '"':
			inText = !inText
		case inText && b[i] == '\\':
			i++
		case !inText && b[i] == '\t':
			b[i] = ' '
		}
	}
	return string(b)
}

// refused are the parts of YAML that a configuration does not use.
var refused = map[token.Type]string{
	token.AnchorType:     "an anchor (&)",
	token.AliasType:      "an alias (*)",
	token.MergeKeyType:   "a merge key (<<)",
	token.TagType:        "a tag (!)",
	token.DirectiveType:  "a directive (%)",
	token.MappingKeyType: "a complex key (?)",
}

// checkTokens refuses what would make the recursive parser go deep, before it
// runs: brackets, and dashes on one line. Indentation is bounded by maxBytes.
func checkTokens(file string, tokens token.Tokens) error {
	depth, dashes, line := 0, 0, 0
	for _, t := range tokens {
		at := &Node{File: file, Line: t.Position.Line, Column: t.Position.Column}
		if what := refused[t.Type]; what != "" {
			return at.Errorf("%s has no meaning here; put the text in quotes if it is one", what)
		}
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			depth++
		case token.MappingEndType, token.SequenceEndType:
			depth--
		case token.SequenceEntryType:
			if at.Line != line {
				dashes, line = 0, at.Line
			}
			dashes++
		}
		if depth+dashes > maxDepth {
			return at.Errorf("nested deeper than %d", maxDepth)
		}
	}
	return nil
}

func syntaxError(file string, err error) error {
	at := &Node{File: file}
	detail := err.Error()
	var syntax *yaml.SyntaxError
	if errors.As(err, &syntax) {
		detail = syntax.GetMessage()
		if t := syntax.GetToken(); t != nil && t.Position != nil {
			at.Line, at.Column = t.Position.Line, t.Position.Column
		}
	}
	detail, _, _ = strings.Cut(detail, "\n")
	return at.Errorf("not valid YAML: %s", detail)
}

// place is an empty node where n is.
func place(file string, n ast.Node) *Node {
	at := &Node{File: file}
	if t := n.GetToken(); t != nil && t.Position != nil {
		at.Line, at.Column = t.Position.Line, t.Position.Column
	}
	return at
}

// convert makes a Node of YAML's syntax tree.
func convert(file, name string, from ast.Node, depth int) (*Node, error) {
	n := place(file, from)
	n.name = name
	if depth > maxDepth {
		return nil, n.Errorf("nested deeper than %d", maxDepth)
	}
	switch from := from.(type) {
	case *ast.NullNode:
		return n, nil
	case *ast.MappingNode:
		// A block map's token is its first colon; messages want its first key.
		if len(from.Values) > 0 && !from.IsFlowStyle {
			first := place(file, from.Values[0].Key)
			n.Line, n.Column = first.Line, first.Column
		}
		return n, n.addEntries(from.Values, depth)
	case *ast.MappingValueNode:
		return n, n.addEntries([]*ast.MappingValueNode{from}, depth)
	case *ast.SequenceNode:
		n.Kind = List
		for _, v := range from.Values {
			item, err := convert(file, name, v, depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, item)
		}
		return n, nil
	case *ast.LiteralNode:
		n.Kind, n.text, n.quoted = Scalar, from.Value.Value, true
		return n, nil
	case *ast.StringNode:
		n.Kind, n.text, n.quoted = Scalar, from.Value, from.Token.Type != token.StringType
		return n, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		n.Kind, n.text = Scalar, from.GetToken().Value
		return n, nil
	}
	return nil, n.Errorf("%s has no meaning here", strings.ToLower(fmt.Sprint(from.Type())))
}

func (n *Node) addEntries(values []*ast.MappingValueNode, depth int) error {
	n.Kind = Map
	seen := map[string]bool{}
	for _, v := range values {
		at := place(n.File, v.Key)
		key := v.Key.GetToken().Value
		if seen[key] {
			return at.Errorf("the key %q stands here twice", key)
		}
		seen[key] = true
		value, err := convert(n.File, key, v.Value, depth+1)
		if err != nil {
			return err
		}
		n.entries = append(n.entries, Entry{Key: key, Value: value, at: at})
	}
	return nil
}
