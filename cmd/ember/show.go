package main

import (
	"encoding/json"
	"fmt"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/nn/zoo"
)

type showCmd struct {
	What string `arg:"" placeholder:"M|WHAT" help:"A model (.onnx), a net file (.yaml, .json), or a built-in net (mlp, lenet, autoencoder, vgg11, vgg11_bn, vgg16, vgg16_bn, resnet18, resnet34, resnet50, mobilenet_v2, bert, bert_mini, bert_small)."`
	Data string `group:"data" placeholder:"D" help:"Data that a built-in net takes its input and output from."`

	YAML bool `name:"yaml" xor:"form" group:"output" help:"Print the net file: of a built-in net to start from, of a model as it was trained."`
	JSON bool `name:"json" xor:"form" group:"output" help:"Print one JSON object."`
	Dot  bool `xor:"form" group:"output" help:"Print the graph in Graphviz's language: ember show lenet --dot | dot -Tsvg -o lenet.svg"`
}

// Help is shown by ember show --help.
func (showCmd) Help() string {
	return `
Examples:

  ember show lenet.onnx
  ember show lenet --yaml > mine.yaml
  ember show resnet18 --data photos/

FLOPs are floating-point operations to predict one sample. Memory is what the engine plans for a batch of 64. A built-in net
without --data is shown for images of 28×28 gray pixels, those for photos for 224×224 in color, and ten classes.
`
}

// Run shows.
func (c *showCmd) Run(e *env) error {
	what, err := resolve(e.ctx, c.What)
	if err != nil {
		return err
	}
	if what.model != nil {
		defer what.model.Close()
		return c.showModel(e, what.model)
	}
	net, err := c.net(e, what)
	if err != nil {
		return err
	}
	switch {
	case c.YAML:
		return printYAML(e, net)
	case c.Dot:
		g, err := netGraph(net)
		if err != nil {
			return err
		}
		return g.WriteDOT(e.stdout)
	}
	view, err := viewNet(net)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(e.stdout).Encode(view)
	}
	return view.print(e.stdout)
}

// net is the net of a net file, or a built-in one.
func (c *showCmd) net(e *env, what *subject) (*nn.Net, error) {
	if what.file != nil {
		return nn.DecodeNet(what.file)
	}
	if c.Data == "" {
		return zoo.Get(what.builtin, zoo.Input(what.builtin), 10)
	}
	d, err := openData(e, c.Data, data.Options{})
	if err != nil {
		return nil, err
	}
	defer d.Close()
	net, _, _, err := (&trainCmd{}).fitBuiltin(what.builtin, d.Train)
	return net, err
}

func printYAML(e *env, net *nn.Net) error {
	text, err := net.YAML()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "%s", text)
	return err
}
