// Package zoo holds networks that are known to work, made to measure for the
// data they are to learn.
package zoo

import (
	"fmt"
	"maps"
	"slices"

	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/nn"
)

// maker makes a net for the shape of a sample and the number of outputs.
type maker func(input []int, outputs int) *nn.Net

// nets are the built-in nets by name, each with the shape of the samples that it
// was designed for.
var nets = map[string]struct {
	make  maker
	input []int
}{
	"mlp":          {func(input []int, outputs int) *nn.Net { return MLP(input, outputs, 128) }, digit},
	"lenet":        {LeNet, digit},
	"autoencoder":  {func(input []int, _ int) *nn.Net { return Autoencoder(input) }, digit},
	"vgg11":        {func(input []int, outputs int) *nn.Net { return VGG11(input, outputs, false) }, photo},
	"vgg11_bn":     {func(input []int, outputs int) *nn.Net { return VGG11(input, outputs, true) }, photo},
	"vgg16":        {func(input []int, outputs int) *nn.Net { return VGG16(input, outputs, false) }, photo},
	"vgg16_bn":     {func(input []int, outputs int) *nn.Net { return VGG16(input, outputs, true) }, photo},
	"resnet18":     {ResNet18, photo},
	"resnet34":     {ResNet34, photo},
	"resnet50":     {ResNet50, photo},
	"mobilenet_v2": {MobileNetV2, photo},
	"bert":         {BERTBase.net, text},
	"bert_mini":    {BERTMini.net, text},
	"bert_small":   {BERTSmall.net, text},
}

// The shapes of samples: handwritten digits, photos, and texts by the numbers of
// their tokens.
var digit, photo, text = []int{1, 28, 28}, []int{3, 224, 224}, []int{128}

// Input is the shape of the samples that the built-in net of the name was
// designed for: handwritten digits, photos or texts; nil for an unknown name. [Get]
// takes others, too.
func Input(name string) []int { return slices.Clone(nets[name].input) }

// Names are the names of the built-in nets, sorted.
func Names() []string { return slices.Sorted(maps.Keys(nets)) }

// Get is the built-in net of the name for samples of the given shape and a
// number of classes (an autoencoder ignores it; for numbers, set the net's Loss
// to nn.MSE, for one yes or no to nn.BinaryCrossEntropy). An unknown name or a shape that the net cannot take is an error.
func Get(name string, input []int, outputs int) (*nn.Net, error) {
	known, ok := nets[name]
	if !ok {
		hint := fmt.Sprintf("known: %v", Names())
		if near := config.Nearest(name, Names()); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		return nil, fmt.Errorf("unknown net %q; %s", name, hint)
	}
	net := known.make(input, outputs)
	checked := *net
	if outputs < 2 { // no classes: the caller sets the loss
		checked.Loss = nil
	}
	if err := checked.Check(); err != nil {
		return nil, fmt.Errorf("%s for samples of shape %v: %w", name, input, err)
	}
	return net, nil
}

// image is the shape of a sample as channels first: [h, w] has one channel.
func image(input []int) []int {
	if len(input) == 2 {
		return []int{1, input[0], input[1]}
	}
	return slices.Clone(input)
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// classifier completes a net that learns classes.
func classifier(net *nn.Net, name string, input []int, optimizer, train string) *nn.Net {
	net.Name, net.Input, net.Loss = name, input, nn.CrossEntropy{}
	net.Metrics = []*config.Node{config.NewText("accuracy")}
	net.Optimizer, net.Train = yaml(optimizer), yaml(train)
	return net
}

// yaml is the node of a text that is part of this package.
func yaml(text string) *config.Node {
	n, err := config.Parse("", []byte(text))
	if err != nil {
		panic(err)
	}
	return n
}
