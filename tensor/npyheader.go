package tensor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const npyMagic = "\x93NUMPY"

// npyHeaderLimit bounds the header in bytes. NumPy needs a few hundred; longer
// ones describe structured types, which tensors lack.
const npyHeaderLimit = 1 << 16

// npyHeader is what an .npy file says of its array.
type npyHeader struct {
	descr   string // the type as NumPy writes it, such as "<f4"
	fortran bool   // column-major
	shape   Shape
	size    int64 // bytes of the header, with the magic string
}

// readNPYHeader reads the header of format version 1, 2 or 3.
func readNPYHeader(r io.Reader) (npyHeader, error) {
	var h npyHeader
	prefix := make([]byte, len(npyMagic)+2)
	if _, err := io.ReadFull(r, prefix); err != nil || string(prefix[:len(npyMagic)]) != npyMagic {
		return h, &FormatError{Detail: "not an .npy file: it does not begin with \\x93NUMPY"}
	}
	width := 4
	switch version := prefix[len(npyMagic)]; version {
	case 1:
		width = 2
	case 2, 3:
	default:
		return h, &FormatError{Offset: 6, Detail: fmt.Sprintf("format version %d is not known", version), Hint: "save it again with numpy.save"}
	}
	length := make([]byte, 4)
	if _, err := io.ReadFull(r, length[:width]); err != nil {
		return h, truncated(8, "the header's length")
	}
	n := int(binary.LittleEndian.Uint32(length))
	h.size = int64(len(prefix) + width + n)
	if n > npyHeaderLimit {
		return h, &FormatError{Offset: 8, Detail: fmt.Sprintf("a header of %d bytes is too long", n)}
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return h, truncated(int64(len(prefix)+width), "the header")
	}
	p := literal{rest: string(text)}
	if err := p.header(&h); err != nil {
		at := int64(len(prefix) + width + n - len(p.rest))
		return h, &FormatError{Offset: at, Detail: "header is not what numpy.save writes", Err: err}
	}
	return h, nil
}

// NPYHeader describes the array of an .npy file.
type NPYHeader struct {
	DType       DType
	Shape       Shape
	Size        int64 // bytes before the elements
	BigEndian   bool
	ColumnMajor bool // the first axis is the one whose elements lie together
}

// ReadNPYHeader reads what lies before the elements of an .npy file, to read some of
// these alone. Errors are a [*FormatError].
func ReadNPYHeader(r io.Reader) (NPYHeader, error) {
	h, err := readNPYHeader(r)
	if err != nil {
		return NPYHeader{}, err
	}
	dt, item, err := parseDescr(h.descr)
	if err != nil {
		return NPYHeader{}, err
	}
	if err := shapeError(h.shape, max(item, 1)); err != nil {
		return NPYHeader{}, &FormatError{Offset: 10, Detail: fmt.Sprintf("shape %v is impossible", h.shape), Err: err}
	}
	return NPYHeader{dt, h.shape, h.size, h.descr[0] == '>', h.fortran}, nil
}

// appendNPYHeader appends what numpy.save writes before the data, byte for byte.
func appendNPYHeader(b []byte, descr string, shape Shape) []byte {
	var s strings.Builder
	for _, n := range shape {
		fmt.Fprintf(&s, "%d, ", n)
	}
	tuple := strings.TrimSuffix(s.String(), " ")
	if len(shape) > 1 {
		tuple = strings.TrimSuffix(tuple, ",")
	}
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, tuple)
	if len(shape) > 0 { // room to let the first axis grow in place
		text += strings.Repeat(" ", 21-len(strconv.Itoa(shape[0])))
	}
	const fixed = len(npyMagic) + 2 + 2 // version, length; a tensor's header needs no version 2
	pad := alignment - (fixed+len(text)+1)%alignment
	text += strings.Repeat(" ", pad) + "\n"
	b = append(b, npyMagic+"\x01\x00"...)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(text)))
	return append(b, text...)
}

func truncated(offset int64, what string) error {
	return &FormatError{Offset: offset, Detail: what + " is cut off", Hint: "the file is incomplete: copy or save it again"}
}

// literal parses the Python dictionary in an .npy header.
type literal struct{ rest string }

var errLiteral = errors.New("unexpected text")

func (p *literal) header(h *npyHeader) error {
	if !p.take("{") {
		return errLiteral
	}
	seen := map[string]bool{}
	for !p.take("}") {
		key, err := p.str()
		if err != nil || !p.take(":") {
			return errLiteral
		}
		if seen[key] {
			return fmt.Errorf("key %q is repeated", key)
		}
		seen[key] = true
		switch key {
		case "descr":
			h.descr, err = p.str()
		case "fortran_order":
			h.fortran, err = p.boolean()
		case "shape":
			h.shape, err = p.tuple()
		default:
			err = fmt.Errorf("key %q is not known", key)
		}
		if err != nil {
			return err
		}
		if !p.take(",") {
			if p.take("}") {
				break
			}
			return errLiteral
		}
	}
	if len(seen) != 3 {
		return errors.New("want the keys descr, fortran_order and shape")
	}
	if strings.TrimSpace(p.rest) != "" {
		return errLiteral
	}
	return nil
}

// skipSpace moves to the next character that is not white space.
func (p *literal) skipSpace() { p.rest = strings.TrimLeft(p.rest, " \t\n") }

// take consumes token after white space, if it is next.
func (p *literal) take(token string) bool {
	p.skipSpace()
	rest, ok := strings.CutPrefix(p.rest, token)
	if ok {
		p.rest = rest
	}
	return ok
}

func (p *literal) str() (string, error) {
	quote := "'"
	if !p.take(quote) {
		quote = `"`
		if !p.take(quote) {
			return "", errors.New("want a string; structured types are not supported")
		}
	}
	s, rest, ok := strings.Cut(p.rest, quote)
	if !ok || strings.Contains(s, `\`) {
		return "", errLiteral
	}
	p.rest = rest
	return s, nil
}

func (p *literal) boolean() (bool, error) {
	switch {
	case p.take("True"):
		return true, nil
	case p.take("False"):
		return false, nil
	}
	return false, errLiteral
}

func (p *literal) tuple() (Shape, error) {
	shape := Shape{}
	if !p.take("(") {
		return nil, errLiteral
	}
	for !p.take(")") {
		p.skipSpace()
		digits := len(p.rest) - len(strings.TrimLeft(p.rest, "0123456789"))
		n, err := strconv.Atoi(p.rest[:digits])
		if err != nil {
			return nil, fmt.Errorf("want an extent: %w", err)
		}
		p.rest = strings.TrimPrefix(p.rest[digits:], "L") // Python 2 wrote long integers so
		shape = append(shape, n)
		if !p.take(",") && !strings.HasPrefix(p.rest, ")") {
			return nil, errLiteral
		}
	}
	return shape, nil
}
