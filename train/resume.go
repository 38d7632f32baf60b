package train

import (
	"context"
	"fmt"
	"slices"

	"github.com/emberml/ember/report"
	"github.com/emberml/ember/tensor"
)

// openFolder resumes on the first worker where the job says so, and checks that checkpoints can be
// written before anything is learned.
func (t *trainer) openFolder(ctx context.Context) error {
	t.folder = checkpoints{dir: t.job.CheckpointDir, keep: t.job.Checkpoint.Keep}
	t.savedAt = place{step: -1}
	if t.job.Resume && t.group.Rank() == 0 {
		if err := t.resume(ctx); err != nil {
			return err
		}
	}
	if t.job.CheckpointDir == "" || t.group.Rank() != 0 {
		return nil
	}
	if err := t.folder.check(ctx); err != nil {
		return fmt.Errorf("no checkpoint can be written: %w", err)
	}
	return nil
}

// startFolder looks for checkpoints of an earlier run where a new one begins:
// its first checkpoint takes their place.
func (t *trainer) startFolder(ctx context.Context) (err error) {
	if t.job.CheckpointDir == "" || t.job.Resume || t.group.Rank() != 0 {
		return nil
	}
	if t.earlier, err = t.folder.steps(ctx); err != nil || len(t.earlier) == 0 {
		return err
	}
	if cp, err := t.folder.read(ctx, t.earlier[0]); err != nil || !cp.Finished {
		t.event(report.Warning{Message: fmt.Sprintf("%s holds checkpoints of a run that did not end, which the first of this run replaces; --resume goes on from them", t.job.CheckpointDir)})
	}
	return nil
}

// place is a moment of a run, of which there is one checkpoint.
type place struct{ step, epoch, sample int }

func (t *trainer) place() place { return place{t.step, t.epoch, t.sample} }

// save writes a checkpoint, if there is a folder for them and it holds none of
// this place in the run.
func (t *trainer) save(ctx context.Context) error {
	if t.job.CheckpointDir == "" || t.group.Rank() != 0 || t.savedAt == t.place() {
		return nil
	}
	best := t.atBest()
	if slices.Contains(t.earlier, t.step) { // of the same name: nobody may read half of each
		if err := t.folder.remove(ctx, []int{t.step}, -1); err != nil {
			return err
		}
	}
	cp := checkpoint{
		Step: t.step, Epoch: t.epoch, Sample: t.sample, Seed: t.job.Seed, Batch: t.job.Batch,
		Data: t.data, Layers: t.layers, Best: best, Progress: t.score.save(), Stopping: t.stop, Done: t.done,
		Finished: t.finished(), LastEpoch: scoreMap(t.lastEpoch),
	}
	cp.Progress.Seconds, cp.Progress.CPUSeconds = t.seconds, t.cpu
	cp.Net = t.job.source()
	path, err := t.folder.save(ctx, cp, t.programs.state, transient)
	if err != nil {
		return err
	}
	t.savedTime, t.savedAt = t.job.Now(), t.place()
	if err := t.folder.remove(ctx, t.earlier, t.step); err != nil {
		return err
	}
	t.earlier = nil
	if err := t.folder.prune(ctx); err != nil {
		return err
	}
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
	if cp.Layers != t.layers {
		return &CheckpointError{File: file, Detail: "it is of another net: layers or loss differ", Hint: "name the net that it was written with, which it holds, or train without --resume"}
	}
	if cp.Data != t.data {
		return &CheckpointError{File: file, Detail: "it was trained on other data", Hint: "give the same --data, or train the saved model on with the new data"}
	}
	t.resumed = &cp
	if err := t.goOn(cp); err != nil {
		return err
	}
	return t.recall(ctx, cp)
}

// goOn puts the run where the checkpoint, whose variables are in the state, was
// written.
func (t *trainer) goOn(cp checkpoint) error {
	t.step, t.epoch, t.sample, t.stop, t.done = cp.Step, cp.Epoch, cp.Sample, cp.Stopping, cp.Done
	t.seconds, t.cpu = cp.Progress.Seconds, cp.Progress.CPUSeconds
	t.savedAt = t.place()
	t.lastEpoch = t.score.named(cp.LastEpoch)
	if err := t.score.restore(cp.Progress); err != nil {
		return &CheckpointError{File: t.folder.file(cp.Step, "json"), Detail: err.Error(), Hint: "train with the metrics that it was written with"}
	}
	return nil
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
