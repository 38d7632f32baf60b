package data_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/data/datatest"
	"github.com/emberml/ember/storage"
	"github.com/emberml/ember/tensor"
)

// away is a folder as another machine has it, of which the bytes that are read count.
type away struct {
	storage.Local
	folder string
	bytes  atomic.Int64
}

const awayScheme = "away"

func (a *away) path(name string) string {
	return filepath.Join(a.folder, strings.TrimPrefix(name, awayScheme+"://"))
}

func (a *away) Open(ctx context.Context, name string) (storage.File, error) {
	f, err := a.Local.Open(ctx, a.path(name))
	if err != nil {
		return nil, err
	}
	return counted{f, &a.bytes}, nil
}

func (a *away) Stat(ctx context.Context, name string) (storage.Info, error) {
	info, err := a.Local.Stat(ctx, a.path(name))
	info.Name = name
	return info, err
}

func (a *away) List(ctx context.Context, name string) ([]storage.Info, error) {
	infos, err := a.Local.List(ctx, a.path(name))
	for i := range infos {
		infos[i].Name = storage.Join(name, storage.Base(infos[i].Name))
	}
	return infos, err
}

type counted struct {
	storage.File
	bytes *atomic.Int64
}

func (c counted) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.File.ReadAt(p, off)
	c.bytes.Add(int64(n))
	return n, err
}

