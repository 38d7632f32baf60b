// Package config is the one place where Ember's options are read, checked and
// written: net files, algorithm parameters, --set edits, REST bodies.
//
// An options struct is a plain Go struct whose zero value works. Its keys are
// the field names in snake case (LR is lr, BatchNorm is batch_norm), and field
// tags say the rest, once, for files, flags, help and documentation alike:
//
//	type Adam struct {
//		LR    float64 `default:"0.001" min:"0" exclusive:"min" doc:"learning rate"`
//		Beta1 float64 `default:"0.9" min:"0" max:"1" exclusive:"max" doc:"decay of the mean"`
//	}
//
// The tags are:
//
//	config     another key for the field; "-" leaves it out
//	default    what a field left out, or zero, stands for, in YAML
//	min, max   bounds of a number, or of each number in a list
//	exclusive  "min", "max" or "min,max": the bound itself is not allowed
//	oneof      the allowed words, separated by commas
//	required   "true": must be given
//	type       the field's type in words, where its Go type does not say it
//	doc        one line of help
//
// [Parse] reads YAML (and so JSON) into a tree of [Node] that remembers lines,
// [Node.Decode] fills a struct from it. Decoding is strict: an unknown key, a
// wrong type, a value out of bounds is an [*Error] with file and line, and the
// nearest name as a hint. [Defaults], [Validate], [Fields] and [Encode] serve
// structs that a program made.
//
// Layers, losses, optimizers are choices: a word, or one key with its options
// (flatten; dense: {units: 10}). [DecodeChoice] reads one by a table of zero values.
//
// Zero stands for the default. Where a field has another default and zero is
// meaningful too, it is a pointer; a file that writes 0 to a field that is not
// gets an error, never silently the default.
package config
