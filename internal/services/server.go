package services

import (
	"bytes"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// guard runs the server, which is its arguments after the folder, until its own
// standard input ends, as it does when the test binary is gone; then it ends the
// server and removes the folder.
const guard = `dir=$1; shift
exec 3<&0
"$@" 3<&- </dev/null &
server=$!
{ read -r _ <&3; kill $server; } 2>/dev/null &
reader=$!
wait $server
kill $reader 2>/dev/null
rm -rf "$dir"`

// server is a process that all tests of a binary share.
type server struct {
	name    string
	timeout time.Duration // until it is ready
	// start fills in what follows and returns the command.
	start   func(testing.TB, *server) []string
	env     []string
	ready   string // begins, or is in, the line that tells that it is ready
	address string

	mu     sync.Mutex
	dir    string // of its files
	line   string // by which it said that it is ready
	output lastLines
	exited chan struct{} // nil before it is launched
	stdin  *os.File      // held open as long as the test binary runs
}

// run starts the server if it does not run and returns the line by which it said
// that it was ready.
func (s *server) run(t testing.TB) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.exited == nil {
		s.launch(t)
	}
	deadline := time.NewTimer(s.timeout)
	defer deadline.Stop()
	for s.line == "" {
		line, changed := s.output.find(s.ready)
		s.line = line
		select {
		case <-changed:
		case <-s.exited:
			t.Fatalf("%s ended (scripts/services.sh installs it); its last lines:\n%s", s.name, s.output.text())
		case <-deadline.C:
			t.Fatalf("%s is not ready after %v; its last lines:\n%s", s.name, s.timeout, s.output.text())
		}
	}
	return s.line
}

func (s *server) launch(t testing.TB) {
	t.Helper()
	dir, err := os.MkdirTemp("", "ember-services-*")
	if err != nil {
		t.Fatal(err)
	}
	s.dir = dir
	command := s.start(t, s)
	cmd := exec.Command("sh", append([]string{"-c", guard, "sh", dir}, command...)...)
	cmd.Env = append(os.Environ(), s.env...)
	cmd.Stdout, cmd.Stderr = &s.output, &s.output
	stdin, hold, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin = stdin
	if err := cmd.Start(); err != nil {
		t.Fatalf("%s: %v", s.name, err)
	}
	stdin.Close()
	s.stdin = hold
	exited := make(chan struct{})
	s.exited = exited
	go func() {
		cmd.Wait()
		close(exited)
	}()
}

// lastLines keeps the last lines that are written to it.
type lastLines struct {
	mu      sync.Mutex
	lines   [][]byte // the last may be incomplete
	changed chan struct{}
}

const keptLines = 40

func (l *lastLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range bytes.Lines(p) {
		if n := len(l.lines); n > 0 && !bytes.HasSuffix(l.lines[n-1], []byte("\n")) {
			l.lines[n-1] = append(l.lines[n-1], line...)
		} else {
			l.lines = append(l.lines, bytes.Clone(line))
		}
	}
	l.lines = l.lines[max(0, len(l.lines)-keptLines):]
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
	return len(p), nil
}

// find returns the whole line that holds a text, or "", and a channel that is closed
// when more has been written or the line is there.
func (l *lastLines) find(text string) (string, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.lines {
		if bytes.Contains(line, []byte(text)) && bytes.HasSuffix(line, []byte("\n")) {
			found := make(chan struct{})
			close(found)
			return string(line), found
		}
	}
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	return "", l.changed
}

func (l *lastLines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(bytes.Join(l.lines, nil))
}
