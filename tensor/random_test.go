package tensor

import (
	"math"
	"slices"
	"testing"
)

// TestRandIsFixed holds the numbers: a change of them changes every trained
// model.
func TestRandIsFixed(t *testing.T) {
	r := RandStream(7, "weights")
	for _, c := range []struct {
		got  *Tensor
		want string
	}{
		{r.Uniform(Float32, 0, 1, 3), "[0.05768949 0.0621686  0.90006053]"},
		{r.Uniform(Float64, -1, 1, 2), "[0.58630404 0.1390222 ]"},
		{r.Normal(Float32, 0, 1, 3), "[ 0.36652616  0.44834152 -0.6731151 ]"},
		{r.Randint(Int64, -5, 5, 6), "[ 3 -3 -2  1 -4  2]"},
		{r.At(3).Bernoulli(0.5, 6), "[False False False  True  True  True]"},
	} {
		if got := c.got.String(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func TestRandMoments(t *testing.T) {
	const n = 200_000
	r := NewRand(1)
	for _, c := range []struct {
		name      string
		x         *Tensor
		mean, std float64
	}{
		{"uniform", r.Uniform(Float32, -1, 3, n), 1, 4 / math.Sqrt(12)},
		{"uniform64", r.Uniform(Float64, 0, 1, n), 0.5, 1 / math.Sqrt(12)},
		{"normal", r.Normal(Float64, 5, 2, n+1), 5, 2},
		{"normal16", r.Normal(Float16, 0, 1, n), 0, 1},
		{"randint", r.Randint(Int32, 0, 10, n), 4.5, math.Sqrt(99. / 12)},
		{"bernoulli", r.Bernoulli(0.3, n), 0.3, math.Sqrt(0.21)},
	} {
		x := Cast(c.x, Float64)
		mean, std := Mean(x, nil, false).Float64At(), math.Sqrt(Var(x, nil, false).Float64At())
		if limit := 5 * c.std / math.Sqrt(n); math.Abs(mean-c.mean) > limit || math.Abs(std-c.std) > 2*limit {
			t.Errorf("%s: mean %v, deviation %v, want %v, %v", c.name, mean, std, c.mean, c.std)
		}
	}
}

// TestNormalQuantiles compares with the normal distribution's function.
func TestNormalQuantiles(t *testing.T) {
	const n = 100_000
	x := Data[float64](Sort(NewRand(2).Normal(Float64, 0, 1, n), 0, false))
	worst := 0.0
	for i, v := range x {
		worst = max(worst, math.Abs(0.5*math.Erfc(-v/math.Sqrt2)-(float64(i)+0.5)/n))
	}
	if limit := 1.95 / math.Sqrt(n); worst > limit { // Kolmogorov–Smirnov, p = 0.001
		t.Errorf("distance %v, want below %v", worst, limit)
	}
}

func TestRandBounds(t *testing.T) {
	r := NewRand(3)
	u := r.Uniform(Float32, 0, 1, 100_000)
	if lo, hi := Min(u, nil, false).Float64At(), Max(u, nil, false).Float64At(); lo < 0 || hi >= 1 {
		t.Errorf("uniform in [%v, %v]", lo, hi)
	}
	d := Unique(r.Randint(Int8, -3, 4, 10_000)).Values
	if got, want := Ints(d), []int{-3, -2, -1, 0, 1, 2, 3}; !slices.Equal(got, want) {
		t.Errorf("randint gives %v, want %v", got, want)
	}
	wide := r.Randint(Int64, math.MinInt64, math.MaxInt64, 100)
	if lo, hi := Min(wide, nil, false).Float64At(), Max(wide, nil, false).Float64At(); lo > -0x1p61 || hi < 0x1p61 {
		t.Errorf("randint over all int64 in [%v, %v]", lo, hi)
	}
}

func TestRandStreams(t *testing.T) {
	draw := func(r *Rand) *Tensor { return r.Uniform(Float64, 0, 1, 50) }
	a := draw(RandStream(1, "a"))
	for name, r := range map[string]*Rand{
		"another purpose": RandStream(1, "b"),
		"another seed":    RandStream(2, "a"),
		"item 0":          RandStream(1, "a").At(0),
	} {
		if d := Unique(Concat(0, a, draw(r))).Values.Len(); d != 100 {
			t.Errorf("%s: %d of 100 numbers differ", name, d)
		}
	}
	r := RandStream(1, "a")
	draw(r)
	if !Same(draw(r.At(9)), draw(RandStream(1, "a").At(9))) {
		t.Error("an item's numbers depend on what was drawn before")
	}
	at := r.Counter()
	want := draw(r)
	r.Seek(at)
	if !Same(draw(r), want) {
		t.Error("Seek does not resume")
	}
}

func TestPermutation(t *testing.T) {
	r := NewRand(4)
	counts := map[[3]int]int{}
	for range 6000 {
		p := r.Permutation(3)
		counts[[3]int(p)]++
	}
	for p, n := range counts {
		if n < 850 || n > 1150 {
			t.Errorf("%v occurs %d times of 6000", p, n)
		}
	}
	if len(counts) != 6 {
		t.Errorf("%d of 6 permutations occur", len(counts))
	}
}
