package frame

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

const (
	maxMetadata = 16 << 20 // bytes of a message's head: a schema of tens of thousands of columns
	maxFields   = 1 << 17  // of a schema, nested ones counted
	maxDepth    = 64       // of nested fields
)

// guard reads the messages of a stream and looks at their heads before it hands them
// on, since Arrow's reader allocates by the counts that it finds there.
type guard struct {
	r    io.Reader
	head []byte // that is still to be handed on
	body int64  // bytes that follow it
}

// Read implements [io.Reader]. It reads no further than it has to.
func (g *guard) Read(p []byte) (int, error) {
	if len(g.head) == 0 && g.body == 0 {
		if err := g.next(); err != nil {
			return 0, err
		}
	}
	if len(g.head) > 0 {
		n := copy(p, g.head)
		g.head = g.head[n:]
		return n, nil
	}
	n, err := g.r.Read(p[:min(int64(len(p)), g.body)])
	g.body -= int64(n)
	return n, err
}

// next reads the head of the next message: its length and a flatbuffer.
//
// Source: https://arrow.apache.org/docs/format/Columnar.html#encapsulated-message-format
func (g *guard) next() error {
	const more = math.MaxUint32 // comes before the length since Arrow 0.15
	g.head = make([]byte, 4, 8)
	if _, err := io.ReadFull(g.r, g.head); err != nil {
		return err
	}
	length := binary.LittleEndian.Uint32(g.head)
	if length == more {
		g.head = g.head[:8]
		if _, err := io.ReadFull(g.r, g.head[4:]); err != nil {
			return cutOff(err)
		}
		length = binary.LittleEndian.Uint32(g.head[4:])
	}
	if length == 0 {
		return nil // the end of the stream
	}
	if length > maxMetadata {
		return fmt.Errorf("a message's head of %d bytes, want at most %d", length, maxMetadata)
	}
	b := make([]byte, length)
	if _, err := io.ReadFull(g.r, b); err != nil {
		return cutOff(err)
	}
	var err error
	g.head = append(g.head, b...)
	g.body, err = checkMessage(b)
	return err
}

func cutOff(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// checkMessage checks the flatbuffer of a message, and returns how many bytes follow.
//
// Source: Message.fbs and Schema.fbs of the Arrow format.
func checkMessage(b []byte) (body int64, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a message's head of %d bytes is malformed: %v", len(b), p)
		}
	}()
	const headerType, header, bodyLength, metadata = 1, 2, 3, 4
	const schema = 1 // the header's type
	m := table{b, int(binary.LittleEndian.Uint32(b))}
	m.vector(metadata, 4)
	if at := m.slot(bodyLength); at != 0 {
		body = int64(binary.LittleEndian.Uint64(b[at:]))
	}
	if body < 0 {
		return 0, fmt.Errorf("a message of %d bytes", body)
	}
	if at := m.slot(headerType); at != 0 && b[at] == schema {
		const fields, metadata, features = 1, 2, 3
		s := m.child(header)
		s.vector(metadata, 4)
		s.vector(features, 8)
		left := maxFields
		return body, s.fields(fields, maxDepth, &left)
	}
	return body, nil
}

// table is a table of a flatbuffer. Its methods panic where it reaches out of the
// bytes.
type table struct {
	b  []byte
	at int
}

// slot returns where the value of a field is, 0 if it is left out.
func (t table) slot(field int) int {
	v := t.at - int(int32(binary.LittleEndian.Uint32(t.b[t.at:])))
	size := int(binary.LittleEndian.Uint16(t.b[v:]))
	if 4+2*field+2 > size {
		return 0
	}
	if offset := int(binary.LittleEndian.Uint16(t.b[v+4+2*field:])); offset != 0 {
		return t.at + offset
	}
	return 0
}

// child returns the table that a field points to.
func (t table) child(field int) table {
	at := t.slot(field)
	if at == 0 {
		panic(errors.New("a table is missing"))
	}
	return table{t.b, at + int(binary.LittleEndian.Uint32(t.b[at:]))}
}

// vector returns where the elements of a field lie, and how many there are.
func (t table) vector(field, width int) (at, n int) {
	if at = t.slot(field); at == 0 {
		return 0, 0
	}
	at += int(binary.LittleEndian.Uint32(t.b[at:]))
	n = int(binary.LittleEndian.Uint32(t.b[at:]))
	if at += 4; n > (len(t.b)-at)/width {
		panic(fmt.Errorf("%d elements in %d bytes", n, len(t.b)-at))
	}
	return at, n
}

// fields checks a vector of fields and what they are made of; left is how many
// there may be.
func (t table) fields(field, depth int, left *int) error {
	const typeOf, children, metadata = 2, 5, 6
	const union, largeList = 14, 21 // types
	at, n := t.vector(field, 4)
	if *left -= n; *left < 0 || depth == 0 {
		return fmt.Errorf("more than %d columns, or fields nested more than %d deep", maxFields, maxDepth)
	}
	for i := range n {
		p := at + 4*i
		f := table{t.b, p + int(binary.LittleEndian.Uint32(t.b[p:]))}
		f.vector(metadata, 4)
		if at := f.slot(typeOf); at != 0 && (t.b[at] == union || t.b[at] > largeList) {
			return fmt.Errorf("column %d is of a type that cannot be read, such as a union or view (cast it): %w", i, errors.ErrUnsupported)
		}
		if err := f.fields(children, depth-1, left); err != nil {
			return err
		}
	}
	return nil
}
