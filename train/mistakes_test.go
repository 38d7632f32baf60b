package train_test

import (
	"context"
	"strings"
	"testing"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/train"
)

// TestMistakes checks that what is wrong with a job is an error that says what
// to do, before training begins.
func TestMistakes(t *testing.T) {
	with := func(loss nn.Loss, units int) *nn.Net {
		net := nn.Sequential(nn.Flatten{}, nn.Dense{Units: units})
		net.Input, net.Loss = []int{1, 8, 8}, loss
		return net
	}
	for _, c := range []struct {
		want   string
		change func(j *train.Job)
	}{
		{`the net has no loss`, func(j *train.Job) {
			j.Net = with(nil, 10)
		}},
		{`digits: there are 10 classes, and the net's last layer dense_1 gives [N 3] (it has to give [N 10])`, func(j *train.Job) {
			j.Net = with(nn.CrossEntropy{}, 3)
		}},
		{`digits: there are 10 classes, and the loss tells two apart (use cross_entropy and an output for each class)`, func(j *train.Job) {
			j.Net = with(nn.BinaryCrossEntropy{}, 1)
		}},
		{`digits: its target is classes, the loss learns numbers (use data.ToClasses or data.ToNumbers, or another loss)`, func(j *train.Job) {
			j.Net = with(nn.MSE{}, 1)
		}},
		{`early_stopping watches "acuracy", which is not measured; set its metric to one of loss, accuracy`, func(j *train.Job) {
			j.EarlyStopping = &train.EarlyStopping{Metric: "acuracy"}
		}},
		{`freeze: no layer or parameter is called "dense_3"; did you mean "dense_1"?`, func(j *train.Job) {
			j.Freeze = []string{"dense_3"}
		}},
		{`the "batch" of train must be ≥ 1, got -1`, func(j *train.Job) {
			j.Batch = -1
		}},
		{`the net has no parameters to train`, func(j *train.Job) {
			j.Freeze = []string{"*"}
		}},
		{`there is no checkpoint folder to resume from`, func(j *train.Job) {
			j.Resume = true
		}},
	} {
		job := train.Job{Net: with(nn.CrossEntropy{}, 10), Data: digits(t)}
		job.Report = &recorder{}
		c.change(&job)
		_, err := train.Fit(context.Background(), comm.Solo(), job)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("error is %v, want %s", err, c.want)
		}
		if heard := job.Report.(*recorder).events; len(heard) > 0 {
			t.Errorf("%s: training began", c.want)
		}
	}
}
