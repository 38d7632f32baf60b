package sparktest

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// root is the folder of the module that the working directory is in.
var root = sync.OnceValues(func() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("no go.mod above the test's folder")
		}
		dir = parent
	}
})

// environmentOf returns the folder of the Python environment that holds a version of Spark.
func environmentOf(version string) (string, error) {
	homes := os.Getenv("EMBER_SPARK_HOMES")
	if homes == "" {
		top, err := root()
		if err != nil {
			return "", err
		}
		homes = filepath.Join(top, ".cache", "spark")
	}
	env := filepath.Join(homes, version)
	if _, err := os.Stat(filepath.Join(env, "bin", "python")); err != nil {
		return "", fmt.Errorf("no Spark %s: %w; run scripts/spark.sh, or set EMBER_SPARK_HOMES", version, err)
	}
	return env, nil
}

// Python returns the path of the Python that a version's executors run unless Options say otherwise. It has pyarrow.
func Python(t testing.TB, version string) string {
	t.Helper()
	env, err := environmentOf(version)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(env, "bin", "python")
}

// only returns the one file that matches.
func only(pattern string) (string, error) {
	files, err := filepath.Glob(pattern)
	if err == nil && len(files) != 1 {
		err = fmt.Errorf("%d files match %s, want one", len(files), pattern)
	}
	if err != nil {
		return "", err
	}
	return files[0], nil
}

// PythonWithoutArrow returns an ordinary Python of this machine that has no pyarrow, for [Options.Python].
func PythonWithoutArrow(t testing.TB) string {
	t.Helper()
	env, err := environmentOf(Spark43)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(env, "pyvenv.cfg")) // says which Python it was made from
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		if home, ok := strings.CutPrefix(lines.Text(), "home = "); ok {
			python := filepath.Join(home, "python3")
			if exec.Command(python, "-c", "import pyarrow").Run() == nil {
				t.Fatalf("%s has pyarrow", python)
			}
			return python
		}
	}
	t.Fatalf("%s/pyvenv.cfg names no home", env)
	return ""
}
