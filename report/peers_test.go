//go:build peers

package report_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/emberml/ember/internal/peers"
	"github.com/emberml/ember/report"
)

// TestTensorBoardPeer has PyPI's tensorboard read a run.
func TestTensorBoardPeer(t *testing.T) {
	dir := t.TempDir()
	sink := report.NewTensorBoard(dir, newClock(time.Second).Now)
	run(sink)
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	var got, want any
	peers.RunJSON(t, &got, "testdata/read_events.py", dir)
	const read = `{
	"train": {
		"scalars": {
			"batch/loss": [[1, "2.25"], [2, "1.75"], [4, "1.0"], [5, "nan"]],
			"batch/learning_rate": [[1, "0.0010000000474974513"], [2, "0.0010000000474974513"], [4, "0.0010000000474974513"], [5, "0.0005000000237487257"]],
			"epoch/loss": [[1, "1.5"]], "epoch/samples_per_second": [[1, "2000.0"]],
			"epoch/top_k": [[1, "1.0"]], "epoch/accuracy": [[1, "0.625"]]
		},
		"histograms": {"dense_1.weight": [[4, -1, 2, 4, 1.5, 5.25, 30, 4]]},
		"texts": {"net": ["` + "```yaml\\nname: <net>\\n\\n```" + `"]},
		"wall": 1795521601
	},
	"valid": {
		"scalars": {"epoch/loss": [[1, "1.25"]], "epoch/accuracy": [[1, "0.6000000238418579"]]},
		"histograms": {}, "texts": {}, "wall": 1795521606
	},
	"test": {
		"scalars": {"epoch/accuracy": [[1, "0.9876000285148621"]]},
		"histograms": {}, "texts": {}, "wall": 1795521609
	}}`
	if err := json.Unmarshal([]byte(read), &want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("tensorboard reads %v", got)
	}
}
