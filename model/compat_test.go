package model

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emberml/ember/tensor"
)

var writeCompat = flag.String("write-compat", "", "write the model of a release, such as v0.1, to testdata/compat")

// compat holds a small model of each release, with samples x and the
// probabilities p that it gave for them. They are loaded for ever.
const compat = "../testdata/compat"

func TestModelsOfAllReleases(t *testing.T) {
	if *writeCompat != "" {
		writeRelease(t, filepath.Join(compat, *writeCompat))
	}
	paths, err := filepath.Glob(filepath.Join(compat, "*.onnx"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s holds no models: %v", compat, err)
	}
	for _, path := range paths {
		m, err := Load(t.Context(), path)
		if err != nil {
			t.Error(err)
			continue
		}
		defer m.Close()
		f, err := os.Open(strings.TrimSuffix(path, ".onnx") + ".npz")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		_, arrays, err := tensor.ReadNPZ(f, info.Size())
		if err != nil {
			t.Fatal(err)
		}
		if y := predict(t, m, arrays["x"], 0); !tensor.AllClose(y.Probabilities, arrays["p"], 0, 1e-6) {
			t.Errorf("%s gives %v, gave %v", path, y.Probabilities, arrays["p"])
		}
		if m.Pipeline == nil || m.Net == "" || m.Loss == "" || m.Provenance.Version == "" {
			t.Errorf("%s says %+v", path, m.Info)
		}
	}
}

func writeRelease(t *testing.T, path string) {
	t.Helper()
	x := images(5)
	s := specOf(t, imageNet(), imageSchema("cat", "dog", "eel"), x)
	s.Provenance.Version = strings.TrimPrefix(filepath.Base(path), "v")
	m := build(t, s)
	if err := m.Save(t.Context(), path+".onnx"); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path + ".npz")
	if err != nil {
		t.Fatal(err)
	}
	arrays := map[string]*tensor.Tensor{"x": x, "p": predict(t, m, x, 0).Probabilities}
	if err := tensor.WriteNPZ(f, []string{"x", "p"}, arrays); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
