package train

import (
	"context"
	"fmt"
	"strings"

	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/metric"
	"github.com/emberml/ember/report"
	"github.com/emberml/ember/tensor"
)

// stopping is what early stopping and the best checkpoint remember.
type stopping struct {
	Best  *float64 `json:"best,omitempty"` // value of the watched metric; nil before the first epoch
	Epoch int      `json:"epoch"`          // when that was, from 1
	Stale int      `json:"stale"`          // epochs since
}

// checkWatched is an error if early stopping watches what is not measured.
func (s *score) checkWatched(early *EarlyStopping) error {
	if early == nil || early.Metric == "loss" {
		return nil
	}
	known := []string{"loss"}
	for _, m := range s.metrics {
		if m.name == early.Metric {
			return nil
		}
		known = append(known, m.name)
	}
	return &config.Error{
		Detail: fmt.Sprintf("early_stopping watches %q, which is not measured", early.Metric),
		Hint:   "set its metric to one of " + strings.Join(known, ", ") + ", or add that to the metrics of the net",
	}
}

// watch looks at the watched metric after an epoch: whether it is the best so
// far, and whether training ends.
func (t *trainer) watch(valid report.Scores) (best bool) {
	name, delta := "loss", 0.0
	early := t.job.EarlyStopping
	if early != nil {
		name, delta = early.Metric, early.MinDelta
	}
	scores := valid
	if scores == nil {
		scores = append(report.Scores{{Name: "loss", Value: float64(t.lastEpoch.Loss)}}, t.lastEpoch.Metrics...)
	}
	value, ok := scores.Get(name)
	if !ok || !isNumber(value) {
		return false
	}
	higher := false
	if spec, ok := metric.Find(name); ok {
		higher = spec.HigherIsBetter
	}
	s := &t.stop
	gain := 0.0
	if s.Best != nil {
		if gain = *s.Best - value; higher {
			gain = -gain
		}
	}
	if s.Best == nil || gain > delta {
		s.Best, s.Epoch, s.Stale = &value, t.epoch+1, 0
		t.remember()
		return true
	}
	s.Stale++
	if early != nil && s.Stale >= early.Patience {
		t.done = true
		t.event(report.EarlyStop{Epoch: t.epoch + 1, Metric: name, Best: report.Number(*s.Best), BestEpoch: s.Epoch})
	}
	return false
}

// restores tells whether the best parameters are wanted at the end.
func (t *trainer) restores() bool {
	return t.job.EarlyStopping != nil && *t.job.EarlyStopping.Restore
}

// remember keeps a copy of the parameters, where they are to be restored.
func (t *trainer) remember() {
	if !t.restores() {
		return
	}
	t.best = map[string]*tensor.Tensor{}
	for _, p := range t.programs.params {
		t.best[p.Name] = t.programs.state.Get(p.Name).Clone()
	}
}

func (t *trainer) restoreBest() {
	for name, w := range t.best {
		tensor.CopyInto(t.programs.state.Get(name), w)
	}
}

// save writes a checkpoint, if there is a folder for them.
func (t *trainer) save(ctx context.Context, best bool) error {
	if t.job.CheckpointDir == "" || t.group.Rank() != 0 {
		return nil
	}
	if t.lastSavedStep == t.step && t.step > 0 && !best {
		return nil
	}
	cp := checkpoint{
		Step: t.step, Epoch: t.epoch, Sample: t.sample, Seed: t.job.Seed, Batch: t.job.Batch,
		Data: t.data, Best: best, Progress: t.score.save(), Stopping: t.stop, Done: t.done,
	}
	cp.Progress.Seconds, cp.Progress.CPUSeconds = t.seconds, t.cpu
	cp.Net = t.job.source()
	path, err := t.folder.save(ctx, cp, t.programs.state, transient)
	if err != nil {
		return err
	}
	t.lastSaved, t.lastSavedStep = t.job.Now(), t.step
	t.event(report.Checkpoint{Path: path, Step: int64(t.step), Best: best})
	return nil
}

// resume goes on from the newest checkpoint.
func (t *trainer) resume(ctx context.Context) error {
	cp, err := t.folder.load(ctx, t.programs.state, transient)
	if err != nil {
		return err
	}
	file := t.folder.file(cp.Step, "json")
	if cp.Seed != t.job.Seed {
		return &CheckpointError{File: file, Detail: fmt.Sprintf("the seed was %d, it is %d here", cp.Seed, t.job.Seed), Hint: fmt.Sprintf("go on with --seed %d", cp.Seed)}
	}
	if cp.Batch != t.job.Batch {
		return &CheckpointError{File: file, Detail: fmt.Sprintf("the batch was %d, it is %d here", cp.Batch, t.job.Batch), Hint: fmt.Sprintf("go on with --batch %d", cp.Batch)}
	}
	if cp.Data != t.data {
		return &CheckpointError{File: file, Detail: "it was trained on other data", Hint: "give the same --data, or train the saved model on with the new data"}
	}
	t.step, t.epoch, t.sample, t.stop, t.done = cp.Step, cp.Epoch, cp.Sample, cp.Stopping, cp.Done
	t.seconds, t.cpu = cp.Progress.Seconds, cp.Progress.CPUSeconds
	t.lastSavedStep = cp.Step
	if err := t.score.restore(cp.Progress); err != nil {
		return &CheckpointError{File: file, Detail: err.Error(), Hint: "train with the metrics that it was written with"}
	}
	return t.recall(ctx, cp)
}

// recall reads the best parameters so far for early stopping.
func (t *trainer) recall(ctx context.Context, cp checkpoint) error {
	if !t.restores() || cp.Stopping.Best == nil {
		return nil
	}
	if cp.Best {
		t.remember()
		return nil
	}
	best, err := t.folder.bestVariables(ctx)
	if err != nil {
		return err
	}
	t.best = map[string]*tensor.Tensor{}
	for _, p := range t.programs.params {
		if w := best[p.Name]; w != nil {
			t.best[p.Name] = w
		}
	}
	return nil
}
