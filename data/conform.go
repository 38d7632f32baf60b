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
	if !like.Varies && !s.Varies && s.Sample.Len() != like.Sample.Len() {
		return nil, &ContentError{s.Name, fmt.Sprintf("a sample has the shape %v, want %v as in %s", s.Sample, like.Sample, like.Name), "use data of the same shape"}
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

// picked is a source of rows of a table with other columns.
type picked struct {
	Source
	schema  *Schema
	columns []int
}

func conformColumns(src Source, like *Schema) (Source, error) {
	s := src.Schema()
	if s.Columns == nil || like.Columns == nil || slices.Equal(s.Columns, like.Columns) {
		return src, nil
	}
	schema := *s
	schema.Columns = like.Columns
	schema.Sample = tensor.Shape{len(like.Columns)}
	p := &picked{Source: src, schema: &schema}
	for _, name := range like.Columns {
		i := slices.Index(s.Columns, name)
		if i < 0 {
			return nil, &ContentError{s.Name, fmt.Sprintf("there is no column %s, which %s has", name, like.Name), fmt.Sprintf("its columns are %s", preview(s.Columns))}
		}
		p.columns = append(p.columns, i)
	}
	return p, nil
}

func (p *picked) Schema() *Schema { return p.schema }

func (p *picked) targets() *tensor.Tensor {
	if t, ok := p.Source.(targeter); ok {
		return t.targets()
	}
	return nil
}

func (p *picked) Read(rows []int, b *Batch) error {
	if len(b.parts) == 0 {
		b.parts = make([]Batch, 1)
	}
	in := &b.parts[0]
	if err := p.Source.Read(rows, in); err != nil {
		return err
	}
	b.Index, b.Y = append(b.Index[:0], in.Index...), in.Y
	x := b.MakeX(in.X.DType(), len(rows), p.schema.Sample)
	size, width := x.DType().Size(), in.X.Shape()[1]
	to, from := x.Bytes(), in.X.Bytes()
	for i := range rows {
		for j, c := range p.columns {
			at, src := (i*len(p.columns)+j)*size, (i*width+c)*size
			copy(to[at:at+size], from[src:src+size])
		}
	}
	return nil
}
