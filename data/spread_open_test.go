package data_test

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/data/datatest"
	"github.com/emberml/ember/frame"
)

// writeTable writes n rows of two numbers and a label, in row groups of about the
// given bytes.
func writeTable(t *testing.T, name string, n int, groupBytes int64) {
	t.Helper()
	schema := frame.Schema{
		{Name: "a", Type: frame.Type{Kind: frame.Float32}}, {Name: "b", Type: frame.Type{Kind: frame.Int64}}, {Name: "kind", Type: frame.Type{Kind: frame.String}},
	}
	at := 0
	next := func() (*frame.Frame, error) {
		if at >= n {
			return nil, io.EOF
		}
		var a []float32
		var b []int64
		var kind []string
		for range min(n-at, 40) {
			a, b, kind = append(a, float32(at)/2), append(b, int64(-at)), append(kind, fmt.Sprintf("kind %d", at%3))
			at++
		}
		return frame.New(schema, frame.Of(a), frame.Of(b), frame.Strings(kind))
	}
	if err := data.WriteParquet(t.Context(), name, schema, next, data.ParquetOptions{GroupBytes: groupBytes}); err != nil {
		t.Fatal(err)
	}
}

// openAll opens a data set as all workers of a group do.
func openAll(t *testing.T, workers int, open func(rank int) string, o data.Options) ([]data.Source, []error) {
	t.Helper()
	exchange := datatest.Exchanges(workers)
	all, errs := make([]data.Source, workers), make([]error, workers)
	var done sync.WaitGroup
	for rank := range workers {
		done.Go(func() {
			m := data.Membership{Rank: rank, Ranks: workers, Parts: 4, Exchange: exchange[rank]}
			d, err := data.OpenSpread(t.Context(), open(rank), o, m)
			if errs[rank] = err; err == nil {
				t.Cleanup(func() { d.Close() })
				all[rank] = d.Train
			}
		})
	}
	done.Wait()
	return all, errs
}

// Any number of workers reads each row group once, and has the samples that Open
// gives.
func TestOpenSpread(t *testing.T) {
	dir := t.TempDir()
	for i, n := range []int{300, 1, 170} {
		writeTable(t, filepath.Join(dir, fmt.Sprintf("part-%d.parquet", i)), n, 500)
	}
	whole, err := data.Open(t.Context(), filepath.Join(dir, "*.parquet"), data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, workers := range []int{1, 2, 3, 4} {
		all, errs := openAll(t, workers, func(int) string { return dir }, data.Options{})
		held := make([]bool, whole.Train.Len())
		load := make([]int, 4)
		for rank, src := range all {
			if errs[rank] != nil {
				t.Fatal(errs[rank])
			}
			compareHere(t, rank, src, whole.Train, held)
			for _, s := range src.(data.Spread).Shards() {
				if s.Here {
					load[s.Part] += s.Len
				}
			}
			if got, want := src.Schema().Target.Labels, whole.Train.Schema().Target.Labels; !slices.Equal(got, want) {
				t.Errorf("worker %d has the labels %v, want %v", rank, got, want)
			}
		}
		if i := slices.Index(held, false); i >= 0 {
			t.Errorf("nobody of %d workers holds sample %d", workers, i)
		}
		if most := slices.Max(load) - slices.Min(load); most > 40 {
			t.Errorf("the virtual workers have %v rows", load)
		}
	}
}

func TestOpenSpreadErrors(t *testing.T) {
	dir := t.TempDir()
	short, long := filepath.Join(dir, "short.parquet"), filepath.Join(dir, "long.parquet")
	writeTable(t, short, 50, 500)
	writeTable(t, long, 90, 500)
	for want, c := range map[string]struct {
		open func(rank int) string
		o    data.Options
	}{
		"sees other files":       {func(rank int) string { return []string{short, long}[rank] }, data.Options{}},
		"there is no column age": {func(int) string { return long }, data.Options{Target: "age"}},
		"no such file or folder": {func(int) string { return filepath.Join(dir, "missing") }, data.Options{}},
	} {
		_, errs := openAll(t, 2, c.open, c.o)
		for rank, err := range errs {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("worker %d: %v, want %q", rank, err, want)
			}
		}
	}
	if _, err := data.OpenSpread(t.Context(), long, data.Options{}, data.Membership{Rank: 1}); err == nil {
		t.Error("rank 1 of 1 was accepted")
	}
}

// Data of other formats is opened whole by everyone.
func TestOpenSpreadPlain(t *testing.T) {
	all, errs := openAll(t, 2, func(int) string { return "iris" }, data.Options{})
	for rank, src := range all {
		if errs[rank] != nil || src.Len() != 150 {
			t.Errorf("worker %d: %v", rank, errs[rank])
		}
		if _, ok := src.(data.Spread); ok {
			t.Errorf("worker %d: iris is a Spread", rank)
		}
	}
}
