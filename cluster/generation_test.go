package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/learn"
)

// absent starts workers that never come.
type absent struct{ n int }

func (a absent) workers() int           { return a.n }
func (a absent) local() bool            { return true }
func (a absent) close() error           { return nil }
func (a absent) where(index int) string { return fmt.Sprintf("slot %d", index) }
func (a absent) busy() string           { return "" }
func (a absent) exits() <-chan exit     { return nil }
func (a absent) log(index int) []string { return []string{fmt.Sprintf("line of %d", index)} }
func (a absent) kill()                  {}
func (a absent) launch(context.Context, bootstrap, func(int) (secret, error)) (fleet, error) {
	return a, nil
}

// TestWorkersDoNotCome: the error at the deadline says who, where, and what is known.
func TestWorkersDoNotCome(t *testing.T) {
	o := Options{Join: 20 * time.Millisecond}.withDefaults()
	d := &driver{Options: o, launcher: absent{3}, boot: bootstrap{Job: "none"}}
	err := d.run(t.Context())
	want := "worker 0 (slot 0): it did not come within 20ms, nor did 2 more; give it longer with --join-timeout"
	if err == nil || !strings.HasPrefix(err.Error(), want) || !strings.HasSuffix(err.Error(), "the end of its log:\n  line of 0") {
		t.Errorf("error is %v", err)
	}
}

// busy starts workers when it has done something else.
type busy struct{ absent }

func (b busy) busy() string { return "a query" }
func (b busy) launch(context.Context, bootstrap, func(int) (secret, error)) (fleet, error) {
	return b, nil
}

// TestQueryTakesTooLong: what comes before the workers has a deadline of its own.
func TestQueryTakesTooLong(t *testing.T) {
	var told strings.Builder
	o := Options{Join: time.Nanosecond, Query: 20 * time.Millisecond, Stderr: &told}.withDefaults()
	d := &driver{Options: o, launcher: busy{absent{3}}, boot: bootstrap{Job: "none"}}
	err := d.run(t.Context())
	want := "no worker was started within 20ms: the job still waits for a query; give it longer with --query-timeout"
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error is %v", err)
	}
	g := &generation{driver: d, fleet: busy{absent{3}}, began: time.Now(), busy: true}
	g.tellWaiting()
	if want := "note: waiting for a query, for 0s of --query-timeout 20ms\n"; told.String() != want {
		t.Errorf("told: %q, want %q", told.String(), want)
	}
}

// TestWaitingIsTold: while the driver waits, it says for whom.
func TestWaitingIsTold(t *testing.T) {
	var told strings.Builder
	o := Options{Stderr: &told}.withDefaults()
	g := &generation{driver: &driver{Options: o, launcher: absent{5}}, fleet: absent{5}, began: time.Now()}
	for range 5 {
		g.seats = append(g.seats, &place{})
	}
	g.seats[1].link = &link{}
	g.tellWaiting()
	want := "note: waiting for worker 0 (slot 0), worker 2 (slot 2), worker 3 (slot 3), 1 more, for 0s of --join-timeout 2m0s\n"
	if told.String() != want {
		t.Errorf("told: %q, want %q", told.String(), want)
	}
}

func TestIntroduceAll(t *testing.T) {
	worker := func(version string, kernels ...string) *hello {
		return &hello{Host: "h", Version: version, Kernels: kernels, Addresses: []string{"10.0.0.1:1"}}
	}
	for _, c := range []struct {
		all    []*hello
		kernel string
		err    string
	}{
		{all: []*hello{worker("1", "go", "avx2", "avx512"), worker("1", "go", "avx2")}, kernel: "avx2"},
		{all: []*hello{worker("1", "go", "avx2"), worker("1", "go")}, kernel: "go"},
		{all: []*hello{worker("1", "go"), worker("2", "go")}, err: "worker 1 on h is 2, worker 0 on h is 1: all must be the same program"},
		{all: []*hello{worker("1", "go"), nil}, err: "worker 1 did not introduce itself"},
		{all: []*hello{worker("1", "avx2"), worker("1", "go")}, err: "no kernel variant runs on all workers: worker 0 has [avx2]"},
	} {
		m, err := introduceAll(c.all)
		if err == nil && m.Kernel != c.kernel || err != nil && err.Error() != c.err {
			t.Errorf("%v, %v; want %q, %q", m, err, c.kernel, c.err)
		}
	}
}

