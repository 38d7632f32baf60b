package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/emberml/ember/spark/worker"
)

// To ask executors what they are takes tasks, and on a Spark that has just started
// each query of tasks takes seconds. So a launch supposes that they are as they were
// the last time, or as this machine, and learns better from the tasks that fail.

// traits are what executors are supposed to be, or were found to be.
type traits struct {
	Python string // its version, as Spark's clients send it
	System platform
}

// usualPython is the version that is supposed where nothing is known.
const usualPython = "3.11"

// suppose sets what the executors are before anything has run on them, and tells
// whether that is known from an earlier time.
func (s *shipment) suppose(ctx context.Context) (known bool) {
	if s.traits, known = recall(s.server); known {
		return true
	}
	s.traits = traits{usualPython, platform{runtime.GOOS, runtime.GOARCH}}
	if runtime.GOOS == "linux" { // elsewhere python3 may be a stub that offers to install one
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		out, err := exec.CommandContext(ctx, "python3", "--version").Output()
		if m := pythonVersion.FindStringSubmatch(string(out)); err == nil && m != nil {
			s.Python = m[1]
		}
	}
	return false
}

var pythonVersion = regexp.MustCompile(`^Python (\d+\.\d+)`)

// correct learns from the failure of tasks what the executors are instead of what was
// supposed. Then it returns nil, and the tasks are to be run again; other failures
// come back as they are.
func (s *shipment) correct(ctx context.Context, failure error) error {
	if m := otherPython.FindStringSubmatch(failure.Error()); m != nil {
		return s.corrected(&s.corrections.python, failure, traits{m[1] + "." + m[2], s.System})
	}
	if missing := programOf(failure); missing == "./"+emberFile {
		// A cluster without Python that leaves it to us to bring ourselves along.
		p, _, err := executors(ctx, s.session)
		if err != nil {
			return &Error{Rank: -1, Cause: err.Error()}
		}
		if err := s.shipPlain(ctx, p); err != nil {
			return err
		}
		return s.corrected(&s.corrections.program, failure, traits{emberPython + s.session.Version(), p})
	} else if missing != "" {
		return noPython(missing)
	}
	if _, ok := worker.OtherPlatform(failure); ok {
		p, _, err := executors(ctx, s.session) // also tells whether they are of different kinds
		if err == nil {
			err = s.prepare(ctx, p)
		}
		if err != nil {
			return &Error{Rank: -1, Cause: err.Error()}
		}
		return s.corrected(&s.corrections.system, failure, traits{s.Python, p})
	}
	return failure
}

// corrected takes a correction of one kind, once: executors that differ would have
// each other's for ever.
func (s *shipment) corrected(before *bool, failure error, t traits) error {
	if *before {
		return &Error{
			Rank: -1, Cause: "the executors are not all alike: " + oneLine(failure.Error()),
			Hint: "give all of them the same Python and the same kind of machine",
		}
	}
	*before, s.traits = true, t
	s.remember()
	return nil
}

func noPython(missing string) error {
	return &Error{
		Rank: -1, Cause: fmt.Sprintf("the executors have no Python: there is no %s", missing),
		Hint: "set PYSPARK_PYTHON, where the Connect server is started, to a Python 3 that the executors have, or to ./" + emberFile + ", which Ember brings along",
	}
}

// traitsFile keeps what executors were found to be, by the address of their server.
func traitsFile() (string, error) {
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "ember", "executors.json"), err
}

func readTraits() map[string]traits {
	all := map[string]traits{}
	path, err := traitsFile()
	if err == nil {
		var text []byte
		if text, err = os.ReadFile(path); err == nil {
			err = json.Unmarshal(text, &all)
		}
	}
	if err != nil {
		return map[string]traits{} // then they are supposed, or asked for
	}
	return all
}

// recall is what the executors of a server were the last time.
func recall(address string) (traits, bool) {
	t, ok := readTraits()[address]
	valid := pythonOrEmber.MatchString(t.Python) && t.System != platform{}
	return t, ok && valid
}

var pythonOrEmber = regexp.MustCompile(`^(3\.\d+|` + regexp.QuoteMeta(emberPython) + `[\w.+-]+)$`)

// remember keeps what the executors are for the next time. Where it cannot, the next
// time asks again.
func (s *shipment) remember() {
	all := readTraits()
	if all[s.server] == s.traits {
		return
	}
	all[s.server] = s.traits
	path, err := traitsFile()
	if err != nil {
		return
	}
	text, err := json.MarshalIndent(all, "", "\t")
	if err != nil || os.MkdirAll(filepath.Dir(path), 0o700) != nil {
		return
	}
	_ = replaceFile(path, text)
}

// isEmber tells whether the executors' Python is this program.
func (t traits) isEmber() bool { return strings.HasPrefix(t.Python, emberPython) }
