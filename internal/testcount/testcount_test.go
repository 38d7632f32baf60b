package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// event lines as go test -json writes them, cut to the fields that matter.
const stream = `{"Action":"start","Package":"m/a"}
{"Action":"run","Package":"m/a","Test":"TestOne"}
{"Action":"output","Package":"m/a","Test":"TestOne","Output":"=== RUN   TestOne\n"}
{"Action":"pass","Package":"m/a","Test":"TestOne","Elapsed":0}
{"Action":"run","Package":"m/a","Test":"TestMany"}
{"Action":"run","Package":"m/a","Test":"TestMany/good"}
{"Action":"run","Package":"m/a","Test":"TestMany/bad"}
{"Action":"output","Package":"m/a","Test":"TestMany/bad","Output":"    a_test.go:7: got 1\n"}
{"Action":"pass","Package":"m/a","Test":"TestMany/good"}
{"Action":"fail","Package":"m/a","Test":"TestMany/bad"}
{"Action":"fail","Package":"m/a","Test":"TestMany"}
{"Action":"run","Package":"m/a","Test":"TestAway"}
{"Action":"output","Package":"m/a","Test":"TestAway","Output":"=== RUN   TestAway\n"}
{"Action":"output","Package":"m/a","Test":"TestAway","Output":"    a_test.go:9: this machine has no AVX-512\n"}
{"Action":"output","Package":"m/a","Test":"TestAway","Output":"--- SKIP: TestAway (0.00s)\n"}
{"Action":"skip","Package":"m/a","Test":"TestAway"}
{"Action":"output","Package":"m/a","Output":"FAIL\n"}
{"Action":"fail","Package":"m/a","Elapsed":0.25}
{"ImportPath":"m/b [m/b.test]","Action":"build-output","Output":"b/b.go:3: undefined: x\n"}
{"ImportPath":"m/b [m/b.test]","Action":"build-fail"}
{"Action":"fail","Package":"m/b","FailedBuild":"m/b [m/b.test]"}
{"Action":"run","Package":"m/c","Test":"TestDies"}
{"Action":"output","Package":"m/c","Test":"TestDies","Output":"panic: gone\n"}
{"Action":"output","Package":"m/c","Output":"exit status 2\n"}
{"Action":"output","Package":"m/c","Output":"FAIL\tm/c\t0.01s\n"}
{"Action":"fail","Package":"m/c"}
{"Action":"skip","Package":"m/none"}
go: a message that is no JSON
`

func TestCount(t *testing.T) {
	var out strings.Builder
	r := newCounter(&out).read(strings.NewReader(stream))
	if got, want := r.counts(), "2 passed, 3 failed, 1 skipped"; got != want {
		t.Errorf("counts %q, want %q", got, want)
	}
	if want := (Skip{"m/a", "TestAway", "this machine has no AVX-512"}); len(r.Skipped) != 1 || r.Skipped[0] != want {
		t.Errorf("skips %v, want %v", r.Skipped, want)
	}
	const want = "    a_test.go:7: got 1\nFAIL  m/a 0.2s\nb/b.go:3: undefined: x\nFAIL  m/b 0.0s\npanic: gone\nexit status 2\nFAIL  m/c 0.0s\ngo: a message that is no JSON\n"
	if out.String() != want {
		t.Errorf("printed:\n%s\nwant:\n%s", out.String(), want)
	}
}

func TestSum(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one.json"), filepath.Join(dir, "two.json")
	for file, r := range map[string]Report{
		one: {Name: "one", Passed: 2, Skipped: []Skip{{"m/a", "TestX", "why"}, {"m/a", "TestY", "else"}, {"m/b", "TestZ", "why (z)"}, {"m/b", "TestU", "why"}, {"m/b", "TestV", "why (v)"}}},
		two: {Name: "two", Passed: 3, Failed: 1},
	} {
		if err := r.save(file); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	if err := run([]string{"-sum", one, two}, &out); err != nil {
		t.Fatal(err)
	}
	const want = "skipped in one: else: a.TestY\nskipped in one: why: a.TestX, b.TestZ, b.TestU and 1 more\n5 passed, 1 failed, 5 skipped\n"
	if out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"./..."}, {"-o"}, {"-sum"}} {
		if err := run(args, nil); err == nil || !strings.HasPrefix(err.Error(), "usage") {
			t.Errorf("run(%q) = %v, want the usage", args, err)
		}
	}
}

func TestTagged(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for name, text := range map[string]string{
		"p/peers_test.go":          "//go:build peers\n\npackage p\n\nfunc TestA() {}\nfunc TestMain() {}\nfunc helper() {}\n",
		"p/plain_test.go":          "package p\n\nfunc TestB() {}\n",
		"q/not_test.go":            "//go:build !peers\n\npackage q\n\nfunc TestC() {}\n",
		"q/linux_test.go":          "//go:build linux && peers\n\npackage q\n\nfunc TestD() {}\n",
		"q/testdata/peers_test.go": "//go:build peers\n\npackage x\n\nfunc TestE() {}\n",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	found, err := taggedTests(".", "peers")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"-run", "^(TestA|TestD)$", "./p", "./q"}; !slices.Equal(found.args(), want) {
		t.Errorf("args %q, want %q", found.args(), want)
	}
}
