package tensor

import (
	"archive/zip"
	"fmt"
	"io"
	"strings"
)

// ReadNPZ reads the arrays of an .npz file, a zip archive of .npy files, stored
// or compressed. names are in the order of the archive, without ".npy"; other
// files in it are an error. Errors are as in [ReadNPY].
func ReadNPZ(r io.ReaderAt, size int64) (names []string, tensors map[string]*Tensor, err error) {
	file := ""
	if named, ok := r.(interface{ Name() string }); ok {
		file = named.Name()
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, nil, &FormatError{File: file, Detail: "not an .npz file", Err: err, Hint: "the file may be incomplete: copy or save it again"}
	}
	tensors = map[string]*Tensor{}
	for _, f := range z.File {
		name, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok || tensors[name] != nil {
			return nil, nil, &FormatError{File: file, Detail: fmt.Sprintf("entry %q is not an array of its own", f.Name)}
		}
		t, err := readEntry(f)
		if e, ok := err.(*FormatError); ok {
			e.File, e.Detail = file, fmt.Sprintf("array %q: %s", name, e.Detail)
		}
		if err != nil {
			return nil, nil, err
		}
		names, tensors[name] = append(names, name), t
	}
	return names, tensors, nil
}

// readEntry reads one array to its end, where its checksum is tested.
func readEntry(f *zip.File) (*Tensor, error) {
	r, err := f.Open()
	if err != nil {
		return nil, &FormatError{Detail: "cannot be opened", Err: err}
	}
	defer r.Close()
	t, err := readNPY(r)
	if err != nil {
		return nil, err
	}
	switch n, err := r.Read(make([]byte, 1)); {
	case n > 0:
		return nil, &FormatError{Detail: "there is more data than its shape says"}
	case err != io.EOF:
		return nil, &FormatError{Detail: "damaged", Err: err, Hint: "copy or save the file again"}
	}
	return t, nil
}

// WriteNPZ writes the named tensors, in this order, as numpy.savez does: a zip
// archive without compression. Equal contents give equal bytes.
func WriteNPZ(w io.Writer, names []string, tensors map[string]*Tensor) error {
	z := zip.NewWriter(w)
	for _, name := range names {
		t, ok := tensors[name]
		if !ok {
			return fmt.Errorf("no tensor is named %q", name)
		}
		f, err := z.CreateHeader(&zip.FileHeader{Name: name + ".npy", Method: zip.Store})
		if err != nil {
			return err
		}
		if err := WriteNPY(f, t); err != nil {
			return fmt.Errorf("array %q: %w", name, err)
		}
	}
	return z.Close()
}
