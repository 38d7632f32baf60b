package optim

import (
	"errors"
	"math"

	"github.com/emberml/ember/internal/config"
)

// Schedule changes the learning rate during a run.
type Schedule interface {
	// Factor is what the optimizer's learning rate is multiplied by at a step.
	Factor(at Time) float64
}

// Time is where in a run a step stands.
type Time struct {
	Step          int64 // steps done before this one: 0 at the first
	StepsPerEpoch int64
	Steps         int64 // of the whole run
}

// epoch is the number of whole epochs done.
func (t Time) epoch() int64 { return t.Step / max(t.StepsPerEpoch, 1) }

// Schedules is the table of schedules by their key in files.
var Schedules = map[string]Schedule{
	"constant":    Constant{},
	"step":        StepDecay{},
	"multi_step":  MultiStepDecay{},
	"exponential": ExponentialDecay{},
	"cosine":      Cosine{},
}

// ScheduleSiblings are the keys that may stand beside a schedule in a file.
var ScheduleSiblings = []string{"warmup"}

// ParseSchedule reads a schedule from a net file: a key of [Schedules], alone or
// with its options, and beside it warmup. A node that is not there is [Constant].
func ParseSchedule(n *config.Node) (Schedule, error) {
	if n.Empty() {
		return Constant{}, nil
	}
	var then Schedule = Constant{}
	warmup := n.Get("warmup")
	if warmup == nil || len(n.Keys()) > 1 {
		var err error
		if then, err = config.DecodeChoice(n, "schedule", Schedules, ScheduleSiblings...); err != nil {
			return nil, err
		}
	}
	if warmup == nil {
		return then, nil
	}
	w := Warmup{Then: then}
	if steps, ok := warmup.Int(); ok && steps > 0 {
		w.Steps = int(steps)
	} else if err := warmup.Decode(&w); err != nil {
		return nil, err
	}
	if w.Steps == 0 && w.Epochs == 0 {
		return nil, warmup.Errorf(`"warmup" needs steps or epochs`)
	}
	return w, nil
}

// EncodeSchedule is the node that [ParseSchedule] reads as the schedule.
func EncodeSchedule(s Schedule) (*config.Node, error) {
	w, ok := s.(Warmup)
	if !ok {
		return config.EncodeChoice(s, "schedule", Schedules)
	}
	options, err := config.From(w)
	if err != nil {
		return nil, err
	}
	if _, nested := w.Then.(Warmup); nested {
		return nil, errors.New("a warmup before a warmup has no key in files; it lives in Go only")
	}
	then := w.Then
	if then == nil {
		then = Constant{}
	}
	return config.EncodeChoice(then, "schedule", Schedules, config.Entry{Key: "warmup", Value: options})
}

// Constant keeps the learning rate: factor 1.
type Constant struct{}

// Factor implements [Schedule].
func (Constant) Factor(Time) float64 { return 1 }

// StepDecay multiplies the rate by Gamma every Epochs epochs:
// Gamma^⌊epoch/Epochs⌋.
type StepDecay struct {
	Epochs int     `required:"true" min:"1" doc:"epochs between two cuts"`
	Gamma  float64 `default:"0.1" min:"0" exclusive:"min" doc:"factor of each cut"`
}

// Factor implements [Schedule].
func (s StepDecay) Factor(at Time) float64 {
	s = defaulted(s)
	return math.Pow(s.Gamma, float64(at.epoch()/int64(max(s.Epochs, 1))))
}

// MultiStepDecay multiplies the rate by Gamma at the beginning of each of the
// epochs, counted from 0: Gamma^(milestones reached).
type MultiStepDecay struct {
	Milestones []int   `required:"true" min:"1" doc:"epochs after which the rate is cut"`
	Gamma      float64 `default:"0.1" min:"0" exclusive:"min" doc:"factor of each cut"`
}

// Factor implements [Schedule].
func (s MultiStepDecay) Factor(at Time) float64 {
	reached := 0.0
	for _, m := range s.Milestones {
		if at.epoch() >= int64(m) {
			reached++
		}
	}
	return math.Pow(defaulted(s).Gamma, reached)
}

// ExponentialDecay multiplies the rate by Gamma after every epoch: Gamma^epoch.
type ExponentialDecay struct {
	Gamma float64 `required:"true" min:"0" exclusive:"min" doc:"factor of each epoch"`
}

// Factor implements [Schedule].
func (s ExponentialDecay) Factor(at Time) float64 { return math.Pow(s.Gamma, float64(at.epoch())) }

// Cosine lowers the rate along half a cosine, step by step, to Min at the end,
// where it stays: Min + (1-Min)·(1 + cos(π·t/T))/2.
//
// Source: Loshchilov, Hutter, "SGDR: stochastic gradient descent with warm
// restarts", 2017, without restarts.
type Cosine struct {
	Epochs int     `min:"1" doc:"epochs until the end; 0 is the whole run"`
	Min    float64 `min:"0" max:"1" doc:"what is left at the end, as a share of the learning rate"`
}

// Factor implements [Schedule].
func (s Cosine) Factor(at Time) float64 {
	total := at.Steps
	if s.Epochs > 0 {
		total = int64(s.Epochs) * at.StepsPerEpoch
	}
	if total <= 0 || at.Step >= total {
		return s.Min
	}
	return s.Min + (1-s.Min)*(1+math.Cos(math.Pi*float64(at.Step)/float64(total)))/2
}

// Warmup raises the rate in a straight line from the share From to the whole, and
// then goes on with another schedule, whose time begins there:
// From + (1-From)·t/T, then Then.
type Warmup struct {
	Steps  int      `min:"1" doc:"length in steps"`
	Epochs int      `min:"1" doc:"length in epochs, where steps are not given"`
	From   float64  `min:"0" max:"1" doc:"share of the learning rate at the first step"`
	Then   Schedule `config:"-"` // nil is Constant
}

// Factor implements [Schedule].
func (s Warmup) Factor(at Time) float64 {
	total := int64(s.Steps)
	if total == 0 {
		total = int64(s.Epochs) * at.StepsPerEpoch
	}
	if at.Step < total {
		return s.From + (1-s.From)*float64(at.Step)/float64(total)
	}
	if s.Then == nil {
		return 1
	}
	return s.Then.Factor(Time{Step: at.Step - total, StepsPerEpoch: at.StepsPerEpoch, Steps: at.Steps - total})
}
