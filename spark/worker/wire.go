package worker

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// Bounds of what a peer may claim. A string is read as it arrives, so that a
// false length costs no more memory than the bytes that were sent.
const (
	maxText  = 64 << 20 // names, messages, JSON
	maxBytes = 1 << 30  // commands: foreign ones can hold data
	maxCount = 1 << 16
)

// wire reads Spark's big-endian numbers and strings. The first error sticks, so
// that a decoder reads like the layout that it decodes; every later read gives
// zero values.
type wire struct {
	r   io.Reader
	n   int64 // bytes read, for error messages
	err error
}

func (w *wire) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf("byte %d: "+format, append([]any{w.n}, args...)...)
	}
}

func (w *wire) fill(b []byte) []byte {
	if w.err != nil {
		return b
	}
	n, err := io.ReadFull(w.r, b)
	if w.n += int64(n); err != nil {
		clear(b)
		w.fail("%w", err)
	}
	return b
}

func (w *wire) byte() byte     { return w.fill(make([]byte, 1))[0] }
func (w *wire) int32() int32   { return int32(binary.BigEndian.Uint32(w.fill(make([]byte, 4)))) }
func (w *wire) int64() int64   { return int64(binary.BigEndian.Uint64(w.fill(make([]byte, 8)))) }
func (w *wire) bool() bool     { return w.byte() != 0 }
func (w *wire) skip()          { w.bytes(maxText) }
func (w *wire) text() string   { return string(w.bytes(maxText)) }
func (w *wire) count() int     { return w.bounded(maxCount, "a count") }
func (w *wire) integer() int   { return int(w.int32()) }
func (w *wire) size(n int) int { return w.bounded(n, "a length") }

func (w *wire) bounded(limit int, what string) int {
	n := w.integer()
	if w.err == nil && (n < 0 || n > limit) {
		w.fail("%s of %d, where at most %d is expected", what, n, limit)
	}
	if w.err != nil {
		return 0
	}
	return n
}

// bytes reads a length and as many bytes.
func (w *wire) bytes(limit int) []byte { return w.take(w.size(limit)) }

// take reads n bytes.
func (w *wire) take(n int) []byte {
	if w.err != nil {
		return nil
	}
	var b bytes.Buffer
	m, err := io.CopyN(&b, w.r, int64(n))
	if w.n += m; err != nil {
		w.fail("%d of %d bytes came: %w", m, n, noEOF(err))
		return nil
	}
	return b.Bytes()
}

func (w *wire) pairs() map[string]string {
	n := w.count()
	m := make(map[string]string, min(n, 256))
	for range n {
		if w.err != nil {
			break
		}
		key := w.text()
		m[key] = w.text()
	}
	return m
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// sender writes what wire reads; the first error sticks and Flush tells it.
type sender struct{ *bufio.Writer }

func (s sender) int32(n int)   { _, _ = s.Write(binary.BigEndian.AppendUint32(nil, uint32(int32(n)))) }
func (s sender) int64(n int64) { _, _ = s.Write(binary.BigEndian.AppendUint64(nil, uint64(n))) }

func (s sender) text(t string) {
	s.int32(len(t))
	_, _ = s.WriteString(t)
}
