package data

import (
	"fmt"
	"slices"
	"strings"

	"github.com/emberml/ember/tensor"
)

// targetNames are the columns that are taken as the target, if none is named,
// before the last.
var targetNames = []string{"target", "label", "class", "y"}

// pickColumns decides which columns of a table are features and which are targets.
// Its error says nothing of the file.
func pickColumns(names []string, o *Options) (features, targets []int, _ *tensor.FormatError) {
	index := func(name string) (int, *tensor.FormatError) {
		if i := slices.Index(names, name); i >= 0 {
			return i, nil
		}
		return 0, &tensor.FormatError{Detail: fmt.Sprintf("there is no column %s", name), Hint: "its columns are " + preview(names)}
	}
	for _, name := range targetColumns(names, o) {
		i, err := index(name)
		if err != nil {
			return nil, nil, err
		}
		targets = append(targets, i)
	}
	if o.Columns == nil {
		for i := range names {
			if !slices.Contains(targets, i) {
				features = append(features, i)
			}
		}
	}
	for _, name := range o.Columns {
		i, err := index(name)
		if err != nil {
			return nil, nil, err
		}
		features = append(features, i)
	}
	if len(features) == 0 {
		return nil, nil, &tensor.FormatError{Detail: "no column is left to learn from", Hint: "give more columns than the target"}
	}
	return features, targets, nil
}

// targetColumns returns the names of the targets.
func targetColumns(names []string, o *Options) []string {
	switch {
	case o.NoTarget:
		return nil
	case o.Target != "":
		var targets []string
		for name := range strings.SplitSeq(o.Target, ",") {
			targets = append(targets, strings.TrimSpace(name))
		}
		if o.optionalTarget && !slices.Contains(names, targets[0]) {
			return nil
		}
		return targets
	}
	for _, want := range targetNames {
		for _, name := range names {
			if strings.EqualFold(name, want) {
				return []string{name}
			}
		}
	}
	if o.optionalTarget || len(names) == 1 {
		return nil
	}
	return names[len(names)-1:]
}
