package frame

import (
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// ReaderOptions bounds what a stream may ask for. The zero value works.
type ReaderOptions struct {
	// MaxBytes bounds the memory of one batch, unpacked, and that of all
	// dictionaries; 1 GiB by default. A stream that wants more is an error
	// before that much is allocated.
	MaxBytes int64
}

const defaultMaxBytes = 1 << 30

// Reader reads frames from an Arrow IPC stream. What it is given need not be well
// formed: it returns errors, and does not panic.
type Reader struct {
	stream *ipc.Reader
	schema Schema
	memory *bounded
	err    error // sticks
}

// NewReader reads the schema of a stream. It reads no byte behind the stream's end
// marker.
func NewReader(r io.Reader, o ReaderOptions) (*Reader, error) {
	if o.MaxBytes == 0 {
		o.MaxBytes = defaultMaxBytes
	}
	b := &bounded{limit: o.MaxBytes, left: o.MaxBytes}
	m := &messages{ipc.NewMessageReader(&guard{r: r}, ipc.WithAllocator(b), ipc.WithBodySizeLimit(o.MaxBytes)), o.MaxBytes, nil}
	stream, err := ipc.NewReaderFromMessageReader(m, ipc.WithAllocator(b))
	if err != nil {
		return nil, fmt.Errorf("arrow stream: %w", m.cause(err))
	}
	schema, err := fromArrowFields(stream.Schema().Fields())
	if err != nil {
		return nil, fmt.Errorf("arrow stream: %w", err)
	}
	return &Reader{stream: stream, schema: schema, memory: b}, nil
}

// Schema returns the columns of all frames.
func (r *Reader) Schema() Schema { return r.schema }

// Next returns the next frame, which stays valid. After the last, when the end marker
// is read, it returns io.EOF; a stream that breaks off before it is an
// [io.ErrUnexpectedEOF].
func (r *Reader) Next() (f *Frame, err error) {
	if r.err != nil {
		return nil, r.err
	}
	defer func() {
		if p := recover(); p != nil {
			f, err = nil, fmt.Errorf("arrow stream: %v", p)
		}
		r.err = err
	}()
	r.memory.left = r.memory.limit
	batch, err := r.stream.Read()
	if err == io.EOF {
		return nil, io.EOF
	}
	if err != nil {
		return nil, fmt.Errorf("arrow stream: %w", err)
	}
	return r.frame(batch)
}

func (r *Reader) frame(batch arrow.RecordBatch) (*Frame, error) {
	f := &Frame{schema: r.schema, rows: int(batch.NumRows())}
	m := importer{left: r.memory.limit}
	for i := range r.schema {
		c, err := m.column(batch.Column(i).Data())
		if err == nil && c.n != f.rows {
			err = fmt.Errorf("%d rows in a batch of %d", c.n, f.rows)
		}
		if err != nil {
			return nil, fmt.Errorf("arrow stream: column %s: %w", r.schema[i].Name, err)
		}
		f.columns = append(f.columns, c)
	}
	return f, nil
}

// messages tells the end marker from a stream that breaks off, and bounds
// dictionaries, which are kept from batch to batch.
type messages struct {
	ipc.MessageReader
	dictionaries int64 // bytes that they may still take
	err          error
}

func (m *messages) Message() (*ipc.Message, error) {
	msg, err := m.MessageReader.Message()
	switch {
	case err == io.EOF:
		m.err = err
		return nil, err
	case errors.Is(err, io.EOF):
		err = fmt.Errorf("the stream ends without its end marker: %w", io.ErrUnexpectedEOF)
	case err == nil && msg.Type() == ipc.MessageDictionaryBatch:
		if m.dictionaries -= msg.BodyLen(); m.dictionaries < 0 {
			err = errors.New("the dictionaries take more memory than is allowed")
		}
	}
	if err != nil {
		return nil, err
	}
	return msg, nil
}

// cause replaces the end marker where a schema should be.
func (m *messages) cause(err error) error {
	if m.err == io.EOF {
		return errors.New("the stream ends without a schema")
	}
	return err
}

// bounded allocates at most so many bytes, and panics when asked for more, which
// Arrow's reader turns into an error.
type bounded struct {
	memory.GoAllocator
	limit, left int64
}

func (b *bounded) Allocate(size int) []byte {
	b.take(size)
	return b.GoAllocator.Allocate(size)
}

func (b *bounded) Reallocate(size int, old []byte) []byte {
	b.take(size)
	return b.GoAllocator.Reallocate(size, old)
}

func (b *bounded) take(size int) {
	if size < 0 || int64(size) > b.left {
		panic(fmt.Errorf("a batch of more than %d bytes", b.limit))
	}
	b.left -= int64(size)
}

// Writer writes frames as an Arrow IPC stream.
type Writer struct {
	schema Schema
	arrow  *arrow.Schema
	stream *ipc.Writer
	w      io.Writer
}

// NewWriter returns a writer of frames with the given schema.
func NewWriter(w io.Writer, schema Schema) *Writer {
	s := arrow.NewSchema(toArrowFields(schema), nil)
	return &Writer{schema, s, ipc.NewWriter(w, ipc.WithSchema(s)), w}
}

// Write writes a frame, which must have the writer's schema.
func (w *Writer) Write(f *Frame) error {
	if !w.schema.Equal(f.schema) {
		return fmt.Errorf("write an arrow stream: the frame's columns are %v, want %v", f.schema, w.schema)
	}
	columns := make([]arrow.Array, len(f.columns))
	for i, c := range f.columns {
		columns[i] = array.MakeFromData(c.exported())
	}
	if err := w.stream.Write(array.NewRecordBatch(w.arrow, columns, int64(f.rows))); err != nil {
		return fmt.Errorf("write an arrow stream: %w", err)
	}
	return nil
}

// Close writes what ends the stream; the io.Writer stays open. A stream without
// frames has its schema all the same.
func (w *Writer) Close() error {
	if err := w.stream.Close(); err != nil {
		return fmt.Errorf("write an arrow stream: %w", err)
	}
	return nil
}
