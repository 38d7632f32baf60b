package nn_test

import (
	"math"
	"testing"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/tensor"
)

// param draws the first values of one parameter.
func param(t *testing.T, seed uint64, name string, init nn.Init, shape ...int) *tensor.Tensor {
	t.Helper()
	var w *graph.Value
	_, err := graph.Build(func(g *graph.Graph) {
		w = nn.NewBuilder(g, nn.Options{Seed: seed}).Param(name, init, shape...)
	})
	if err != nil {
		t.Fatal(err)
	}
	return w.Init()
}

// TestOrthogonalInit checks the products of all rows, or columns.
func TestOrthogonalInit(t *testing.T) {
	for _, shape := range [][]int{{5, 5}, {3, 7}, {40, 10}, {2, 3, 2, 2}} {
		w := tensor.Float64s(param(t, 1, "w", "orthogonal", shape...))
		rows := shape[0]
		cols := len(w) / rows
		count, step, next := rows, cols, 1
		if rows > cols {
			count, step, next = cols, 1, cols
		}
		for i := range count {
			for j := range i + 1 {
				dot, want := 0.0, 0.0
				for k := range len(w) / count {
					dot += w[i*step+k*next] * w[j*step+k*next]
				}
				if i == j {
					want = 1
				}
				if math.Abs(dot-want) > 1e-6 {
					t.Errorf("%v: the product of vectors %d and %d is %g, want %g", shape, i, j, dot, want)
				}
			}
		}
	}
}

func TestInitMoments(t *testing.T) {
	// A weight [300, 20, 3, 2] has 120 inputs and 1800 outputs a unit.
	const in, out = 120, 1800
	cases := []struct {
		init     nn.Init
		mean     float64
		variance float64
		bound    float64 // 0: none
	}{
		{"zeros", 0, 0, 0},
		{"ones", 1, 0, 0},
		{"constant(-2.5)", -2.5, 0, 0},
		{"uniform(-1, 3)", 1, 16.0 / 12, 3},
		{"normal(0.5, 0.02)", 0.5, 0.0004, 0},
		{"fan_in_uniform", 0, 1.0 / in / 3, 1 / math.Sqrt(in)},
		{"xavier_uniform", 0, 2.0 / (in + out), math.Sqrt(6.0 / (in + out))},
		{"xavier_normal", 0, 2.0 / (in + out), 0},
		{"he_uniform", 0, 2.0 / in, math.Sqrt(6.0 / in)},
		{"he_normal", 0, 2.0 / in, 0},
		{"lecun_uniform", 0, 1.0 / in, math.Sqrt(3.0 / in)},
		{"lecun_normal", 0, 1.0 / in, 0},
	}
	for _, c := range cases {
		values := tensor.Float64s(param(t, 1, "w", c.init, 300, 20, 3, 2))
		mean, variance, largest := 0.0, 0.0, 0.0
		for _, v := range values {
			mean += v / float64(len(values))
			largest = max(largest, math.Abs(v))
		}
		for _, v := range values {
			variance += (v - mean) * (v - mean) / float64(len(values))
		}
		if math.Abs(mean-c.mean) > 5*math.Sqrt(c.variance/float64(len(values)))+1e-9 {
			t.Errorf("%s: mean %g, want %g", c.init, mean, c.mean)
		}
		if math.Abs(variance-c.variance) > 0.03*c.variance+1e-12 {
			t.Errorf("%s: variance %g, want %g", c.init, variance, c.variance)
		}
		if c.bound > 0 && (largest > c.bound*1.000001 || largest < c.bound*0.99) {
			t.Errorf("%s: largest %g, want just below %g", c.init, largest, c.bound)
		}
	}
}

// TestInitDependsOnSeedAndName checks that nothing else matters.
func TestInitDependsOnSeedAndName(t *testing.T) {
	a := param(t, 1, "a.weight", "he_normal", 3, 4)
	if !tensor.Same(a, param(t, 1, "a.weight", "he_normal", 3, 4)) {
		t.Error("the same seed and name gave other values")
	}
	if tensor.Same(a, param(t, 2, "a.weight", "he_normal", 3, 4)) || tensor.Same(a, param(t, 1, "b.weight", "he_normal", 3, 4)) {
		t.Error("another seed or name gave the same values")
	}
}

func TestInitErrors(t *testing.T) {
	cases := map[nn.Init]string{
		"he_nomal":         `must be a known kind, not "he_nomal"; did you mean "he_normal"?`,
		"normal":           `must be written normal(mean, std), got "normal"`,
		"zeros(1)":         `must be written zeros, got "zeros(1)"`,
		"uniform(0, x)":    `must have finite numbers in parentheses, got "uniform(0, x)"`,
		"uniform(0, 1":     `must have finite numbers in parentheses, got "uniform(0, 1"`,
		"constant(.inf)":   `must have finite numbers in parentheses, got "constant(.inf)"`,
		"constant(1e400)":  `must have finite numbers in parentheses, got "constant(1e400)"`,
		"normal(0, -0.1)":  `must have a positive spread, got "normal(0, -0.1)"`,
		"uniform(2, -0.1)": `must have a positive spread, got "uniform(2, -0.1)"`,
	}
	for init, want := range cases {
		if err := new(nn.Init).UnmarshalText([]byte(init)); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", init, err, want)
		}
	}
}
