package cluster

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestReadToken(t *testing.T) {
	t.Setenv(tokenEnv, "of the environment")
	dir := t.TempDir()
	file := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct{ file, want, warning, err string }{
		{file: "", want: "of the environment"},
		{file: file("own", " secret\n", 0o600), want: "secret"},
		{file: file("open", "secret", 0o644), want: "secret", warning: "chmod 600 " + filepath.Join(dir, "open")},
		{file: file("empty", "\n", 0o600), err: "is empty"},
		{file: filepath.Join(dir, "none"), err: "none"},
	} {
		if runtime.GOOS == "windows" {
			c.warning = ""
		}
		var warnings strings.Builder
		got, err := ReadToken(c.file, &warnings)
		if got != c.want || !strings.Contains(warnings.String(), c.warning) || (warnings.Len() > 0) != (c.warning != "") {
			t.Errorf("%s: %q, warned %q", c.file, got, warnings.String())
		}
		if (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v, want %q", c.file, err, c.err)
		}
	}
}

// TestTokenOnTheCommandLine: it is used, with one warning, and shown nowhere.
func TestTokenOnTheCommandLine(t *testing.T) {
	var warnings strings.Builder
	got := WithoutToken([]string{"train", "--cluster", "sc://h/;token=secret", "--cluster=sc://h/;token=secret;use_ssl=true", "--x=;token=kept"}, &warnings)
	want := []string{"train", "--cluster", "sc://h/", "--cluster=sc://h/;use_ssl=true", "--x=;token=kept"}
	if !slices.Equal(got, want) || strings.Count(warnings.String(), "warning") != 1 {
		t.Errorf("%q, warned %q", got, warnings.String())
	}
	if err := CheckAddress("spark://h/;token=secret"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
}

// TestWorkerEnvironment: a worker does not get the tokens of its driver.
func TestWorkerEnvironment(t *testing.T) {
	got := workerEnvironment([]string{"A=1", tokenEnv + "=secret", remoteEnv + "=sc://h/;token=secret", "B=2"})
	if !slices.Equal(got, []string{"A=1", "B=2"}) {
		t.Error(got)
	}
}
