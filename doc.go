// Package ember is deep learning and machine learning in one Go binary, from a laptop to a Spark cluster.
//
// This package holds no code. A program imports what it needs:
//
//   - [github.com/emberml/ember/tensor]: n-dimensional arrays with NumPy's semantics;
//   - [github.com/emberml/ember/graph] and [github.com/emberml/ember/op]: what every model is, a graph of ONNX's operators that
//     differentiates;
//   - [github.com/emberml/ember/engine]: compiles a graph into a program that runs without allocating;
//   - [github.com/emberml/ember/nn], [github.com/emberml/ember/optim] and [github.com/emberml/ember/train]: networks and how
//     they learn;
//   - [github.com/emberml/ember/data] and [github.com/emberml/ember/feature]: from files to samples and batches;
//   - [github.com/emberml/ember/model]: a graph with its feature steps, saved as one ONNX file;
//   - [github.com/emberml/ember/metric]: scores, mergeable over workers.
//
// The command line is [github.com/emberml/ember/cmd/ember]. How the parts fit is told in docs/architecture.md.
package ember

//go:generate go run ./internal/lint/apigen
