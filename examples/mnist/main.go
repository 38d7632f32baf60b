// Command mnist trains a convolutional network on MNIST, tests it, and saves it
// as an ONNX file: what `ember train lenet --data mnist` does, as a Go program.
//
//	go run ./examples/mnist -epochs 2 -out digits.onnx
//	go run ./examples/mnist -data digits -epochs 20    # 8×8 images, nothing to download
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/data"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/optim"
	"github.com/emberml/ember/report"
	"github.com/emberml/ember/train"
)

func main() {
	source := flag.String("data", "mnist", "data set of gray images with ten classes")
	epochs := flag.Int("epochs", 1, "passes over the training data")
	out := flag.String("out", "digits.onnx", "file of the model")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, *source, *epochs, *out); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, w io.Writer, source string, epochs int, out string) error {
	set, err := data.Open(ctx, source, data.Options{})
	if err != nil {
		return err
	}
	defer set.Close()
	parts := learn.Data{Train: set.Train, Test: set.Test}
	if parts.Test == nil { // the set has no test part: cut one off
		cut, err := data.Split(set.Train, 1, 0.8, 0.2)
		if err != nil {
			return err
		}
		parts.Train, parts.Test = cut[0], cut[1]
	}

	console := report.NewConsole(os.Stderr, report.ConsoleOptions{Width: report.Terminal(os.Stderr), Results: w})
	defer console.Close()
	result, err := train.Fit(ctx, comm.Solo(), train.Job{
		Net: network(set.Train.Schema()), Data: parts,
		Optimizer: optim.Adam{LR: 0.002},
		Schedule:  optim.Cosine{},
		Options:   train.Options{Epochs: epochs, Batch: 64, Seed: 1},
		Report:    console,
	})
	if err != nil {
		return err
	}
	if err := result.Model.Save(ctx, out); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "saved %s: %d parameters\n", out, result.Model.NumParameters())
	return err
}

// network is a small convolutional net for images from 8×8 on.
func network(images *data.Schema) *nn.Net {
	net := nn.Sequential(
		nn.Conv2D{Filters: 16, Kernel: nn.Pair{5}, Padding: nn.Same, Activation: "relu"},
		nn.MaxPool2D{},
		nn.Conv2D{Filters: 32, Kernel: nn.Pair{3}, Activation: "relu"},
		nn.MaxPool2D{},
		nn.Flatten{},
		nn.Dense{Units: 128, Activation: "relu", Dropout: 0.25},
		nn.Dense{Units: len(images.Target.Labels)},
	)
	net.Name, net.Loss = "digits", nn.CrossEntropy{}
	net.Input = append([]int{1}, images.Sample...) // one channel of height × width
	return net
}
