package data

import (
	"fmt"

	"github.com/emberml/ember/tensor"
)

// tensors is a source in memory (or in mapped memory).
type tensors struct {
	schema *Schema
	x, y   *tensor.Tensor
}

// FromTensors returns the source whose samples are x [n, sample…] and whose
// targets are y, of n rows, or nil. It fills in the schema's Sample and DType, and
// adopts the tensors. With Target.Labels, or by its type (integers, bool, text), y
// is classes, else numbers.
func FromTensors(schema Schema, x, y *tensor.Tensor) (Source, error) {
	if x.Rank() == 0 {
		return nil, fmt.Errorf("%s: samples are a scalar; want [n, sample…]", schema.Name)
	}
	if x.DType() == tensor.String {
		return nil, &ContentError{schema.Name, "samples are text", "only numbers can be samples: encode the text first"}
	}
	s, err := newTensors(schema, x.Shape()[0], x, y)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// newTensors describes n samples, of which x may be only some, and their targets.
func newTensors(schema Schema, n int, x, y *tensor.Tensor) (*tensors, error) {
	schema.Sample, schema.DType = x.Shape()[1:].Clone(), x.DType()
	if y == nil {
		schema.Target = Target{}
		return &tensors{&schema, x.Contiguous(), nil}, nil
	}
	if y.Rank() == 0 || y.Shape()[0] != n {
		return nil, &ContentError{schema.Name, fmt.Sprintf("%d samples, but targets of shape %v", n, y.Shape()), "every sample needs one target"}
	}
	if y.Rank() == 2 && y.Shape()[1] == 1 {
		y = y.Reshape(n)
	}
	s := &tensors{&schema, x.Contiguous(), y.Contiguous()}
	return s, s.setTarget()
}

// setTarget gives y the element type of its kind, and the schema its target.
func (s *tensors) setTarget() error {
	t := &s.schema.Target
	if len(t.Names) == 0 {
		t.Names = []string{"y"}
	}
	switch {
	case t.Labels != nil:
		t.Kind = Classes
		s.y = tensor.Cast(s.y, tensor.Int64)
		return checkLabels(s.schema, tensor.Data[int64](s.y))
	case s.y.Rank() == 1 && !s.y.DType().IsFloat():
		t.Kind = Classes
		text := tensor.Data[string](tensor.Cast(s.y, tensor.String))
		labels := distinct(text)
		codes, err := encode(s.schema, text, labels)
		t.Labels, s.y = labels, codes
		return err
	case s.y.DType() == tensor.String || s.y.Rank() > 2:
		return &ContentError{s.schema.Name, fmt.Sprintf("the targets are %v of shape %v", s.y.DType(), s.y.Shape()), "want a class, a number or a row of numbers a sample"}
	}
	t.Kind = Numbers
	s.y = tensor.Cast(s.y, tensor.Float32)
	return nil
}

func checkLabels(s *Schema, codes []int64) error {
	for i, c := range codes {
		if c < 0 || c >= int64(len(s.Target.Labels)) {
			return &ContentError{s.Name, fmt.Sprintf("label %d of sample %d is outside 0…%d", c, i, len(s.Target.Labels)-1), "fix the label, or train with as many classes"}
		}
	}
	return nil
}

func (s *tensors) Schema() *Schema { return s.schema }
func (s *tensors) Len() int        { return s.x.Shape()[0] }

func (s *tensors) Read(rows []int, b *Batch) error {
	if err := checkRows(s.schema.Name, rows, s.Len()); err != nil {
		return err
	}
	b.SetIndex(rows)
	copyRows(b.MakeX(s.x.DType(), len(rows), s.schema.Sample), s.x, rows)
	b.setTarget(s.y, rows)
	return nil
}

func (s *tensors) Target(rows []int, b *Batch) error {
	if err := checkRows(s.schema.Name, rows, s.Len()); err != nil {
		return err
	}
	b.SetIndex(rows)
	b.setTarget(s.y, rows)
	return nil
}

// setTarget sets b.Y to the given rows of y, which may be nil.
func (b *Batch) setTarget(y *tensor.Tensor, rows []int) {
	b.Y = nil
	if y != nil {
		copyRows(b.MakeY(y.DType(), len(rows), y.Shape()[1:]), y, rows)
	}
}

// copyRows copies rows of src, which are in range, into dst, one after another.
func copyRows(dst, src *tensor.Tensor, rows []int) {
	to, from := dst.Bytes(), src.Bytes()
	size := src.DType().Size()
	for _, d := range src.Shape()[1:] {
		size *= d
	}
	for i, r := range rows {
		copy(to[i*size:(i+1)*size], from[r*size:])
	}
}
