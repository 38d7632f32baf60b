//go:build peers

package worker

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/emberml/ember/internal/peers"
)

// TestUnpack: a program is unpacked once, and what others may have put in its place,
// in a folder where they can, is not started.
func TestUnpack(t *testing.T) {
	const content, other = "#!/bin/sh\nexit 0\n", "#!/bin/sh\nexit 1\n"
	sum := sha256.Sum256([]byte(content))
	name := ".ember-" + hex.EncodeToString(sum[:])
	write := func(t *testing.T, path, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	link := func(t *testing.T, to, path string) {
		t.Helper()
		if err := os.Symlink(to, path); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name     string
		artifact string
		before   func(t *testing.T, folder string)
		err      string
	}{
		{name: "first", artifact: content},
		{name: "again", artifact: "", before: func(t *testing.T, folder string) { write(t, filepath.Join(folder, name), content, 0o700) }},
		{name: "open to others", artifact: content, before: func(t *testing.T, folder string) { write(t, filepath.Join(folder, name), other, 0o777) }},
		{name: "link", artifact: content, before: func(t *testing.T, folder string) {
			write(t, filepath.Join(folder, "other"), other, 0o700)
			link(t, filepath.Join(folder, "other"), filepath.Join(folder, name))
		}},
		{name: "lock is a link", artifact: content, err: "OSError", before: func(t *testing.T, folder string) {
			link(t, filepath.Join(folder, "victim"), filepath.Join(folder, name+".lock"))
		}},
		{name: "another artifact", artifact: other, err: "is not the one that was sent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder, artifact := t.TempDir(), filepath.Join(t.TempDir(), "ember")
			write(t, artifact, c.artifact, 0o600)
			if c.before != nil {
				c.before(t, folder)
			}
			var got struct{ Program, Error string }
			peers.RunJSON(t, &got, "testdata/unpack.py", folder, artifact, hex.EncodeToString(sum[:]))
			program := filepath.Join(folder, name)
			if c.err != "" {
				if !strings.Contains(got.Error, c.err) {
					t.Errorf("%+v, want the error %q", got, c.err)
				}
				return
			}
			text, err := os.ReadFile(program)
			if got.Program != program || err != nil || string(text) != content {
				t.Errorf("%+v, %q, %v", got, text, err)
			}
			if info, err := os.Lstat(program); err != nil || info.Mode() != 0o700 {
				t.Errorf("%v, %v", info, err)
			}
		})
	}
}

// TestCheckPlatform: a program for other machines is not tried, and the error says what
// this one is.
func TestCheckPlatform(t *testing.T) {
	here := runtime.GOOS + "/" + runtime.GOARCH
	for _, c := range []struct{ platform, err string }{
		{"", ""},
		{here, ""},
		{"plan9/mips", "ember: the program is for plan9/mips, and the executor on "},
	} {
		var got struct{ Error string }
		peers.RunJSON(t, &got, "testdata/check_platform.py", c.platform)
		if (c.err == "") != (got.Error == "") || !strings.HasPrefix(got.Error, c.err) {
			t.Errorf("%q: %q, want %q", c.platform, got.Error, c.err)
		}
		if other, ok := OtherPlatform(errors.New(got.Error)); ok != (c.err != "") || ok && other != here {
			t.Errorf("%q: understood as %q, %v", c.platform, other, ok)
		}
	}
}
