package onnx

import (
	"io"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// alignment is the multiple of bytes at which each weight begins in the file:
// a cache line and a 512-bit vector.
const alignment = 64

// externalLimit is the default of [EncodeOptions.ExternalLimit], 1.5 GiB: a
// protobuf message ends at 2 GiB.
const externalLimit = 3 << 29

// Encoded is a model as bytes. Weights are referred to, not copied.
type Encoded struct {
	segments [][]byte
	size     int64
}

// Size is the number of bytes.
func (e *Encoded) Size() int64 { return e.size }

// WriteTo writes all bytes.
func (e *Encoded) WriteTo(w io.Writer) (n int64, err error) {
	for _, s := range e.segments {
		k, err := w.Write(s)
		n += int64(k)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// Bytes is all of it in one new slice.
func (e *Encoded) Bytes() []byte { return slices.Concat(e.segments...) }

func (e *Encoded) add(b []byte) {
	if len(b) > 0 {
		e.segments = append(e.segments, b)
		e.size += int64(len(b))
	}
}

// pad adds zeros up to the next multiple of the alignment.
func (e *Encoded) pad() {
	e.add(make([]byte, -e.size&(alignment-1)))
}

// layOut places the message: all but the weights first, then each weight so
// that its raw data begins at a multiple of [alignment]. What is needed for that
// is filled up with blanks in the tensor's doc_string, which nothing reads.
func layOut(m *modelProto) *Encoded {
	front := m.append(nil)
	graph := m.graph.append(nil)

	// The length of the graph comes before it, and depends on the padding, which
	// depends on where the graph begins. An upper bound fixes the size of the
	// length itself.
	bound := len(graph)
	for _, t := range m.graph.initializers {
		bound += len(t.appendHead(nil)) + len(t.raw) + 2*alignment + 32
	}
	lengthSize := protowire.SizeVarint(uint64(bound))
	at := len(front) + 1 + lengthSize + len(graph)

	body := &Encoded{}
	body.add(graph)
	for _, t := range m.graph.initializers {
		head := placedHead(t, at)
		body.add(head)
		body.add(t.raw)
		at += len(head) + len(t.raw)
	}

	front = protowire.AppendTag(front, 7, protowire.BytesType)
	front = appendLength(front, uint64(body.size), lengthSize)
	file := &Encoded{}
	file.add(front)
	file.segments = append(file.segments, body.segments...)
	file.size += body.size
	return file
}

// placedHead is all of an initializer's field but its raw data, for a field
// that begins at the given offset of the file.
func placedHead(t *tensorProto, at int) []byte {
	padded := *t
	for blanks := 0; ; blanks++ {
		padded.doc = strings.Repeat(" ", blanks)
		head := padded.appendHead(nil)
		if t.hasRaw {
			head = protowire.AppendTag(head, 9, protowire.BytesType)
			head = protowire.AppendVarint(head, uint64(len(t.raw)))
		}
		field := protowire.AppendTag(nil, 5, protowire.BytesType)
		field = protowire.AppendVarint(field, uint64(len(head)+len(t.raw)))
		field = append(field, head...)
		if len(t.raw) == 0 || (at+len(field))%alignment == 0 {
			return field
		}
	}
}

// moveOut puts the raw data of the larger initializers into one external file,
// which the initializers name by location, where all together exceed the limit.
func moveOut(g *graphProto, limit int64, location string) *Encoded {
	var total int64
	for _, t := range g.initializers {
		total += int64(len(t.raw))
	}
	if total <= limit {
		return nil
	}
	out := &Encoded{}
	for _, t := range g.initializers {
		if len(t.raw) < minExternal {
			continue
		}
		out.pad()
		t.location = 1
		t.external = []*entryProto{
			{key: "location", value: location},
			{key: "offset", value: decimal(out.size)},
			{key: "length", value: decimal(int64(len(t.raw)))},
		}
		out.add(t.raw)
		t.raw, t.hasRaw = nil, false
	}
	if out.size == 0 {
		return nil
	}
	return out
}

// minExternal is the size from which a weight moves to the external file.
const minExternal = 1 << 10
