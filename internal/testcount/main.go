// Testcount runs go test and counts what ran, so that no skipped test hides behind a green line.
//
//	testcount -o FILE [-tag TAG] [go test flags] [packages]
//	testcount -sum FILE...
//
// The first form runs go test, prints one line per package and the output of failed tests only, and leaves the counts in
// FILE. With -tag it runs only the tests that the build tag adds (which -tags must set, too). The second form lists the
// skips of all files with their reasons and ends with the line "N passed, N failed, N skipped".
//
// A test with subtests is not counted, only its subtests are, unless it failed by itself. A package that does not build or
// whose process dies counts as one failed test.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	err := run(os.Args[1:], os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testcount:", err)
		os.Exit(1)
	}
}

const usage = "usage: testcount -o FILE [-tag TAG] [go test flags] [packages] | testcount -sum FILE"

// run executes one of the two forms. It parses by hand because what follows its own flags belongs to go test.
func run(args []string, out io.Writer) error {
	if len(args) > 1 && args[0] == "-sum" {
		return sum(args[1:], out)
	}
	if len(args) < 2 || args[0] != "-o" {
		return errors.New(usage)
	}
	file, args := args[1], args[2:]
	if len(args) > 1 && args[0] == "-tag" {
		tests, err := taggedTests(".", args[1])
		if err != nil {
			return err
		}
		if tests.packages == nil {
			return fmt.Errorf("no test file needs the build tag %s", args[1])
		}
		args = append(args[2:], tests.args()...)
	}
	report, testErr := goTest(args, out)
	if report == nil {
		return testErr
	}
	report.Name = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	fmt.Fprintf(out, "%s: %s\n", report.Name, report.counts())
	if err := report.save(file); err != nil {
		return err
	}
	if testErr == nil && report.Failed > 0 {
		testErr = errors.New("go test succeeded, yet tests failed")
	}
	return testErr
}

// goTest runs go test with args and reports what happened. The error is that of the command: its exit status.
func goTest(args []string, out io.Writer) (*Report, error) {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	stream, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	report := newCounter(out).read(stream)
	return report, cmd.Wait()
}

// sum prints the skips and the total counts of files.
func sum(files []string, out io.Writer) error {
	var total Report
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var r Report
		if err := json.Unmarshal(data, &r); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		total.Passed += r.Passed
		total.Failed += r.Failed
		r.printSkips(out)
		total.Skipped = append(total.Skipped, r.Skipped...)
	}
	fmt.Fprintln(out, total.counts())
	if total.Passed == 0 {
		return errors.New("no test passed")
	}
	return nil
}

// Report is the outcome of one run of go test.
type Report struct {
	Name    string
	Passed  int
	Failed  int
	Skipped []Skip
}

// Skip is one skipped test and what it said.
type Skip struct{ Package, Test, Reason string }

// detail is what differs between tests that are skipped for one reason.
var detail = regexp.MustCompile(` \([^()]*\)`)

// printSkips prints the reasons, each with the number of tests that were skipped for it and the first few of them.
func (r *Report) printSkips(out io.Writer) {
	tests := map[string][]string{}
	for _, s := range r.Skipped {
		reason := detail.ReplaceAllString(s.Reason, "")
		tests[reason] = append(tests[reason], path.Base(s.Package)+"."+s.Test)
	}
	for _, reason := range slices.Sorted(maps.Keys(tests)) {
		some, more := tests[reason], ""
		if n := len(some) - 3; n > 0 {
			some, more = some[:3], fmt.Sprintf(" and %d more", n)
		}
		fmt.Fprintf(out, "skipped in %s: %s: %s%s\n", r.Name, reason, strings.Join(some, ", "), more)
	}
}

func (r *Report) counts() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", r.Passed, r.Failed, len(r.Skipped))
}

func (r *Report) save(file string) error {
	data, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, append(data, '\n'), 0o644)
}

// lines calls f for each line of r, however long.
func lines(r io.Reader, f func(line []byte)) {
	for b := bufio.NewReader(r); ; {
		line, err := b.ReadBytes('\n')
		if len(line) > 0 {
			f(line)
		}
		if err != nil {
			return
		}
	}
}
