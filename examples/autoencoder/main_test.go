package main

import (
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), &out, 8, 2); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(out.String(), "\n"); lines != 2+8+1+8 || !strings.Contains(out.String(), "█") {
		t.Errorf("two rows of digits are not drawn, %d lines:\n%s", lines, out.String())
	}
}
