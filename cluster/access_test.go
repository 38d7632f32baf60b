package cluster

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

func TestAccess(t *testing.T) {
	a := access{read: []string{"net.yaml", "/data/"}, write: []string{"out.onnx", "file:///models", "ckpt/", "", "s3://bucket"}}
	for name, want := range map[string]string{
		"net.yaml":            "r",
		"./net.yaml":          "r",
		"ckpt/../net.yaml":    "r",
		"/data/a/b":           "r",
		"/data":               "r",
		"out.onnx":            "rw",
		"/models/m":           "rw",
		"ckpt/000/..":         "rw",
		"net.yaml.data":       "",
		"/database":           "",
		"out.onnx/../x":       "",
		"ckpt/../../x":        "",
		"/data/../etc/passwd": "",
		"/models/../m":        "",
		"../ckpt":             "",
		"x":                   "",
		".":                   "",
		"/":                   "",
		"s3:/bucket/x":        "",
		"":                    "",
	} {
		got := ""
		if _, err := a.check(readFile, driverPrefix+name); err == nil {
			got = "r"
		}
		if _, err := a.check(removeFile, driverPrefix+name); err == nil {
			got += "w"
		}
		if got != want {
			t.Errorf("%q may be %q, want %q", name, got, want)
		}
	}
	// A folder that is named relative to this one holds what is below it, no more.
	for allowed, names := range map[string][2]string{
		".":     {"a/b", "../a"},
		"..":    {"../a", "../../a"},
		"../up": {"../up/a", "../upper"},
		"/":     {"/a", "a"},
	} {
		a := access{write: []string{allowed}}
		if _, err := a.check(createFile, driverPrefix+names[0]); err != nil {
			t.Errorf("%s: %v", allowed, err)
		}
		if _, err := a.check(createFile, driverPrefix+names[1]); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s lends %s: %v", allowed, names[1], err)
		}
	}
}

// FuzzAccess: no name leads out of the folder that is lent.
func FuzzAccess(f *testing.F) {
	for _, name := range []string{"driver://lent/a", "driver://lent/../a", "driver://lent/./b//../..", "driver:///lent", "lent/a", "driver://lent\\..\\a", "driver://lent/file://x"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		path, err := access{write: []string{"lent"}}.check(writeFile, name)
		if err == nil && path != "lent" && !strings.HasPrefix(path, "lent"+string(filepath.Separator)) {
			t.Errorf("%q is %q", name, path)
		}
		if err == nil && path != filepath.Clean(path) {
			t.Errorf("%q is %q, which is not the shortest path", name, path)
		}
	})
}
