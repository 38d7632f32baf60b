//go:build peers

package metamorphic_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/internal/metamorphic"
	"github.com/emberml/ember/internal/peers"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/learn/learntest"
	"github.com/emberml/ember/tensor"
)

// TestONNXRuntime has ONNX Runtime predict with the nets that the other ways
// learn: to 1e-4 what the engine does.
func TestONNXRuntime(t *testing.T) {
	folder := t.TempDir()
	for name, c := range cases(t) {
		writeCase(t, filepath.Join(folder, name), c)
	}
	for name, why := range check(t, folder) {
		t.Errorf("%s: %s", name, why)
	}
}

// writeCase saves what a case learns, with the samples to predict for and the
// engine's predictions.
func writeCase(t *testing.T, dir string, c metamorphic.Case) {
	t.Helper()
	m, err := c.New(learntest.Settings{Seed: 1}).Fit(t.Context(), comm.Solo(), learn.Data{Train: c.Train}, nil)
	if err != nil {
		t.Fatal(err)
	}
	batches, err := feature.NewBatches(t.Context(), c.Test, m.Pipeline, feature.BatchOptions{Size: c.Test.Len()})
	if err != nil {
		t.Fatal(err)
	}
	defer batches.Close()
	b, err := batches.Next()
	if err != nil {
		t.Fatal(err)
	}
	backend := cpu.New(cpu.Options{})
	defer backend.Close()
	program, err := engine.Compile(m.Graph, engine.Options{Backend: backend})
	if err != nil {
		t.Fatal(err)
	}
	out, err := program.Run([]*tensor.Tensor{b.X})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Save(t.Context(), filepath.Join(dir, "model.onnx")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "input_0.npy"), b.X)
	for i, y := range out {
		write(t, filepath.Join(dir, fmt.Sprintf("output_%d.npy", i)), y)
	}
	if err := os.WriteFile(filepath.Join(dir, "tolerance.txt"), []byte("1e-4"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path string, x *tensor.Tensor) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := tensor.WriteNPY(f, x); err != nil {
		t.Fatal(err)
	}
}

// check runs ONNX Runtime on the cases in a folder.
func check(t *testing.T, folder string) (failed map[string]string) {
	t.Helper()
	peers.RunJSON(t, &failed, "../../onnx/testdata/check.py", folder)
	return failed
}
