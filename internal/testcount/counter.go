package main

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// event is one line of go test -json; see go doc test2json and, for builds, go help buildjson.
type event struct {
	Action      string
	Package     string
	ImportPath  string // of a build event
	Test        string
	Output      string
	Elapsed     float64
	FailedBuild string
}

// key names a test, or with an empty test its package.
type key struct{ pkg, test string }

// parent returns the test that k is a subtest of, or its package.
func (k key) parent() key {
	i := strings.LastIndexByte(k.test, '/')
	return key{k.pkg, k.test[:max(i, 0)]}
}

// counter turns the events of one run into a Report.
type counter struct {
	out      io.Writer
	report   Report
	output   map[key][]string // of tests not yet finished
	builds   map[string][]string
	parents  map[key]bool // has subtests
	failures map[key]bool // has a failed subtest; of a package: a failed test
}

func newCounter(out io.Writer) *counter {
	return &counter{
		out: out, output: map[key][]string{}, builds: map[string][]string{},
		parents: map[key]bool{}, failures: map[key]bool{},
	}
}

// read consumes the whole stream. A line that is no JSON (a tool's message) is printed as it is.
func (c *counter) read(stream io.Reader) *Report {
	lines(stream, func(line []byte) {
		var e event
		if json.Unmarshal(line, &e) != nil {
			fmt.Fprintf(c.out, "%s", line)
			return
		}
		c.add(e)
	})
	return &c.report
}

func (c *counter) add(e event) {
	k := key{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		c.builds[e.ImportPath] = append(c.builds[e.ImportPath], e.Output)
	case "run":
		if p := k.parent(); p.test != "" {
			c.parents[p] = true
		}
	case "output":
		if k.test != "" || !strings.HasPrefix(e.Output, "FAIL") { // endPackage says so
			c.output[k] = append(c.output[k], e.Output)
		}
	case "pass", "fail", "skip":
		if e.Test == "" {
			c.endPackage(k, e)
		} else {
			c.endTest(k, e)
		}
		delete(c.output, k)
	}
}

func (c *counter) endTest(k key, e event) {
	switch {
	case e.Action == "fail":
		c.failures[k.parent()] = true
		c.print(k)
		if !c.failures[k] {
			c.report.Failed++
		}
	case e.Action == "skip":
		c.report.Skipped = append(c.report.Skipped, Skip{k.pkg, k.test, reason(c.output[k])})
	case !c.parents[k]:
		c.report.Passed++
	}
}

// endPackage prints the package's line. What a package without tests says is not worth one.
func (c *counter) endPackage(k key, e event) {
	switch {
	case e.Action == "pass":
		fmt.Fprintf(c.out, "ok    %s %.1fs\n", k.pkg, e.Elapsed)
	case e.Action == "fail":
		if !c.failures[k] { // it did not build, or its process died between tests
			c.report.Failed++
			fmt.Fprint(c.out, strings.Join(c.builds[e.FailedBuild], ""))
			c.printUnfinished(k.pkg)
			c.print(k)
		}
		fmt.Fprintf(c.out, "FAIL  %s %.1fs\n", k.pkg, e.Elapsed)
	}
}

func (c *counter) print(k key) { fmt.Fprint(c.out, strings.Join(c.output[k], "")) }

// printUnfinished prints what the tests that were running when their process died had said: its panic stands there.
func (c *counter) printUnfinished(pkg string) {
	for k := range c.output {
		if k.pkg == pkg && k.test != "" {
			c.print(k)
		}
	}
}

var (
	frame = regexp.MustCompile(`^\s*(===|---) `)
	place = regexp.MustCompile(`^\s*\S+\.go:\d+: `)
)

// reason extracts what a skipped test said from its output.
func reason(output []string) string {
	var said []string
	for _, line := range output {
		if frame.MatchString(line) {
			continue
		}
		if line = strings.TrimSpace(place.ReplaceAllString(line, "")); line != "" {
			said = append(said, line)
		}
	}
	if said == nil {
		return "no reason given"
	}
	return strings.Join(said, " ")
}
