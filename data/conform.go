package data

import (
	"fmt"
	"slices"

	"github.com/emberml/ember/tensor"
)

// Conform returns src in the form of the data that like describes, as a model
// wants it that was trained on those: the same columns in the same order, samples
// of the same number of elements, targets of the same kind with the same labels.
// Without a target in src the result has none. What does not fit is a
// *ContentError.
func Conform(src Source, like *Schema) (Source, error) {
	src, err := conformColumns(src, like)
	if err != nil {
		return nil, err
	}
	s := src.Schema()
	if s.Format != pictureFormat && s.Sample.Len() != like.Sample.Len() {
		return nil, &ContentError{s.Name, fmt.Sprintf("a sample has the shape %v, want %v as in %s", s.Sample, like.Sample, like.Name), "use data of the same shape"}
	}
	if s.DType != like.DType && s.Format != pictureFormat {
		src = conformType(src, like.DType)
	}
	if s.Target.Kind == NoTarget {
		return src, nil
	}
	switch like.Target.Kind {
	case Classes:
		return ToClasses(src, like.Target.Labels)
	case Numbers:
		if got, want := len(s.Target.Names), len(like.Target.Names); got != want {
			return nil, &ContentError{s.Name, fmt.Sprintf("%d targets, want %d as in %s", got, want, like.Name), "name them with --target"}
		}
		return ToNumbers(src)
	}
	return WithoutTarget(src), nil
}

// conformColumns picks the columns of like by name.
func conformColumns(src Source, like *Schema) (Source, error) {
	s := src.Schema()
	if s.Columns == nil || like.Columns == nil || slices.Equal(s.Columns, like.Columns) {
		return src, nil
	}
	var columns []int
	for _, name := range like.Columns {
		i := slices.Index(s.Columns, name)
		if i < 0 {
			return nil, &ContentError{s.Name, fmt.Sprintf("there is no column %s, which %s has", name, like.Name), fmt.Sprintf("its columns are %s", preview(s.Columns))}
		}
		columns = append(columns, i)
	}
	schema := *s
	schema.Columns, schema.Sample = like.Columns, tensor.Shape{len(columns)}
	return spreadLike(src, &converted{src, &schema, func(out, in *Batch) error {
		size, width := in.X.DType().Size(), in.X.Shape()[1]
		to, from := out.X.Bytes(), in.X.Bytes()
		for i := range in.Len() {
			for j, c := range columns {
				at, src := (i*len(columns)+j)*size, (i*width+c)*size
				copy(to[at:at+size], from[src:src+size])
			}
		}
		return nil
	}}), nil
}

// conformType converts samples to an element type; a value that a type of whole
// numbers cannot hold is a *ContentError when it is read.
func conformType(src Source, dt tensor.DType) Source {
	schema := *src.Schema()
	schema.DType = dt
	return spreadLike(src, &converted{src, &schema, func(out, in *Batch) error {
		tensor.CopyInto(out.X, tensor.Cast(in.X, dt))
		if !dt.IsInteger() {
			return nil
		}
		got := tensor.Float64s(out.X)
		for i, want := range tensor.Float64s(in.X) {
			if got[i] != want {
				return &ContentError{schema.Name, fmt.Sprintf("the value %v of sample %d is not %v as in the training data", want, in.Index[i/schema.Sample.Len()], dt), "give values in the same units"}
			}
		}
		return nil
	}})
}

// converted is a source whose samples are computed from those of another.
type converted struct {
	Source
	schema  *Schema
	convert func(out, in *Batch) error // fills out.X
}

func (c *converted) Schema() *Schema { return c.schema }

func (c *converted) Target(rows []int, b *Batch) error { return readTarget(c.Source, rows, b) }

func (c *converted) Read(rows []int, b *Batch) error {
	if len(b.parts) == 0 {
		b.parts = make([]Batch, 1)
	}
	in := &b.parts[0]
	if err := c.Source.Read(rows, in); err != nil {
		return err
	}
	b.Index, b.Y = append(b.Index[:0], in.Index...), in.Y
	b.MakeX(c.schema.DType, len(rows), c.schema.Sample)
	return c.convert(b, in)
}
