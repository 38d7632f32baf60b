// Package frame has columnar tables in memory, in the layout of Apache Arrow, and
// reads and writes them as Arrow IPC streams, which is how Spark gives and takes
// rows.
//
//	f, err := frame.New(
//		frame.Schema{{Name: "id", Type: frame.Type{Kind: frame.Int64}}, {Name: "x", Type: frame.ListOf(frame.Float32)}},
//		frame.Of(ids), frame.Lists(offsets, frame.Of(numbers)))
//	ids := frame.Values[int64](f.ByName("id")) // the frame's own memory
//
// A [Frame] is an immutable batch of rows, made of a [Column] for each [Field] of
// its [Schema]. Columns adopt the slices that they are made of, and give them out
// again: nobody may write to them.
package frame
