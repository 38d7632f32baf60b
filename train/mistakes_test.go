package train_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/data"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/tensor"
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
		{`batch_norm_1 has one number of each channel to norm: it needs two samples or more at a time`, func(j *train.Job) {
			j.Net = nn.Sequential(nn.Flatten{}, nn.BatchNorm{}, nn.Dense{Units: 10})
			j.Net.Input, j.Net.Loss, j.Batch = []int{1, 8, 8}, nn.CrossEntropy{}, 1
		}},
		{`table: there are 2 targets a sample, and the net's last layer dense_1 gives [N 3] (it has to give [N 2])`, func(j *train.Job) {
			j.Net, j.Data = with(nn.MSE{}, 3), table(t, 0, 1, 1, 0)
			j.Net.Input = []int{1}
		}},
		{`table: the target b of sample 1 is 3, and binary_cross_entropy learns 0…1 (use 0 for no and 1 for yes`, func(j *train.Job) {
			j.Net, j.Data = with(nn.BinaryCrossEntropy{}, 2), table(t, 0, 1, 1, 3)
			j.Net.Input = []int{1}
		}},
		{`two: there are two classes, which the loss tells apart by one number, and the net's last layer dense_1 gives [N 2]`, func(j *train.Job) {
			j.Net, j.Data = with(nn.BinaryCrossEntropy{}, 2), learn.Data{Train: twoClasses(t, "yes", "no")}
			j.Net.Input = []int{1}
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

// source is samples of one number, 0, 1, …, with the targets y.
func source(t *testing.T, schema data.Schema, y *tensor.Tensor) data.Source {
	t.Helper()
	n := y.Shape()[0]
	schema.Columns = []string{"x"}
	src, err := data.FromTensors(schema, tensor.Cast(tensor.Arange(0, float64(n), 1), tensor.Float32).Reshape(n, 1), y)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// table is samples with two numbers to learn, a and b.
func table(t *testing.T, y ...float32) learn.Data {
	t.Helper()
	schema := data.Schema{Name: "table", Target: data.Target{Names: []string{"a", "b"}}}
	return learn.Data{Train: source(t, schema, tensor.Of(y, len(y)/2, 2))}
}

// twoClasses is four samples, the first two of the first class.
func twoClasses(t *testing.T, labels ...string) data.Source {
	t.Helper()
	schema := data.Schema{Name: "two", Target: data.Target{Labels: labels}}
	return source(t, schema, tensor.Of([]int64{0, 0, 1, 1}, 4))
}

// TestNotFinite checks that a value in the data that is no number is named, whether
// a step or the net meets it.
func TestNotFinite(t *testing.T) {
	net := nn.Sequential(nn.Dense{Units: 1})
	net.Input, net.Loss = []int{1}, nn.MSE{}
	for want, columns := range map[string][]string{
		"not finite: sample 2 holds a value that is not finite (remove the sample or fix the value)":        nil,
		"not finite: fit the step standardize: sample 2: it holds NaN (remove the sample or fix the value)": {"a"},
	} {
		x := tensor.Of([]float32{1, 2, float32(math.NaN()), 4}, 4, 1)
		src, err := data.FromTensors(data.Schema{Name: "not finite", Columns: columns}, x, tensor.Of([]float32{1, 2, 3, 4}, 4))
		if err != nil {
			t.Fatal(err)
		}
		_, err = train.Fit(t.Context(), comm.Solo(), train.Job{Net: net, Data: learn.Data{Train: src}})
		var content *data.ContentError
		if !errors.As(err, &content) || err.Error() != want {
			t.Errorf("error is %v, want %s", err, want)
		}
	}
}

// TestDoubledSoftmax checks that a net is warned of that ends in what its loss does.
func TestDoubledSoftmax(t *testing.T) {
	for _, c := range []struct {
		want  string
		loss  nn.Loss
		units int
		end   nn.Activation
	}{
		{"the net ends in softmax, which its loss applies to the output once more: leave it out of the net", nn.CrossEntropy{}, 2, "softmax"},
		{"the net ends in sigmoid, which its loss applies to the output once more: leave it out of the net", nn.BinaryCrossEntropy{}, 1, "sigmoid"},
		{"", nn.CrossEntropy{}, 2, "tanh"},
	} {
		net := nn.Sequential(nn.Dense{Units: c.units, Activation: c.end})
		net.Input, net.Loss = []int{1}, c.loss
		var r recorder
		fit(t, train.Job{Net: net, Data: learn.Data{Train: twoClasses(t, "no", "yes")}, Report: &r})
		if got := warnings(r.events); got != c.want {
			t.Errorf("%T after %s: warned of %q, want %q", c.loss, c.end, got, c.want)
		}
	}
}
