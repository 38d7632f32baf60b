package worker

import (
	"bufio"
	"io"
	"log"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	tailLines = 20
	tailWidth = 4 << 10 // bytes of a line that are kept
)

// logTail copies a log and keeps its last lines.
type logTail struct {
	mu    sync.Mutex
	lines []string
}

// copy passes whole lines from r to w until r ends.
func (t *logTail) copy(w io.Writer, r io.Reader) {
	in := bufio.NewReaderSize(r, tailWidth)
	for {
		line, err := in.ReadSlice('\n')
		if len(line) > 0 {
			_, _ = w.Write(line)
			t.add(strings.TrimRight(string(line), "\n"))
		}
		if err != nil && err != bufio.ErrBufferFull {
			return
		}
	}
}

func (t *logTail) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.lines) == tailLines {
		t.lines = append(t.lines[:0], t.lines[1:]...)
	}
	t.lines = append(t.lines, line)
}

func (t *logTail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.lines, "\n")
}

// captureLog makes os.Stderr and the standard logger write through a tail. The
// returned function ends that and gives the last lines.
func captureLog() (end func() string, err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	stderr := os.Stderr
	os.Stderr = w
	log.SetOutput(w)
	tail, done := &logTail{}, make(chan struct{})
	go func() {
		defer close(done)
		tail.copy(stderr, r)
	}()
	return func() string {
		os.Stderr = stderr
		log.SetOutput(stderr)
		_ = w.Close()
		select {
		case <-done:
		case <-time.After(grace): // a child of the handler holds the pipe
		}
		return tail.String()
	}, nil
}
