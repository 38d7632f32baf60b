package lint

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the golden files")

// TestRepository holds this repository against its rules.
func TestRepository(t *testing.T) {
	policy, err := Repository()
	if err != nil {
		t.Fatal(err)
	}
	tree := loadRepository(t)
	for _, rule := range policy.Rules() {
		t.Run(rule.Name, func(t *testing.T) {
			for _, p := range rule.Check(tree) {
				t.Error(p)
			}
		})
	}
}

// TestAPI holds the exported API against its golden file: a difference is to be meant, and said in the CHANGELOG.
func TestAPI(t *testing.T) {
	tree := loadRepository(t)
	want, err := os.ReadFile(filepath.Join(tree.Root, "api", "ember.txt"))
	if err != nil {
		t.Fatal(err)
	}
	have, golden := strings.Split(API(tree), "\n"), strings.Split(string(want), "\n")
	for _, line := range minus(have, golden) {
		t.Errorf("+ %s", line)
	}
	for _, line := range minus(golden, have) {
		t.Errorf("- %s", line)
	}
	if t.Failed() {
		t.Error("the exported API differs from api/ember.txt: if that is meant, run make generate and say it in CHANGELOG.md")
	}
}

// TestRules holds a small tree that breaks every rule against the problems that it must have.
func TestRules(t *testing.T) {
	root := filepath.Join("testdata", "broken")
	order, err := os.ReadFile(filepath.Join(root, "order.txt"))
	if err != nil {
		t.Fatal(err)
	}
	policy := Policy{Hosts: []string{"registry.example"}, MaxLines: 30, MaxBytes: 1000, BaseNames: []string{"utils"}}
	if policy.Order, err = ParseOrder(string(order)); err != nil {
		t.Fatal(err)
	}
	if policy.Imports, err = ParseImports("net/... web serves\ntime.Now clock is the clock\nunsafe low no longer"); err != nil {
		t.Fatal(err)
	}
	files, err := Walk(root)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := Load(root, files)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, rule := range policy.Rules() {
		got.WriteString("# " + rule.Name + "\n")
		for _, p := range rule.Check(tree) {
			got.WriteString(p.String() + "\n")
		}
	}
	golden(t, filepath.Join("testdata", "broken.txt"), got.String())
	golden(t, filepath.Join("testdata", "api.txt"), API(tree))
}

func TestImportsNeedReason(t *testing.T) {
	if _, err := ParseImports("# all is well\nunsafe tensor\n"); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("err = %v, want line 2", err)
	}
}

// loadRepository loads what git tracks, or would if it were added.
func loadRepository(t *testing.T) *Tree {
	t.Helper()
	git := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	git.Dir = filepath.Join("..", "..")
	out, err := git.Output()
	if err != nil {
		t.Skipf("not a git checkout: %v", err)
	}
	var files []string
	for name := range strings.SplitSeq(string(bytes.TrimRight(out, "\x00")), "\x00") {
		if _, err := os.Lstat(filepath.Join(git.Dir, name)); err == nil { // else deleted, but not yet in the index
			files = append(files, name)
		}
	}
	tree, err := Load(git.Dir, files)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *rewrite {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-rewrite updates it); got:\n%s", file, got)
	}
}

// minus returns the lines of a that are not in b.
func minus(a, b []string) []string {
	in := map[string]bool{}
	for _, line := range b {
		in[line] = true
	}
	var rest []string
	for _, line := range a {
		if !in[line] {
			rest = append(rest, line)
		}
	}
	return rest
}
