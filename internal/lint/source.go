package lint

import (
	"go/ast"
	"regexp"
	"strings"
)

// checkPackageComments wants the package's description in exactly one file.
func checkPackageComments(t *Tree) []Problem {
	var found problems
	for _, pkg := range t.Packages {
		var in []string
		for _, s := range pkg.Sources {
			if !s.Test && s.Doc != nil {
				in = append(in, s.Path)
			}
		}
		switch {
		case len(in) == 0 && pkg.hasCode():
			found.add(pkg.Path, "no package comment: say in doc.go what the package is for")
		case len(in) > 1:
			found.add(pkg.Path, "%d package comments, in %s: keep one", len(in), strings.Join(in, ", "))
		}
	}
	return found
}

// checkInit refuses init functions: what a program does on import nobody sees, and tables need none.
func checkInit(t *Tree) []Problem {
	var found problems
	t.eachHandWritten(func(s *Source) {
		for _, d := range s.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				found.add(t.at(f.Pos()), "init function: initialize with a variable's expression, or where it is used")
			}
		}
	})
	return found
}

var todo = regexp.MustCompile(`\b(TODO|FIXME|XXX|HACK)\b`)

// checkTodo refuses notes to oneself: do it, or open an issue.
func checkTodo(t *Tree) []Problem {
	var found problems
	t.eachHandWritten(func(s *Source) {
		for _, group := range s.Comments {
			for _, c := range group.List {
				if word := todo.FindString(c.Text); word != "" {
					found.add(t.at(c.Pos()), "%s: do it now, or open an issue", word)
				}
			}
		}
	})
	return found
}

// checkSleep refuses time.Sleep in tests: they wait for events, or use testing/synctest.
func checkSleep(t *Tree) []Problem {
	var found problems
	t.eachHandWritten(func(s *Source) {
		if !s.Test && !s.suite() {
			return
		}
		for _, u := range s.uses() {
			if u.what == "time.Sleep" {
				found.add(t.at(u.node.Pos()), "a test sleeps: wait for the event, or use testing/synctest")
			}
		}
	})
	return found
}

// checkSkips refuses skips without a reason.
func checkSkips(t *Tree) []Problem {
	var found problems
	t.eachHandWritten(func(s *Source) {
		ast.Inspect(s.File, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) > 0 {
				return true
			}
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok && s.Test && (sel.Sel.Name == "Skip" || sel.Sel.Name == "SkipNow") {
				found.add(t.at(call.Pos()), "a test is skipped without a reason")
			}
			return true
		})
	})
	return found
}

func (t *Tree) eachHandWritten(f func(*Source)) {
	for _, pkg := range t.Packages {
		for _, s := range pkg.Sources {
			if s.Hand {
				f(s)
			}
		}
	}
}
