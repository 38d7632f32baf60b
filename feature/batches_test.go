package feature_test

import (
	"context"
	"errors"
	"image"
	"image/color"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/tensor"
)

func colored(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, color.RGBA{uint8(20 * x), uint8(15 * y), 99, 255})
		}
	}
	return img
}

// numbered is n samples whose values are their numbers.
func numbered(t *testing.T, n int) data.Source {
	t.Helper()
	return source(t, data.Schema{}, tensor.Arange[float32](0, float32(n), 1).Reshape(n, 1), nil)
}

// order is the indices of all batches; it checks that each sample is its index.
func order(t *testing.T, src data.Source, o feature.BatchOptions) (batches [][]int64, positions []int) {
	t.Helper()
	b, err := feature.NewBatches(t.Context(), src, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for {
		batch, err := b.Next()
		if err == io.EOF {
			return batches, positions
		}
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range tensor.Int64s(batch.X) {
			if v != batch.Index[i] {
				t.Fatalf("sample %d has index %d", v, batch.Index[i])
			}
		}
		batches = append(batches, slices.Clone(batch.Index))
		positions = append(positions, b.Position())
	}
}

func TestBatchesInOrder(t *testing.T) {
	got, positions := order(t, numbered(t, 10), feature.BatchOptions{Size: 4})
	want := [][]int64{{0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9}}
	if !slices.EqualFunc(got, want, slices.Equal) || !slices.Equal(positions, []int{4, 8, 10}) {
		t.Errorf("got %v at %v", got, positions)
	}
}

func TestShuffle(t *testing.T) {
	src := numbered(t, 100)
	flat := func(o feature.BatchOptions) []int64 {
		o.Size, o.Shuffle = 7, true
		batches, _ := order(t, src, o)
		return slices.Concat(batches...)
	}
	first := flat(feature.BatchOptions{Seed: 1})
	for i, v := range slices.Sorted(slices.Values(first)) {
		if v != int64(i) {
			t.Fatalf("not every sample comes once: %v", first)
		}
	}
	if slices.IsSorted(first) || !slices.Equal(first, flat(feature.BatchOptions{Seed: 1})) {
		t.Error("the seed does not decide the order")
	}
	for _, o := range []feature.BatchOptions{{Seed: 2}, {Seed: 1, Epoch: 1}} {
		if slices.Equal(first, flat(o)) {
			t.Errorf("%+v has the same order", o)
		}
	}
}

// What any number of ranks read of a batch, put together, is what one rank reads.
func TestRanks(t *testing.T) {
	src := numbered(t, 23)
	o := feature.BatchOptions{Size: 10, Shuffle: true, Seed: 3}
	want, _ := order(t, src, o)
	for _, ranks := range []int{2, 3, 5} {
		got := make([][]int64, len(want))
		for o.Rank = range ranks {
			o.Ranks = ranks
			part, positions := order(t, src, o)
			if len(part) != len(want) || positions[2] != 23 {
				t.Fatalf("rank %d of %d has %d batches, position %v; want %d", o.Rank, ranks, len(part), positions, len(want))
			}
			for i := range part {
				got[i] = append(got[i], part[i]...)
			}
		}
		if !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("%d ranks read %v, want %v", ranks, got, want)
		}
	}
}

func TestStart(t *testing.T) {
	src := numbered(t, 23)
	o := feature.BatchOptions{Size: 4, Shuffle: true, Seed: 3}
	whole, positions := order(t, src, o)
	o.Start = positions[1]
	rest, _ := order(t, src, o)
	if !slices.EqualFunc(rest, whole[2:], slices.Equal) {
		t.Errorf("resumed at %d it reads %v, want %v", o.Start, rest, whole[2:])
	}
}

func TestBatchOptionErrors(t *testing.T) {
	for _, o := range []feature.BatchOptions{{Size: -1}, {Start: -1}, {Rank: 2, Ranks: 2}, {Rank: -1}} {
		if b, err := feature.NewBatches(t.Context(), numbered(t, 3), nil, o); err == nil {
			b.Close()
			t.Errorf("%+v was accepted", o)
		}
	}
}

// failing is a source that fails at a row.
type failing struct {
	data.Source
	at int
}

var errBroken = errors.New("broken")

func (f failing) Read(rows []int, b *data.Batch) error {
	if slices.Contains(rows, f.at) {
		return errBroken
	}
	return f.Source.Read(rows, b)
}

