package zoo_test

import (
	"crypto/sha256"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/emberml/ember/nn/zoo"
)

// torchvision.txt is what names.py wrote.
//
//go:embed testdata/torchvision.txt
var torchvision string

// TestTorchvisionNames checks that parameters have torchvision's names and
// shapes.
func TestTorchvisionNames(t *testing.T) {
	want, sums := map[string][]string{}, map[string]string{}
	net := ""
	for line := range strings.Lines(torchvision) {
		name, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if strings.HasPrefix(rest, "[") {
			want[net] = append(want[net], line)
			continue
		}
		net = name
		sums[net] = rest
	}
	if len(sums) != 8 {
		t.Errorf("torchvision.txt has %d nets", len(sums))
	}
	for net, sum := range sums {
		if got := fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(want[net], "")))); got != sum {
			t.Errorf("the lines of %s have the hash %s, not the file's %s", net, got, sum)
		}
		built, err := zoo.Get(net, zoo.Input(net), 1000)
		if err != nil {
			t.Fatal(err)
		}
		params, err := built.Params()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range params {
			shape, _ := p.Value.Shape().Concrete()
			got = append(got, fmt.Sprintf("%s [%s]\n", p.Name, strings.Join(strings.Fields(strings.Trim(fmt.Sprint([]int(shape)), "[]")), ", ")))
		}
		slices.Sort(got)
		if !slices.Equal(got, want[net]) {
			t.Errorf("%s has the parameters\n%s\nwant\n%s", net, strings.Join(got, ""), strings.Join(want[net], ""))
		}
	}
}
