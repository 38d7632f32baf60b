package worker

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The headers in testdata are those of real Sparks; TestRecordHeaders wrote them.
func TestRecordedHeaders(t *testing.T) {
	files, err := filepath.Glob("testdata/header-*.bin")
	if err != nil || len(files) != 4 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		h, _, err := readAll(b, "")
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		_, version, _ := strings.Cut(strings.TrimSuffix(file, ".bin"), "header-")
		version, kind, _ := strings.Cut(version, "-")
		barrier := kind == "barrier"
		if h.Spark != version || h.Barrier != barrier || len(h.Addresses) != 2 && barrier || h.CPUs != 1 || h.FilesDir == "" ||
			h.Partition < 0 || h.Partition > 1 || len(h.Properties) == 0 || barrier && h.secret == "" {
			t.Errorf("%s: %+v", file, h.Context)
		}
		var o order
		if m, err := message(h.commands[0]); err != nil || json.Unmarshal(m, &o) != nil || o.Do != "sum" {
			t.Errorf("%s: the message is %s, %v", file, m, err)
		}
	}
}
