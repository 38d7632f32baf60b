//go:build spark && linux

package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emberml/ember/internal/sparktest"
)

func TestCount(t *testing.T) {
	text := filepath.Join(t.TempDir(), "rose.txt")
	if err := os.WriteFile(text, []byte("Rose is a rose is a rose.\nA name, a name; the rose smells sweet\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	var out strings.Builder
	if err := count(ctx, &out, sparktest.Start(t, sparktest.Options{}).Remote, text); err != nil {
		t.Fatal(err)
	}
	if want := "    4  rose\n    2  name\n    1  smells\n    1  sweet\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}
