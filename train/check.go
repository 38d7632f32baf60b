package train

import (
	"fmt"
	"slices"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/tensor"
)

// check compares net, loss and data, before anything is built.
func (j *Job) check() error {
	if j.Net.Target == nn.InputName {
		if j.Net.Loss.Target() == nn.ClassTarget {
			return &config.Error{Detail: "a net that learns its own input cannot have a loss of classes", Hint: "use mse, mae or binary_cross_entropy"}
		}
	} else {
		for _, check := range []func() error{j.keepClasses, j.checkTarget, j.checkOutputs} {
			if err := check(); err != nil {
				return err
			}
		}
	}
	return j.checkNorms()
}

// keepClasses gives the classes of the training data the numbers that they have in
// the job's pipeline, that of a model to train on, if it knows them all.
func (j *Job) keepClasses() (err error) {
	if j.Pipeline == nil || j.Data.Train.Schema().Target.Kind != data.Classes {
		return nil
	}
	known := j.Pipeline.Schema.Target.Labels
	for _, label := range j.Data.Train.Schema().Target.Labels {
		if !slices.Contains(known, label) {
			return nil
		}
	}
	j.Data.Train, err = data.ToClasses(j.Data.Train, known)
	return err
}

// checkTarget compares what the loss learns with what the data have.
func (j *Job) checkTarget() error {
	schema := j.Data.Train.Schema()
	binary := j.Net.Loss.Target() == nn.BinaryTarget
	want := data.Classes
	if j.Net.Loss.Target() == nn.NumberTarget || binary && schema.Target.Kind == data.Numbers { // several answers of yes or no
		want = data.Numbers
	}
	if schema.Target.Kind != want && schema.Target.Kind != data.NoTarget {
		return &data.ContentError{Source: schema.Name, Detail: fmt.Sprintf("its target is %v, the loss learns %v", schema.Target.Kind, want), Hint: "use data.ToClasses or data.ToNumbers, or another loss"}
	}
	if err := data.Validate(j.Data.Train); err != nil || !binary || want == data.Classes {
		return err
	}
	_, err := data.Agree(j.Data.Train, true, yesOrNo(j.Data.Train))
	return err
}

// yesOrNo reports a target here that is outside 0…1.
func yesOrNo(src data.Source) error {
	y, err := data.Targets(src)
	if err != nil {
		return err
	}
	schema := src.Schema()
	names := schema.Target.Names
	for i, v := range tensor.Data[float32](y) {
		if v < 0 || v > 1 {
			return &data.ContentError{
				Source: schema.Name, Detail: fmt.Sprintf("the target %s of sample %d is %v, and binary_cross_entropy learns 0…1", names[i%len(names)], i/len(names), v),
				Hint: "use 0 for no and 1 for yes, or a loss for numbers such as mse",
			}
		}
	}
	return nil
}

// checkOutputs compares the targets of a sample with the net's outputs.
func (j *Job) checkOutputs() error {
	rows, err := j.Net.Summary()
	if err != nil {
		return err
	}
	last := rows[len(rows)-1]
	schema := j.Data.Train.Schema()
	target := schema.Target
	misfit := func(hint, format string, args ...any) error {
		return &data.ContentError{Source: schema.Name, Detail: fmt.Sprintf(format, args...), Hint: hint}
	}
	width, known := last.Output[1:].Concrete()
	gives := fmt.Sprintf("the net's last layer %s gives %v", last.Name, last.Output)
	switch classes := len(target.Labels); {
	case j.Net.Loss.Target() == nn.ClassTarget:
		if !last.Output[1].Is(classes) {
			return misfit(fmt.Sprintf("it has to give [N %d]", classes), "there are %d classes, and %s", classes, gives)
		}
	case target.Kind == data.Classes && classes > 2:
		return misfit("use cross_entropy and an output for each class", "there are %d classes, and the loss tells two apart", classes)
	case target.Kind == data.Classes && known && width.Len() != 1:
		return misfit("it has to give [N 1], or use cross_entropy", "there are two classes, which the loss tells apart by one number, and %s", gives)
	case target.Kind == data.Numbers && known && width.Len() != len(target.Names):
		return misfit(fmt.Sprintf("it has to give [N %d]", len(target.Names)), "there are %d targets a sample, and %s", len(target.Names), gives)
	}
	return nil
}

// checkNorms refuses batch norms of single numbers, which are all 0 after it.
func (j *Job) checkNorms() error {
	if parts := min(j.parts, j.Batch); j.Batch/parts > 1 && j.Data.Train.Len() != 1 {
		return nil
	}
	rows, err := j.Net.Summary()
	if err != nil {
		return err
	}
	for _, row := range rows {
		size, known := row.Output[1:].Concrete()
		if row.Kind == "batch_norm" && known && size[1:].Len() == 1 {
			return &config.Error{
				Detail: fmt.Sprintf("%s has one number of each channel to norm: it needs two samples or more at a time", row.Name),
				Hint:   "raise the batch, lower virtual_workers, or use layer_norm",
			}
		}
	}
	return nil
}

// doubled says that a net ends in the function that its loss applies to the output
// itself, a mistake that costs accuracy; it is empty where there is none.
func doubled(net *nn.Net) string {
	var end, own nn.Activation
	switch layer := net.Layers[len(net.Layers)-1].Layer.(type) {
	case nn.Softmax:
		end = "softmax"
	case nn.Sigmoid:
		end = "sigmoid"
	case nn.Dense:
		end = layer.Activation
	}
	switch net.Loss.(type) {
	case nn.CrossEntropy:
		own = "softmax"
	case nn.BinaryCrossEntropy:
		own = "sigmoid"
	}
	if end == "" || end != own {
		return ""
	}
	return fmt.Sprintf("the net ends in %s, which its loss applies to the output once more: leave it out of the net", end)
}
