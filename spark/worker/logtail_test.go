package worker

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"strings"
	"testing"
)

func TestLogTail(t *testing.T) {
	var in strings.Builder
	for i := range 30 {
		fmt.Fprintf(&in, "line %d\n", i)
	}
	in.WriteString("and " + strings.Repeat("wide", 5000))
	var out bytes.Buffer
	tail := &logTail{}
	tail.copy(&out, strings.NewReader(in.String()))
	if out.String() != in.String() {
		t.Error("the log was not copied as it is")
	}
	lines := strings.Split(tail.String(), "\n")
	if len(lines) != tailLines || !strings.HasSuffix(tail.String(), "wide") {
		t.Errorf("the tail has %d lines: %.100q", len(lines), tail)
	}
}

func TestCaptureLog(t *testing.T) {
	stderr := os.Stderr
	end, err := captureLog()
	if err != nil {
		t.Fatal(err)
	}
	log.Print("by the logger")
	fmt.Fprintln(os.Stderr, "by hand")
	text := end()
	if !strings.Contains(text, "by the logger") || !strings.HasSuffix(text, "by hand") {
		t.Errorf("captured %q", text)
	}
	if os.Stderr != stderr {
		t.Error("os.Stderr is not as before")
	}
}
