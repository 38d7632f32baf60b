package data_test

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/data/datatest"
	"github.com/emberml/ember/tensor"
)

// Every part has one owner, whichever way one asks.
func TestOwners(t *testing.T) {
	for parts := 1; parts <= 20; parts++ {
		for ranks := 1; ranks <= 20; ranks++ {
			next := 0
			for rank := range ranks {
				lo, hi := data.Owned(parts, rank, ranks)
				if lo != next {
					t.Fatalf("rank %d of %d begins at part %d, want %d", rank, ranks, lo, next)
				}
				for part := lo; part < hi; part++ {
					if got := data.RankOf(part, parts, ranks); got != rank {
						t.Errorf("part %d of %d is of rank %d of %d, want %d", part, parts, got, ranks, rank)
					}
				}
				next = hi
			}
			if next != parts {
				t.Errorf("%d ranks have %d of %d parts", ranks, next, parts)
			}
		}
	}
}

// numbers is a source of n rows of numbers, whose target is classes of any kind.
func numbers(t *testing.T, n int) data.Source {
	t.Helper()
	x, y := tensor.New(tensor.Float32, n, 3), tensor.New(tensor.Float32, n)
	r := tensor.RandStream(1, "table")
	for i := range n {
		tensor.Data[float32](y)[i] = float32(r.IntN(4) * 5)
		for j := range 3 {
			tensor.Data[float32](x)[3*i+j] = float32(r.Float64())
		}
	}
	src, err := data.FromTensors(data.Schema{Name: "table", Format: "CSV", Columns: []string{"a", "b", "c"}}, x, y)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// lengths are shards of 100 samples, some of them empty; one label is in the last.
var lengths = []int{0, 31, 2, 0, 40, 17, 9, 1}

// everyWorkers runs do with 1, 2, 3 and 8 workers, and compares what each of them
// finds with what the one does.
func everyWorkers[T any](t *testing.T, do func(src data.Source) (T, error)) T {
	t.Helper()
	var want T
	for _, workers := range []int{1, 2, 3, 8} {
		all := datatest.Each(t, datatest.Spread(numbers(t, 100), lengths, 4, workers), func(_ int, src data.Spread) (T, error) { return do(src) })
		if workers == 1 {
			want = all[0]
		}
		for rank, got := range all {
			if !reflect.DeepEqual(got, want) {
				t.Errorf("worker %d of %d finds %v, one alone %v", rank, workers, got, want)
			}
		}
	}
	return want
}

func TestSpreadFingerprint(t *testing.T) {
	everyWorkers(t, data.Fingerprint)
}

func TestSpreadClasses(t *testing.T) {
	plain, err := data.ToClasses(numbers(t, 100), nil)
	if err != nil {
		t.Fatal(err)
	}
	want, err := data.Describe(plain)
	if err != nil {
		t.Fatal(err)
	}
	got := everyWorkers(t, func(src data.Source) ([]data.ClassCount, error) {
		src, err := data.ToClasses(src, nil)
		if err != nil {
			return nil, err
		}
		if err := data.Validate(src); err != nil {
			return nil, err
		}
		d, err := data.Describe(src)
		if err == nil && d.Read != 100 {
			err = fmt.Errorf("described by %d samples", d.Read)
		}
		return d.Classes, err
	})
	if !reflect.DeepEqual(got, want.Classes) {
		t.Errorf("the spread has the classes %v, want %v", got, want.Classes)
	}
}

// Targets and wrappers give what the whole source does, at the rows that are here.
func TestSpreadWrappers(t *testing.T) {
	like := numbers(t, 4).Schema()
	picked := *like
	picked.Columns, picked.Sample = []string{"c", "a"}, tensor.Shape{2}
	wrap := map[string]func(src data.Source) (data.Source, error){
		"conform":    func(src data.Source) (data.Source, error) { return data.Conform(src, &picked) },
		"classes":    func(src data.Source) (data.Source, error) { return data.ToClasses(src, []string{"15", "10", "5", "0"}) },
		"no target":  func(src data.Source) (data.Source, error) { return data.WithoutTarget(src), nil },
		"subset":     func(src data.Source) (data.Source, error) { return data.Subset(src, []int{99, 3, 40, 41, 0, 80}) },
		"concat":     func(src data.Source) (data.Source, error) { return data.Concat(src, src) },
		"split":      func(src data.Source) (data.Source, error) { return cutOf(src, 0.3, 0.7) },
		"everything": everything,
	}
	for name, wrap := range wrap {
		t.Run(name, func(t *testing.T) {
			for _, workers := range []int{1, 3} {
				whole := datatest.Spread(numbers(t, 100), lengths, 4, 1)
				want := datatest.Each(t, whole, func(_ int, src data.Spread) (data.Source, error) { return wrap(src) })[0]
				held := make([]bool, want.Len())
				for rank, src := range datatest.Each(t, datatest.Spread(numbers(t, 100), lengths, 4, workers), func(_ int, src data.Spread) (data.Source, error) { return wrap(src) }) {
					compareHere(t, rank, src, want, held)
				}
				if i := slices.Index(held, false); i >= 0 {
					t.Errorf("nobody holds sample %d", i)
				}
			}
		})
	}
}

func cutOf(src data.Source, fractions ...float64) (data.Source, error) {
	parts, err := data.Split(src, 7, fractions...)
	if err != nil {
		return nil, err
	}
	return parts[len(parts)-1], nil
}

func everything(src data.Source) (data.Source, error) {
	src, err := data.ToClasses(src, nil)
	if err != nil {
		return nil, err
	}
	if src, err = cutOf(src, 0.1, 0.8); err != nil {
		return nil, err
	}
	if src, err = data.Concat(src, src); err != nil {
		return nil, err
	}
	return data.ToNumbers(src)
}

// compareHere compares the samples that a worker holds with those of want.
func compareHere(t *testing.T, rank int, src, want data.Source, held []bool) {
	t.Helper()
	spread, ok := src.(data.Spread)
	if !ok {
		t.Fatalf("worker %d has a %T, which is no Spread", rank, src)
	}
	start := 0
	var got, expected data.Batch
	for _, s := range spread.Shards() {
		for row := start; row < start+s.Len; row++ {
			err := src.Read([]int{row}, &got)
			if (err == nil) != s.Here {
				t.Fatalf("worker %d reads sample %d: %v; is it here: %v", rank, row, err, s.Here)
			}
			if err != nil {
				continue
			}
			if err := want.Read([]int{row}, &expected); err != nil {
				t.Fatal(err)
			}
			held[row] = true
			if !same(got.X, expected.X) || (got.Y == nil) != (expected.Y == nil) || got.Y != nil && !same(got.Y, expected.Y) || !slices.Equal(got.Index, expected.Index) {
				t.Fatalf("worker %d has %v %v at %d, want %v %v", rank, got.X, got.Y, row, expected.X, expected.Y)
			}
		}
		start += s.Len
	}
	if start != src.Len() || start != want.Len() {
		t.Errorf("worker %d: shards of %d samples, length %d, want %d", rank, start, src.Len(), want.Len())
	}
}

// The parts of a split have each sample once, and the sizes asked for.
func TestSplitSpread(t *testing.T) {
	src := datatest.Spread(numbers(t, 100), lengths, 4, 1)[0]
	parts, err := data.Split(src, 3, 0.5, 0.25, 0.25)
	if err != nil {
		t.Fatal(err)
	}
	var all []int64
	for k, part := range parts {
		if want := []int{50, 25, 25}[k]; part.Len() != want {
			t.Errorf("part %d has %d samples, want %d", k, part.Len(), want)
		}
		var b data.Batch
		for row := range part.Len() {
			if err := part.Read([]int{row}, &b); err != nil {
				t.Fatal(err)
			}
			all = append(all, b.Index[0])
		}
	}
	slices.Sort(all)
	for i, v := range all {
		if v != int64(i) {
			t.Fatalf("the parts have the samples %v", all)
		}
	}
	if _, err := data.Split(src, 3, 0.001); err == nil {
		t.Error("an empty part was accepted")
	}
}

// An error of one worker is one of all: nobody waits for it.
func TestSpreadErrors(t *testing.T) {
	for rank, err := range datatest.Each(t, datatest.Spread(numbers(t, 100), lengths, 4, 4), func(_ int, src data.Spread) (error, error) {
		_, err := data.ToClasses(src, []string{"0", "5", "10"})
		return err, nil
	}) {
		if err == nil || !strings.Contains(err.Error(), `the label "15" of sample`) {
			t.Errorf("worker %d: %v", rank, err)
		}
	}
	src := numbers(t, 100)
	if _, err := data.Concat(src, datatest.Spread(src, lengths, 4, 1)[0]); err == nil {
		t.Error("a source and a spread were joined")
	}
}

func TestMomentsMerge(t *testing.T) {
	r := tensor.RandStream(2, "moments")
	var whole, merged data.Moments
	for range 7 {
		var part data.Moments
		for range r.IntN(20) {
			v := float64(float32(r.Float64()))*3 - 1
			whole.Add(v)
			part.Add(v)
		}
		b, err := part.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var sent data.Moments
		if err := sent.UnmarshalBinary(b); err != nil || sent != part {
			t.Fatalf("sent %v, got %v (%v)", part, sent, err)
		}
		merged.Merge(sent)
	}
	if merged.N != whole.N || merged.Min != whole.Min || merged.Max != whole.Max || math.Abs(merged.Mean-whole.Mean) > 1e-12 || math.Abs(merged.Std()-whole.Std()) > 1e-12 {
		t.Errorf("merged %+v, want %+v", merged, whole)
	}
	if err := new(data.Moments).UnmarshalBinary([]byte("short")); err == nil {
		t.Error("5 bytes were accepted")
	}
}

func same(a, b *tensor.Tensor) bool {
	return a.DType() == b.DType() && a.Shape().Equal(b.Shape()) && bytes.Equal(a.Bytes(), b.Bytes())
}
