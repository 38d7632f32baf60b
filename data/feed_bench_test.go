package data_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/frame"
	"github.com/emberml/ember/tensor"
)

// What a worker does with rows of 4 KiB that Spark feeds, when nearly all go to disk:
// take them from their Arrow stream, agree on what they are, and read batches of them.
func BenchmarkFeed(b *testing.B) {
	const rows, batches, width, batch = 2048, 16, 4096, 512
	stream := arrowOf(b, rows, batches, width)
	feed := func(b *testing.B) *data.Feed {
		f, err := data.NewFeed(data.FeedOptions{Cache: data.CacheOptions{Memory: 8 << 20, Folder: b.TempDir()}})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { f.Close() })
		r, err := frame.NewReader(bytes.NewReader(stream), frame.ReaderOptions{})
		for err == nil {
			var rows *frame.Frame
			if rows, err = r.Next(); err == nil {
				err = f.Add(rows)
			}
		}
		if err != io.EOF {
			b.Fatal(err)
		}
		return f
	}
	sources := func(b *testing.B, f *data.Feed) data.Source {
		s, _, _, err := f.Sources(nil, data.Options{Target: "label"})
		if err != nil {
			b.Fatal(err)
		}
		return s
	}
	b.Run("add", func(b *testing.B) {
		b.SetBytes(rows * batches * width)
		for b.Loop() {
			feed(b)
		}
	})
	b.Run("sources", func(b *testing.B) {
		b.SetBytes(rows * batches * width)
		for b.Loop() {
			b.StopTimer()
			f := feed(b)
			b.StartTimer()
			sources(b, f)
		}
	})
	b.Run("read", func(b *testing.B) {
		b.SetBytes(batch * width)
		s := sources(b, feed(b))
		order := tensor.RandStream(1, "order").Permutation(rows * batches)
		var out data.Batch
		for i := 0; b.Loop(); i = (i + batch) % len(order) {
			if err := s.Read(order[i:i+batch], &out); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// arrowOf is an Arrow stream of batches of rows, each of so many bytes and a label.
func arrowOf(b *testing.B, rows, batches, width int) []byte {
	labels, content := make([]int32, rows), make([][]byte, rows)
	ordinals, shards := make([]int64, rows), make([]int32, rows)
	var schema frame.Schema
	for name, kind := range map[string]frame.Kind{"label": frame.Int32, "pixels": frame.Binary, data.RowColumn: frame.Int64, data.ShardColumn: frame.Int32} {
		schema = append(schema, frame.Field{Name: name, Type: frame.Type{Kind: kind}})
	}
	var stream bytes.Buffer
	w := frame.NewWriter(&stream, schema)
	for k := range batches {
		for i := range rows {
			labels[i], ordinals[i], shards[i] = int32(i%10), int64(k*rows+i), int32(i%data.FeedShards(1))
			content[i] = bytes.Repeat([]byte{byte(i)}, width)
		}
		columns := map[string]*frame.Column{"label": frame.Of(labels), "pixels": frame.Binaries(content), data.RowColumn: frame.Of(ordinals), data.ShardColumn: frame.Of(shards)}
		all := make([]*frame.Column, len(schema))
		for i, f := range schema {
			all[i] = columns[f.Name]
		}
		f, err := frame.New(schema, all...)
		if err != nil {
			b.Fatal(err)
		}
		if err := w.Write(f); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return stream.Bytes()
}
