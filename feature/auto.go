package feature

import (
	"fmt"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/tensor"
)

// Auto returns the pipeline of the user's steps and of those that the data needs
// beside them to enter a network whose input is one sample of the given shape (nil:
// whatever the steps give; see [Pipeline.Output]):
//
//   - images of various sizes are resized to the input's, unless a step of the user
//     crops or resizes them;
//   - images with channels last get channels first;
//   - pixels are scaled to 0…1, and a table's columns standardized, unless a step of
//     the user scales them;
//   - a sample of as many values as the input is reshaped.
func Auto(schema *data.Schema, input tensor.Shape, user ...Step) (*Pipeline, error) {
	if _, err := New(schema, user...); err != nil {
		return nil, err
	}
	var host, inGraph []Step
	for _, s := range user {
		if _, ok := s.(HostStep); ok {
			host = append(host, s)
		} else {
			inGraph = append(inGraph, s)
		}
	}
	scaled := hasStep[*Scale](user) || hasStep[*Standardize](user) || hasStep[*Normalize](user) || hasStep[*MinMax](user)
	if schema.Varies && len(input) == 3 && !resizes(host) {
		host = append([]Step{&Resize{Height: input[1], Width: input[2]}}, host...)
	}
	p, err := New(schema, host...)
	if err != nil {
		return nil, err
	}
	sample, err := p.sample()
	if err != nil {
		return nil, err
	}
	switch {
	case hasStep[*ChannelsFirst](inGraph) || hasStep[*Reshape](inGraph):
	case schema.Layout == "HWC":
		inGraph = append([]Step{new(ChannelsFirst)}, inGraph...)
	case schema.Layout == "HW" && input == nil:
		inGraph = append([]Step{&Reshape{append(tensor.Shape{1}, sample...)}}, inGraph...)
	}
	switch {
	case scaled:
	case schema.Max > 0:
		inGraph = append(inGraph, &Scale{Factor: 1 / schema.Max})
	case schema.Columns != nil:
		inGraph = append(inGraph, new(Standardize))
	}
	if p, err = New(schema, append(host, inGraph...)...); err != nil {
		return nil, err
	}
	return p, p.enter(input)
}

func resizes(host []Step) bool {
	return hasStep[*Resize](host) || hasStep[*CenterCrop](host) || hasStep[*RandomCrop](host)
}

func hasStep[T Step](list []Step) bool {
	for _, s := range list {
		if _, ok := s.(T); ok {
			return true
		}
	}
	return false
}

// enter reshapes the samples to the network's input.
func (p *Pipeline) enter(input tensor.Shape) error {
	if input == nil || p.growing() != nil {
		return nil
	}
	out, err := p.Output()
	if err != nil || out.Equal(input) {
		return err
	}
	if out.Len() != input.Len() {
		return &data.ContentError{Source: p.Schema.Name, Detail: fmt.Sprintf("a sample is %v, %d values; the net's input is %v, %d values", out, out.Len(), input, input.Len()), Hint: fmt.Sprintf("set input: %v in the net, or add the step resize", out)}
	}
	p.Graph = append(p.Graph, &Reshape{Shape: input.Clone()})
	return nil
}
