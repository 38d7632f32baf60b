// Package onnx turns ONNX files into graphs and graphs into ONNX files.
//
//	m, err := onnx.Decode(data, onnx.DecodeOptions{File: "net.onnx"})
//	main, external, err := onnx.Encode(m, onnx.EncodeOptions{})
//
// # Reading
//
// Any graph made of the operators in op.All is read; [UnsupportedError] lists
// all that is missing at once. Attributes are read by the tags of the operator's
// struct, so that a new operator needs nothing here. Nodes need not be sorted.
//
// An initializer of floating-point numbers becomes a graph variable, which
// training may go on from; any other initializer, and every Constant node,
// becomes a constant, from whose value shapes are inferred. An Identity node is
// another name for its input. The directory part of a node's name becomes its
// scope.
//
// Weights in raw_data that are aligned for their type, as Ember's files place
// them, are not copied: their tensors lie in the bytes given to [Decode], which
// is a memory map for large models, and must live as long as the graph.
//
// # Writing
//
// Files are opset 21, IR 10. Variables become initializers of the same name,
// placed last and each at a multiple of 64 bytes; constants become Constant
// nodes. Models over 1.5 GiB keep their weights in one external file. The same
// model gives the same bytes. The metadata entry [ChecksumKey] protects the file.
//
// Protobuf messages are read and written by hand with protowire: no weight is
// copied, memory is bounded by the size of the file, and no generated code is
// linked.
package onnx
