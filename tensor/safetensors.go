package tensor

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"sort"
)

// safetensorsNames maps the format's type names to ours.
var safetensorsNames = map[string]DType{
	"F64": Float64, "F32": Float32, "F16": Float16, "BF16": BFloat16,
	"I64": Int64, "I32": Int32, "I16": Int16, "I8": Int8,
	"U64": Uint64, "U32": Uint32, "U16": Uint16, "U8": Uint8, "BOOL": Bool,
}

// safetensorsHeaderLimit is the format's own bound on the header, in bytes.
const safetensorsHeaderLimit = 100_000_000

type safetensorsEntry struct {
	DType   string `json:"dtype"`
	Shape   []int  `json:"shape"`
	Offsets [2]int `json:"data_offsets"`
}

// WriteSafetensors writes named tensors and a map of text in Hugging Face's
// safetensors format: the header's length in 8 bytes, a JSON header padded so
// that the data begin on a multiple of 64 bytes, then the tensors one after the
// other: those of wider elements first, so that each is aligned, then by name.
// Equal contents give equal bytes. Text tensors are an error.
func WriteSafetensors(w io.Writer, tensors map[string]*Tensor, metadata map[string]string) error {
	typeNames := map[DType]string{}
	for name, dt := range safetensorsNames {
		typeNames[dt] = name
	}
	names := make([]string, 0, len(tensors))
	for name := range tensors {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool {
		a, b := tensors[names[i]].DType().Size(), tensors[names[j]].DType().Size()
		return a > b || a == b && names[i] < names[j]
	})
	header := map[string]any{}
	if len(metadata) > 0 {
		header["__metadata__"] = metadata
	}
	at := 0
	for _, name := range names {
		t := tensors[name]
		typeName, ok := typeNames[t.DType()]
		if !ok {
			return fmt.Errorf("safetensors: %s is %v, which the format cannot hold", name, t.DType())
		}
		end := at + t.Len()*t.DType().Size()
		header[name] = safetensorsEntry{typeName, append([]int{}, t.Shape()...), [2]int{at, end}}
		at = end
	}
	text, err := json.Marshal(header)
	if err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	for (8+len(text))%64 != 0 {
		text = append(text, ' ')
	}
	if _, err := w.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(text)))); err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	for _, name := range names {
		if _, err := w.Write(tensors[name].Contiguous().Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// ReadSafetensors reads what b holds in the safetensors format. The tensors
// alias b where their data are aligned, else they are copies. What is not well
// formed is a *FormatError without a file name.
func ReadSafetensors(b []byte) (tensors map[string]*Tensor, metadata map[string]string, err error) {
	bad := func(offset int, format string, args ...any) error {
		return &FormatError{Offset: int64(offset), Detail: "safetensors: " + fmt.Sprintf(format, args...)}
	}
	if len(b) < 8 {
		return nil, nil, bad(0, "%d bytes hold no header", len(b))
	}
	n := binary.LittleEndian.Uint64(b)
	if n > safetensorsHeaderLimit || n > uint64(len(b)-8) {
		return nil, nil, bad(0, "a header of %d bytes in a file of %d", n, len(b))
	}
	var header map[string]json.RawMessage
	if err := json.Unmarshal(b[8:8+n], &header); err != nil {
		return nil, nil, bad(8, "header: %v", err)
	}
	data := b[8+n:]
	tensors = map[string]*Tensor{}
	for name, raw := range header {
		if name == "__metadata__" {
			if err := json.Unmarshal(raw, &metadata); err != nil {
				return nil, nil, bad(8, "metadata: %v", err)
			}
			continue
		}
		var e safetensorsEntry
		if err := json.Unmarshal(raw, &e); err != nil {
			return nil, nil, bad(8, "tensor %s: %v", name, err)
		}
		dt, ok := safetensorsNames[e.DType]
		if !ok {
			return nil, nil, bad(8, "tensor %s has the unknown type %q", name, e.DType)
		}
		if err := shapeError(e.Shape, dt.Size()); err != nil {
			return nil, nil, bad(8, "tensor %s of shape %v: %v", name, e.Shape, err)
		}
		size := Shape(e.Shape).Len() * dt.Size()
		from, to := e.Offsets[0], e.Offsets[1]
		if from < 0 || to < from || to > len(data) || to-from != size {
			return nil, nil, bad(8, "tensor %s of %d bytes stands at %d to %d of %d", name, size, from, to, len(data))
		}
		piece := data[from:to:to]
		if !aligned(piece, dt.Size()) {
			piece = append(alignedBytes(size)[:0], piece...)
		}
		t, err := FromBytes(dt, piece, e.Shape...)
		if err != nil {
			return nil, nil, bad(8+int(n)+from, "tensor %s: %v", name, err)
		}
		tensors[name] = t
	}
	return tensors, metadata, nil
}
