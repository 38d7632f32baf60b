package onnx

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// DecodeOptions say what the bytes belong to. The zero value works.
type DecodeOptions struct {
	// File is the name that errors give.
	File string
	// Open gives the bytes of a file of external weights, named relative to the
	// model's directory by a name that does not lead out of it. They are
	// aliased, as the model's own are. Without it such a model is an error.
	Open func(name string) ([]byte, error)
	// Fixed are values of inputs that stay the same. They become constants, so
	// that shapes can follow from an input that holds a shape or axes.
	Fixed map[string]*tensor.Tensor
}

// Decode reads an ONNX file. The tensors of the graph alias data where they
// can; see the package's comment. Errors are a [*tensor.FormatError], an
// [*UnsupportedError], or what Open returned.
func Decode(data []byte, o DecodeOptions) (*Model, error) {
	m, err := decodeModel(data, o)
	var format *tensor.FormatError
	var unsupported *UnsupportedError
	switch {
	case errors.As(err, &format):
		format.File = o.File
	case errors.As(err, &unsupported):
		unsupported.File = o.File
	}
	return m, err
}

func decodeModel(data []byte, o DecodeOptions) (*Model, error) {
	var p modelProto
	if err := eachField(data, 0, p.set); err != nil {
		return nil, err
	}
	if p.graph == nil {
		return nil, &tensor.FormatError{Detail: "not an ONNX model: it has no graph"}
	}
	if err := p.verify(data); err != nil {
		return nil, err
	}
	m := &Model{
		Metadata: map[string]string{}, Doc: p.doc,
		Producer: p.producer, ProducerVersion: p.producerVersion,
	}
	for _, e := range p.metadata {
		if _, twice := m.Metadata[e.key]; twice {
			return nil, &tensor.FormatError{Offset: int64(e.valueAt), Detail: fmt.Sprintf("the metadata entry %s is given twice", e.key)}
		}
		m.Metadata[e.key] = e.value
	}
	files := &externals{open: o.Open, seen: map[string][]byte{}, checksum: m.Metadata[DataChecksumKey]}
	delete(m.Metadata, ChecksumKey)
	delete(m.Metadata, DataChecksumKey)
	for _, s := range p.opsets {
		if isStandard(s.domain) {
			m.Opset = int(s.version)
		}
	}
	if m.Opset < oldestOpset && slices.ContainsFunc(p.graph.nodes, func(n *nodeProto) bool { return isStandard(n.domain) }) {
		return nil, &UnsupportedError{
			Missing: []Missing{{Op: fmt.Sprintf("opset %d of ai.onnx", m.Opset)}},
			Hint:    fmt.Sprintf("convert the model to opset %d or later with onnx.version_converter", oldestOpset),
		}
	}
	var err error
	in := &importer{proto: p.graph, opset: m.Opset, external: files.data, fixed: o.Fixed}
	built, mistake := graph.Build(func(g *graph.Graph) { err = in.build(g) })
	switch {
	case mistake != nil: // what an operator's inference found too late
		return nil, &tensor.FormatError{Offset: int64(in.at), Detail: mistake.Error()}
	case err != nil:
		return nil, err
	}
	m.Graph = built
	return m, nil
}

// oldestOpset is the first opset whose operators are those of today, with
// differences that show in their attributes.
const oldestOpset = 6

// isStandard tells whether the domain is that of the standard operators.
func isStandard(domain string) bool { return domain == "" || domain == "ai.onnx" }

// externals are the files of external weights that a model names.
type externals struct {
	open     func(string) ([]byte, error)
	seen     map[string][]byte
	checksum string // of the one file of a model of Ember's; may be empty
}

// data is the external data of a tensor.
func (e *externals) data(t *tensorProto) ([]byte, error) {
	var location string
	offset, length := int64(0), int64(-1)
	for _, entry := range t.external {
		var err error
		switch entry.key {
		case "location":
			location = entry.value
		case "offset":
			offset, err = strconv.ParseInt(entry.value, 10, 64)
		case "length":
			length, err = strconv.ParseInt(entry.value, 10, 64)
		}
		if err != nil {
			return nil, t.errorf("the %s %q of its external data is not a number", entry.key, entry.value)
		}
	}
	if !isLocal(location) {
		return nil, t.errorf("its external data lie in %q: want a file in the model's own directory", location)
	}
	file, err := e.file(location)
	if err != nil {
		return nil, fmt.Errorf("the weights of %s in %s: %w", t.name, location, err)
	}
	size := int64(len(file))
	if length < 0 {
		length = size - offset
	}
	if offset < 0 || length < 0 || offset > size || length > size-offset {
		return nil, t.errorf("bytes %d to %d of %s are past its end at %d", offset, offset+length, location, size)
	}
	return file[offset : offset+length : offset+length], nil
}

func (e *externals) file(location string) ([]byte, error) {
	if b, ok := e.seen[location]; ok {
		return b, nil
	}
	if e.open == nil {
		return nil, errors.New("the model's directory is not known")
	}
	b, err := e.open(location)
	if err != nil {
		return nil, err
	}
	if e.checksum != "" && checksum(b) != e.checksum {
		return nil, errors.New("the checksum does not fit: the file is damaged or belongs to another model")
	}
	e.seen[location] = b
	return b, nil
}

// isLocal tells whether a location is a relative path that stays in its
// directory, on every system.
func isLocal(location string) bool {
	return location != "" && !strings.ContainsAny(location, "\\:\x00") &&
		!path.IsAbs(location) && path.Clean(location) != ".." && !strings.HasPrefix(path.Clean(location), "../")
}
