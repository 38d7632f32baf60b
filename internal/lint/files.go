package lint

import (
	"bytes"
	"path"
	"slices"
	"strings"
)

// checkNames refuses file names that say nothing about what is inside.
func (p *Policy) checkNames(t *Tree) []Problem {
	var found problems
	for _, f := range t.Files {
		if f.fixture() {
			continue
		}
		base := strings.TrimSuffix(strings.TrimSuffix(path.Base(f.Path), ".go"), "_test")
		if path.Ext(f.Path) == ".go" && slices.Contains(p.BaseNames, base) {
			found.add(f.Path, "name the file after the idea that it holds")
		}
	}
	return found
}

// checkLines refuses long hand-written files. Tests are free: a table of cases is long and has one idea.
func (p *Policy) checkLines(t *Tree) []Problem {
	var found problems
	for _, f := range t.Files {
		if path.Ext(f.Path) != ".go" || f.fixture() || strings.HasSuffix(f.Path, "_test.go") || !handWritten(f.Path, f.text) {
			continue
		}
		if n := bytes.Count(f.text, []byte("\n")); n > p.MaxLines {
			found.add(f.Path, "%d lines, more than %d: the file has two ideas, split it by noun", n, p.MaxLines)
		}
	}
	return found
}

// fixture reports whether the file is data of a test.
func (f File) fixture() bool { return slices.Contains(strings.Split(f.Path, "/"), "testdata") }

// checkBytes refuses big files: data, models and binaries come from packages or are generated.
func (p *Policy) checkBytes(t *Tree) []Problem {
	var found problems
	for _, f := range t.Files {
		if f.Size > p.MaxBytes {
			found.add(f.Path, "%d bytes, more than %d: fetch it when it is needed, or generate it", f.Size, p.MaxBytes)
		}
	}
	return found
}

// checkHosts refuses the names of package registries: their clients know them, and users have mirrors.
func (p *Policy) checkHosts(t *Tree) []Problem {
	var found problems
	for _, f := range t.Files {
		for _, host := range p.Hosts {
			if bytes.Contains(f.text, []byte(host)) {
				found.add(f.Path, "names the registry host %s: call the ordinary client by package name", host)
			}
		}
	}
	return found
}
