package sparktest

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// tail is how many lines of a log are shown when something failed.
const tail = 40

// log collects what a process prints and wakes those who wait for a line.
type log struct {
	mu    sync.Mutex
	text  []byte
	grown chan struct{} // closed when text grows
}

func newLog() *log { return &log{grown: make(chan struct{})} }

// Write adds to the log.
func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	close(l.grown)
	l.grown = make(chan struct{})
	return len(p), nil
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

// find waits until the log matches and returns the first match and its groups.
func (l *log) find(ctx context.Context, re *regexp.Regexp) ([]string, error) {
	for {
		l.mu.Lock()
		text, grown := string(l.text), l.grown
		l.mu.Unlock()
		if m := re.FindStringSubmatch(text); m != nil {
			return m, nil
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return nil, fmt.Errorf("no %q in the log: %w", re, context.Cause(ctx))
		}
	}
}

// lastLines returns the end of a text.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(len(lines)-n, 0):], "\n")
}
