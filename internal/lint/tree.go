package lint

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Tree is a Go module as files: all of them, and those of its packages parsed.
type Tree struct {
	Root     string // the folder
	Module   string // the module's path
	Files    []File
	Packages []*Package // by path; without nested modules and testdata
	fset     *token.FileSet
}

// File is any file of the tree.
type File struct {
	Path string // relative to the root, with slashes
	Size int
	text []byte
}

// Package is the Go files of one folder.
type Package struct {
	Path    string // relative to the root; "." is the root
	Sources []*Source
}

// Source is one Go file of a package.
type Source struct {
	*ast.File
	Path string // relative to the root
	Test bool   // name ends in _test.go
	Hand bool   // written by hand: not generated
}

// suite reports whether the file is of a package of tests, as optest is.
func (s *Source) suite() bool { return strings.HasSuffix(s.Name.Name, "test") }

var (
	generated  = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)
	moduleLine = regexp.MustCompile(`(?m)^module (\S+)$`)
)

// Load reads and parses files, given as paths relative to root, which must hold a go.mod.
func Load(root string, files []string) (*Tree, error) {
	t := &Tree{Root: root, fset: token.NewFileSet()}
	packages := map[string]*Package{}
	nested := nestedModules(files)
	for _, name := range files {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			return nil, err
		}
		t.Files = append(t.Files, File{Path: name, Size: len(text), text: text})
		if name == "go.mod" {
			if m := moduleLine.FindSubmatch(text); m != nil {
				t.Module = string(m[1])
			}
		}
		if dir := path.Dir(name); path.Ext(name) == ".go" && isPackage(dir, nested) {
			source, err := t.parse(name, text)
			if err != nil {
				return nil, err
			}
			if packages[dir] == nil {
				packages[dir] = &Package{Path: dir}
				t.Packages = append(t.Packages, packages[dir])
			}
			packages[dir].Sources = append(packages[dir].Sources, source)
		}
	}
	if t.Module == "" {
		return nil, fmt.Errorf("%s: no go.mod with a module line", root)
	}
	slices.SortFunc(t.Packages, func(a, b *Package) int { return strings.Compare(a.Path, b.Path) })
	return t, nil
}

func (t *Tree) parse(name string, text []byte) (*Source, error) {
	file, err := parser.ParseFile(t.fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	return &Source{
		File: file,
		Path: name,
		Test: strings.HasSuffix(name, "_test.go"),
		Hand: handWritten(name, text),
	}, nil
}

// handWritten tells by the generator's mark, which stands before the package clause, or by our naming: z*.go.
func handWritten(name string, text []byte) bool {
	head, _, _ := bytes.Cut(text, []byte("\npackage "))
	return !strings.HasPrefix(path.Base(name), "z") && !generated.Match(head)
}

// nestedModules returns the folders below the root that have their own go.mod.
func nestedModules(files []string) []string {
	var dirs []string
	for _, name := range files {
		if path.Base(name) == "go.mod" && name != "go.mod" {
			dirs = append(dirs, path.Dir(name))
		}
	}
	return dirs
}

// isPackage reports whether the go tool takes the folder for a package of this module.
func isPackage(dir string, nested []string) bool {
	for _, part := range strings.Split(dir, "/") {
		if part == "testdata" || strings.HasPrefix(part, "_") || strings.HasPrefix(part, ".") && part != "." {
			return false
		}
	}
	return !slices.ContainsFunc(nested, func(n string) bool { return dir == n || strings.HasPrefix(dir, n+"/") })
}

// inModule returns the path within the module of what is imported, and whether it is of this module.
func (t *Tree) inModule(imported string) (string, bool) {
	if imported == t.Module {
		return ".", true
	}
	return strings.CutPrefix(imported, t.Module+"/")
}

// at formats a position as file:line.
func (t *Tree) at(pos token.Pos) string {
	p := t.fset.Position(pos)
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

// Walk lists the files below root, as Load wants them. It leaves out hidden folders, where caches are.
func Walk(root string) ([]string, error) {
	var files []string
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && path != "." && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		if err == nil && d.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	return files, err
}
