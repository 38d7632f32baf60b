// Package datatest tests implementations of [data.Source].
package datatest

import (
	"bytes"
	"slices"
	"sync"
	"testing"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/tensor"
)

// Run checks a source of at least two samples against the contract of
// [data.Source].
func Run(t *testing.T, src data.Source) {
	t.Helper()
	for _, c := range []struct {
		name string
		run  func(*testing.T, data.Source)
	}{
		{"Schema", schema},
		{"RandomAccess", randomAccess},
		{"EmptyRead", emptyRead},
		{"OutOfRange", outOfRange},
		{"ReusedBatch", reusedBatch},
		{"Concurrent", concurrent},
		{"Targets", targets},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, src) })
	}
}

func read(t *testing.T, src data.Source, rows ...int) *data.Batch {
	t.Helper()
	var b data.Batch
	if err := src.Read(rows, &b); err != nil {
		t.Fatalf("read %v: %v", rows, err)
	}
	return &b
}

// check compares a batch of n samples with the schema.
func check(t *testing.T, s *data.Schema, b *data.Batch, n int) {
	t.Helper()
	if b.X.DType() != s.DType || !b.X.Shape().Equal(append(tensor.Shape{n}, s.Sample...)) {
		t.Errorf("X is %v %v, want %v of %d samples %v", b.X.DType(), b.X.Shape(), s.DType, n, s.Sample)
	}
	if b.Len() != n {
		t.Errorf("%d indices, want %d", b.Len(), n)
	}
	if s.Target.Kind == data.NoTarget {
		if b.Y != nil {
			t.Error("Y is set without a target")
		}
		return
	}
	want, dt := tensor.Shape{n}, tensor.Float32
	if k := len(s.Target.Names); k > 1 {
		want = append(want, k)
	}
	if s.Target.Kind == data.Classes {
		dt = tensor.Int64
	}
	if b.Y == nil || b.Y.DType() != dt || !b.Y.Shape().Equal(want) {
		t.Errorf("Y is %v, want %v %v", b.Y, dt, want)
	}
}

func schema(t *testing.T, src data.Source) {
	s := src.Schema()
	if s.Name == "" || s.Format == "" {
		t.Errorf("name %q, format %q; want both", s.Name, s.Format)
	}
	if s.Columns != nil && !s.Sample.Equal(tensor.Shape{len(s.Columns)}) {
		t.Errorf("%d columns, samples of shape %v", len(s.Columns), s.Sample)
	}
	if n := len(s.Target.Labels); (n > 0) != (s.Target.Kind == data.Classes) {
		t.Errorf("%d labels of a target of %v", n, s.Target.Kind)
	}
	if n := len(s.Target.Names); (n > 0) != (s.Target.Kind != data.NoTarget) {
		t.Errorf("%d names of a target of %v", n, s.Target.Kind)
	}
}

// randomAccess: reading rows in any order, repeated ones too, gives what reading
// them one by one gives.
func randomAccess(t *testing.T, src data.Source) {
	n := src.Len()
	if n < 2 {
		t.Fatalf("%d samples: the suite needs two", n)
	}
	rows := []int{n - 1, 0, n / 2, 1, n / 2}
	b := read(t, src, rows...)
	check(t, src.Schema(), b, len(rows))
	for i, r := range rows {
		one := read(t, src, r)
		if !bytes.Equal(b.X.Slice(0, i, i+1, 1).Bytes(), one.X.Bytes()) {
			t.Errorf("sample %d differs when it is read alone", r)
		}
		if b.Y != nil && !bytes.Equal(b.Y.Slice(0, i, i+1, 1).Bytes(), one.Y.Bytes()) {
			t.Errorf("target %d differs when it is read alone", r)
		}
		if b.Index[i] != one.Index[0] {
			t.Errorf("index of %d is %d, read alone %d", r, b.Index[i], one.Index[0])
		}
	}
}

func emptyRead(t *testing.T, src data.Source) {
	check(t, src.Schema(), read(t, src), 0)
}

func outOfRange(t *testing.T, src data.Source) {
	for _, row := range []int{-1, src.Len()} {
		if err := src.Read([]int{0, row}, new(data.Batch)); err == nil {
			t.Errorf("reading row %d of %d succeeded", row, src.Len())
		}
	}
}

// reusedBatch: a batch that is read into again holds the new samples only, in the
// memory it had.
func reusedBatch(t *testing.T, src data.Source) {
	b := read(t, src, 0, 1)
	first := &b.X.Bytes()[0]
	for _, rows := range [][]int{{1}, {1, 0}} {
		want := read(t, src, rows...)
		if err := src.Read(rows, b); err != nil {
			t.Fatal(err)
		}
		check(t, src.Schema(), b, len(rows))
		if !bytes.Equal(b.X.Bytes(), want.X.Bytes()) || !slices.Equal(b.Index, want.Index) {
			t.Errorf("rows %v differ in a used batch", rows)
		}
		if &b.X.Bytes()[0] != first {
			t.Errorf("rows %v took new memory", rows)
		}
	}
}

func concurrent(t *testing.T, src data.Source) {
	want := read(t, src, 1, 0)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			var b data.Batch
			if err := src.Read([]int{1, 0}, &b); err != nil || !bytes.Equal(b.X.Bytes(), want.X.Bytes()) {
				t.Errorf("a concurrent read differs (%v)", err)
			}
		})
	}
	all.Wait()
}

// targets: data.Targets gives what the batches have.
func targets(t *testing.T, src data.Source) {
	y, err := data.Targets(src)
	if err != nil {
		t.Fatal(err)
	}
	b := read(t, src, src.Len()-1, 0)
	if (y == nil) != (b.Y == nil) {
		t.Fatalf("Targets gives %v, a batch %v", y, b.Y)
	}
	if y == nil {
		return
	}
	n := y.Shape()[0]
	if n != src.Len() {
		t.Fatalf("%d targets of %d samples", n, src.Len())
	}
	for i, row := range []int{n - 1, 0} {
		if !bytes.Equal(y.Slice(0, row, row+1, 1).Bytes(), b.Y.Slice(0, i, i+1, 1).Bytes()) {
			t.Errorf("target %d differs from the batch's", row)
		}
	}
}
