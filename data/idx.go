package data

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/bits"
	"path"
	"regexp"
	"strings"

	"github.com/emberml/ember/storage"
	"github.com/emberml/ember/tensor"
)

// The IDX format of the MNIST files: two zero bytes, a code of the element type,
// the number of axes, each axis' extent in 32 bits, then the elements; all
// big-endian. Source: http://yann.lecun.com/exdb/mnist.

// idxTypes lists the element types by their codes.
var idxTypes = map[byte]tensor.DType{
	0x08: tensor.Uint8,
	0x09: tensor.Int8,
	0x0B: tensor.Int16,
	0x0C: tensor.Int32,
	0x0D: tensor.Float32,
	0x0E: tensor.Float64,
}

// idxHeader is what comes before the elements.
type idxHeader struct {
	dtype tensor.DType
	shape tensor.Shape
	size  int // of the header
	bytes int // of the elements
}

const idxHint = "the file is damaged or incomplete: fetch it again"

// parseIDX reads the header at the start of b.
func parseIDX(b []byte, file string) (idxHeader, error) {
	var h idxHeader
	if len(b) < 4 {
		return h, &tensor.FormatError{File: file, Offset: int64(len(b)), Detail: "the IDX header is cut off", Hint: idxHint}
	}
	dt, ok := idxTypes[b[2]]
	if b[0] != 0 || b[1] != 0 || !ok || b[3] == 0 {
		return h, &tensor.FormatError{File: file, Detail: fmt.Sprintf("magic number is %#08x, want 0x0000TTNN of an IDX file", binary.BigEndian.Uint32(b)), Hint: "this is not an IDX file"}
	}
	h.dtype, h.size, h.bytes = dt, 4+4*int(b[3]), dt.Size()
	if len(b) < h.size {
		return h, &tensor.FormatError{File: file, Offset: int64(len(b)), Detail: fmt.Sprintf("the header of %d axes is cut off", b[3]), Hint: idxHint}
	}
	for i := range int(b[3]) {
		d := binary.BigEndian.Uint32(b[4+4*i:])
		hi, lo := bits.Mul64(uint64(h.bytes), uint64(max(d, 1)))
		if hi != 0 || lo > math.MaxInt64/2 {
			return h, &tensor.FormatError{File: file, Offset: int64(4 + 4*i), Detail: "the axes are too long to be true", Hint: idxHint}
		}
		h.shape, h.bytes = append(h.shape, int(d)), int(lo)
	}
	h.bytes = h.shape.Len() * dt.Size() // 0 if an axis is
	return h, nil
}

// checkSize is an error unless a file of the given size holds the elements, and
// nothing else.
func (h *idxHeader) checkSize(size int64, file string) error {
	if have := size - int64(h.size); have != int64(h.bytes) {
		return &tensor.FormatError{
			File: file, Offset: size,
			Detail: fmt.Sprintf("%v of shape %v needs %d bytes after the header, the file has %d", h.dtype, h.shape, h.bytes, have), Hint: idxHint,
		}
	}
	return nil
}

// DecodeIDX returns the array that an IDX file holds, gzipped or not; file is its
// name for errors, which are a [*tensor.FormatError]. Arrays of bytes that are not
// gzipped share b's memory.
func DecodeIDX(b []byte, file string) (*tensor.Tensor, error) {
	if isGzip(b) {
		var err error
		if b, err = gunzipIDX(b, file); err != nil {
			return nil, err
		}
	}
	h, err := parseIDX(b, file)
	if err != nil {
		return nil, err
	}
	if err := h.checkSize(int64(len(b)), file); err != nil {
		return nil, err
	}
	elements := b[h.size:]
	if h.dtype.Size() > 1 {
		elements = swapBytes(elements, h.dtype.Size())
	}
	return tensor.FromBytes(h.dtype, elements, h.shape...)
}

// swapBytes returns a copy of big-endian elements as little-endian ones.
func swapBytes(b []byte, size int) []byte {
	out := tensor.New(tensor.Uint8, len(b)).Bytes() // aligned
	for i := range b {
		out[i] = b[i^(size-1)]
	}
	return out
}

func isGzip(b []byte) bool { return len(b) > 2 && b[0] == 0x1f && b[1] == 0x8b }

// gunzipIDX unpacks an IDX file, and no more of it than its header announces.
func gunzipIDX(b []byte, file string) ([]byte, error) {
	damaged := func(err error) error {
		return &tensor.FormatError{File: file, Detail: "unpack gzip", Err: err, Hint: idxHint}
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, damaged(err)
	}
	r := bufio.NewReaderSize(z, 4+4*255)
	head, err := r.Peek(4 + 4*255)
	if err != nil && err != io.EOF {
		return nil, damaged(err)
	}
	h, err := parseIDX(head, file)
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(r, int64(h.size+h.bytes)+1))
	if err != nil {
		return nil, damaged(err)
	}
	return out, nil
}

