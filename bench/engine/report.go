package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/emberml/ember/internal/kernel"
)

// table is all that was measured.
type table struct {
	Date   string    `json:"date"`
	CPU    string    `json:"cpu"`
	Kernel string    `json:"kernel"`
	AVX2   bool      `json:"avx2_forced,omitempty"`
	Limits []limit   `json:"limits"`
	Rows   []outcome `json:"rows"`

	text bytes.Buffer // as Markdown
	out  io.Writer    // where that goes and to the user
}

// limit is what this machine can do at most with a number of threads.
type limit struct {
	Threads int     `json:"threads"`
	FMA     float64 `json:"fma_gflops"`
	Copy    float64 `json:"copy_gbytes"`
}

// outcome is a row with its results.
type outcome struct {
	Name    string   `json:"name"`
	Goal    string   `json:"goal"`
	Results []result `json:"results"`
}

// result is a work with a number of threads.
type result struct {
	Work    string       `json:"work"`
	Threads int          `json:"threads,omitempty"`
	Seconds float64      `json:"seconds,omitempty"` // or bytes of memory
	FLOPs   float64      `json:"flops,omitempty"`
	Bytes   float64      `json:"bytes,omitempty"`
	Share   float64      `json:"share,omitempty"` // of the machine's limit
	Bound   string       `json:"bound,omitempty"` // which limit
	Scaling float64      `json:"scaling,omitempty"`
	Note    string       `json:"note,omitempty"`
	Met     *bool        `json:"met,omitempty"`
	Skip    string       `json:"skip,omitempty"`
	Peers   []comparison `json:"peers,omitempty"`
}

// comparison is how many times longer a peer takes than Ember.
type comparison struct {
	Peer    string  `json:"peer"`
	Seconds float64 `json:"seconds,omitempty"`
	spread
	Skip string `json:"skip,omitempty"`
}

// newTable is a table whose head is printed.
func newTable(b *bench) *table {
	v, _ := kernel.Selected()
	t := &table{Date: time.Now().Format(time.DateOnly), CPU: processor(), Kernel: v.Name}
	t.out = io.MultiWriter(b.out, &t.text)
	fmt.Fprintf(t.out, "%s, %s, kernels %s.", t.Date, t.CPU, t.Kernel)
	for _, n := range b.threads {
		l := limit{n, b.limits[n].FMA / 1e9, b.limits[n].Copy / 1e9}
		t.Limits = append(t.Limits, l)
		fmt.Fprintf(t.out, " Limits with %d threads: %.0f GFLOP/s of multiply-adds, %.1f GB/s of a copy.", n, l.FMA, l.Copy)
	}
	fmt.Fprint(t.out, "\n\n| work | threads | GFLOP, MB | Ember | ratio to the best peer | other peers | share of the limit | 2 : 1 threads | goal | met |\n")
	fmt.Fprint(t.out, "|---|---|---|---|---|---|---|---|---|---|\n")
	return t
}

// processor is the model of this machine's processor.
func processor() string {
	info, _ := os.ReadFile("/proc/cpuinfo")
	field := func(key string) string {
		m := regexp.MustCompile(`(?m)^` + key + `\s*: (.*)$`).FindSubmatch(info)
		if m == nil {
			return "unknown"
		}
		return strings.TrimSpace(string(m[1]))
	}
	return fmt.Sprintf("%s family %s model %s", field("model name"), field("cpu family"), field("model"))
}

// begin begins a row.
func (t *table) begin(r row) {
	t.Rows = append(t.Rows, outcome{Name: r.name, Goal: r.goal.text})
	fmt.Fprintf(t.out, "| **%s** (`%s`) | | | | | | | | %s | |\n", r.title, r.name, r.goal.text)
}

// add adds the results of a work to the row, and prints them.
func (t *table) add(r row, results []result) {
	now := &t.Rows[len(t.Rows)-1]
	for _, res := range results {
		if res.Met == nil && !r.goal.mean {
			res.Met = r.goal.met(res)
		}
		now.Results = append(now.Results, res)
		t.print(res)
	}
}

// end ends the row. A goal for the mean of its works is met by all or none.
func (t *table) end(r row) {
	if !r.goal.mean {
		return
	}
	results := t.Rows[len(t.Rows)-1].Results
	for _, n := range threadsOf(results) {
		value := mean(results, n)
		ok := value >= r.goal.ratio
		for i := range results {
			if results[i].Threads == n && results[i].Skip == "" {
				results[i].Met = &ok
			}
		}
		fmt.Fprintf(t.out, "| geometric mean | %d | | | **%.2f** | | | | | %s |\n", n, value, yes(&ok))
	}
}

