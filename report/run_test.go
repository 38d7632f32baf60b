package report_test

import (
	"math"
	"time"

	"github.com/emberml/ember/report"
)

// clock is a time that goes on by a fixed step each time it is read.
type clock struct {
	now  time.Time
	tick time.Duration
}

func (c *clock) Now() time.Time {
	c.now = c.now.Add(c.tick)
	return c.now
}

func newClock(tick time.Duration) *clock {
	return &clock{time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), tick}
}

// run is a run of two epochs of 1,000 samples with everything that can happen.
func run(sink report.Sink) {
	sink.Event(report.Start{Params: 431080, Workers: 1, Threads: 2, Kernel: "avx512", Epochs: 2, Samples: 1000, Net: "name: <net>\n"})
	sink.Event(report.Step{Step: 1, Epoch: 1, Samples: 250, Loss: 2.25, LR: 0.001})
	sink.Event(report.Step{Step: 2, Epoch: 1, Samples: 500, Loss: 1.75, LR: 0.001})
	sink.Event(report.Step{Step: 4, Epoch: 1, Samples: 1000, Loss: 1, LR: 0.001})
	sink.Event(report.Epoch{
		Epoch: 1, Step: 4, Samples: 1000, Seconds: 0.5, CPUSeconds: 0.875, Loss: 1.5,
		Metrics: report.Scores{{Name: "top_k", Value: 1}, {Name: "accuracy", Value: 0.625}},
		Valid:   report.Scores{{Name: "loss", Value: 1.25}, {Name: "accuracy", Value: 0.6}},
	})
	sink.Event(report.Histograms{Step: 4, Values: []report.Histogram{report.NewHistogram("dense_1.weight", []float32{-1, 0, 0.5, 2})}})
	sink.Event(report.Checkpoint{Path: "m.onnx.ckpt/4", Step: 4, Best: true})
	sink.Event(report.Warning{Message: "the last batch has 8 samples"})
	sink.Event(report.Step{Step: 5, Epoch: 2, Samples: 250, Loss: report.Number(math.NaN()), LR: 0.0005})
	sink.Event(report.Diverged{Step: 5, Epoch: 2, Layer: "conv2d_2", What: "loss is NaN"})
	sink.Event(report.EarlyStop{Epoch: 2, Metric: "valid loss", Best: 1.25, BestEpoch: 1})
	sink.Event(report.Test{Samples: 100, Metrics: report.Scores{{Name: "accuracy", Value: 0.9876}}})
	sink.Event(report.Saved{Model: "m.onnx"})
}
