// Package model is a trained model as a whole: the graph from raw inputs to
// predictions, the feature steps in it and before it, and what is known of where
// it came from. It is saved as one ONNX file, which any ONNX runtime scores.
//
//	m, err := model.Build(model.Spec{Info: info, Forward: forward, Weights: weights})
//	err = m.Save(ctx, "lenet.onnx")
//
//	m, err := model.Load(ctx, "lenet.onnx") // memory-mapped
//	defer m.Close()
//	predictor, err := m.Predictor(model.PredictOptions{Backend: cpu.New(cpu.Options{})})
//	p, err := predictor.Predict(x) // any number of samples
//
// # The file
//
// The graph takes raw values: `input` [N, …], or for a table one input [N, 1] a
// column. It gives `label` [N] and `probabilities` [N, C] for classes, else
// `prediction`. A label is an int64 where all labels are whole numbers, else a
// string. A state that layers carry from batch to batch is an input [N, …], zeros
// where sequences begin, and an output of the same name with `.next` behind: what the
// input is in the batch that goes on. Initializers have the names of the network's parameters, so that
// training can go on from a loaded file.
//
// Steps that ONNX cannot express, such as resizing images, are not in the graph:
// they change samples as they are read. The metadata says which:
//
//	ember.version     version of these entries, 1
//	ember.steps       JSON of the feature pipeline: schema, host and graph steps
//	ember.labels      JSON list of the classes' labels
//	ember.net         the net file, YAML
//	ember.loss        key of the loss
//	ember.metrics     JSON, {"test": {"accuracy": 0.99}}
//	ember.seed        seed of the run
//	ember.provenance  JSON: data, samples, epochs, steps, version of Ember
//	ember.checksum    SHA-256 of the file, written by package onnx
//
// A file of another program has none of these and is still a Model, with its
// inputs and outputs as they are.
package model

import (
	"errors"
	"io"

	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// Model is a graph from raw inputs to predictions, with what is known about it.
type Model struct {
	Graph *graph.Graph
	Info

	maps []io.Closer // memory that the weights lie in
}

// Info is what a model's metadata say. Fields that a file does not have are zero.
type Info struct {
	// Pipeline is the feature steps, with the schema of the training data; nil
	// for a file of another program.
	Pipeline *feature.Pipeline
	// Net is the network's source as a net file, YAML.
	Net string
	// Loss is the key of the loss that the network was trained with.
	Loss string
	// Metrics are the scores by part of the data and name,
	// Metrics["test"]["accuracy"]. Values that are not finite are not saved.
	Metrics map[string]map[string]float64
	// Seed is the seed of the run.
	Seed uint64
	// Provenance says how the model came to be.
	Provenance Provenance
}

// Provenance says how a model came to be. It holds no time of its own accord, so
// that the same training gives the same file.
type Provenance struct {
	Data    string `json:"data,omitempty"`    // name or URL of the training data
	Samples int    `json:"samples,omitempty"` // of the training data
	Epochs  int    `json:"epochs,omitempty"`  // passes over it
	Steps   int    `json:"steps,omitempty"`   // updates
	Version string `json:"version,omitempty"` // of Ember
	Created string `json:"created,omitempty"` // when, if the caller says so
}

// The names of the graph's outputs.
const (
	LabelOutput         = "label"
	ProbabilitiesOutput = "probabilities"
	PredictionOutput    = "prediction"
)

// NextSuffix is what the output that carries a state on has behind the name of the
// state's input.
const NextSuffix = ".next"

// Labels are the labels of the classes; nil for a model that predicts numbers.
func (m *Model) Labels() []string {
	if m.Pipeline == nil {
		return nil
	}
	return m.Pipeline.Schema.Target.Labels
}

// Weights are the parameters by name. Nobody changes them; those of a loaded
// model lie in its memory map.
func (m *Model) Weights() map[string]*tensor.Tensor {
	weights := map[string]*tensor.Tensor{}
	for _, v := range m.Graph.Variables() {
		weights[v.Name()] = v.Init()
	}
	return weights
}

// NumParameters is the number of elements of all weights.
func (m *Model) NumParameters() int {
	n := 0
	for _, v := range m.Graph.Variables() {
		n += v.Init().Len()
	}
	return n
}

// output is the graph's output of the name, or nil.
func (m *Model) output(name string) *graph.Value {
	for i, n := range m.Graph.OutputNames() {
		if n == name {
			return m.Graph.Outputs()[i]
		}
	}
	return nil
}

// carried is a state that goes from a batch to the next: an input and the output
// that is the input of the next batch.
type carried struct{ before, after *graph.Value }

// carried are the model's states, whose inputs are the last ones; none of a file of
// another program.
func (m *Model) carried() []carried {
	if m.Pipeline == nil {
		return nil
	}
	var states []carried
	for _, in := range m.Graph.Inputs() {
		if out := m.output(in.Name() + NextSuffix); out != nil && out.DType() == in.DType() && out.Rank() == in.Rank() {
			states = append(states, carried{in, out})
		}
	}
	return states
}

// Close gives back the memory map of a loaded model: nothing may use it, its
// weights or its predictors any more. A model that was built needs no Close.
func (m *Model) Close() error {
	var errs []error
	for _, c := range m.maps {
		errs = append(errs, c.Close())
	}
	m.maps = nil
	return errors.Join(errs...)
}
