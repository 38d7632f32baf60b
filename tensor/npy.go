package tensor

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// npyKinds gives the element type for NumPy's type codes without byte order.
// BFloat16 is written as the ml_dtypes package does, which NumPy sees as V2.
var npyKinds = map[string]DType{
	"f4": Float32, "f8": Float64, "f2": Float16, "V2": BFloat16,
	"i1": Int8, "i2": Int16, "i4": Int32, "i8": Int64,
	"u1": Uint8, "u2": Uint16, "u4": Uint32, "u8": Uint64, "b1": Bool,
}

// ReadNPY reads an array from the .npy format, versions 1 to 3: any of our
// element types in either byte order, text (U, S) as String, and arrays in
// column-major order, which are rearranged. V2 is read as BFloat16.
//
// It reads no more than the array and allocates no more than twice what it has
// read. Anything that is not such a file is a [*FormatError], whose File is set
// if r has a method Name, as files do.
func ReadNPY(r io.Reader) (*Tensor, error) {
	t, err := readNPY(r)
	if e, ok := err.(*FormatError); ok {
		if named, ok := r.(interface{ Name() string }); ok {
			e.File = named.Name()
		}
	}
	return t, err
}

func readNPY(r io.Reader) (*Tensor, error) {
	h, err := readNPYHeader(r)
	if err != nil {
		return nil, err
	}
	dt, item, err := parseDescr(h.descr)
	if err != nil {
		return nil, err
	}
	if err := shapeError(h.shape, max(item, 16)); err != nil { // 16: a string in memory
		return nil, &FormatError{Offset: 10, Detail: fmt.Sprintf("shape %v is impossible", h.shape), Err: err}
	}
	want := h.shape.Len() * item
	data, err := readBounded(r, want)
	if err != nil {
		return nil, truncated(h.size+int64(len(data)), fmt.Sprintf("the data of shape %v, %d bytes long,", h.shape, want))
	}
	if h.descr[0] == '>' {
		swapBytes(data, max(dt.Size(), 1), h.descr[1] == 'U')
	}
	shape := h.shape
	if h.fortran {
		shape = slices.Clone(shape)
		slices.Reverse(shape)
	}
	var t *Tensor
	if dt == String {
		t, err = decodeText(data, item, h.descr[1] == 'U', shape)
	} else {
		t, err = FromBytes(dt, data, shape...)
	}
	if err != nil {
		return nil, &FormatError{Offset: h.size, Detail: err.Error()}
	}
	if h.fortran {
		t = t.Transpose().Contiguous()
	}
	return t, nil
}

// parseDescr returns the element type and bytes of an item for a NumPy type.
func parseDescr(descr string) (DType, int, error) {
	bad := func(hint string) (DType, int, error) {
		return Invalid, 0, &FormatError{Offset: 10, Detail: fmt.Sprintf("element type %q is not supported", descr), Hint: hint}
	}
	if len(descr) < 2 || !strings.ContainsRune("<>|=", rune(descr[0])) {
		return bad("want one such as <f4")
	}
	kind := descr[1:]
	if dt, ok := npyKinds[kind]; ok {
		return dt, dt.Size(), nil
	}
	switch kind[0] {
	case 'U', 'S':
		n, err := strconv.ParseUint(kind[1:], 10, 28)
		if err != nil || n == 0 {
			return bad("want a length")
		}
		if kind[0] == 'U' {
			n *= 4
		}
		return String, int(n), nil
	case 'O':
		return bad("pickled objects are never run: save the array with a plain type, as numpy.asarray(x, dtype=...)")
	}
	return bad("convert the array to a real, integer, bool or text type")
}

// readBounded reads n bytes into aligned memory that grows with what arrives, so
// that a header's claim alone allocates little. On error it returns what came.
func readBounded(r io.Reader, n int) ([]byte, error) {
	const first = 1 << 20
	buf := alignedBytes(min(n, first))
	for at := 0; ; {
		k, err := io.ReadFull(r, buf[at:])
		at += k
		if err != nil || at == n {
			return buf[:at], err
		}
		grown := alignedBytes(min(n, 2*len(buf)))
		copy(grown, buf)
		buf = grown
	}
}

// swapBytes reverses each element of size bytes, or each 4-byte character.
func swapBytes(b []byte, size int, text bool) {
	if text {
		size = 4
	}
	for e := range slices.Chunk(b, size) {
		slices.Reverse(e)
	}
}

// decodeText cuts data into items of NUL-padded UTF-32 or bytes.
func decodeText(data []byte, item int, utf32 bool, shape Shape) (*Tensor, error) {
	texts := make([]string, 0, shape.Len())
	for b := range slices.Chunk(data, item) {
		if utf32 {
			s, err := decodeUTF32(b)
			if err != nil {
				return nil, fmt.Errorf("text %d: %w", len(texts), err)
			}
			b = s
		}
		texts = append(texts, string(bytes.TrimRight(b, "\x00")))
	}
	return Of(texts, shape...), nil
}

func decodeUTF32(b []byte) ([]byte, error) {
	out := make([]byte, 0, len(b)/4)
	for c := range slices.Chunk(b, 4) {
		r := uint32(c[0]) | uint32(c[1])<<8 | uint32(c[2])<<16 | uint32(c[3])<<24
		if r > utf8.MaxRune || !utf8.ValidRune(rune(r)) {
			return nil, fmt.Errorf("%#x is not a Unicode character", r)
		}
		out = utf8.AppendRune(out, rune(r))
	}
	return out, nil
}

// WriteNPY writes t as numpy.save does, byte for byte: format version 1,
// little-endian, row-major. String is written as UTF-32 padded to the longest
// text, so it must be valid UTF-8 and loses NULs at its end.
func WriteNPY(w io.Writer, t *Tensor) error {
	var data []byte
	var kind string
	if t.dtype == String {
		var err error
		if kind, data, err = encodeText(Data[string](t.Contiguous())); err != nil {
			return err
		}
	} else {
		kind, data = npyKind(t.dtype), t.Contiguous().Bytes()
	}
	if _, err := w.Write(appendNPYHeader(nil, kind, t.shape)); err != nil {
		return err
	}
	_, err := w.Write(data)
	return err
}

// npyKind returns NumPy's type code with the byte order.
func npyKind(dt DType) string {
	for kind, d := range npyKinds {
		if d == dt && dt.Size() == 1 {
			return "|" + kind
		} else if d == dt {
			return "<" + kind
		}
	}
	panic(&ShapeError{"npy", nil, "no type code for " + dt.String()})
}

func encodeText(texts []string) (kind string, data []byte, err error) {
	longest := 1 // NumPy has no text of length 0
	for i, s := range texts {
		if !utf8.ValidString(s) {
			return "", nil, fmt.Errorf("text %d, %q, is not UTF-8", i, s)
		}
		longest = max(longest, utf8.RuneCountInString(s))
	}
	data = make([]byte, 0, 4*longest*len(texts))
	for i, s := range texts {
		for _, r := range s {
			data = append(data, byte(r), byte(r>>8), byte(r>>16), byte(r>>24))
		}
		data = append(data, make([]byte, 4*longest*(i+1)-len(data))...)
	}
	return fmt.Sprintf("<U%d", longest), data, nil
}
