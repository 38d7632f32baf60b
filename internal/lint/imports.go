package lint

import (
	"fmt"
	"go/ast"
	"slices"
	"strconv"
	"strings"
)

// Grant allows one package one thing, an import or a call, that is forbidden to others. The package nobody gets nothing.
type Grant struct {
	What, Package, Why string
}

// ParseImports reads the lines that imports.txt describes.
func ParseImports(text string) ([]Grant, error) {
	var grants []Grant
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		switch fields := strings.Fields(line); {
		case len(fields) == 0:
		case len(fields) < 3:
			return nil, fmt.Errorf("line %d: want what, package and the reason why", i+1)
		default:
			grants = append(grants, Grant{fields[0], fields[1], strings.Join(fields[2:], " ")})
		}
	}
	return grants, nil
}

const nobody = "nobody"

// covers reports whether the grant is about u.
func (g Grant) covers(u use) bool {
	folder, all := strings.CutSuffix(g.What, "/...")
	return g.What == u.what || all && u.isImport() && (u.what == folder || strings.HasPrefix(u.what, folder+"/"))
}

// checkOrder holds the imports within the module against the order.
func (p *Policy) checkOrder(t *Tree) []Problem {
	var found problems
	for _, pkg := range t.Packages {
		if pkg.Path != "." && p.Order.label(pkg.Path) == "" && pkg.hasCode() {
			found.add(pkg.Path, "the package is not in order.txt: say there what it stands above")
			continue
		}
		for _, s := range pkg.Sources {
			for _, spec := range s.Imports {
				to, ours := t.inModule(importPath(spec))
				if ours && !s.Test && pkg.Path != "." && !p.Order.Allows(pkg.Path, to) {
					found.add(t.at(spec.Pos()), "%s may not import %s: order.txt does not put it above that", pkg.Path, to)
				}
			}
		}
	}
	return found
}

// checkImports holds dangerous imports and calls against the list of who may.
func (p *Policy) checkImports(t *Tree) []Problem {
	var found problems
	used := map[Grant]bool{}
	for _, pkg := range t.Packages {
		for _, s := range pkg.Sources {
			if s.Test || s.suite() {
				continue
			}
			for _, u := range s.uses() {
				granted, ok := p.granted(u, pkg.Path, used)
				if ok && !granted {
					found.add(t.at(u.node.Pos()), "%s may not use %s: imports.txt does not list it with a reason", pkg.Path, u.what)
				}
			}
		}
	}
	for _, g := range p.Imports {
		if !used[g] && g.Package != nobody {
			found.add("imports.txt", "%s no longer uses %s: remove the line", g.Package, g.What)
		}
	}
	return found
}

// granted reports whether pkg may use u, and whether u is restricted at all. It marks the grants that it used.
func (p *Policy) granted(u use, pkg string, used map[Grant]bool) (granted, restricted bool) {
	for _, g := range p.Imports {
		if !g.covers(u) {
			continue
		}
		restricted = true
		if g.Package == pkg {
			granted = true
			used[g] = true
		}
	}
	return granted, restricted
}

// use is an import, or a mention of another package's function.
type use struct {
	what string
	node ast.Node
}

func (u use) isImport() bool {
	_, ok := u.node.(*ast.ImportSpec)
	return ok
}

// uses lists the imports of the file and its selectors on imported packages, as path.Name.
func (s *Source) uses() []use {
	var all []use
	paths := map[string]string{} // by the name in this file
	for _, spec := range s.Imports {
		path := importPath(spec)
		all = append(all, use{path, spec})
		name := path[strings.LastIndexByte(path, '/')+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		paths[name] = path
	}
	ast.Inspect(s.File, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && paths[x.Name] != "" {
				all = append(all, use{paths[x.Name] + "." + sel.Sel.Name, sel})
			}
		}
		return true
	})
	return all
}

// hasCode reports whether the package has more than tests.
func (p *Package) hasCode() bool {
	return slices.ContainsFunc(p.Sources, func(s *Source) bool { return !s.Test })
}

func importPath(spec *ast.ImportSpec) string {
	path, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return spec.Path.Value // the parser accepts string literals only
	}
	return path
}
