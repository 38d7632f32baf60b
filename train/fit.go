package train

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/data"
	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/model"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/optim"
	"github.com/emberml/ember/report"
	"github.com/emberml/ember/tensor"
)

// Result is what a run gives.
type Result struct {
	Model  *model.Model
	Epochs int           // done, early stopping considered
	Steps  int           // updates done
	Train  report.Scores // of the last epoch
	Valid  report.Scores // at the end; nil without validation data
	Test   report.Scores // at the end; nil without test data
}

// Fit trains the job's net. It reports events to the job's sink as it goes.
//
// What is wrong with the job, the net or the data is an error before training
// begins. A loss that is no number is a [*DivergedError]. A canceled context
// ends the run after the step at hand with a checkpoint and an
// [*InterruptedError].
//
// In a group every worker has the whole data, or its shards of a [data.Spread],
// and takes its parts of each batch; the job's batch is the size over all of them.
// Their parameters begin as those of the first worker and stay the same bit for
// bit. Where Options.VirtualWorkers is set, neither they nor the scores depend on the
// number of workers. The first worker alone reports, writes checkpoints and reads
// them to resume.
//
// The canceled context of one worker ends the run of all after the same step; any
// other error of one aborts the group. Where the others do not come to the end of
// that step in the time in which a silent one counts as lost, it aborts the group.
func Fit(ctx context.Context, group *comm.Group, job Job) (*Result, error) {
	err := job.share(group.Size())
	if err == nil {
		err = job.prepare()
	}
	if job.close != nil {
		defer job.close()
	}
	var r *Result
	if err == nil {
		r, err = fit(ctx, group, job)
	}
	stopped := (*InterruptedError)(nil)
	if err != nil && !(errors.As(err, &stopped) && stopped.Step > 0 && stopped.Err == nil) { // a stop after a step is agreed upon
		group.Abort(err)
	}
	return r, err
}

// fit is Fit of a job that is prepared.
func fit(ctx context.Context, group *comm.Group, job Job) (*Result, error) {
	t, err := newTrainer(ctx, group, job)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, &InterruptedError{}
	case err != nil:
		return nil, err
	}
	ctx, leave := t.agree(ctx)
	defer leave()
	if err := t.joinParts(); err != nil {
		return nil, err
	}
	if err := t.startTogether(ctx); err != nil {
		return nil, err
	}
	return t.fit(ctx)
}

// trainer is a run.
type trainer struct {
	job      Job
	group    *comm.Group
	workers  workers
	src      data.Source
	pipeline *feature.Pipeline
	programs *programs
	score    *score // of the epoch at hand
	folder   checkpoints
	stop     stopping
	best     map[string]*tensor.Tensor // the best parameters, where they are to be restored

	step, epoch, sample int // done; sample within the epoch
	done                bool

	first, update, eval *feeds
	scale, share        []float32
	rate                []float64
	number, key         []int64

	seconds, cpu float64   // of training in this epoch so far
	since        time.Time // a stretch of training began
	sinceCPU     float64
	savedTime    time.Time
	savedAt      place // of the last checkpoint
	resumed      *checkpoint
	earlier      []int   // steps of checkpoints of an earlier run, to be replaced
	data         string  // fingerprint of the training data
	layers       string  // fingerprint of what has to stay in the net
	stepLoss     float64 // since the last reported step
	stepSamples  int
	lastEpoch    report.Scores // of the training data, with the loss
}

func newTrainer(ctx context.Context, group *comm.Group, job Job) (*trainer, error) {
	t := &trainer{job: job, group: group, src: job.Data.Train}
	schema := t.src.Schema()
	if t.src.Len() == 0 {
		return nil, &data.ContentError{Source: schema.Name, Detail: "there are no samples to learn from", Hint: "give a file that holds some"}
	}
	if err := job.Net.Check(); err != nil {
		return nil, err
	}
	var err error
	if t.job.Data, err = conform(job.Data, job.Net.Target != nn.InputName); err != nil {
		return nil, err
	}
	if job.Pipeline != nil {
		t.pipeline = job.Pipeline.Clone() // the job's owner may use it again
	} else if t.pipeline, err = Features(job.Net, schema); err != nil {
		return nil, err
	}
	described := *t.pipeline.Schema // what is learned may be more than the steps know
	described.Target = schema.Target
	t.pipeline.Schema = &described
	if err := t.pipeline.Fit(ctx, t.src); err != nil {
		return nil, err
	}
	if t.score, err = newScore(job.Net); err != nil {
		return nil, err
	}
	if err := t.score.checkWatched(job.EarlyStopping); err != nil {
		return nil, err
	}
	if t.programs, err = compile(&t.job, t.pipeline, schema); err != nil {
		return nil, err
	}
	for name, w := range job.Weights {
		if t.programs.state.Get(name) == nil {
			continue // another head, say
		}
		if err := t.programs.state.Set(name, w); err != nil {
			return nil, fmt.Errorf("first weights: %w", err)
		}
	}
	t.bindFeeds()
	if err := t.checkStateful(); err != nil {
		return nil, err
	}
	if t.data, err = data.Fingerprint(t.src); err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(job.layers()))
	t.layers = hex.EncodeToString(sum[:])
	return t, t.openFolder(ctx)
}

