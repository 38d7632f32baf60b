package train

import (
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
		scores = t.lastEpoch
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

// atBest tells whether the parameters are those of the best epoch so far, which
// has just ended.
func (t *trainer) atBest() bool {
	return t.stop.Best != nil && t.stop.Epoch == t.epoch && t.sample == 0
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
