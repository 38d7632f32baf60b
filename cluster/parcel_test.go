package cluster

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// TestPackFile: a program is compressed once, and again where the cache is broken; of
// old ones the cache forgets.
func TestPackFile(t *testing.T) {
	forgetful(t)
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	cache = filepath.Join(cache, "ember", "packed")
	program := filepath.Join(t.TempDir(), "program")
	pack := func(text string) parcel {
		t.Helper()
		if err := os.WriteFile(program, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := packFile(program)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(bytes.NewReader(p.content))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(z); err != nil || string(got) != text {
			t.Errorf("unpacked to %q, %v", got, err)
		}
		return p
	}
	first := pack("one")
	path := filepath.Join(cache, first.binary.Name)
	if _, err := kept(cache, first.binary.Name); err != nil {
		t.Error(err)
	}
	if again := pack("one"); !bytes.Equal(again.content, first.content) || again.binary != first.binary {
		t.Error("packed otherwise the second time")
	}
	for _, broken := range []string{"", "short", string(make([]byte, 100))} {
		if err := os.WriteFile(path, []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		pack("one")
		if _, err := kept(cache, first.binary.Name); err != nil {
			t.Errorf("after %q: %v", broken, err)
		}
	}
	pack("two")
	pack("three")
	if files, err := os.ReadDir(cache); err != nil || len(files) != keptParcels {
		t.Errorf("the cache holds %v, %v", files, err)
	}
}
