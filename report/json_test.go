package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/emberml/ember/report"
)

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	sink := report.NewJSON(&b)
	run(sink)
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	const want = `{"event":"start","params":431080,"workers":1,"threads":2,"kernel":"avx512","epochs":2,"samples":1000,"net":"name: <net>\n"}
{"event":"epoch","epoch":1,"step":4,"samples":1000,"seconds":0.5,"cpu_seconds":0.875,"loss":1.5,"metrics":{"top_k":1,"accuracy":0.625},"valid":{"loss":1.25,"accuracy":0.6}}
{"event":"checkpoint","path":"m.onnx.ckpt/4","step":4,"best":true}
{"event":"warning","message":"the last batch has 8 samples"}
{"event":"diverged","step":5,"epoch":2,"layer":"conv2d_2","what":"loss is NaN"}
{"event":"early_stop","epoch":2,"metric":"valid loss","best":1.25,"best_epoch":1}
{"event":"test","samples":100,"metrics":{"accuracy":0.9876}}
{"event":"saved","model":"m.onnx"}
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

func TestJSONVerbose(t *testing.T) {
	var b bytes.Buffer
	sink := report.NewJSON(&b)
	sink.Verbose = true
	run(sink)
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 13 || !strings.Contains(b.String(), `{"event":"step","step":5,"epoch":2,"samples":250,"loss":null,"lr":0.0005}`) {
		t.Errorf("got\n%s", b.String())
	}
	for _, line := range lines {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestFailure(t *testing.T) {
	width := func() int { return 80 }
	for _, sink := range []report.Sink{
		report.NewJSON(full{}),
		report.NewConsole(full{}, report.ConsoleOptions{Now: newClock(1).Now, Width: width}),
		report.NewTensorBoard("event.go/logs", newClock(1).Now),
	} {
		both := report.Multi(report.NewJSON(new(bytes.Buffer)), sink)
		run(both)
		if err := both.Close(); err == nil {
			t.Errorf("%T closes without an error", sink)
		}
	}
}

func ExampleNewJSON() {
	sink := report.NewJSON(os.Stdout)
	sink.Event(report.Start{Params: 431080, Workers: 1, Threads: 2, Kernel: "avx512"})
	sink.Event(report.Test{Metrics: report.Scores{{Name: "accuracy", Value: 0.9885}}})
	if err := sink.Close(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"event":"start","params":431080,"workers":1,"threads":2,"kernel":"avx512"}
	// {"event":"test","metrics":{"accuracy":0.9885}}
}
