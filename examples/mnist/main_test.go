package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), &out, "digits", 2, filepath.Join(t.TempDir(), "m.onnx")); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"test", "accuracy", "saved"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}
