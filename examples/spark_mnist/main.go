// Command spark_mnist trains a network on MNIST, on as many workers as it is given.
// That it runs on a cluster is one call at the top of main.
//
//	go run ./examples/spark_mnist --write out                      # in this process
//	go run ./examples/spark_mnist --write out --cluster local:2    # in two
//	go run ./examples/spark_mnist --write out --cluster "sc://host:15002" --workers 4
//	go run ./examples/spark_mnist --write out train digits         # 8×8 images, nothing to download
//
// The flag --write lends the driver's folder to the workers, for the model and for
// checkpoints, from which training goes on if a worker is lost.
package main

import (
	"context"

	"github.com/emberml/ember/cluster"
	"github.com/emberml/ember/data"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/report"
	"github.com/emberml/ember/train"
)

func main() { cluster.Main(jobs) }

var jobs = cluster.Jobs{"train": trainMNIST}

// out is the model, in a folder of the driver.
const out = "driver://out/digits.onnx"

// trainMNIST runs on every worker. All have the whole data set, and take their parts
// of each batch; the first reports and saves.
func trainMNIST(ctx context.Context, w *cluster.Worker) error {
	var args []string
	if err := w.Decode(&args); err != nil {
		return err
	}
	source := "mnist"
	if len(args) > 0 {
		source = args[0]
	}
	set, err := data.Open(ctx, source, data.Options{})
	if err != nil {
		return err
	}
	defer set.Close()
	result, err := train.Fit(ctx, w.Group, train.Job{
		Net:           network(set.Train.Schema()),
		Data:          learn.Data{Train: set.Train, Test: set.Test},
		Options:       train.Options{Epochs: 3, Batch: 128, Seed: 1},
		CheckpointDir: out + ".ckpt",
		Resume:        w.Checkpoint != "", // a worker was lost: go on from there
		Threads:       w.Threads,
		Report:        w.Report,
	})
	if err != nil || w.Group.Rank() != 0 {
		return err
	}
	if err := result.Model.Save(ctx, out); err != nil {
		return err
	}
	w.Report.Event(report.Saved{Model: out})
	return nil
}

// network is a small convolutional net for gray images from 8×8 on.
func network(images *data.Schema) *nn.Net {
	net := nn.Sequential(
		nn.Conv2D{Filters: 16, Kernel: nn.Pair{3}, Activation: "relu"},
		nn.MaxPool2D{},
		nn.Flatten{},
		nn.Dense{Units: 64, Activation: "relu"},
		nn.Dense{Units: len(images.Target.Labels)},
	)
	net.Name, net.Loss = "digits", nn.CrossEntropy{}
	net.Input = append([]int{1}, images.Sample...) // one channel of height × width
	return net
}
