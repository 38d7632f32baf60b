package nn

import (
	"fmt"
	"reflect"

	"github.com/emberml/ember/internal/config"
)

// netFile is a net file's keys, in their order.
type netFile struct {
	Name      string         `doc:"name of the model"`
	Input     []int          `required:"true" min:"1" doc:"shape of one sample, channels first: [1, 28, 28], [784]"`
	Features  *config.Node   `doc:"steps from data to input, such as [random_flip, {resize: {height: 64, width: 64}}]"`
	Layers    []Item         `required:"true" doc:"layers from input to output"`
	Loss      *config.Node   `required:"true" doc:"what training makes small, such as cross_entropy or {huber: {delta: 2}}"`
	Target    string         `oneof:"input" doc:"input: the net learns its own input"`
	Optimizer *config.Node   `doc:"how weights move, such as {adam: {lr: 0.001}}"`
	Schedule  *config.Node   `doc:"how the learning rate changes, such as cosine"`
	Metrics   []*config.Node `doc:"what is measured, such as [accuracy]"`
	Train     *config.Node   `doc:"epochs, batch, seed and so on"`
}

// ParseNet reads a net file, YAML or JSON. The file name serves messages. A
// mistake is an error with file and line: an unknown key or layer with the
// nearest name, a wrong type, a value out of bounds, a reference to no layer.
// Shapes are checked by [Net.Check].
func ParseNet(file string, data []byte) (*Net, error) {
	root, err := config.Parse(file, data)
	if err != nil {
		return nil, err
	}
	return DecodeNet(root)
}

// DecodeNet reads a net from a configuration, such as one that [config.Set] has
// edited.
func DecodeNet(root *config.Node) (*Net, error) {
	var f netFile
	if err := root.Decode(&f); err != nil {
		return nil, err
	}
	loss, err := config.DecodeChoice(f.Loss, "loss", Losses)
	if err != nil {
		return nil, err
	}
	n := &Net{
		Name: f.Name, Input: f.Input, Features: f.Features, Layers: f.Layers, Loss: loss, Target: f.Target,
		Optimizer: f.Optimizer, Schedule: f.Schedule, Metrics: f.Metrics, Train: f.Train,
		file: root.File, lossAt: f.Loss,
	}
	return n, n.link()
}

// Node is the net as a configuration: what [Net.YAML] writes and [DecodeNet]
// reads. A layer or loss that has no key is an error.
func (n *Net) Node() (*config.Node, error) {
	f := netFile{
		Name: n.Name, Input: n.Input, Features: n.Features, Layers: n.Layers, Target: n.Target,
		Optimizer: n.Optimizer, Schedule: n.Schedule, Metrics: n.Metrics, Train: n.Train,
	}
	if n.Loss != nil {
		loss, err := config.EncodeChoice(n.Loss, "loss", Losses)
		if err != nil {
			return nil, err
		}
		f.Loss = loss
	}
	return config.From(f)
}

// YAML is the net as a net file, without what is a default.
func (n *Net) YAML() ([]byte, error) {
	root, err := n.Node()
	if err != nil {
		return nil, err
	}
	return config.Encode(root)
}

// Choices tells [config.Set] which values of a net's configuration are choices.
func Choices(root *config.Node) config.Choices {
	choices := config.Choices{"loss": nil, "optimizer": nil, "schedule": {"warmup"}}
	for i := range root.Get("layers").Items() {
		choices[fmt.Sprintf("layers.%d", i)] = itemKeys
	}
	return choices
}

// itemKeys may stand beside a layer's key.
var itemKeys = []string{"name", "inputs"}

// UnmarshalConfig reads flatten, or dense: {units: 10} with name and inputs
// beside it.
func (item *Item) UnmarshalConfig(n *config.Node) error {
	layer, err := config.DecodeChoice(n, "layer", Layers, itemKeys...)
	if err != nil {
		return err
	}
	*item = Item{Layer: layer, at: n}
	if err := n.Get("name").Decode(&item.Name); err != nil {
		return err
	}
	inputs := n.Get("inputs")
	if err := inputs.Decode(&item.Inputs); err != nil {
		return err
	}
	if inputs != nil && len(item.Inputs) == 0 {
		return inputs.Errorf(`"inputs" is empty; leave it out to take the output of the layer before`)
	}
	return nil
}

// MarshalConfig writes what UnmarshalConfig reads.
func (item Item) MarshalConfig() (any, error) {
	var beside []config.Entry
	if item.Name != "" {
		beside = append(beside, config.Entry{Key: "name", Value: config.NewText(item.Name)})
	}
	if item.Inputs != nil {
		inputs, err := config.From(item.Inputs)
		if err != nil {
			return nil, err
		}
		beside = append(beside, config.Entry{Key: "inputs", Value: inputs})
	}
	return config.EncodeChoice(plain(item.Layer), "layer", Layers, beside...)
}

// plain is the layer itself where a program gave a pointer to it.
func plain(l Layer) Layer {
	if v := reflect.ValueOf(l); v.Kind() == reflect.Pointer {
		if value, ok := v.Elem().Interface().(Layer); ok {
			return value
		}
	}
	return l
}
