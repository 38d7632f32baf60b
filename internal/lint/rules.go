package lint

import "fmt"

// Rule is one thing that must hold everywhere in a tree.
type Rule struct {
	Name  string
	Check func(*Tree) []Problem
}

// Problem is one place where a rule is broken.
type Problem struct {
	Where string // file, file:line or package
	What  string // what is wrong and what to do about it
}

func (p Problem) String() string { return p.Where + ": " + p.What }

// problems collects what one check finds.
type problems []Problem

func (p *problems) add(where, format string, args ...any) {
	*p = append(*p, Problem{where, fmt.Sprintf(format, args...)})
}

// Policy is what differs between this repository and the small trees on which the rules are tested.
type Policy struct {
	Order     *Order
	Imports   []Grant
	Hosts     []string // names that must not stand in any file
	MaxLines  int      // of a hand-written source file
	MaxBytes  int      // of any file
	BaseNames []string // file names, without extension, that say nothing
}

// Rules returns the table of all rules.
func (p *Policy) Rules() []Rule {
	return []Rule{
		{"order", p.checkOrder},
		{"imports", p.checkImports},
		{"names", p.checkNames},
		{"lines", p.checkLines},
		{"bytes", p.checkBytes},
		{"hosts", p.checkHosts},
		{"package comment", checkPackageComments},
		{"doc", checkDocs},
		{"init", checkInit},
		{"todo", checkTodo},
		{"sleep", checkSleep},
		{"skip", checkSkips},
	}
}
