package config

import (
	"fmt"
	"strings"
)

// Error is a mistake in a configuration: where it is, what is wrong, and what
// to do about it.
type Error struct {
	File   string // or the flag that the value comes from; "" for a value that a program made
	Line   int    // from 1; 0 if there are no lines
	Column int    // from 1; 0 if there are no lines
	Detail string // what is wrong
	Hint   string // what to do; may be empty
}

// Error is the message, "lenet.yaml:7: detail; hint".
func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		if e.Line > 0 {
			fmt.Fprintf(&b, ":%d", e.Line)
		}
		b.WriteString(": ")
	}
	b.WriteString(e.Detail)
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}
