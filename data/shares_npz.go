package data

import (
	"archive/zip"
	"context"
	"strings"

	"github.com/emberml/ember/storage"
	"github.com/emberml/ember/tensor"
)

// npzArrays finds the samples in an npz file, and reads the targets. Of what is packed,
// or not as usual, it returns nil: [openNPZ] reads it, or says what is wrong.
func npzArrays(ctx context.Context, f *file, o *Options) (schema Schema, a *rawArray, y *tensor.Tensor, err error) {
	in, err := storage.Open(ctx, f.name)
	if err != nil {
		return schema, nil, nil, err
	}
	defer func() {
		if a == nil {
			in.Close()
		}
	}()
	z, err := zip.NewReader(in, in.Size())
	if err != nil {
		return schema, nil, nil, nil
	}
	x, targets := npzEntries(z, o.npzTarget())
	if x == nil || targets == nil && o.Target != "" && !o.optionalTarget && !o.NoTarget {
		return schema, nil, nil, nil
	}
	if a, err = rawEntry(f.name, in, x); a == nil {
		return schema, nil, nil, err
	}
	schema = npzSchema(f.name, a.dtype, a.shape)
	if targets == nil || o.NoTarget {
		return schema, a, nil, nil
	}
	r, err := targets.Open()
	if err == nil {
		defer r.Close()
		y, err = tensor.ReadNPY(r)
	}
	if err != nil {
		return schema, nil, nil, &tensor.FormatError{File: f.name, Detail: "array " + targets.Name, Err: err}
	}
	schema.Target.Names = targetNumbers(o.npzTarget(), y)
	return schema, a, y, nil
}

// npzEntries finds the arrays of the samples and of the targets; nil where there is
// none.
func npzEntries(z *zip.Reader, target string) (x, y *zip.File) {
	var rest []*zip.File
	for _, entry := range z.File {
		switch name := strings.TrimSuffix(entry.Name, ".npy"); name {
		case target:
			y = entry
		case "x":
			x = entry
		default:
			rest = append(rest, entry)
		}
	}
	if x == nil && len(rest) == 1 {
		x = rest[0]
	}
	return x, y
}

// rawEntry is the array of an entry that is stored as it is, row after row; nil if it
// is not.
func rawEntry(name string, in storage.File, entry *zip.File) (*rawArray, error) {
	const encrypted = 1
	if entry.Method != zip.Store || entry.Flags&encrypted != 0 {
		return nil, nil
	}
	at, err := entry.DataOffset()
	if err != nil {
		return nil, err
	}
	r, err := entry.OpenRaw()
	if err != nil {
		return nil, err
	}
	h, err := tensor.ReadNPYHeader(r)
	if err != nil || h.ColumnMajor || len(h.Shape) == 0 || h.DType == tensor.String || h.DType == tensor.Bool ||
		entry.UncompressedSize64 != uint64(h.Size)+uint64(h.Shape.Len()*h.DType.Size()) {
		return nil, nil
	}
	return &rawArray{name, in, at + h.Size, h.DType, h.Shape, h.BigEndian}, nil
}
