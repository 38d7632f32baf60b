package train

import (
	"errors"
	"time"

	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/optim"
	"github.com/emberml/ember/report"
	"github.com/emberml/ember/tensor"
)

// Options say how a net is trained: the keys of train in a net file.
type Options struct {
	// Epochs and Steps are bounds, of which the first that is reached ends
	// training. Without Epochs there are as many as the Steps take, else 1.
	Epochs int `default:"1" min:"1" doc:"passes over the training data; left out, as many as the steps take"`
	Steps  int `min:"1" doc:"stop after so many updates, whatever the epoch"`
	Batch  int `default:"64" min:"1" doc:"samples of one update, over all workers"`
	// Seed keys every random number: first weights, shuffling, dropout,
	// augmentation.
	Seed uint64 `doc:"key of all random numbers"`
	// Shuffle draws a new order of the samples for each epoch; nil is true.
	Shuffle *bool `default:"true" doc:"draw a new order of the samples each epoch"`
	// VirtualWorkers is the number of parts into which every batch is cut, each
	// with gradients and batch statistics of its own, which are added up in a fixed
	// order: the trained model has the same bits for any number of real workers up
	// to it. A worker computes its parts one after the other, which takes less
	// memory too. 0 is one for each worker.
	VirtualWorkers int `min:"1" doc:"parts in which a batch is computed, for the same bits on any number of workers, and to save memory; left out, one for each worker"`

	ClipNorm  float64 `min:"0" doc:"largest Euclidean norm of all gradients together; 0 does not clip"`
	ClipValue float64 `min:"0" doc:"largest magnitude of each element of a gradient; 0 does not clip"`

	EarlyStopping *EarlyStopping `doc:"end training when a metric no longer becomes better"`
	Checkpoint    Checkpoint     `doc:"when checkpoints are written"`
	Freeze        []string       `doc:"patterns of layers or parameters that stay as they are"`
	Histograms    int            `min:"0" doc:"record histograms of parameters and gradients every so many epochs; 0 does not"`
}

// EarlyStopping ends training when a metric of the validation data (of the
// training data where there is no other) has not become better for a while.
type EarlyStopping struct {
	Metric   string  `default:"loss" doc:"loss, or a metric of the net"`
	Patience int     `default:"3" min:"1" doc:"epochs without getting better"`
	MinDelta float64 `min:"0" doc:"least change that counts as better"`
	// Restore takes the parameters of the best epoch for the model; nil is true.
	Restore *bool `default:"true" doc:"take the parameters of the best epoch"`
}

// Checkpoint says when checkpoints are written, besides the end and an
// interruption.
type Checkpoint struct {
	Steps  int           `min:"1" doc:"write one every so many updates"`
	Epochs int           `default:"1" min:"1" doc:"write one every so many epochs"`
	Every  time.Duration `doc:"write one at least so often, such as 10m"`
	Keep   int           `default:"2" min:"1" doc:"how many of the newest stay; the best stays besides"`
}

// Job is a training run.
type Job struct {
	// Net is what is trained: its layers, loss, metrics. What it says of its
	// training is not read: [FromNet] does that.
	Net  *nn.Net
	Data learn.Data
	Options
	// Pipeline is the feature steps, which stay as they are: what is not fitted
	// is fitted in a copy, that of the model. If it is that of a model to train
	// on, classes keep their numbers. nil is [Features].
	Pipeline *feature.Pipeline
	// Optimizer moves the parameters; nil is Adam with its defaults.
	Optimizer optim.Optimizer
	// Schedule changes the learning rate; nil keeps it.
	Schedule optim.Schedule
	// Weights are first values of parameters by name, such as those of a loaded
	// model; the others are drawn.
	Weights map[string]*tensor.Tensor

	// Backend runs the programs; nil is the processor with all its threads.
	Backend engine.Backend
	// Memory bounds what the programs use, in bytes; 0 does not.
	Memory int
	// CheckpointDir is the folder of checkpoints; empty writes none.
	CheckpointDir string
	// Resume goes on from the newest checkpoint in CheckpointDir.
	Resume bool
	// Report hears the events; nil is nobody.
	Report report.Sink
	// Now is the clock of throughput and checkpoint intervals; nil is the
	// system's.
	Now func() time.Time
	// Threads is the number of threads where Backend is nil; 0 is as many as
	// there are processors. Threads and Kernel, the kernel variant, are told in
	// events; those of the processor are known.
	Threads int
	Kernel  string
	// Version of Ember is told in the model.
	Version string

	parts int    // of a batch
	close func() // ends a backend of the job's own
}

// prepare fills in defaults and checks the job.
func (j *Job) prepare() error {
	if j.Net == nil || j.Data.Train == nil {
		return errors.New("train: a job needs a net and training data")
	}
	if j.Net.Loss == nil {
		return &config.Error{Detail: "the net has no loss", Hint: "set loss: cross_entropy for classes, mse for numbers"}
	}
	if err := config.ValidateAs("train", j.Options); err != nil {
		return err
	}
	untilSteps := j.Epochs == 0 && j.Steps > 0
	config.Defaults(&j.Options)
	if untilSteps {
		perEpoch := max(1, j.stepsPerEpoch())
		j.Epochs = (j.Steps + perEpoch - 1) / perEpoch
	}
	if j.EarlyStopping != nil {
		early := *j.EarlyStopping // the job's owner may use it again
		config.Defaults(&early)
		j.EarlyStopping = &early
	}
	if j.Optimizer == nil {
		j.Optimizer = optim.Adam{}
	}
	if err := optim.Validate(j.Optimizer); err != nil {
		return err
	}
	if j.Schedule == nil {
		j.Schedule = optim.Constant{}
	}
	if j.Backend == nil {
		b := cpu.New(cpu.Options{Threads: j.Threads})
		j.Backend, j.close = b, b.Close
	}
	if b, ok := j.Backend.(*cpu.Backend); ok {
		variant, err := kernel.Selected()
		if err != nil {
			return err
		}
		j.Threads, j.Kernel = b.Threads(), variant.Name
	}
	if j.Now == nil {
		j.Now = time.Now
	}
	if j.Resume && j.CheckpointDir == "" {
		return &config.Error{Detail: "there is no checkpoint folder to resume from", Hint: "name it with --checkpoint"}
	}
	return j.check()
}

// stepsPerEpoch counts the last, partial batch.
func (j *Job) stepsPerEpoch() int { return (j.Data.Train.Len() + j.Batch - 1) / j.Batch }

// source is the net as a net file; empty for one that lives in Go only.
func (j *Job) source() string { return sourceOf(j.Net) }

// layers is the part of the source that a run cannot change on the way: input,
// layers and loss, not how they are trained.
func (j *Job) layers() string {
	return sourceOf(&nn.Net{Input: j.Net.Input, Layers: j.Net.Layers, Loss: j.Net.Loss, Target: j.Net.Target})
}

func sourceOf(net *nn.Net) string {
	text, err := net.YAML()
	if err != nil {
		return ""
	}
	return string(text)
}
