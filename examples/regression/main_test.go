package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), &out, 5, filepath.Join(t.TempDir(), "petal.onnx")); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"30 unseen flowers: R² ", "a flower of [sepal_length sepal_width petal_length] [[6.1 2.9 4.5]]"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}
