package main

import (
	"fmt"
	"maps"
	"math"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/nn/zoo"
	"github.com/emberml/ember/tensor"
	"github.com/emberml/ember/train"
)

// learned is the training data with the target that the net's loss learns. Data
// that is unfit to learn from is an error.
func learned(net *nn.Net, src data.Source) (data.Source, error) {
	if net.Target == nn.InputName {
		return data.WithoutTarget(src), nil
	}
	src, err := withTarget(net, src)
	if err != nil {
		return nil, err
	}
	return src, data.Validate(src)
}

// withTarget gives the data the target of the kind that the net's loss learns.
func withTarget(net *nn.Net, src data.Source) (data.Source, error) {
	target := src.Schema().Target
	switch net.Loss.Target() {
	case nn.ClassTarget:
		return data.ToClasses(src, nil)
	case nn.BinaryTarget:
		if len(target.Names) > 1 { // several answers of yes or no, 0 or 1
			return data.ToNumbers(src)
		}
		src, err := data.ToClasses(src, nil)
		if err != nil {
			return nil, err
		}
		if s := src.Schema(); len(s.Target.Labels) > 2 {
			return nil, &data.ContentError{
				Source: s.Name, Detail: fmt.Sprintf("the target %s has %d classes, binary_cross_entropy learns two", s.Target.Names[0], len(s.Target.Labels)),
				Hint: "use cross_entropy, with an output for each class",
			}
		}
		return src, nil
	}
	return data.ToNumbers(src)
}

// outputs is how many numbers a net puts out for the target that it learns.
func outputs(net *nn.Net, target data.Target) int {
	switch {
	case target.Kind == data.Numbers:
		return len(target.Names)
	case net.Loss.Target() == nn.BinaryTarget:
		return 1
	}
	return len(target.Labels)
}

// fitBuiltin makes a built-in net for the data, with the edits of the command
// line, and the data with the target that it learns. The notes are for the user.
func (c *trainCmd) fitBuiltin(name string, src data.Source) (net *nn.Net, _ data.Source, notes []string, err error) {
	input, err := c.naturalInput(src.Schema())
	if err != nil {
		return nil, nil, nil, err
	}
	numbers, err := learnsNumbers(src)
	if err != nil {
		return nil, nil, nil, readError(err)
	}
	assumed := numbers && !c.sets("loss")
	edited := func(outputs int) (*nn.Net, []string, error) {
		net, err := zoo.Get(name, input, outputs)
		if err != nil {
			return nil, nil, err
		}
		if net.Target == "" && assumed {
			net.Loss = nn.MSE{}
		}
		if net.Target == "" && numbers {
			net.Metrics = []*config.Node{config.NewText("mae"), config.NewText("r2")}
		}
		root, err := net.Node()
		if err != nil {
			return nil, nil, err
		}
		notes, err := c.edit(root)
		if err != nil {
			return nil, nil, err
		}
		net, err = nn.DecodeNet(root)
		return net, notes, err
	}
	// The edits may name another loss, which decides what is learned, which
	// decides how many outputs the net has.
	probe, _, err := edited(2)
	if err != nil {
		return nil, nil, nil, err
	}
	if src, err = learned(probe, src); err != nil {
		return nil, nil, nil, err
	}
	numbers = probe.Loss.Target() == nn.NumberTarget
	net, notes, err = edited(outputs(probe, src.Schema().Target))
	if err != nil {
		return nil, nil, nil, err
	}
	if assumed && net.Target == "" {
		notes = append(notes, fmt.Sprintf("the target is numbers, learned by %s with the loss mse; --set loss=cross_entropy learns whole ones as classes", name))
	}
	return net, src, notes, nil
}

// naturalInput is the shape of a sample as it enters a built-in net: what the
// feature steps of the command line, if there are any, make of it.
func (c *trainCmd) naturalInput(schema *data.Schema) ([]int, error) {
	root := config.NewMap()
	if _, err := c.set(root, "features"); err != nil {
		return nil, err
	}
	p, err := train.Features(&nn.Net{Features: root.Get("features")}, schema)
	if err != nil {
		return nil, err
	}
	return p.Output()
}

// mostClasses is the number of different whole numbers up to which they are
// taken as classes where nobody says what they are.
const mostClasses = 100

// learnsNumbers tells whether a target is rather numbers than classes: several
// columns, fractions, or many different values.
func learnsNumbers(src data.Source) (bool, error) {
	target := src.Schema().Target
	if target.Kind != data.Numbers {
		return false, nil
	}
	if len(target.Names) > 1 {
		return true, nil
	}
	y, err := data.Targets(src)
	var seen targetValues
	if err == nil {
		seen = valuesOf(tensor.Data[float32](y))
	}
	all, err := data.Agree(src, seen, err)
	if err != nil {
		return false, err
	}
	different := map[float32]bool{}
	for _, seen := range all {
		if seen.Fraction {
			return true, nil
		}
		maps.Copy(different, seen.Different)
	}
	return len(different) > mostClasses, nil
}

// targetValues is what tells numbers from classes.
type targetValues struct {
	Fraction  bool             // one is no whole number
	Different map[float32]bool // not all of them, if they are more than classes can be
}

func valuesOf(values []float32) targetValues {
	seen := targetValues{Different: map[float32]bool{}}
	for _, v := range values {
		if float64(v) != math.Trunc(float64(v)) {
			seen.Fraction = true
		}
		if len(seen.Different) <= mostClasses {
			seen.Different[v] = true
		}
	}
	return seen
}
