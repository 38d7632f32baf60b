package train

import (
	"slices"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/optim"
)

// FromNet returns the job that a net says of itself, in its file or in the zoo:
// its optimizer, schedule and options. Data and the rest are the caller's to add.
func FromNet(net *nn.Net) (Job, error) {
	job := Job{Net: net}
	var err error
	if job.Options, err = ParseOptions(net.Train); err != nil {
		return job, err
	}
	if job.Optimizer, err = optim.Parse(net.Optimizer); err != nil {
		return job, err
	}
	job.Schedule, err = optim.ParseSchedule(net.Schedule)
	return job, err
}

// ParseOptions reads the options from the train node of a net file; nil gives
// the defaults.
func ParseOptions(node *config.Node) (Options, error) {
	var o Options
	if node == nil {
		config.Defaults(&o)
		return o, nil
	}
	if err := node.Decode(&o); err != nil {
		return o, err
	}
	if o.Steps > 0 && node.Get("epochs") == nil {
		o.Epochs = 0 // as many as the steps take
	}
	return o, nil
}

// Features returns the pipeline from samples to the input of a net: the steps in
// its Features, and what the data need beside them (see [feature.Auto]). A table
// that an embedding reads is not standardized: its numbers are those of vectors.
func Features(net *nn.Net, schema *data.Schema) (*feature.Pipeline, error) {
	var steps feature.List
	if net.Features != nil {
		if err := net.Features.Decode(&steps); err != nil {
			return nil, err
		}
	}
	if schema.Columns != nil && embedsInput(net) {
		steps = append(steps, &feature.Scale{Factor: 1})
	}
	return feature.Auto(schema, net.Input, steps...)
}

// embedsInput tells whether an embedding takes the net's input.
func embedsInput(net *nn.Net) bool {
	for i, item := range net.Layers {
		switch item.Layer.(type) {
		case nn.Embedding, *nn.Embedding:
			if i == 0 && item.Inputs == nil || slices.Contains(item.Inputs, nn.InputName) {
				return true
			}
		}
	}
	return false
}
