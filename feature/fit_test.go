package feature_test

import (
	"encoding/json"
	"testing"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/data/datatest"
	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/tensor"
)

// Any number of workers fits the same constants, bit for bit, and one worker nearly
// those of the whole source.
func TestFitSpread(t *testing.T) {
	const n = 1000
	x := tensor.New(tensor.Float32, n, 3)
	r := tensor.RandStream(4, "fit")
	for i := range n {
		row := tensor.Data[float32](x)[3*i:]
		row[0], row[1], row[2] = float32(i%7), 100+float32(r.Float64()), float32(r.Float64())*float32(i)
	}
	src := source(t, data.Schema{Columns: []string{"hot", "b", "c"}}, x, nil)
	fit := func(src data.Source) (string, error) {
		p, err := feature.New(src.Schema(), &feature.OneHot{Column: "hot"}, new(feature.Standardize), new(feature.MinMax))
		if err != nil {
			return "", err
		}
		if err := p.Fit(t.Context(), src); err != nil {
			return "", err
		}
		b, err := json.Marshal(feature.List{p.Graph[0], p.Graph[1], p.Graph[2]})
		return string(b), err
	}
	var want string
	for _, workers := range []int{1, 2, 4, 8} {
		spread := datatest.Spread(src, []int{0, 300, 1, 299, 0, 0, 150, 250}, 4, workers)
		for rank, got := range datatest.Each(t, spread, func(_ int, src data.Spread) (string, error) { return fit(src) }) {
			if want == "" {
				want = got
			}
			if got != want {
				t.Errorf("worker %d of %d has fitted\n%s, one alone\n%s", rank, workers, got, want)
			}
		}
	}
	whole := new(feature.Standardize)
	p, err := feature.New(src.Schema(), whole)
	if err != nil {
		t.Fatal(err)
	}
	one := new(feature.Standardize)
	q, err := feature.New(src.Schema(), one)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Fit(t.Context(), src); err != nil {
		t.Fatal(err)
	}
	if err := q.Fit(t.Context(), datatest.Spread(src, []int{500, 500}, 1, 1)[0]); err != nil {
		t.Fatal(err)
	}
	for j := range one.Std {
		if d := one.Std[j]/whole.Std[j] - 1; d > 1e-12 || d < -1e-12 {
			t.Errorf("column %d deviates by %v, want %v", j, one.Std[j], whole.Std[j])
		}
	}
}
