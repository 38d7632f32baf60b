// Command engine times Ember against PyTorch (eager and torch.compile),
// TensorFlow, ONNX Runtime and NumPy, and prints ratios.
//
//	go run ./bench/engine [-rows gemm,train-small] [-peers torch,tensorflow] [-threads 1,2] [-avx2] …
//
// Every framework, Ember too, is a process that gets the same work over a line
// protocol (peers/serve.py); a few results of each are compared, so that all do
// the same. In each round all of them take a turn, one after the other, and the
// ratio of a round is that of neighboring turns; what is printed is the median
// over the rounds with the quartiles. Beside it stands which share of this
// machine's limit Ember reaches. bench/engine/setup.sh makes the environments.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench/engine:", err)
		os.Exit(1)
	}
}

func run() error {
	names := flag.String("rows", "", "rows of the table, by `names`, or beginnings of them with a star; empty is all")
	with := flag.String("peers", "torch,compile,tensorflow,onnxruntime,numpy", "`names` of the peers")
	threads := flag.String("threads", "1,2", "`numbers` of threads")
	rounds := flag.Int("rounds", 7, "rounds")
	seconds := flag.Float64("seconds", 4, "time for each work and number of threads, over all rounds and processes")
	patience := flag.Duration("patience", 90*time.Second, "how long a process may take to prepare a work")
	compileAll := flag.Bool("compile-all", false, "torch.compile the image nets and BERT, too, which takes minutes each")
	avx2 := flag.Bool("avx2", false, "leave AVX-512 alone, all of us")
	byCPU := flag.Bool("cpu", false, "compare processor time instead of wall time, on a busy machine; one thread only")
	results := flag.String("results", "", "`folder` for the results as JSON; empty writes none")
	doc := flag.String("doc", "", "Markdown `file` whose generated part is replaced by the table")
	against := flag.String("against", "", "`binary` of this program to compare with instead of the peers; fails if this one is slower")
	server := flag.Bool("serve", false, "be the process that does the work")
	begin := flag.Bool("first-step", false, "train lenet on MNIST for one step, and end")
	flag.Parse()
	counts, err := numbers(*threads)
	if err != nil {
		return err
	}
	switch {
	case *server:
		return serve(os.Stdin, os.Stdout, counts[0])
	case *begin:
		return firstStep(counts[0])
	}
	chosen, err := choose(*names)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return err
	}
	binary, err := os.Executable()
	if err != nil {
		return err
	}
	b := &bench{
		rounds: *rounds, seconds: *seconds, patience: *patience, threads: counts,
		byCPU: *byCPU, compileAll: *compileAll, out: os.Stdout,
	}
	defer b.close()
	if *avx2 {
		b.env = forceAVX2
	}
	b.add(framework{"ember", []string{binary, "-serve"}})
	if *against != "" {
		return b.compare(*against, chosen)
	}
	for _, p := range peers {
		if slices.Contains(strings.Split(*with, ","), p.name) {
			b.add(p)
		}
	}
	table, err := b.measure(chosen, func(t *table) error {
		t.AVX2 = *avx2
		if *results == "" {
			return nil
		}
		return t.save(*results)
	})
	if err != nil {
		return err
	}
	if *doc != "" {
		return table.document(*doc)
	}
	return nil
}

// choose returns the rows whose names begin with one of the given ones.
func choose(names string) ([]row, error) {
	var chosen []row
	for _, r := range rows {
		if slices.ContainsFunc(strings.Split(names, ","), func(n string) bool {
			return n == r.name || n == "" || strings.HasSuffix(n, "*") && strings.HasPrefix(r.name, strings.TrimSuffix(n, "*"))
		}) {
			chosen = append(chosen, r)
		}
	}
	if len(chosen) == 0 {
		var known []string
		for _, r := range rows {
			known = append(known, r.name)
		}
		return nil, fmt.Errorf("-rows %s: known are %s", names, strings.Join(known, ", "))
	}
	return chosen, nil
}

func numbers(list string) ([]int, error) {
	var all []int
	for word := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("-threads %s: %q is no number of threads", list, word)
		}
		all = append(all, n)
	}
	return all, nil
}
