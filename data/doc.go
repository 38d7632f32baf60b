// Package data reads data sets: bytes to samples, without learning anything from
// them (what is fitted is in package feature).
//
//	d, err := data.Open(ctx, "mnist", data.Options{})        // built in: train and test part
//	d, err := data.Open(ctx, "iris.csv", data.Options{Target: "species"})
//	d, err := data.Open(ctx, "photos/", data.Options{})      // one sub-folder a class
//	parts, err := data.Split(d.Train, seed, 0.8, 0.2)
//
// A [Source] gives samples in any order into a [Batch] whose memory is used again:
//
//	var b data.Batch
//	err := d.Train.Read([]int{5, 3, 8}, &b) // b.X [3 28 28] uint8, b.Y [3] int64
//
// Samples are raw: pixels stay uint8. What is learned follows from the loss, so a
// target turns into classes ([ToClasses]) or numbers ([ToNumbers]) as needed, and
// other data is brought into the form of the training data by [Conform].
//
// # Workers
//
// Where a group of workers learns together, a [Spread] is a source of which each
// holds some shards: the row groups of Parquet files ([OpenSpread]), or rows that
// Spark feeds ([Feed]). What is made of one is one, and what is said of it (labels,
// fingerprints, summaries) is agreed upon: see [Agree].
//
// # Errors
//
// What is wrong in a file is a [*tensor.FormatError] with file, byte or line and
// what to do about it; what is wrong with the data as a whole (a single class, an
// unknown label) is a [*ContentError].
package data
