package data

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/emberml/ember/storage"
	"github.com/emberml/ember/storage/storagetest"
	"github.com/emberml/ember/tensor"
)

// smallRemote is a set of the form of MNIST, with its gzipped files.
func smallRemote(t *testing.T) (remote, map[string][]byte) {
	t.Helper()
	r := remote{name: "small"}
	gz := map[string][]byte{}
	for _, name := range []string{"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"} {
		x := tensor.New(tensor.Uint8, 4, 2, 2)
		if strings.Contains(name, "labels") {
			x = tensor.Of([]uint8{0, 1, 2, 1})
		}
		var plain, packed bytes.Buffer
		if err := EncodeIDX(&plain, x); err != nil {
			t.Fatal(err)
		}
		z := gzip.NewWriter(&packed)
		z.Write(plain.Bytes())
		z.Close()
		sum := sha256.Sum256(packed.Bytes())
		r.files = append(r.files, remoteFile{name, hex.EncodeToString(sum[:]), int64(plain.Len())})
		gz[name+".gz"] = packed.Bytes()
	}
	return r, gz
}

func TestRemote(t *testing.T) {
	r, gz := smallRemote(t)
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		requests.Add(1)
		b, ok := gz[strings.TrimPrefix(req.URL.Path, "/small/")]
		if !ok {
			http.NotFound(w, req)
			return
		}
		w.Write(b)
	}))
	defer server.Close()
	folder := t.TempDir()
	for name, b := range gz {
		if err := os.WriteFile(filepath.Join(folder, name), b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for name, mirrors := range map[string][]string{
		"server":             {server.URL + "/small/"},
		"second of two":      {server.URL + "/elsewhere", server.URL + "/small"},
		"folder":             {folder},
		"folder, by its URL": {"file://" + filepath.ToSlash(folder)},
	} {
		t.Run(name, func(t *testing.T) {
			o := &Options{Cache: t.TempDir(), Mirrors: mirrors}
			for range 2 {
				var d Dataset
				if err := r.open(t.Context(), &d, o); err != nil {
					t.Fatal(err)
				}
				if d.Train.Len() != 4 || d.Test.Len() != 4 || d.Train.Schema().Name != "small" {
					t.Errorf("got %+v", d.Train.Schema())
				}
				if err := d.Close(); err != nil {
					t.Error(err)
				}
				requests.Store(0)
			}
			if n := requests.Load(); n != 0 {
				t.Errorf("%d requests for what is kept", n)
			}
			entries, _ := os.ReadDir(filepath.Join(o.Cache, "small"))
			if len(entries) != 4 {
				t.Errorf("the folder holds %v, want the four unpacked files", entries)
			}
		})
	}
}

func TestRemoteFailures(t *testing.T) {
	r, gz := smallRemote(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write(gz["t10k-labels-idx1-ubyte.gz"]) // whatever was asked for
	}))
	defer server.Close()
	var content *ContentError
	err := r.open(t.Context(), new(Dataset), &Options{Cache: t.TempDir(), Mirrors: []string{server.URL}})
	if !errors.As(err, &content) || !strings.Contains(err.Error(), "SHA-256") || !strings.Contains(err.Error(), "EMBER_MIRRORS") {
		t.Errorf("a wrong file: %v", err)
	}
	folder, cache := t.TempDir(), t.TempDir()
	for name, b := range gz {
		if err := os.WriteFile(filepath.Join(folder, name), b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	ctx := storage.WithFS(t.Context(), "file", storagetest.Faulty(storage.Local{}, "write 2: enospc"))
	var full *storage.SpaceError
	if err := r.open(ctx, new(Dataset), &Options{Cache: cache, Mirrors: []string{folder}}); !errors.As(err, &full) {
		t.Errorf("a full disk: %v, want a SpaceError", err)
	}
	if entries, _ := os.ReadDir(filepath.Join(cache, "small")); len(entries) != 1 {
		t.Errorf("after a full disk the folder holds %v, want the first file", entries)
	}
}

func TestCacheDir(t *testing.T) {
	t.Setenv("EMBER_DATA", "/somewhere")
	if dir, err := cacheDir(&Options{}); err != nil || dir != "/somewhere" {
		t.Errorf("EMBER_DATA: %q, %v", dir, err)
	}
	if dir, err := cacheDir(&Options{Cache: "/here"}); err != nil || dir != "/here" {
		t.Errorf("Options.Cache: %q, %v", dir, err)
	}
}
