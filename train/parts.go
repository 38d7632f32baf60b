package train

import (
	"github.com/emberml/ember/data"
	"github.com/emberml/ember/learn"
)

// conform brings what is measured on into the form of the training data: columns
// and labels in the same order, so that a class has the same number.
func conform(d learn.Data, needsTarget bool) (learn.Data, error) {
	like := d.Train.Schema()
	for _, src := range []*data.Source{&d.Valid, &d.Test} {
		if *src == nil {
			continue
		}
		var err error
		if *src, err = data.Conform(*src, like); err != nil {
			return d, err
		}
		schema := (*src).Schema()
		switch {
		case (*src).Len() == 0:
			err = &data.ContentError{Source: schema.Name, Detail: "there are no samples to measure on", Hint: "give a file that holds some"}
		case needsTarget && schema.Target.Kind == data.NoTarget:
			err = &data.ContentError{Source: schema.Name, Detail: "there is no target to compare predictions with", Hint: "name its column with --target, or put the labels beside the samples"}
		}
		if err != nil {
			return d, err
		}
	}
	return d, nil
}
