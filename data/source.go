package data

import (
	"fmt"
	"slices"

	"github.com/emberml/ember/tensor"
)

// Source is samples that can be read in any order. It is safe for concurrent use
// with different batches.
type Source interface {
	// Schema describes a sample and its target. The caller must not change it.
	Schema() *Schema
	// Len returns the number of samples.
	Len() int
	// Read fills b with the samples at the given rows, in that order. A row
	// outside 0…Len()-1 is an error.
	Read(rows []int, b *Batch) error
}

// Sampler is a Source whose samples may differ in shape, such as photos: Read
// fails where they do, and they are read one by one.
type Sampler interface {
	Source
	// Sample returns the sample at the given row as a new tensor.
	Sample(row int) (*tensor.Tensor, error)
	// Target fills b.Y and b.Index for the given rows, without reading samples.
	Target(rows []int, b *Batch) error
}

// Schema describes the samples of a source.
type Schema struct {
	Name    string       `json:"name"`              // a built-in name or a file's
	Format  string       `json:"format"`            // "IDX", "CSV", "npz", "images"
	Sample  tensor.Shape `json:"sample"`            // of one sample; of the first where it varies
	DType   tensor.DType `json:"dtype"`             // of the samples
	Layout  string       `json:"layout,omitempty"`  // what the axes are, "HW" or "HWC"; empty if not an image
	Varies  bool         `json:"varies,omitempty"`  // height and width may differ: the source is a [Sampler]
	Max     float64      `json:"max,omitempty"`     // the largest value that pixels can have; 0 if not pixels
	Columns []string     `json:"columns,omitempty"` // names of the numbers of a sample that is a row of a table
	Target  Target       `json:"target"`
}

// TargetKind says what is to be learned.
type TargetKind uint8

// The kinds of targets.
const (
	NoTarget TargetKind = iota
	Classes             // Batch.Y is int64 [n], each an index into Labels
	Numbers             // Batch.Y is float32 [n], or [n k] for several
)

var targetKinds = []string{NoTarget: "none", Classes: "classes", Numbers: "numbers"}

// String returns "none", "classes" or "numbers".
func (k TargetKind) String() string { return targetKinds[k] }

// MarshalText returns k's name.
func (k TargetKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText sets k by its name.
func (k *TargetKind) UnmarshalText(text []byte) error {
	i := slices.Index(targetKinds, string(text))
	if i < 0 {
		return fmt.Errorf("unknown kind of target %q: want one of %v", text, targetKinds)
	}
	*k = TargetKind(i)
	return nil
}

// Target describes what is to be learned of a sample.
type Target struct {
	Kind   TargetKind `json:"kind"`
	Names  []string   `json:"names,omitempty"`  // one per number
	Labels []string   `json:"labels,omitempty"` // of the classes
}

// Batch is some samples with their targets. Its tensors are overwritten when the
// batch is read into again.
type Batch struct {
	X     *tensor.Tensor // [n, sample…] in the source's element type
	Y     *tensor.Tensor // see [TargetKind]; nil without a target
	Index []int64        // which samples these are: their numbers in the data set as opened

	x, y buffer
	// Scratch of sources that are made of others.
	rows, local []int
	parts       []Batch
}

// Len returns the number of samples.
func (b *Batch) Len() int { return len(b.Index) }

// MakeX sets X to a tensor of n samples of the given element type and shape, in
// the memory that it had before if that is enough. Its content is undefined.
func (b *Batch) MakeX(dt tensor.DType, n int, sample tensor.Shape) *tensor.Tensor {
	b.X = b.x.get(dt, n, sample)
	return b.X
}

// MakeY sets Y as MakeX sets X.
func (b *Batch) MakeY(dt tensor.DType, n int, sample tensor.Shape) *tensor.Tensor {
	b.Y = b.y.get(dt, n, sample)
	return b.Y
}

// SetIndex sets Index to the given rows.
func (b *Batch) SetIndex(rows []int) {
	b.Index = b.Index[:0]
	for _, r := range rows {
		b.Index = append(b.Index, int64(r))
	}
}

// buffer is a tensor whose memory is used again for as many samples or fewer.
type buffer struct{ full, now *tensor.Tensor }

func (f *buffer) get(dt tensor.DType, n int, sample tensor.Shape) *tensor.Tensor {
	if f.full == nil || f.full.DType() != dt || f.full.Shape()[0] < n || !f.full.Shape()[1:].Equal(sample) {
		f.full = tensor.New(dt, append(tensor.Shape{n}, sample...)...)
		f.now = f.full
	}
	if f.now.Shape()[0] != n {
		f.now = f.full.Slice(0, 0, n, 1)
	}
	return f.now
}

// ContentError says that data is readable but cannot be used as it is wanted.
type ContentError struct {
	Source string // the schema's name
	Detail string // what does not fit
	Hint   string // what to do about it
}

// Error returns one line such as "a.csv: the target color has one class, red (…)".
func (e *ContentError) Error() string {
	s := e.Source + ": " + e.Detail
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// checkRows reports a row outside 0…n-1.
func checkRows(name string, rows []int, n int) error {
	for _, r := range rows {
		if r < 0 || r >= n {
			return fmt.Errorf("%s: sample %d is outside 0…%d", name, r, n-1)
		}
	}
	return nil
}