// TestOutcome: the job's own error explains all others, then the end of a process,
// then what others say.
func TestOutcome(t *testing.T) {
	own := &failure{Lost: -1, Code: 3, Text: "bad data"}
	peer := &failure{Lost: 1, Text: "no word"}
	apart := &failure{Lost: -1, Apart: true, Text: "no route"}
	echo := &failure{Lost: -1, Echo: true, Text: "interrupted after step 7"}
	for _, c := range []struct {
		seats []*place
		want  string
	}{
		{[]*place{{done: true}, {done: true}}, "<nil>"},
		{[]*place{{failure: peer}, {failure: own}}, "bad data"},
		{[]*place{{failure: peer}, {cause: "it ended: signal: killed", sure: true}}, "worker 1 (slot 1): it ended: signal: killed"},
		{[]*place{{cause: "no word"}, {cause: "it ended: signal: killed", sure: true}}, "worker 1 (slot 1): it ended: signal: killed"},
		{[]*place{{failure: peer}, {cause: "no word"}}, "worker 1 (slot 1): no word"},
		{[]*place{{failure: echo}, {cause: "it was ended: its executor is lost"}}, "worker 1 (slot 1): it was ended: its executor is lost"},
		{[]*place{{failure: echo}, {failure: echo}}, "worker 0 (slot 0): another worker was told to end"},
		{[]*place{{failure: apart}, {done: true}}, "worker 0 (slot 0): it did not meet the others: no route"},
	} {
		g := &generation{driver: &driver{launcher: absent{2}}, fleet: absent{2}, seats: c.seats}
		if got := fmt.Sprint(g.outcome(t.Context())); !strings.HasPrefix(got, c.want) {
			t.Errorf("outcome %q, want %q", got, c.want)
		}
	}
}

// TestVerdict: what the cluster itself refuses is no worker's fault.
func TestVerdict(t *testing.T) {
	g := &generation{driver: &driver{launcher: absent{2}}, fleet: absent{2}, seats: []*place{{}, {}}}
	g.exited(exit{index: -1, cause: "division by zero", final: true})
	if err := g.outcome(t.Context()); !g.over() || err == nil || err.Error() != "division by zero" {
		t.Errorf("over is %v, error %v", g.over(), err)
	}
}

func TestFailureOf(t *testing.T) {
	lost := &comm.PeerError{Rank: 2, Cause: "cut off"}
	for _, c := range []struct {
		err  error
		want failure
	}{
		{errors.New("plain"), failure{Lost: -1, Code: 1, Text: "plain"}},
		{fmt.Errorf("step 3: %w", lost), failure{Lost: 2, Code: 1, Text: "cut off"}},
		{&leavingError{1, errors.New("gone")}, failure{Lost: 1, Code: 1, Text: "it was ended: gone"}},
		{&echoError{learn.ErrInterrupted}, failure{Lost: -1, Code: 1, Echo: true, Text: learn.ErrInterrupted.Error()}},
		{&meetError{lost}, failure{Lost: 2, Code: 1, Text: "cut off"}},
		{&meetError{errors.New("no route")}, failure{Lost: -1, Code: 1, Apart: true, Text: "no route"}},
	} {
		if got := failureOf(c.err); *got != c.want {
			t.Errorf("%v: %+v, want %+v", c.err, got, c.want)
		}
	}
}

// TestSecretsDoNotPrint: a bootstrap message can be printed.
func TestSecretsDoNotPrint(t *testing.T) {
	key, err := issue(authority(t), "worker")
	if err != nil {
		t.Fatal(err)
	}
	b := bootstrap{Job: "train", Identity: key}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if text := fmt.Sprintf(verb, b); strings.Contains(text, fmt.Sprintf("%x", []byte(key[:8]))) || strings.Contains(text, fmt.Sprint([]byte(key[:4]))[1:8]) {
			t.Errorf("%s prints the identity: %s", verb, text)
		}
	}
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	var again bootstrap
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	if _, err := again.identity(); err != nil {
		t.Error(err)
	}
}
