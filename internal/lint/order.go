package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Order is a strict partial order of packages: what may import what.
type Order struct {
	below map[string]map[string]bool // by label, all that stand below it
}

// ParseOrder reads the language that order.txt describes. It is that of Go's own internal/dag with wildcards.
func ParseOrder(text string) (*Order, error) {
	o := &Order{below: map[string]map[string]bool{}}
	var promises []chain
	for _, rule := range statements(text) {
		chains, err := parseRule(rule.text)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", rule.line, err)
		}
		for _, c := range chains {
			c.line = rule.line
			if c.not {
				promises = append(promises, c)
			} else if err := o.add(c); err != nil {
				return nil, fmt.Errorf("line %d: %w", rule.line, err)
			}
		}
	}
	for _, p := range promises {
		for _, less := range p.less {
			for _, greater := range p.greater {
				if o.below[greater][less] {
					return nil, fmt.Errorf("line %d: promised %s !< %s, but the rules imply it", p.line, less, greater)
				}
			}
		}
	}
	return o, nil
}

// Allows reports whether package from may import package to. Both are paths within the module.
func (o *Order) Allows(from, to string) bool {
	return o.below[o.label(from)][o.label(to)]
}

// label returns the name in the text that stands for pkg: itself, else the innermost wildcard, else "".
func (o *Order) label(pkg string) string {
	for name := pkg; ; {
		if _, ok := o.below[name]; ok {
			return name
		}
		i := strings.LastIndexByte(strings.TrimSuffix(name, "/*"), '/')
		if i < 0 {
			return ""
		}
		name = name[:i] + "/*"
	}
}

// chain is "less < greater" or, with not, "less !< greater".
type chain struct {
	less, greater []string
	not           bool
	line          int
}

func (o *Order) add(c chain) error {
	for _, name := range c.less {
		if _, ok := o.below[name]; !ok && name != "NONE" {
			return fmt.Errorf("%s is used before it is defined", name)
		}
	}
	for _, name := range c.greater {
		if o.below[name] == nil {
			o.below[name] = map[string]bool{}
		} else {
			return fmt.Errorf("%s is defined twice", name)
		}
		for _, less := range c.less {
			if less != "NONE" {
				o.below[name][less] = true
				maps.Copy(o.below[name], o.below[less])
			}
		}
	}
	return nil
}

// statement is the text before a semicolon and the line on which it ends.
type statement struct {
	text string
	line int
}

func statements(text string) []statement {
	var all []statement
	var b strings.Builder
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		parts := strings.Split(line, ";")
		for _, part := range parts[:len(parts)-1] {
			b.WriteString(part)
			all = append(all, statement{b.String(), i + 1})
			b.Reset()
		}
		b.WriteString(parts[len(parts)-1] + " ")
	}
	if rest := strings.TrimSpace(b.String()); rest != "" {
		all = append(all, statement{rest + " (no semicolon)", strings.Count(text, "\n") + 1})
	}
	return all
}

// parseRule splits "a, b < c !< d" into its chains of two.
func parseRule(rule string) ([]chain, error) {
	var chains []chain
	names, rest, more := strings.Cut(rule, "<")
	if !more {
		return nil, fmt.Errorf("%q: want a < b", strings.TrimSpace(rule))
	}
	for more {
		var next string
		next, rest, more = strings.Cut(rest, "<")
		left, not := strings.CutSuffix(names, "!")
		c := chain{not: not}
		var err error
		if c.less, err = parseNames(left); err == nil {
			c.greater, err = parseNames(strings.TrimSuffix(next, "!"))
		}
		if err != nil {
			return nil, err
		}
		chains = append(chains, c)
		names = next
	}
	return chains, nil
}

func parseNames(list string) ([]string, error) {
	names := strings.Split(list, ",")
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
		if names[i] == "" || strings.ContainsAny(names[i], " \t()") {
			return nil, fmt.Errorf("%q: want names separated by commas", strings.TrimSpace(list))
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
