package sparktest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// built is the binary of this process.
var built struct {
	sync.Mutex
	dir string // empty before it is built
}

// Binary returns the path of the command ember, built as it is released and ships to executors: static and stripped. It is
// built once in a test process and removed by [Main].
func Binary(t testing.TB) string {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	if built.dir == "" {
		dir, err := build()
		if err != nil {
			t.Fatal(err)
		}
		built.dir = dir
	}
	return filepath.Join(built.dir, "ember")
}

func build() (dir string, err error) {
	top, err := root()
	if err != nil {
		return "", err
	}
	if dir, err = os.MkdirTemp("", "ember-binary-"); err != nil {
		return "", err
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(dir, "ember"), "./cmd/ember")
	cmd.Dir = top
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		os.RemoveAll(dir)
		return "", fmt.Errorf("building cmd/ember: %w\n%s", err, out)
	}
	return dir, nil
}

func removeBinary() {
	built.Lock()
	defer built.Unlock()
	os.RemoveAll(built.dir)
	built.dir = ""
}
