package commtest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emberml/ember/comm"
)

var rewrite = flag.Bool("rewrite", false, "write the traces of scripts anew")

// limits of scripts: short, so that traces are.
var limits = comm.Limits{Join: 6, Beat: 2, Lost: 5, Grace: 2}

// Scripts runs every script of the pattern and compares its trace. A script is
// lines of commands, each followed by what it does, indented:
//
//	start 3            members 0 to 2; start 3 without 2: that one is missing
//	tick 5             time passes; nothing is delivered
//	deliver            what was sent up to now arrives
//	stabilize          deliver until nothing is on its way
//	run 5              five times tick and stabilize
//	cut 0->1           messages are lost from now on; heal 0->1
//	stop 1             the member is frozen; resume 1
//	kill 1             the member crashes
//	leave 1            the member is done
//	abort 1 CAUSE      the member fails
//	broken 1 2 CAUSE   member 1 sees its link to 2 break
//	missed 1 2 CAUSE   an operation of member 1 needs 2 and fails
//	begun 1 7          member 1 has begun seven operations
//	stall 1            an operation of member 1 takes too long
//
// Empty lines and those that begin with # stay. The flag -rewrite writes the
// files anew: read the difference.
func Scripts(t *testing.T, pattern string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts %s: %v", pattern, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := replay(string(want))
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			switch {
			case got == string(want):
			case *rewrite:
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			default:
				t.Errorf("%s: the trace is now\n%s\nif that is meant, go test -rewrite", file, got)
			}
		})
	}
}

// replay runs a script and returns it with its present trace.
func replay(script string) (string, error) {
	var out, trace strings.Builder
	var n *Network
	for i, line := range strings.Split(strings.TrimRight(script, "\n"), "\n") {
		if strings.HasPrefix(line, "  ") {
			continue // an earlier trace
		}
		out.WriteString(line + "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		trace.Reset()
		var err error
		if n, err = perform(n, line, &trace); err != nil {
			return "", fmt.Errorf("line %d: %s: %w", i+1, line, err)
		}
		for event := range strings.Lines(trace.String()) {
			out.WriteString("  " + event)
		}
	}
	return out.String(), nil
}

// perform runs a command. Only start makes a network.
func perform(n *Network, line string, trace *strings.Builder) (*Network, error) {
	verb, rest, _ := strings.Cut(line, " ")
	if verb == "start" {
		var size, missing int
		if k, _ := fmt.Sscanf(rest, "%d without %d", &size, &missing); k == 2 {
			return NewNetwork(size, limits, trace, missing), nil
		}
		if _, err := fmt.Sscanf(rest, "%d", &size); err != nil {
			return nil, err
		}
		return NewNetwork(size, limits, trace), nil
	}
	command, ok := commands[verb]
	if !ok {
		return n, fmt.Errorf("no such command")
	}
	if n == nil {
		return n, fmt.Errorf("nothing is started")
	}
	var numbers []int
	format := strings.ReplaceAll(rest, "->", " ")
	for len(numbers) < command.numbers {
		word, after, _ := strings.Cut(format, " ")
		var k int
		if _, err := fmt.Sscanf(word, "%d", &k); err != nil {
			return n, fmt.Errorf("%q is no number", word)
		}
		if len(numbers) == 0 && command.rank && k >= len(n.machines) {
			return n, fmt.Errorf("there is no rank %d", k)
		}
		numbers, format = append(numbers, k), after
	}
	command.run(n, numbers, format)
	return n, nil
}

// command is a verb of scripts.
type command struct {
	numbers int  // of arguments before the cause
	rank    bool // the first is a rank
	run     func(n *Network, x []int, cause string)
}

var commands = map[string]command{
	"tick": {1, false, func(n *Network, x []int, _ string) {
		for range x[0] {
			n.Tick()
		}
	}},
	"run": {1, false, func(n *Network, x []int, _ string) {
		for range x[0] {
			n.Tick()
			n.Stabilize()
		}
	}},
	"deliver":   {0, false, func(n *Network, _ []int, _ string) { n.Deliver() }},
	"stabilize": {0, false, func(n *Network, _ []int, _ string) { n.Stabilize() }},
	"cut":       {2, true, func(n *Network, x []int, _ string) { n.Cut(x[0], x[1]) }},
	"heal":      {2, true, func(n *Network, x []int, _ string) { n.Heal(x[0], x[1]) }},
	"stop":      {1, true, func(n *Network, x []int, _ string) { n.Stop(x[0]) }},
	"resume":    {1, true, func(n *Network, x []int, _ string) { n.Resume(x[0]) }},
	"kill":      {1, true, func(n *Network, x []int, _ string) { n.Kill(x[0]) }},
	"leave":     {1, true, func(n *Network, x []int, _ string) { n.On(x[0], (*comm.Machine).Leave) }},
	"stall":     {1, true, func(n *Network, x []int, _ string) { n.On(x[0], (*comm.Machine).Stall) }},
	"abort": {1, true, func(n *Network, x []int, cause string) {
		n.On(x[0], func(m *comm.Machine) { m.Abort(cause) })
	}},
	"begun": {2, true, func(n *Network, x []int, _ string) {
		n.On(x[0], func(m *comm.Machine) { m.Progress(uint64(x[1])) })
	}},
	"broken": {2, true, linkEvent(comm.Broken)},
	"missed": {2, true, linkEvent(comm.Missed)},
}

// linkEvent tells a member of its link to another.
func linkEvent(kind comm.Kind) func(n *Network, x []int, cause string) {
	return func(n *Network, x []int, cause string) {
		n.On(x[0], func(m *comm.Machine) {
			m.Step(comm.Message{Kind: kind, From: x[1], To: x[0], Generation: 1, Cause: cause})
		})
	}
}