// No goroutine is left, however the reading ends: synctest fails on one that is.
func TestEnds(t *testing.T) {
	src := numbered(t, 100)
	for name, end := range map[string]func(*testing.T, context.CancelFunc, *feature.Batches) error{
		"at once": func(*testing.T, context.CancelFunc, *feature.Batches) error { return nil },
		"canceled": func(_ *testing.T, cancel context.CancelFunc, b *feature.Batches) error {
			cancel()
			synctest.Wait()
			if _, err := b.Next(); !errors.Is(err, context.Canceled) {
				return err
			}
			return nil
		},
		"closed": func(t *testing.T, _ context.CancelFunc, b *feature.Batches) error {
			b.Close()
			if _, err := b.Next(); err == nil || err == io.EOF {
				t.Errorf("after Close: %v", err)
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				b, err := feature.NewBatches(ctx, src, nil, feature.BatchOptions{Size: 8})
				if err != nil {
					t.Fatal(err)
				}
				defer b.Close()
				if _, err := b.Next(); err != nil {
					t.Fatal(err)
				}
				if err := end(t, cancel, b); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestErrorComesInOrder(t *testing.T) {
	b, err := feature.NewBatches(t.Context(), failing{numbered(t, 100), 20}, nil, feature.BatchOptions{Size: 8})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for i := range 2 {
		if _, err := b.Next(); err != nil {
			t.Fatalf("batch %d: %v", i, err)
		}
	}
	for range 2 {
		if _, err := b.Next(); !errors.Is(err, errBroken) {
			t.Errorf("got %v, want the source's error", err)
		}
	}
}

// Host steps draw by seed, epoch and sample, not by place or rank.
func TestRandomSteps(t *testing.T) {
	x := tensor.New(tensor.Uint8, 12, 6, 5, 1)
	for i := range tensor.Data[uint8](x) {
		tensor.Data[uint8](x)[i] = uint8(i)
	}
	y := tensor.Arange[int64](0, 12, 1)
	src := source(t, data.Schema{Layout: "HWC", Max: 255}, x, y)
	p := auto(t, src, nil, &feature.RandomCrop{Height: 3, Width: 3}, new(feature.RandomFlip))
	bySample := func(o feature.BatchOptions) map[int64]string {
		b, err := feature.NewBatches(t.Context(), src, p, o)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		all := map[int64]string{}
		for {
			batch, err := b.Next()
			if err == io.EOF {
				return all
			}
			if err != nil {
				t.Fatal(err)
			}
			for i, index := range batch.Index {
				all[index] = string(batch.X.Index(0, i).Contiguous().Bytes())
				if tensor.At[int64](batch.Y, i) != index {
					t.Errorf("sample %d has target %d", index, tensor.At[int64](batch.Y, i))
				}
			}
		}
	}
	equal := func(a, b map[int64]string) (n int) {
		for i := range a {
			if a[i] == b[i] {
				n++
			}
		}
		return n
	}
	train := bySample(feature.BatchOptions{Train: true, Seed: 1})
	if n := equal(train, bySample(feature.BatchOptions{Train: true, Seed: 1, Size: 5, Shuffle: true, Prefetch: 1})); n != 12 {
		t.Errorf("%d of 12 samples are the same in other batches", n)
	}
	for _, o := range []feature.BatchOptions{{Train: true, Seed: 2}, {Train: true, Seed: 1, Epoch: 1}, {}} {
		if n := equal(train, bySample(o)); n > 8 {
			t.Errorf("%+v: %d of 12 samples are the same", o, n)
		}
	}
}

// A batch of arrays in memory takes no new memory.
func TestBatchesReuseMemory(t *testing.T) {
	b, err := feature.NewBatches(t.Context(), numbered(t, 4000), nil, feature.BatchOptions{Size: 4, Shuffle: true})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for range 20 {
		if _, err := b.Next(); err != nil {
			t.Fatal(err)
		}
	}
	allocs := testing.AllocsPerRun(100, func() {
		if _, err := b.Next(); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("a batch allocates %v times", allocs)
	}
}

func TestVariousSizesNeedResize(t *testing.T) {
	p, err := feature.Auto(&data.Schema{Name: "photos", Layout: "HWC", Max: 255, Sample: tensor.Shape{6, 5, 3}, DType: tensor.Uint8, Varies: true}, tensor.Shape{3, 8, 8})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.String(); !strings.HasPrefix(got, `resize{"height":8,"width":8} | channels_first, scale`) {
		t.Errorf("got %s", got)
	}
}
