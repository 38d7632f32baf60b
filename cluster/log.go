package cluster

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
)

// tail keeps the last lines that are written to it, and passes all on.
type tail struct {
	lock   sync.Mutex
	kept   []string
	part   string // of a line
	out    io.Writer
	prefix string
}

// Bounds of what is kept of a worker's log.
const (
	tailLines = 20
	tailWidth = 400
)

func (t *tail) Write(p []byte) (int, error) {
	t.lock.Lock()
	defer t.lock.Unlock()
	lines := strings.Split(t.part+string(p), "\n")
	t.part = lines[len(lines)-1]
	if len(t.part) > bufio.MaxScanTokenSize {
		lines = append(lines, "")
		t.part = ""
	}
	for _, line := range lines[:len(lines)-1] {
		if t.out != nil {
			fmt.Fprintf(t.out, "%s%s\n", t.prefix, line)
		}
		t.kept = append(t.kept, line[:min(len(line), tailWidth)])
	}
	t.kept = t.kept[max(0, len(t.kept)-tailLines):]
	return len(p), nil
}

func (t *tail) lines() []string {
	t.lock.Lock()
	defer t.lock.Unlock()
	out := slices.Clone(t.kept)
	if t.part != "" {
		out = append(out, t.part[:min(len(t.part), tailWidth)])
	}
	return out
}

// lockedWriter lets several goroutines write.
type lockedWriter struct {
	lock sync.Mutex
	w    io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.w.Write(p)
}
