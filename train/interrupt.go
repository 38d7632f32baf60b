package train

import (
	"context"
	"errors"
	"fmt"

	"github.com/emberml/ember/learn"
)

// InterruptedError ends a run whose context was canceled. It wraps
// [learn.ErrInterrupted].
type InterruptedError struct {
	Step       int    // done
	Checkpoint string // folder to resume from; empty without a checkpoint
	Err        error  // why the checkpoint could not be written, or nil
}

// Error says how far training came and where it can go on.
func (e *InterruptedError) Error() string {
	where := "there is no checkpoint folder to resume from"
	switch {
	case errors.Is(e.Err, errStuck):
		where = "there is no checkpoint of it: " + e.Err.Error()
	case e.Err != nil:
		where = fmt.Sprintf("the checkpoint could not be written: %v", e.Err)
	case e.Checkpoint != "":
		where = "the checkpoint is in " + e.Checkpoint
	case e.Step == 0:
		return fmt.Sprintf("%v before the first step", learn.ErrInterrupted)
	}
	return fmt.Sprintf("%v after step %d; %s", learn.ErrInterrupted, e.Step, where)
}

// Unwrap returns [learn.ErrInterrupted] and what went wrong.
func (e *InterruptedError) Unwrap() []error {
	if e.Err == nil {
		return []error{learn.ErrInterrupted}
	}
	return []error{learn.ErrInterrupted, e.Err}
}

// interrupted writes a checkpoint where the context was canceled.
func (t *trainer) interrupted(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	t.stopClock()
	e := &InterruptedError{Step: t.step}
	if errors.Is(context.Cause(ctx), errStuck) {
		e.Err = errStuck
		return e
	}
	// The run's context is done; the last checkpoint is still to be written.
	ctx = context.WithoutCancel(ctx)
	limit, cancel := context.WithTimeout(ctx, t.group.LostAfter())
	defer cancel()
	if e.Err = t.settleScores(limit); e.Err == nil {
		e.Err = t.save(ctx)
	}
	if e.Err == nil {
		e.Checkpoint = t.job.CheckpointDir
	}
	return e
}