// bindFeeds makes the scalars that are fed at every step.
func (t *trainer) bindFeeds() {
	t.first, t.update, t.eval = feedsOf(t.programs.first), feedsOf(t.programs.update), feedsOf(t.programs.eval)
	t.scale, t.share = make([]float32, 1), make([]float32, 1)
	t.rate, t.number = make([]float64, 1), make([]int64, 1)
	t.key = []int64{int64(t.job.Seed), 0}
	t.first.set(scaleName, tensor.Of(t.scale, tensor.Shape{}...))
	t.first.set(shareName, tensor.Of(t.share, tensor.Shape{}...))
	t.first.set(nn.KeyInput, tensor.Of(t.key))
	t.update.set(optim.RateInput, tensor.Of(t.rate, tensor.Shape{}...))
	t.update.set(optim.NumberInput, tensor.Of(t.number, tensor.Shape{}...))
}

// fit runs the epochs and what comes after them.
func (t *trainer) fit(ctx context.Context) (*Result, error) {
	t.event(report.Start{
		Params: int64(t.programs.params.Trainable().Len()), Workers: t.group.Size(), Threads: t.job.Threads,
		Kernel: t.job.Kernel, Epochs: t.job.Epochs, Samples: int64(t.src.Len()), Resumed: int64(t.step), Net: t.job.source(),
	})
	if mistake := doubled(t.job.Net); mistake != "" {
		t.event(report.Warning{Message: mistake})
	}
	t.savedTime = t.job.Now()
	if err := t.startFolder(ctx); err != nil {
		return nil, err
	}
	for !t.finished() {
		if err := t.runEpoch(ctx); err != nil {
			return nil, t.interrupted(ctx, err)
		}
	}
	if err := t.checkFinite(); err != nil {
		return nil, err
	}
	t.restoreBest()
	r := &Result{Epochs: t.epoch, Steps: t.step, Train: t.lastEpoch}
	var err error
	if r.Valid, err = t.evaluate(ctx, t.job.Data.Valid); err != nil {
		return nil, t.interrupted(ctx, err)
	}
	if r.Test, err = t.evaluate(ctx, t.job.Data.Test); err != nil {
		return nil, t.interrupted(ctx, err)
	}
	if r.Test != nil {
		t.event(report.Test{Samples: int64(t.job.Data.Test.Len()), Metrics: r.Test})
	}
	r.Model, err = t.model(r)
	return r, err
}

// finished tells whether training is over.
func (t *trainer) finished() bool {
	return t.done || t.epoch >= t.job.Epochs || t.job.Steps > 0 && t.step >= t.job.Steps
}

// runEpoch trains on what is left of the epoch.
func (t *trainer) runEpoch(ctx context.Context) error {
	batches, err := feature.NewBatches(ctx, t.src, t.pipeline, feature.BatchOptions{
		Size: t.job.Batch, Train: true, Shuffle: *t.job.Shuffle, Seed: t.job.Seed, Epoch: t.epoch,
		Parts: t.job.parts, Rank: t.group.Rank(), Ranks: t.group.Size(), Start: t.sample,
	})
	if err != nil {
		return err
	}
	defer batches.Close()
	if t.sample == 0 {
		t.programs.carried.reset()
	}
	t.startClock()
	for {
		b, err := batches.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := t.trainOn(ctx, b, batches.Parts()); err != nil {
			return err
		}
		t.sample = batches.Position()
		if t.job.Steps > 0 && t.step >= t.job.Steps && t.sample < t.src.Len() {
			t.stopClock()
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := t.report(ctx); err != nil {
				return err
			}
			if _, err := t.reportEpoch(ctx); err != nil {
				return err
			}
			return t.save(ctx)
		}
		if err := t.afterStep(ctx); err != nil {
			return err
		}
	}
	t.stopClock()
	return t.endEpoch(ctx)
}

