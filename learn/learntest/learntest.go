// Package learntest tests learners against the contract of package learn.
//
// [Run] walks a table of checks over a [Case], each as a subtest: that the same
// seed gives the same model whatever the threads, that an interrupted fit can be
// resumed to the same bits, that predictions do not depend on how samples come,
// that data which cannot be learned from are an error and not a wrong model. A
// check that does not apply is skipped with its reason, and counted.
//
//	learntest.Run(t, learntest.Case{
//		New:  func(s learntest.Settings) learn.Learner { return glm.Learner{Seed: s.Seed} },
//		Data: iris,
//		Skip: []learntest.Skip{{"resume", "it is solved in one pass and has no checkpoints"}},
//	})
package learntest

import (
	"slices"
	"testing"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/learn"
)

// Settings are what the suite asks of a learner. One that has no such option
// ignores it.
type Settings struct {
	Seed    uint64
	Threads int // 0: the learner's default
	Batch   int // samples of one update; 0: the learner's default
	// Checkpoints is the folder of checkpoints; empty: none are written.
	Checkpoints string
	// Resume goes on from the newest checkpoint.
	Resume bool
}

// Case is a learner, and data for it.
type Case struct {
	// New makes the learner.
	New func(s Settings) learn.Learner
	// Data are few, so that a fit takes a fraction of a second, and easy, so
	// that it predicts better than a constant does. All are read into memory.
	Data data.Source
	// Skip lists the checks that do not apply to the learner.
	Skip []Skip
}

// Skip says why a check does not apply.
type Skip struct {
	Check  string // its name, that of the subtest
	Reason string
}

// check is one thing that learners promise.
type check struct {
	name string
	run  func(t *testing.T, s *suite)
}

var checks = []check{
	{"learns", learns},
	{"same_seed", sameSeed},
	{"other_seed", otherSeed},
	{"threads", threads},
	{"used_again", usedAgain},
	{"concurrent", concurrent},
	{"any_batch", anyBatch},
	{"two_samples", twoSamples},
	{"read_only", readOnly},
	{"events", events},
	{"schema", schema},
	{"save_and_load", saveAndLoad},
	{"predicts_sample_by_sample", predictsSampleBySample},
	{"predicts_other_shape", predictsOtherShape},
	{"canceled", canceled},
	{"interrupted", interrupted},
	{"resume", resume},
	{"no_samples", noSamples},
	{"no_target", noTarget},
	{"one_class", oneClass},
	{"misfit_parts", misfitParts},
	{"other_labels", otherLabels},
	{"constant_feature", constantFeature},
	{"nan_feature", nanFeature},
	{"nan_target", nanTarget},
}

// Run checks a learner and logs how many checks there are and how many of them
// were skipped.
func Run(t *testing.T, c Case) {
	t.Helper()
	for _, skip := range c.Skip {
		if !slices.ContainsFunc(checks, func(k check) bool { return k.name == skip.Check }) {
			t.Errorf("the case skips %q, which is no check", skip.Check)
		}
	}
	backend := cpu.New(cpu.Options{Threads: 1})
	defer backend.Close()
	s := &suite{Case: c, backend: backend, set: read(t, c.Data)}
	skipped := 0
	for _, k := range checks {
		t.Run(k.name, func(t *testing.T) {
			defer func() {
				if t.Skipped() {
					skipped++
				}
			}()
			for _, skip := range c.Skip {
				if skip.Check == k.name {
					t.Skip(skip.Reason)
				}
			}
			k.run(t, s)
		})
	}
	t.Logf("%d checks, %d skipped", len(checks), skipped)
}
