package report_test

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/emberml/ember/report"
)

// TestDecode: what one process tells, another hears.
func TestDecode(t *testing.T) {
	scores := report.Scores{{Name: "loss", Value: 0.5}, {Name: "accuracy", Value: 0.25}}
	for _, e := range []report.Event{
		report.Start{Params: 7, Workers: 2, Threads: 3, Kernel: "go", Epochs: 1, Samples: 9, Resumed: 4, Net: "a: <b>\n"},
		report.Step{Step: 1, Epoch: 1, Samples: 64, Loss: 0.1, LR: 0.001},
		report.Epoch{Epoch: 1, Step: 2, Samples: 3, Seconds: 0.5, CPUSeconds: 1, Loss: 0.25, Metrics: scores, Valid: report.Scores{}},
		report.Epoch{Epoch: 2, Metrics: scores, Valid: scores},
		report.Histograms{Step: 3, Values: []report.Histogram{report.NewHistogram("w", []float64{1, 2, 2, 5})}},
		report.Checkpoint{Path: "m.ckpt/step-1.json", Step: 1, Best: true},
		report.Warning{Message: "mind \"this\""},
		report.EarlyStop{Epoch: 3, Metric: "loss", Best: 0.5, BestEpoch: 1},
		report.Diverged{Step: 3, Epoch: 1, Layer: "dense_1", What: "loss is NaN"},
		report.Test{Samples: 10, Metrics: scores},
		report.Saved{Model: "m.onnx"},
	} {
		line, err := report.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		got, err := report.Decode(line)
		if err != nil {
			t.Errorf("%s: %v", line, err)
		}
		if want := e; !reflect.DeepEqual(got, want) {
			if again, err := report.Encode(got); err != nil || string(again) != string(line) {
				t.Errorf("%T became %+v", e, got)
			}
		}
	}
}

func TestDecodeNaN(t *testing.T) {
	line, err := report.Encode(report.Epoch{Loss: report.Number(math.Inf(1)), Metrics: report.Scores{{Name: "mae", Value: math.NaN()}}})
	if err != nil {
		t.Fatal(err)
	}
	e, err := report.Decode(line)
	if err != nil {
		t.Fatal(err)
	}
	if mae, ok := e.(report.Epoch).Metrics.Get("mae"); !ok || !math.IsNaN(mae) || !math.IsNaN(float64(e.(report.Epoch).Loss)) {
		t.Errorf("got %+v", e)
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"event":"epoch","epoch":1,"loss":null,"metrics":{"a":1,"b":null}}`, `{"event":"saved","model":"m"}`,
		`{"event":"other"}`, `{"event":"test","metrics":[1]}`, `{"event":"test","metrics":{"a":{}}}`, `[`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := report.Decode(line)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "an event of a run: ") {
				t.Error(err)
			}
			return
		}
		if _, err := report.Encode(e); err != nil {
			t.Errorf("%+v does not encode: %v", e, err)
		}
	})
}
