package lint

import (
	"bytes"
	"go/ast"
	"go/printer"
	"go/token"
	"slices"
	"strings"
)

// API lists the exported API of the tree's public packages, one sorted line per identifier, field and method, in the manner
// of the files in Go's own api folder. It is the union over all build constraints. Constants stand without their values,
// variables without a type that is inferred.
func API(t *Tree) string {
	var lines []string
	for _, pkg := range t.Packages {
		if !pkg.public() {
			continue
		}
		name := pkg.Path
		if name == "." {
			name = t.Module
		}
		a := api{fset: t.fset, prefix: "pkg " + name + ", "}
		for _, s := range pkg.Sources {
			if !s.Test {
				a.file(s.File)
			}
		}
		lines = append(lines, a.lines...)
	}
	slices.Sort(lines)
	return strings.Join(slices.Compact(lines), "\n") + "\n"
}

// public reports whether programs can import the package.
func (p *Package) public() bool {
	internal := slices.Contains(strings.Split(p.Path, "/"), "internal")
	return !internal && p.hasCode() && p.Sources[0].Name.Name != "main"
}

// api collects the lines of one package.
type api struct {
	fset   *token.FileSet
	prefix string
	lines  []string
}

func (a *api) add(parts ...string) { a.lines = append(a.lines, a.prefix+strings.Join(parts, "")) }

func (a *api) file(f *ast.File) {
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			a.function(d)
		case *ast.GenDecl:
			var inherited ast.Expr // an untyped line of a constant group repeats the type above
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					a.typ(spec)
				case *ast.ValueSpec:
					if spec.Type != nil || spec.Values != nil {
						inherited = spec.Type
					}
					a.values(d.Tok.String(), spec.Names, inherited)
				}
			}
		}
	}
}

func (a *api) function(d *ast.FuncDecl) {
	switch {
	case !d.Name.IsExported() || d.Recv != nil && !exportedReceiver(d):
	case d.Recv == nil:
		a.add(a.text(&ast.FuncDecl{Name: d.Name, Type: d.Type}))
	default:
		recv := a.text(d.Recv.List[0].Type)
		signature := strings.TrimPrefix(a.text(d.Type), "func")
		a.add("method (", recv, ") ", d.Name.Name, signature)
	}
}

func (a *api) values(kind string, names []*ast.Ident, typ ast.Expr) {
	for _, name := range names {
		if name.IsExported() {
			a.add(strings.TrimSpace(kind + " " + name.Name + " " + a.text(typ)))
		}
	}
}

func (a *api) typ(spec *ast.TypeSpec) {
	if !spec.Name.IsExported() {
		return
	}
	head := "type " + spec.Name.Name + a.typeParams(spec.TypeParams) + " "
	if spec.Assign.IsValid() {
		head += "= "
	}
	switch t := spec.Type.(type) {
	case *ast.StructType:
		a.add(head, "struct")
		a.members(head+"struct, ", t.Fields, "unexported fields")
	case *ast.InterfaceType:
		a.add(head, "interface")
		a.members(head+"interface, ", t.Methods, "unexported methods")
	default:
		a.add(head, a.text(t))
	}
}

// members adds a struct's fields or an interface's methods. That there are unexported ones is part of the API, too:
// without them, others can convert to the struct or implement the interface.
func (a *api) members(head string, list *ast.FieldList, unexported string) {
	for _, field := range list.List {
		typ := a.text(field.Type)
		if len(field.Names) == 0 {
			a.add(head, "embedded ", typ)
		}
		for _, name := range field.Names {
			_, method := field.Type.(*ast.FuncType)
			switch {
			case !name.IsExported():
				a.add(head, unexported)
			case method && strings.Contains(head, " interface, "):
				a.add(head, name.Name, strings.TrimPrefix(typ, "func"))
			default:
				a.add(head, name.Name, " ", typ)
			}
		}
	}
}

func (a *api) typeParams(list *ast.FieldList) string {
	if list == nil {
		return ""
	}
	var params []string
	for _, field := range list.List {
		for _, name := range field.Names {
			params = append(params, name.Name+" "+a.text(field.Type))
		}
	}
	return "[" + strings.Join(params, ", ") + "]"
}

// text prints a node on one line. A nil expression prints as nothing.
func (a *api) text(node any) string {
	if node == ast.Expr(nil) {
		return ""
	}
	var b bytes.Buffer
	if err := printer.Fprint(&b, a.fset, node); err != nil {
		return err.Error() // the node came from the parser, so that it prints
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
