package train

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/report"
	"github.com/emberml/ember/tensor"
)

// DivergedError ends training because a number is NaN or infinite. The
// parameters before the step at hand are in the last checkpoint.
type DivergedError struct {
	Step  int    // at which it was seen, counted from 1
	Layer string // where it first appeared; empty if unknown
	What  string // "the loss is NaN"
}

// Error names step and layer, and what to do.
func (e *DivergedError) Error() string {
	where := ""
	if e.Layer != "" {
		where = ", first seen in " + e.Layer
	}
	return fmt.Sprintf("%s at step %d%s: lower the learning rate, clip the gradients (train.clip_norm), or look for extreme values in the data", e.What, e.Step, where)
}

// diverged finds where the last run of the gradients first gave a number that is not
// finite, and reports it. If it stands in the samples x, of the given numbers,
// that is a [*data.ContentError].
func (t *trainer) diverged(ctx context.Context, x *tensor.Tensor, index []int64, loss float64) error {
	if !t.whole() { // what is under way is still read
		if err := t.workers.sum.wait(ctx); err != nil {
			return err
		}
		t.programs.ready = nil
	}
	for i, sample := range index {
		if x.DType().IsFloat() && !allFinite(x.Index(0, i)) {
			return &data.ContentError{Source: t.src.Schema().Name, Detail: fmt.Sprintf("sample %d holds a value that is not finite", sample), Hint: "remove the sample or fix the value"}
		}
	}
	e := &DivergedError{Step: t.step + 1, What: "the loss is " + describeNumber(loss)}
	if bad := t.badParameter(); bad != "" {
		e.Layer, e.What = bad, e.What+" since the parameters are not finite"
	} else {
		found := errors.New("found")
		_, _ = t.programs.first.Observe(t.first.values, func(n *graph.Node, out []*tensor.Tensor) error {
			for _, o := range out {
				if o != nil && o.DType().IsFloat() && !allFinite(o) {
					e.Layer = n.Scope() + " (" + n.Op().Spec().Name + ")"
					return found
				}
			}
			return nil
		})
	}
	t.event(report.Diverged{Step: int64(e.Step), Epoch: t.epoch + 1, Layer: e.Layer, What: e.What})
	return e
}

// checkFinite is a [*DivergedError] if the last update left a parameter that is
// not finite: such a model is not saved.
func (t *trainer) checkFinite() error {
	bad := t.badParameter()
	if bad == "" {
		return nil
	}
	e := &DivergedError{Step: t.step, Layer: bad, What: "the parameters are not finite"}
	t.event(report.Diverged{Step: int64(e.Step), Epoch: t.epoch, Layer: e.Layer, What: e.What})
	return e
}

// badParameter is the first parameter that is not finite, or "".
func (t *trainer) badParameter() string {
	for _, p := range t.programs.params {
		if !allFinite(t.programs.state.Get(p.Name)) {
			return p.Name
		}
	}
	return ""
}

func describeNumber(x float64) string {
	if math.IsNaN(x) {
		return "NaN"
	}
	return "infinite"
}

func allFinite(t *tensor.Tensor) bool {
	for _, v := range tensor.Float64s(t) {
		if !isNumber(v) {
			return false
		}
	}
	return true
}