// best is the peer that takes least; nil if none took part.
func (r result) best() *comparison {
	var best *comparison
	for i, c := range r.Peers {
		if c.Skip == "" && (best == nil || c.Median < best.Median) {
			best = &r.Peers[i]
		}
	}
	return best
}

// met tells whether a result meets the goal; nil is unknown.
func (g goal) met(r result) *bool {
	best := r.best()
	if r.Skip != "" || g.ratio == 0 && g.share == 0 || g.ratio > 0 && best == nil {
		return nil
	}
	fast, near := g.ratio > 0 && best.Median >= g.ratio, g.share > 0 && r.Share >= g.share
	ok := fast || near
	if g.both {
		ok = fast && near
	}
	return &ok
}

// mean is the geometric mean of the ratios to the best peers.
func mean(all []result, threads int) float64 {
	sum, n := 0.0, 0
	for _, r := range all {
		if best := r.best(); r.Threads == threads && r.Skip == "" && best != nil {
			sum, n = sum+math.Log(best.Median), n+1
		}
	}
	if n == 0 {
		return 0
	}
	return math.Exp(sum / float64(n))
}

// print writes the line of a result.
func (t *table) print(res result) {
	if res.Skip != "" {
		fmt.Fprintf(t.out, "| %s | %d | | | skipped: %s | | | | | |\n", res.Work, res.Threads, clean(res.Skip))
		return
	}
	var first string
	var others []string
	best := res.best()
	for i, c := range res.Peers {
		switch {
		case best == &res.Peers[i]:
			first = fmt.Sprintf("**%.2f** (%.2f–%.2f) %s", c.Median, c.Low, c.High, c.Peer)
		case c.Skip == "":
			others = append(others, fmt.Sprintf("%s %.2f", c.Peer, c.Median))
		case worthTelling.MatchString(c.Skip):
			others = append(others, c.Peer+" "+clean(c.Skip))
		}
	}
	share, scaling := "", ""
	if res.Share > 0 {
		share = fmt.Sprintf("%.0f %% %s", 100*res.Share, res.Bound)
	}
	if res.Scaling > 0 {
		scaling = fmt.Sprintf("%.2f", res.Scaling)
	}
	amount := ""
	if res.FLOPs > 0 {
		amount = fmt.Sprintf("%.3g, %.3g", res.FLOPs/1e9, res.Bytes/1e6)
	}
	fmt.Fprintf(t.out, "| %s | %d | %s | %s | %s | %s | %s | %s | %s | %s |\n",
		res.Work, res.Threads, amount, quantity(res.Seconds), first, strings.Join(others, ", "), share, scaling, res.Note, yes(res.Met))
}

// worthTelling are the reasons of peers that have a counterpart of a work.
var worthTelling = regexp.MustCompile("^(failed|computes|too slow|not compiled)")

// yes is yes, no, or nothing where it is not known.
func yes(ok *bool) string {
	if ok == nil {
		return ""
	}
	return map[bool]string{true: "yes", false: "no"}[*ok]
}

func threadsOf(results []result) []int {
	var all []int
	for _, r := range results {
		if !slices.Contains(all, r.Threads) {
			all = append(all, r.Threads)
		}
	}
	return all
}

// clean is a text for a cell of the table.
func clean(s string) string {
	s = strings.NewReplacer("|", "/", "\n", " ").Replace(s)
	return strings.ToValidUTF8(s[:min(len(s), 160)], "")
}

// quantity is seconds for people, or bytes.
func quantity(v float64) string {
	if v >= 1<<17 {
		return fmt.Sprintf("%.1f MB", v/1e6)
	}
	return time.Duration(v * 1e9).Round(max(1, time.Duration(math.Pow(10, math.Floor(math.Log10(max(v*1e9, 1)))-2)))).String()
}

// save writes the table as JSON, by date and processor.
func (t *table) save(folder string) error {
	data, err := json.MarshalIndent(t, "", " ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	name := t.Date + "-" + strings.ReplaceAll(strings.ToLower(t.CPU), " ", "-")
	if t.AVX2 {
		name += "-avx2"
	}
	return os.WriteFile(filepath.Join(folder, name+".json"), append(data, '\n'), 0o644)
}

// The generated part of the document lies between these lines.
const (
	beginMark = "<!-- make bench writes from here -->\n"
	endMark   = "<!-- to here -->\n"
)

// document puts the table into the generated part of a Markdown file.
func (t *table) document(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := bytes.Cut(text, []byte(beginMark))
	_, after, found := bytes.Cut(rest, []byte(endMark))
	if !ok || !found {
		return fmt.Errorf("%s: no lines %q and %q", file, beginMark, endMark)
	}
	parts := [][]byte{before, []byte(beginMark + "\n"), t.text.Bytes(), []byte("\n" + endMark), after}
	return os.WriteFile(file, bytes.Join(parts, nil), 0o644)
}
