package main

import (
	"context"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/data"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/nn/zoo"
	"github.com/emberml/ember/train"
)

// firstStep trains lenet on MNIST for one step, as a program of its own does.
func firstStep(threads int) error {
	ctx := context.Background()
	set, err := data.Open(ctx, "mnist", data.Options{})
	if err != nil {
		return err
	}
	job, err := train.FromNet(zoo.LeNet([]int{1, 28, 28}, 10))
	if err != nil {
		return err
	}
	job.Data, job.Steps, job.Threads = learn.Data{Train: set.Train}, 1, threads
	_, err = train.Fit(ctx, comm.Solo(), job)
	return err
}