// EncodeIDX writes t as an IDX file.
func EncodeIDX(w io.Writer, t *tensor.Tensor) error {
	code := byte(0)
	for c, dt := range idxTypes {
		if dt == t.DType() {
			code = c
		}
	}
	if code == 0 || t.Rank() == 0 || t.Rank() > 255 {
		return fmt.Errorf("IDX cannot hold %v of shape %v: cast it first", t.DType(), t.Shape())
	}
	head := []byte{0, 0, code, byte(t.Rank())}
	for _, d := range t.Shape() {
		if d > math.MaxUint32 {
			return fmt.Errorf("IDX cannot hold the shape %v", t.Shape())
		}
		head = binary.BigEndian.AppendUint32(head, uint32(d))
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	b := t.Contiguous().Bytes()
	if size := t.DType().Size(); size > 1 {
		b = swapBytes(b, size)
	}
	_, err := w.Write(b)
	return err
}

// idxNames matches the usual names, "train-images-idx3-ubyte.gz" and
// "train-labels.idx1-ubyte".
var idxNames = regexp.MustCompile(`^(.*)(images|labels)([-.]idx)\d(-[a-z]+)(\.gz)?$`)

// siblings returns the names that the images and the labels of an IDX file may
// have, the likeliest first; ok is false for an unusual name.
func idxSiblings(name string, axes int) (images, labels []string, ok bool) {
	m := idxNames.FindStringSubmatch(storage.Base(name))
	if m == nil {
		return nil, nil, false
	}
	dir := strings.TrimSuffix(name, storage.Base(name))
	other := ".gz"
	if m[5] != "" {
		other = ""
	}
	for _, gz := range []string{m[5], other} {
		images = append(images, fmt.Sprintf("%s%simages%s%d%s%s", dir, m[1], m[3], axes, m[4], gz))
		labels = append(labels, fmt.Sprintf("%s%slabels%s1%s%s", dir, m[1], m[3], m[4], gz))
	}
	return images, labels, true
}

// openIDX opens images with the labels beside them, whichever is named.
func openIDX(ctx context.Context, f *file, o *Options) (Source, error) {
	x, err := DecodeIDX(f.bytes, f.name)
	if err != nil {
		return nil, err
	}
	images, labels, usual := idxSiblings(f.name, 3)
	var y *tensor.Tensor
	switch {
	case f.detached || !usual:
	case strings.Contains(path.Base(labels[0]), path.Base(f.name)):
		y = x
		if x, err = sibling(ctx, f, images); x == nil && err == nil {
			err = &tensor.FormatError{File: f.name, Detail: "these are labels, and there are no images beside them", Hint: "name the file of the images, or put it at " + images[0]}
		}
	case !o.NoTarget:
		y, err = sibling(ctx, f, labels)
	}
	if err != nil {
		return nil, err
	}
	return idxSource(f.name, x, y)
}

// sibling decodes the first of the files that exists; nil if none does.
func sibling(ctx context.Context, f *file, names []string) (*tensor.Tensor, error) {
	for _, name := range names {
		m, err := storage.Map(ctx, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		f.keep(m)
		return DecodeIDX(m.Bytes, name)
	}
	return nil, nil
}

// idxSource is the source of arrays from IDX files.
func idxSource(name string, x, y *tensor.Tensor) (Source, error) {
	schema, err := idxSchema(name, x.DType(), x.Shape(), y)
	if err != nil {
		return nil, err
	}
	return FromTensors(schema, x, y)
}

// idxSchema describes samples in an array, with labels or without.
func idxSchema(name string, dt tensor.DType, shape tensor.Shape, y *tensor.Tensor) (Schema, error) {
	schema := Schema{Name: name, Format: "IDX"}
	if dt == tensor.Uint8 {
		schema.Layout, schema.Max = imageLayout(shape[1:]), 255
	}
	if y == nil {
		return schema, nil
	}
	if y.Rank() != 1 || y.DType().IsFloat() {
		return schema, &tensor.FormatError{File: name, Detail: fmt.Sprintf("its labels are %v of shape %v, want one whole number a sample", y.DType(), y.Shape()), Hint: "the labels file is another one"}
	}
	if shape[0] != y.Len() {
		return schema, &tensor.FormatError{File: name, Detail: fmt.Sprintf("%d images, but %d labels", shape[0], y.Len()), Hint: "the two files are of different sets: fetch them again"}
	}
	most := int64(-1)
	for i, v := range tensor.Int64s(y) {
		if v < 0 {
			return schema, &ContentError{name, fmt.Sprintf("label %d of sample %d is negative", v, i), "labels count from 0"}
		}
		most = max(most, v)
	}
	if most >= 1<<20 {
		return schema, &ContentError{name, fmt.Sprintf("a label is %d: too many classes", most), "the labels file is another one"}
	}
	schema.Target = Target{Kind: Classes, Names: []string{"label"}, Labels: []string{}}
	for c := range most + 1 {
		schema.Target.Labels = append(schema.Target.Labels, fmt.Sprint(c))
	}
	return schema, nil
}

// imageLayout tells what the axes of samples of bytes are.
func imageLayout(sample tensor.Shape) string {
	switch {
	case len(sample) == 2:
		return "HW"
	case len(sample) == 3 && (sample[2] == 1 || sample[2] == 3 || sample[2] == 4):
		return "HWC"
	}
	return ""
}
