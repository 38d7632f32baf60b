package main

import (
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), &out, 2); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"maxout_1.weight [96 64]", "highway_1.gate.bias [32]", "accuracy on 359 digits"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}
