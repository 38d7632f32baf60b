// Package worker is Ember on a Spark executor: it turns a task of Spark into a
// [Task] with input and output frames, and runs a [Handler] on it.
//
// Two roads lead here, and one command ([Command]) serves both, since its bytes
// are at once a pickle and Ember's own message:
//
//   - An executor whose Python worker is an ordinary Python unpickles the
//     command. It holds the small program starter.py, which finds the Ember
//     binary among the session's artifacts, starts it and feeds it by pipes.
//   - An executor whose PYSPARK_PYTHON is Ember itself speaks Spark's worker
//     protocol from Go: as the daemon that starts a process per worker, or as
//     one worker. Commands of other people go to a real Python.
//
// A program calls [Main] first thing; it returns at once unless Spark started
// the process. What each version of Spark tells a worker is in a file of its own,
// header_N_M.go.
package worker
