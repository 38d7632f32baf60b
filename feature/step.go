package feature

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/tensor"
)

// Step is a [GraphStep] or a [HostStep]: a pointer to a struct whose fields are its
// options and what it has learned, all of them in its JSON form.
type Step any

// GraphStep is a step that is part of the model's graph.
type GraphStep interface {
	// Build adds the step to the graph of x, [N, sample…]. A sample that does
	// not fit panics with a [*tensor.ShapeError], as an operator does.
	Build(x *graph.Value) *graph.Value
}

// Fitter is a GraphStep that learns from the training data.
type Fitter interface {
	GraphStep
	// Fitted reports whether there is nothing left to learn: it was learned,
	// or given by the user.
	Fitted() bool
	// Fit learns from what the steps before it give.
	Fit(rows Rows) error
}

// HostStep is a step that changes a sample when it is read: an image [height,
// width, channels] of bytes.
type HostStep interface {
	// Shape returns the shape of a sample after the step; -1 is an extent that
	// varies.
	Shape(in tensor.Shape) (tensor.Shape, error)
	// Apply returns x changed, which may share x's memory. r draws what is
	// random in training; it is nil in evaluation, where nothing is random.
	Apply(x *tensor.Tensor, r *tensor.Rand) (*tensor.Tensor, error)
}

// steps lists all steps by the name that they have in files.
var steps = map[string]func() Step{
	"scale":          func() Step { return new(Scale) },
	"standardize":    func() Step { return new(Standardize) },
	"normalize":      func() Step { return new(Normalize) },
	"min_max":        func() Step { return new(MinMax) },
	"one_hot":        func() Step { return new(OneHot) },
	"channels_first": func() Step { return new(ChannelsFirst) },
	"reshape":        func() Step { return new(Reshape) },
	"resize":         func() Step { return new(Resize) },
	"center_crop":    func() Step { return new(CenterCrop) },
	"random_crop":    func() Step { return new(RandomCrop) },
	"random_flip":    func() Step { return new(RandomFlip) },
}

// NameOf returns the name of a step in files, "random_crop".
func NameOf(s Step) string { return config.Snake(reflect.TypeOf(s).Elem().Name()) }

// List is steps as files hold them: in JSON [{"resize": {"height": 64}}], in a net
// file the same as YAML.
type List []Step

// MarshalJSON writes the steps with all that they have learned.
func (l List) MarshalJSON() ([]byte, error) {
	out := make([]map[string]Step, len(l))
	for i, s := range l {
		out[i] = map[string]Step{NameOf(s): s}
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON writes. An unknown step or option is an
// error.
func (l *List) UnmarshalJSON(b []byte) error {
	var raw []map[string]json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	*l = make(List, 0, len(raw))
	for i, entry := range raw {
		if len(entry) != 1 {
			return fmt.Errorf("step %d has %d names, want one", i+1, len(entry))
		}
		for name, options := range entry {
			create := steps[name]
			if create == nil {
				return fmt.Errorf("step %d: unknown step %q: this model needs a later version of Ember", i+1, name)
			}
			s := create()
			d := json.NewDecoder(bytes.NewReader(options))
			d.DisallowUnknownFields()
			if err := d.Decode(s); err != nil {
				return fmt.Errorf("step %d (%s): %w", i+1, name, err)
			}
			*l = append(*l, s)
		}
	}
	return nil
}

// UnmarshalConfig reads a list of steps from a net file: "- random_flip" or
// "- resize: {height: 64, width: 64}".
func (l *List) UnmarshalConfig(n *config.Node) error {
	if n.Kind != config.List {
		return n.Errorf("want a list of steps")
	}
	*l = nil
	for _, item := range n.Items() {
		name, options, err := item.Choice()
		if err != nil {
			return err
		}
		create := steps[name]
		if create == nil {
			return item.Unknown("step", name, slices.Sorted(maps.Keys(steps)))
		}
		s := create()
		if err := options.Decode(s); err != nil {
			return err
		}
		*l = append(*l, s)
	}
	return nil
}

// MarshalConfig writes what UnmarshalConfig reads.
func (l List) MarshalConfig() (any, error) {
	items := make([]*config.Node, len(l))
	for i, s := range l {
		options, err := config.From(s)
		if err != nil {
			return nil, err
		}
		items[i] = config.NewChoice(NameOf(s), options)
	}
	return config.NewList(items...), nil
}
