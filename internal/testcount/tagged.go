package main

import (
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// tagged holds the tests that a build tag adds and the packages that hold them.
type tagged struct{ packages, tests []string }

// taggedTests finds the test files below root that are built with the tag only.
func taggedTests(root, tag string) (tagged, error) {
	var found tagged
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); path != root && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		if needs(file, tag) {
			found.add(filepath.Dir(path), file)
		}
		return nil
	})
	slices.Sort(found.tests)
	found.tests = slices.Compact(found.tests)
	return found, err
}

func (t *tagged) add(dir string, file *ast.File) {
	if pkg := "./" + filepath.ToSlash(dir); !slices.Contains(t.packages, pkg) {
		t.packages = append(t.packages, pkg)
	}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") && f.Name.Name != "TestMain" {
			t.tests = append(t.tests, f.Name.Name)
		}
	}
}

// args returns the arguments of go test that run these tests, and no other tests of their packages.
func (t tagged) args() []string {
	return append([]string{"-run", "^(" + strings.Join(t.tests, "|") + ")$"}, t.packages...)
}

// needs reports whether the file's build constraint holds with the tag and not without it, all other tags being set.
func needs(file *ast.File, tag string) bool {
	for _, group := range file.Comments {
		if group.Pos() > file.Package {
			break
		}
		for _, c := range group.List {
			expr, err := constraint.Parse(c.Text)
			if err != nil {
				continue
			}
			with := expr.Eval(func(string) bool { return true })
			return with && !expr.Eval(func(t string) bool { return t != tag })
		}
	}
	return false
}
