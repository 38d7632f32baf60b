package learntest

import (
	"testing"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/tensor"
)

// table is samples with their targets in memory.
type table struct {
	schema data.Schema
	x, y   *tensor.Tensor // y is nil without a target
}

// read takes all samples of a source.
func read(t *testing.T, src data.Source) *table {
	t.Helper()
	rows := make([]int, src.Len())
	for i := range rows {
		rows[i] = i
	}
	var b data.Batch
	if err := src.Read(rows, &b); err != nil {
		t.Fatal(err)
	}
	return &table{schema: *src.Schema(), x: b.X, y: b.Y}
}

// source is the table as a source of its own tensors.
func (d *table) source(t *testing.T) data.Source {
	t.Helper()
	src, err := data.FromTensors(d.schema, d.x, d.y)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func (d *table) len() int { return d.x.Shape()[0] }

// clone shares no memory with d.
func (d *table) clone() *table {
	out := &table{schema: d.schema, x: d.x.Clone()}
	if d.y != nil {
		out.y = d.y.Clone()
	}
	return out
}

// pick is the given rows, in their order.
func (d *table) pick(rows []int) *table {
	out := &table{schema: d.schema, x: take(d.x, rows)}
	if d.y != nil {
		out.y = take(d.y, rows)
	}
	return out
}

func take(t *tensor.Tensor, rows []int) *tensor.Tensor {
	out := tensor.New(t.DType(), append(tensor.Shape{len(rows)}, t.Shape()[1:]...)...)
	for i, row := range rows {
		tensor.CopyInto(out.Index(0, i), t.Index(0, row))
	}
	return out
}

// ofClass lists the rows of a class.
func (d *table) ofClass(class int64) []int {
	var rows []int
	for i, c := range tensor.Int64s(d.y) {
		if c == class {
			rows = append(rows, i)
		}
	}
	return rows
}

// feature is a view of one number of every sample, [n].
func (d *table) feature(i int) *tensor.Tensor {
	return d.x.Reshape(d.len(), -1).Index(1, i)
}
