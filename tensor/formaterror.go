package tensor

import (
	"fmt"
	"strings"
)

// FormatError says where a file, or text such as a net or an option, is not what
// its format asks for. All of Ember's decoders return it, so that callers can
// tell bad input from other failures; the fields that are known are set.
type FormatError struct {
	File   string // name or URL
	Offset int64  // in bytes from the start, for binary formats
	Line   int    // from 1, for text
	Column int    // from 1, for text
	Detail string // what is wrong
	Hint   string // what to do about it
	Err    error  // the cause, if another error is
}

// Error returns one line such as
// "x.npy: byte 10: header is cut off (the file is incomplete: copy it again)".
func (e *FormatError) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File + ":")
	}
	switch {
	case e.Line > 0 && e.Column > 0:
		fmt.Fprintf(&b, "%d:%d:", e.Line, e.Column)
	case e.Line > 0:
		fmt.Fprintf(&b, "%d:", e.Line)
	case e.Offset > 0:
		fmt.Fprintf(&b, " byte %d:", e.Offset)
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	b.WriteString(e.Detail)
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if e.Hint != "" {
		fmt.Fprintf(&b, " (%s)", e.Hint)
	}
	return strings.TrimSpace(b.String())
}

// Unwrap returns the cause.
func (e *FormatError) Unwrap() error { return e.Err }
