package lint

import (
	"go/ast"
	"go/token"
)

// documented are the methods of well-known interfaces: what they do is said there.
var documented = []string{
	"Error", "Unwrap", "Is", "As", "String", "GoString", "Format",
	"Len", "Less", "Swap", "Push", "Pop",
	"Read", "Write", "Close", "Seek", "ReadAt", "WriteAt", "ReadFrom", "WriteTo", "ReadByte",
	"MarshalText", "UnmarshalText", "MarshalJSON", "UnmarshalJSON", "MarshalYAML", "UnmarshalYAML",
	"RoundTrip", "ServeHTTP",
}

// checkDocs wants a comment on every exported function, type, constant and variable, and on every method of an exported type
// that is not the implementation of a documented interface. A group's comment serves all its constants or variables.
func checkDocs(t *Tree) []Problem {
	var found problems
	known := t.interfaceMethods()
	t.eachHandWritten(func(s *Source) {
		if s.Test || s.Name.Name == "main" {
			return
		}
		missing := func(pos token.Pos, name string) {
			found.add(t.at(pos), "%s is exported and has no doc comment", name)
		}
		for _, d := range s.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Doc == nil && d.Name.IsExported() && !(d.Recv != nil && (known[d.Name.Name] || !exportedReceiver(d))) {
					missing(d.Pos(), d.Name.Name)
				}
			case *ast.GenDecl:
				if d.Doc == nil {
					eachUndocumented(d, missing)
				}
			}
		}
	})
	return found
}

// eachUndocumented calls f for the exported names of a declaration's specs that have no comment of their own.
func eachUndocumented(d *ast.GenDecl, f func(token.Pos, string)) {
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Doc == nil && spec.Name.IsExported() {
				f(spec.Pos(), spec.Name.Name)
			}
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				if spec.Doc == nil && spec.Comment == nil && name.IsExported() {
					f(name.Pos(), name.Name)
				}
			}
		}
	}
}

// interfaceMethods returns the names of methods that some interface of the tree, or a well-known one, documents.
func (t *Tree) interfaceMethods() map[string]bool {
	known := map[string]bool{}
	for _, name := range documented {
		known[name] = true
	}
	t.eachHandWritten(func(s *Source) {
		ast.Inspect(s.File, func(n ast.Node) bool {
			if i, ok := n.(*ast.InterfaceType); ok {
				for _, m := range i.Methods.List {
					for _, name := range m.Names {
						known[name.Name] = true
					}
				}
			}
			return true
		})
	})
	return known
}

// exportedReceiver reports whether the method's type is exported.
func exportedReceiver(f *ast.FuncDecl) bool {
	x := f.Recv.List[0].Type
	for {
		switch e := x.(type) {
		case *ast.StarExpr:
			x = e.X
		case *ast.IndexExpr:
			x = e.X
		case *ast.IndexListExpr:
			x = e.X
		case *ast.Ident:
			return e.IsExported()
		default:
			return false
		}
	}
}
