package data

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/emberml/ember/storage"
	"github.com/emberml/ember/tensor"
)

// file is the content of one file.
type file struct {
	name     string
	bytes    []byte
	detached bool             // there are no files beside it
	mapping  *storage.Mapping // behind bytes, or nil
	kept     []*storage.Mapping
}

// keep hands memory to the data set, which the source goes on using.
func (f *file) keep(m *storage.Mapping) { f.kept = append(f.kept, m) }

// format is a file format.
type format struct {
	name  string
	named func(base string) bool // by the file's name in lower case
	sniff func(b []byte) bool    // by the content
	open  func(context.Context, *file, *Options) (Source, error)
	maps  bool // the source goes on using the file's memory
}

// formats lists the formats in the order in which a file without a telling name is
// tried.
var formats = []format{
	{"Parquet", extension(parquetExtension), prefix("PAR1"), openParquet, false},
	{"npz", extension(".npz"), prefix("PK\x03\x04"), openNPZ, false},
	{"image", isImageName, isImage, openImage, false},
	{"IDX", idxNames.MatchString, isIDX, openIDX, true},
	{"CSV", extension(".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz"), isText, openCSV, false},
}

func extension(names ...string) func(string) bool {
	return func(base string) bool {
		ext := path.Ext(base)
		if ext == ".gz" {
			ext = path.Ext(strings.TrimSuffix(base, ext)) + ext
		}
		return slices.Contains(names, ext)
	}
}

func prefix(magic string) func([]byte) bool {
	return func(b []byte) bool { return bytes.HasPrefix(b, []byte(magic)) }
}

func isIDX(b []byte) bool {
	b = head(b)
	return len(b) >= 4 && b[0] == 0 && b[1] == 0 && idxTypes[b[2]] != tensor.Invalid
}

// isText reports whether the start of b could be a table.
func isText(b []byte) bool {
	b = head(b)
	return len(b) > 0 && !bytes.ContainsRune(b, 0)
}

// head returns the start of b, unpacked.
func head(b []byte) []byte {
	const n = 512
	if !isGzip(b) {
		return b[:min(len(b), n)]
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	out := make([]byte, n)
	got, _ := io.ReadFull(z, out) // what is damaged further on is the decoder's to say
	return out[:got]
}

// decode opens a file by its format.
func (d *Dataset) decode(ctx context.Context, f *file, o *Options) (Source, error) {
	format, err := findFormat(f)
	if err != nil {
		return nil, err
	}
	if format.maps && f.mapping != nil {
		f.keep(f.mapping)
	} else if f.mapping != nil {
		defer f.mapping.Close()
	}
	src, err := format.open(ctx, f, o)
	d.mappings = append(d.mappings, f.kept...)
	return src, err
}

func findFormat(f *file) (*format, error) {
	if len(f.bytes) == 0 {
		return nil, &tensor.FormatError{File: f.name, Detail: "the file is empty", Hint: "give one that holds data"}
	}
	base := strings.ToLower(storage.Base(f.name))
	for i := range formats {
		if formats[i].named(base) {
			return &formats[i], nil
		}
	}
	for i := range formats {
		if formats[i].sniff(f.bytes) {
			return &formats[i], nil
		}
	}
	return nil, &tensor.FormatError{File: f.name, Detail: "the format is not known", Hint: "want CSV, npz, Parquet, IDX, PNG or JPEG"}
}

// gunzip unpacks b if it is gzipped.
func gunzip(b []byte, name string) ([]byte, error) {
	if !isGzip(b) {
		return b, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err == nil {
		b, err = io.ReadAll(z)
	}
	if err != nil {
		return nil, &tensor.FormatError{File: name, Detail: "unpack gzip", Err: err, Hint: "the file is damaged or incomplete: fetch it again"}
	}
	return b, nil
}
