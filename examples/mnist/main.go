// Command mnist trains a convolutional network on MNIST and saves it as an ONNX
// file: what `ember train lenet --data mnist` does, as a Go program.
//
//	go run ./examples/mnist -epochs 3 -out lenet.onnx
package main

import (
	"context"
	"flag"
	"fmt"
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
	source := flag.String("data", "mnist", "data set: images with ten classes")
	epochs := flag.Int("epochs", 1, "passes over the training data")
	out := flag.String("out", "lenet.onnx", "file of the model")
	flag.Parse()
	if err := run(context.Background(), *source, *epochs, *out); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, source string, epochs int, out string) error {
	set, err := data.Open(ctx, source, data.Options{})
	if err != nil {
		return err
	}
	defer set.Close()

	net := nn.Sequential(
		nn.Conv2D{Filters: 20, Kernel: nn.Pair{5}, Activation: "relu"},
		nn.MaxPool2D{},
		nn.Conv2D{Filters: 50, Kernel: nn.Pair{5}, Activation: "relu"},
		nn.MaxPool2D{},
		nn.Flatten{},
		nn.Dense{Units: 500, Activation: "relu"},
		nn.Dense{Units: 10},
	)
	net.Name, net.Loss = "lenet", nn.CrossEntropy{}
	net.Input = append([]int{1}, set.Train.Schema().Sample...)

	console := report.NewConsole(os.Stderr, report.ConsoleOptions{Width: report.Terminal(os.Stderr)})
	defer console.Close()
	result, err := train.Fit(ctx, comm.Solo(), train.Job{
		Net: net, Data: learn.Data{Train: set.Train, Test: set.Test},
		Optimizer: optim.Adam{LR: 0.001},
		Options:   train.Options{Epochs: epochs, Batch: 64, Seed: 1},
		Report:    console,
	})
	if err != nil {
		return err
	}
	if err := result.Model.Save(ctx, out); err != nil {
		return err
	}
	fmt.Printf("saved %s: %v\n", out, result.Train)
	return nil
}
