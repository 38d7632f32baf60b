// Package storage reads and writes bytes by URL: plain paths and file://, hdfs://,
// s3:// (also written s3a and s3n), http:// and https://. A further system is an
// [FS] and a line in the table of schemes.
//
//	f, err := storage.Open(ctx, "https://example.org/train.csv") // ranges on demand
//	m, err := storage.Map(ctx, "train-images-idx3-ubyte")        // memory-mapped
//	all, err := storage.Glob(ctx, "logs/*/part-*.csv")
//	err = storage.Write(ctx, "model.onnx", size, func(w io.Writer) error { … })
//
// A name is what the user wrote: a URL, or else a path of this machine. Files are
// written atomically: what is written appears under its name whole, or not at
// all, and a failed write leaves nothing behind.
//
// Servers and credentials are those of the environment, as [HDFS] and [S3] say.
// Every wait for a server has a deadline and ends with the context.
//
// Errors name the file. What does not exist is [fs.ErrNotExist], a full disk is a
// [*SpaceError], what a system cannot do is [errors.ErrUnsupported].
package storage
