package report_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/emberml/ember/report"
)

func TestPlainConsole(t *testing.T) {
	var progress, results bytes.Buffer
	sink := report.NewConsole(&progress, report.ConsoleOptions{Now: newClock(6 * time.Second).Now, Results: &results, Verbose: true})
	run(sink)
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	const want = `431,080 parameters, 1 worker of 2 threads, kernel avx512
epoch 1/2  500/1,000  loss 2.0000  41 samples/s  36s left
epoch 1/2  loss 1.5000  top_k 1.0000  accuracy 0.6250  valid  loss 1.2500  accuracy 0.6000  2,000 samples/s  0.5s
checkpoint m.onnx.ckpt/4 at step 4
warning: the last batch has 8 samples
epoch 2/2  250/1,000  loss NaN
diverged at step 5 of epoch 2: loss is NaN, first in conv2d_2
stopped early: valid loss has not become better since epoch 1 (1.2500)
`
	if progress.String() != want {
		t.Errorf("got\n%swant\n%s", progress.String(), want)
	}
	if want := "test  accuracy 0.9876\nsaved m.onnx\n"; results.String() != want {
		t.Errorf("results are %q, want %q", results.String(), want)
	}
}

// TestLiveConsole: what a terminal shows in the end is the lines alone, and the
// bar never is wider than it.
func TestLiveConsole(t *testing.T) {
	for _, width := range []int{100, 60, 20, 0} {
		var b bytes.Buffer
		sink := report.NewConsole(&b, report.ConsoleOptions{Now: newClock(time.Second).Now, Width: func() int { return width }})
		run(sink)
		if err := sink.Close(); err != nil {
			t.Fatal(err)
		}
		final, widest := screen(b.String())
		if widest >= max(width, 1) {
			t.Errorf("a bar of %d columns on a terminal of %d", widest, width)
		}
		if lines := strings.Split(final, "\n"); len(lines) != 8 || lines[0][:7] != "431,080" || lines[6] != "saved m.onnx" || lines[7] != "" {
			t.Errorf("the screen shows\n%s", final)
		}
		if width == 100 && !strings.Contains(b.String(), "\r\x1b[Kepoch 1/2  ━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌  500/1,000  loss 2.0000  250 samples/s  6.0s left") {
			t.Errorf("no bar in\n%q", b.String())
		}
	}
}

// screen plays a text to a terminal: what stands there at the end, and the widest
// line that was erased.
func screen(text string) (final string, widest int) {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		parts := strings.Split(line, "\r\x1b[K")
		for _, erased := range parts[:len(parts)-1] {
			widest = max(widest, len([]rune(erased)))
		}
		lines[i] = parts[len(parts)-1]
	}
	return strings.Join(lines, "\n"), widest
}

// TestThrottle: a terminal is not flooded.
func TestThrottle(t *testing.T) {
	var b bytes.Buffer
	sink := report.NewConsole(&b, report.ConsoleOptions{Now: newClock(time.Millisecond).Now, Width: func() int { return 80 }})
	for i := range int64(1000) {
		sink.Event(report.Step{Step: i + 1, Epoch: 1, Samples: i + 1})
	}
	if n := strings.Count(b.String(), "\r"); n < 5 || n > 12 {
		t.Errorf("%d drawings in a second", n)
	}
}

func TestTerminal(t *testing.T) {
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if report.Terminal(f) != nil {
		t.Error("the null device is a terminal")
	}
}