// writeIDX writes an array whose elements differ.
func writeIDX(t *testing.T, name string, dt tensor.DType, classes int, shape ...int) {
	t.Helper()
	x := tensor.New(tensor.Int32, shape...)
	for i := range tensor.Data[int32](x) {
		tensor.Data[int32](x)[i] = int32(i % classes)
	}
	var b bytes.Buffer
	if err := data.EncodeIDX(&b, tensor.Cast(x, dt)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// writeNPZ writes n rows of numbers, of which the targets are numbers, too.
func writeNPZ(t *testing.T, name string, n, width int) {
	t.Helper()
	x, y := tensor.New(tensor.Float32, n, width), tensor.New(tensor.Float64, n)
	for i := range tensor.Data[float32](x) {
		tensor.Data[float32](x)[i] = float32(i)
	}
	for i := range n {
		tensor.Data[float64](y)[i] = -float64(i)
	}
	var b bytes.Buffer
	if err := tensor.WriteNPZ(&b, []string{"x", "y"}, map[string]*tensor.Tensor{"x": x, "y": y}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// openAway opens a data set as all workers do, and tells what each read.
func openAway(t *testing.T, folder, spec string, workers int) (sets []*data.Dataset, read []int64, errs []error) {
	t.Helper()
	exchange := datatest.Exchanges(workers)
	sets, read, errs = make([]*data.Dataset, workers), make([]int64, workers), make([]error, workers)
	var done sync.WaitGroup
	for rank := range workers {
		done.Go(func() {
			far := &away{folder: folder}
			ctx := storage.WithFS(t.Context(), awayScheme, far)
			m := data.Membership{Rank: rank, Ranks: workers, Parts: 4, Exchange: exchange[rank]}
			d, err := data.OpenSpread(ctx, awayScheme+"://"+spec, data.Options{}, m)
			if sets[rank], errs[rank] = d, err; err == nil {
				t.Cleanup(func() { d.Close() })
			}
			read[rank] = far.bytes.Load()
		})
	}
	done.Wait()
	return sets, read, errs
}

// Each worker reads its share of the images, and the samples and their order are
// those of the whole file for any number of workers.
func TestShares(t *testing.T) {
	folder := t.TempDir()
	const n, side = 1001, 12
	for prefix, n := range map[string]int{"train": n, "t10k": 3} {
		writeIDX(t, filepath.Join(folder, prefix+"-images-idx3-ubyte"), tensor.Uint8, 251, n, side, side)
		writeIDX(t, filepath.Join(folder, prefix+"-labels-idx1-ubyte"), tensor.Uint8, 7, n)
	}
	writeIDX(t, filepath.Join(folder, "wide.idx"), tensor.Float64, 1<<20, n, side)
	writeNPZ(t, filepath.Join(folder, "both.npz"), n, side)
	for spec, c := range map[string]struct{ train, test int64 }{ // bytes of a sample, and of others for each
		"both.npz":                {side * 4, 8}, // all targets are read
		"":                        {side * side, 1},
		"train-images-idx3-ubyte": {side * side, 0},
		"train-labels-idx1-ubyte": {side * side, 0},
		"wide.idx":                {side * 8, 0},
	} {
		want, err := data.Open(t.Context(), filepath.Join(folder, spec), data.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var shards []data.Shard
		for _, workers := range []int{1, 2, 3, 4} {
			sets, read, errs := openAway(t, folder, spec, workers)
			held, tested := make([]bool, n), make([]bool, 3)
			for rank, d := range sets {
				if errs[rank] != nil {
					t.Fatal(errs[rank])
				}
				compareHere(t, rank, d.Train, want.Train, held)
				if got, want := d.Train.Schema(), want.Train.Schema(); got.Layout != want.Layout || got.Max != want.Max || !slices.Equal(got.Target.Labels, want.Target.Labels) {
					t.Errorf("%q: worker %d has the schema %+v, want %+v", spec, rank, got, want)
				}
				if want.Test != nil {
					compareHere(t, rank, d.Test, want.Test, tested)
				}
				// Its parts of four of the samples, all labels, and the heads of four files.
				lo, hi := data.Owned(4, rank, workers)
				most := c.train*int64(n*(hi-lo)/4+1) + c.test*n + n + 4*1024
				if read[rank] > most {
					t.Errorf("%q: worker %d of %d read %d bytes, want no more than %d", spec, rank, workers, read[rank], most)
				}
			}
			if slices.Contains(held, false) || want.Test != nil && slices.Contains(tested, false) {
				t.Errorf("%q: nobody of %d workers holds some of the samples", spec, workers)
			}
			mine := slices.Clone(sets[0].Train.(data.Spread).Shards())
			for i := range mine {
				mine[i].Here = true
			}
			if shards == nil {
				shards = mine
			}
			if !slices.Equal(mine, shards) {
				t.Errorf("%q: the shards of %d workers are others than those of one", spec, workers)
			}
		}
		if err := want.Close(); err != nil {
			t.Error(err)
		}
	}
}

// What cannot be read by shares is read whole by everyone, from wherever it is.
func TestSharesWhole(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "t.csv"), []byte("a,y\n1,u\n2,v\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sets, _, errs := openAway(t, folder, "t.csv", 2)
	for rank, d := range sets {
		if errs[rank] != nil {
			t.Fatal(errs[rank])
		}
		if _, spread := d.Train.(data.Spread); spread || d.Train.Len() != 2 {
			t.Errorf("worker %d has %d samples in a %T", rank, d.Train.Len(), d.Train)
		}
	}
}

func TestSharesErrors(t *testing.T) {
	folder := t.TempDir()
	writeIDX(t, filepath.Join(folder, "train-images-idx3-ubyte"), tensor.Uint8, 251, 20, 4, 4)
	writeIDX(t, filepath.Join(folder, "train-labels-idx1-ubyte"), tensor.Uint8, 7, 19)
	writeIDX(t, filepath.Join(folder, "cut.idx"), tensor.Uint8, 251, 20, 4)
	if err := os.Truncate(filepath.Join(folder, "cut.idx"), 50); err != nil {
		t.Fatal(err)
	}
	for spec, want := range map[string]string{
		"train-images-idx3-ubyte": "20 images, but 19 labels",
		"cut.idx":                 fmt.Sprintf("needs 80 bytes after the header, the file has %d", 50-12),
	} {
		_, _, errs := openAway(t, folder, spec, 2)
		for rank, err := range errs {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: worker %d: %v, want %q", spec, rank, err, want)
			}
		}
	}
}
