package data_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/data/datatest"
	"github.com/emberml/ember/frame"
	"github.com/emberml/ember/tensor"
)

// fedRow is a row as Spark has it.
type fedRow struct {
	ordinal int64
	shard   int32
	part    int32
	label   string
	x       [2]float32
}

// query is n rows, in the shards of a feed; every fifth to validate, and shards of
// many sizes, empty ones too.
func query(n, shards int) []fedRow {
	r := tensor.RandStream(9, "query")
	rows := make([]fedRow, n)
	for i := range rows {
		rows[i] = fedRow{int64(i) * 10, int32(r.IntN(1+r.IntN(shards)) / 3 * 3), int32(i % 5 / 4), fmt.Sprintf("label %d", r.IntN(4)), [2]float32{float32(i), -float32(i)}}
	}
	return rows
}

func frameOf(t *testing.T, rows []fedRow) *frame.Frame {
	t.Helper()
	var ordinals []int64
	var shards, parts []int32
	var labels []string
	var x []float32
	for _, r := range rows {
		ordinals, shards, parts = append(ordinals, r.ordinal), append(shards, r.shard), append(parts, r.part)
		labels, x = append(labels, r.label), append(x, r.x[:]...)
	}
	columns := []*frame.Column{frame.Of(ordinals), frame.Of(shards), frame.Strings(labels), frame.Of(parts), frame.FixedLists(2, frame.Of(x))}
	var schema frame.Schema
	for i, name := range []string{data.RowColumn, data.ShardColumn, "label", data.PartColumn, "x"} {
		schema = append(schema, frame.Field{Name: name, Type: columns[i].Type()})
	}
	f, err := frame.New(schema, columns...)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// deliver gives every worker the rows of its shards, in an order of its own.
func deliver(t *testing.T, rows []fedRow, workers, parts, shards int, cache data.CacheOptions) []*data.Feed {
	t.Helper()
	feeds := make([]*data.Feed, workers)
	for rank := range feeds {
		f, err := data.NewFeed(data.FeedOptions{Name: "query", Rank: rank, Ranks: workers, Parts: parts, Shards: shards, Cache: cache})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		var mine []fedRow
		for _, at := range tensor.RandStream(uint64(rank), "arrival").Permutation(len(rows)) {
			if data.RankOf(data.PartOf(int(rows[at].shard), shards, parts), parts, workers) == rank {
				mine = append(mine, rows[at])
			}
		}
		for some := range slices.Chunk(mine, 7) {
			if err := f.Add(frameOf(t, some)); err != nil {
				t.Fatal(err)
			}
		}
		feeds[rank] = f
	}
	return feeds
}

// sources makes the sources of all workers at once: train and valid of each.
func sources(t *testing.T, feeds []*data.Feed) (train, valid []data.Source) {
	t.Helper()
	train, valid = make([]data.Source, len(feeds)), make([]data.Source, len(feeds))
	exchange := datatest.Exchanges(len(feeds))
	var all sync.WaitGroup
	for rank, f := range feeds {
		all.Go(func() {
			var test data.Source
			var err error
			train[rank], valid[rank], test, err = f.Sources(exchange[rank], data.Options{})
			if err != nil || test != nil {
				t.Errorf("worker %d: %v, a test part %v", rank, err, test)
			}
		})
	}
	all.Wait()
	return train, valid
}

// Any number of workers, of which some have no rows at all, together has the rows
// that one has, in the same order, from memory and from disk.
func TestFeed(t *testing.T) {
	const parts, shards = 8, 16
	rows := query(500, shards)
	one, oneValid := sources(t, deliver(t, rows, 1, parts, shards, data.CacheOptions{}))
	if one[0].Len() != 400 || oneValid[0].Len() != 100 {
		t.Fatalf("%d to train, %d to validate, want 400 and 100", one[0].Len(), oneValid[0].Len())
	}
	datatest.Run(t, one[0])
	for i := 1; i < one[0].Len(); i++ {
		var b data.Batch
		if err := one[0].Read([]int{i - 1, i}, &b); err != nil {
			t.Fatal(err)
		}
		x := tensor.Data[float32](b.X)
		before, after := rows[int(x[0])], rows[int(x[2])]
		if before.shard > after.shard || before.shard == after.shard && before.ordinal >= after.ordinal {
			t.Fatalf("%v comes before %v", before, after)
		}
		if got := one[0].Schema().Target.Labels[tensor.Data[int64](b.Y)[1]]; got != after.label || x[3] != -x[2] {
			t.Fatalf("the row %v is %v with %s", after, b.X, got)
		}
	}
	for _, workers := range []int{1, 2, 3, 8} {
		for _, cache := range []data.CacheOptions{{}, {Memory: -1, Folder: t.TempDir()}} {
			train, valid := sources(t, deliver(t, rows, workers, parts, shards, cache))
			for name, c := range map[string]struct {
				got  []data.Source
				want data.Source
			}{"train": {train, one[0]}, "valid": {valid, oneValid[0]}} {
				held := make([]bool, c.want.Len())
				for rank, src := range c.got {
					compareHere(t, rank, src, c.want, held)
				}
				if i := slices.Index(held, false); i >= 0 {
					t.Errorf("%s: of %d workers nobody has row %d", name, workers, i)
				}
			}
		}
	}
}

// Rows with the same number have an order that follows from what they hold, whoever
// they came from; equal rows are as many as they are.
func TestFeedEqualNumbers(t *testing.T) {
	rows := query(90, 4)
	for i := range rows {
		rows[i].ordinal, rows[i].part = int64(i/30), 0
		rows[i].x = [2]float32{float32(i % 10), 1}
	}
	one, _ := sources(t, deliver(t, rows, 1, 2, 4, data.CacheOptions{}))
	slices.Reverse(rows)
	two, _ := sources(t, deliver(t, rows, 2, 2, 4, data.CacheOptions{}))
	held := make([]bool, 90)
	for rank, src := range two {
		compareHere(t, rank, src, one[0], held)
	}
	if i := slices.Index(held, false); i >= 0 {
		t.Errorf("nobody has row %d", i)
	}
}

func TestFeedAlone(t *testing.T) {
	f := deliver(t, query(20, 64), 1, 1, data.FeedShards(1), data.CacheOptions{})[0]
	train, _, test, err := f.Sources(nil, data.Options{Target: "label"})
	if err != nil || train.Len() != 16 || test != nil {
		t.Errorf("got %v and %v (%v)", train, test, err)
	}
}

func TestFeedShards(t *testing.T) {
	for parts, want := range map[int]int{1: 64, 3: 66, 64: 64, 100: 100} {
		if got := data.FeedShards(parts); got != want {
			t.Errorf("%d parts: %d shards, want %d", parts, got, want)
		}
	}
}

func TestFeedErrors(t *testing.T) {
	row := fedRow{ordinal: 5, shard: 1, label: "a"}
	with := func(change func(*fedRow)) []fedRow {
		r := row
		change(&r)
		return []fedRow{row, r}
	}
	for want, rows := range map[string][]fedRow{
		"shard 4, there are 4":           with(func(r *fedRow) { r.shard = 4 }),
		"it belongs to worker 1":         with(func(r *fedRow) { r.shard = 3 }),
		"__ember_part is 3, want 0":      with(func(r *fedRow) { r.part = 3 }),
		"the column __ember_row":         nil,
		"those of the rows before":       nil,
		"worker 1 has the columns":       nil,
		"want the rank below the ranks,": nil,
	} {
		t.Run(want, func(t *testing.T) {
			err := feedError(t, want, rows)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Whether rows are looked at as they come or at the end makes no difference.
func TestFeedUse(t *testing.T) {
	rows, o := query(500, 64), data.Options{Target: "label"}
	train := func(use int) data.Source {
		f, err := data.NewFeed(data.FeedOptions{Cache: data.CacheOptions{Memory: -1, Folder: t.TempDir()}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		for i := 0; i < len(rows); i += 100 {
			if i == use {
				err = f.Use(o)
			}
			if err = errors.Join(err, f.Add(frameOf(t, rows[i:i+100]))); err != nil {
				t.Fatal(err)
			}
		}
		src, _, _, err := f.Sources(nil, o)
		if err != nil {
			t.Fatal(err)
		}
		return src
	}
	want := train(-1)
	for _, use := range []int{0, 300} {
		compareHere(t, 0, train(use), want, make([]bool, want.Len()))
	}
}

func TestFeedUseErrors(t *testing.T) {
	for _, early := range []bool{true, false} {
		f, err := data.NewFeed(data.FeedOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if early {
			err = f.Use(data.Options{Target: "color"})
		}
		err = errors.Join(err, f.Add(frameOf(t, query(3, 64))))
		if !early {
			err = errors.Join(err, f.Use(data.Options{Target: "color"}))
		}
		if err == nil || !strings.Contains(err.Error(), "color") {
			t.Errorf("a target that is no column, told early %v: %v", early, err)
		}
	}
}

// A worker says what is wrong before it runs out of memory.
func TestFeedRows(t *testing.T) {
	f, err := data.NewFeed(data.FeedOptions{Memory: 100})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Add(frameOf(t, make([]fedRow, 3))); err != nil {
		t.Error(err)
	}
	if err := f.Add(frameOf(t, make([]fedRow, 1))); err == nil || !strings.Contains(err.Error(), "more than 3 rows came to worker 0") {
		t.Errorf("got %v", err)
	}
}

// feedError feeds rows to the first of two workers, and tells what fails.
func feedError(t *testing.T, want string, rows []fedRow) error {
	t.Helper()
	if strings.HasPrefix(want, "want") {
		_, err := data.NewFeed(data.FeedOptions{Parts: 4, Shards: 6})
		return err
	}
	var feeds [2]*data.Feed
	for rank := range feeds {
		var err error
		if feeds[rank], err = data.NewFeed(data.FeedOptions{Rank: rank, Ranks: 2, Shards: 4}); err != nil {
			t.Fatal(err)
		}
		defer feeds[rank].Close()
	}
	f := frameOf(t, append([]fedRow{}, fedRow{ordinal: 1, label: "b"}))
	without := func(f *frame.Frame, name string) *frame.Frame {
		names := slices.DeleteFunc(f.Schema().Names(), func(n string) bool { return n == name })
		f, err := f.Select(names...)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	switch {
	case strings.HasPrefix(want, "the column"):
		return feeds[0].Add(without(f, data.RowColumn))
	case strings.HasPrefix(want, "those of"):
		if err := feeds[0].Add(f); err != nil {
			return err
		}
		return feeds[0].Add(without(f, "x"))
	case strings.HasPrefix(want, "worker 1"):
		if err := feeds[0].Add(f); err != nil {
			return err
		}
		if err := feeds[1].Add(without(frameOf(t, []fedRow{{shard: 2, label: "c"}}), "label")); err != nil {
			return err
		}
	default:
		if err := feeds[0].Add(frameOf(t, rows)); err != nil {
			return err
		}
	}
	exchange := datatest.Exchanges(2)
	other := make(chan error)
	go func() {
		_, _, _, err := feeds[1].Sources(exchange[1], data.Options{})
		other <- err
	}()
	_, _, _, err := feeds[0].Sources(exchange[0], data.Options{})
	if e := <-other; (e == nil) != (err == nil) {
		t.Errorf("one worker got %v, the other %v", err, e)
	}
	return err
}
