package frame_test

import (
	"bytes"
	"testing"

	"github.com/emberml/ember/frame"
)

// FuzzReader reads streams that are not well formed: each frame that comes out can be
// looked at as a whole and written again.
func FuzzReader(f *testing.F) {
	s := sample(f)
	stream := encode(f, s.Schema(), s, s.Slice(1, 2))
	f.Add(stream)
	for i := 0; i < len(stream); i += 11 {
		damaged := bytes.Clone(stream)
		damaged[i] ^= 0x81
		f.Add(damaged)
	}
	f.Add(stream[:len(stream)/2])
	f.Fuzz(func(t *testing.T, stream []byte) {
		r, err := frame.NewReader(bytes.NewReader(stream), frame.ReaderOptions{MaxBytes: 1 << 20})
		if err != nil {
			return
		}
		var b bytes.Buffer
		w := frame.NewWriter(&b, r.Schema())
		for {
			got, err := r.Next()
			if err != nil {
				return
			}
			if got.Rows() > 1<<20 {
				return // a column without memory, such as one of nulls, may be long
			}
			for i := range r.Schema() {
				look(got.Column(i))
			}
			got.Size()
			if err := w.Write(got); err != nil {
				t.Fatalf("a frame that was read cannot be written: %v", err)
			}
		}
	})
}

// look reads all values of a column.
func look(c *frame.Column) {
	for i := range c.Len() {
		_, _, _ = c.Null(i), c.Float64(i), c.String(i)
		if c.Type().Kind == frame.List {
			look(c.Elem().Slice(c.List(i)))
		}
	}
	for j := range c.Type().Fields {
		look(c.Field(j))
	}
}