// afterStep reports now and then, writes a checkpoint that is due, and ends the
// run where the context is done.
func (t *trainer) afterStep(ctx context.Context) error {
	if err := ctx.Err(); err != nil { // agreed upon: nobody waits for the others any more
		return err
	}
	every := max(1, t.job.stepsPerEpoch()/200)
	if t.step%every == 0 {
		if err := t.report(ctx); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	steps := t.job.Checkpoint.Steps
	due := steps > 0 && t.step%steps == 0 || t.workers.overdue
	if !due || t.sample >= t.src.Len() { // the epoch's end has its own
		return nil
	}
	t.stopClock()
	defer t.startClock()
	if err := t.settleScores(ctx); err != nil {
		return err
	}
	return t.save(ctx)
}

// isOverdue tells whether the time has come for a checkpoint.
func (t *trainer) isOverdue() bool {
	every := t.job.Checkpoint.Every
	return every > 0 && t.job.Now().Sub(t.savedTime) >= every
}

// report tells the step's loss.
func (t *trainer) report(ctx context.Context) error {
	if err := t.settleScores(ctx); err != nil || t.stepSamples == 0 {
		return err
	}
	t.event(report.Step{
		Step: int64(t.step), Epoch: t.epoch + 1, Samples: int64(t.sample),
		Loss: report.Number(t.stepLoss / float64(t.stepSamples)), LR: t.rate[0],
	})
	t.stepLoss, t.stepSamples = 0, 0
	return nil
}

// endEpoch measures, reports, stops early where that is due, and writes a
// checkpoint.
func (t *trainer) endEpoch(ctx context.Context) error {
	if err := t.settleScores(ctx); err != nil {
		return err
	}
	if t.sample == t.src.Len() && t.step%max(1, t.job.stepsPerEpoch()/200) != 0 {
		if err := t.report(ctx); err != nil {
			return err
		}
	}
	valid, err := t.reportEpoch(ctx)
	if err != nil {
		return err
	}
	t.histograms()
	best := t.watch(valid)
	t.epoch, t.sample, t.seconds, t.cpu = t.epoch+1, 0, 0, 0
	t.score.reset()
	wanted := best && (t.job.EarlyStopping != nil || t.job.Data.Valid != nil)
	if wanted || t.finished() || t.epoch%t.job.Checkpoint.Epochs == 0 {
		return t.save(ctx)
	}
	return nil
}

// reportEpoch tells of the epoch at hand, whole or as far as the run goes, and
// measures on the validation data.
func (t *trainer) reportEpoch(ctx context.Context) (valid report.Scores, err error) {
	t.lastEpoch = t.score.values(true)
	if valid, err = t.evaluate(ctx, t.job.Data.Valid); err != nil {
		return nil, err
	}
	e := report.Epoch{
		Epoch: t.epoch + 1, Step: int64(t.step), Samples: int64(t.score.samples), Seconds: t.seconds, CPUSeconds: t.cpu,
		Loss: report.Number(t.score.mean()), Metrics: t.score.values(false), Valid: valid,
	}
	t.event(e)
	return valid, nil
}

// event reports, for all workers, what the first of them sees.
func (t *trainer) event(e report.Event) {
	if t.job.Report != nil && t.group.Rank() == 0 {
		t.job.Report.Event(e)
	}
}

// histograms reports the distributions of parameters and gradients.
func (t *trainer) histograms() {
	if t.job.Histograms == 0 || t.group.Rank() != 0 || (t.epoch+1)%t.job.Histograms != 0 {
		return
	}
	h := report.Histograms{Step: int64(t.step)}
	for _, p := range t.programs.params.Trainable() {
		for _, name := range []string{p.Name, gradPrefix + p.Name} {
			h.Values = append(h.Values, report.NewHistogram(name, tensor.Float64s(t.programs.state.Get(name))))
		}
	}
	t.event(h)
}

// startClock and stopClock bound a stretch of training, the only time that
// counts in an epoch's seconds.
func (t *trainer) startClock() { t.since, t.sinceCPU = t.job.Now(), cpuSeconds() }

func (t *trainer) stopClock() {
	if t.since.IsZero() {
		return
	}
	t.seconds += t.job.Now().Sub(t.since).Seconds()
	t.cpu += cpuSeconds() - t.sinceCPU
	t.since = time.Time{}
}

// isNumber tells whether x is finite.
func isNumber(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
