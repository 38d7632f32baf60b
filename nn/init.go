package nn

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/emberml/ember/tensor"
)

// Init names how a parameter's first values are drawn, with numbers in
// parentheses where the kind takes them: "he_normal", "normal(0, 0.02)".
//
//	zeros, ones       every value 0, 1
//	constant(v)       every value v
//	uniform(lo, hi)   uniform in lo…hi
//	normal(mean, std) a normal distribution
//	fan_in_uniform    uniform in ±1/√in, PyTorch's default
//	xavier_uniform    uniform in ±√(6/(in+out)) (Glorot and Bengio 2010)
//	xavier_normal     normal of variance 2/(in+out)
//	he_uniform        uniform in ±√(6/in) (He et al. 2015), for relu
//	he_normal         normal of variance 2/in
//	lecun_uniform     uniform in ±√(3/in) (LeCun et al. 1998)
//	lecun_normal      normal of variance 1/in
//	orthogonal        orthonormal rows, or columns where there are fewer (Saxe et al. 2014)
//
// For a weight [out, in, k…], in and out are those sizes times Πk; for the bias
// of a layer they are those of its weight.
type Init string

// initKind is one kind of Init: the names of the numbers it takes, and the
// distribution for them and the fans.
type initKind struct {
	numbers []string
	draw    func(numbers []float64, in, out float64) distribution
	// orthogonal makes what is drawn orthonormal.
	orthogonal bool
}

// distribution is uniform in a…b, or normal of mean a and standard deviation b.
type distribution struct {
	a, b   float64
	normal bool
}

func within(bound float64) distribution { return distribution{a: -bound, b: bound} }

func gaussian(variance float64) distribution {
	return distribution{b: math.Sqrt(variance), normal: true}
}

var inits = map[string]initKind{
	"zeros":    {draw: func(_ []float64, _, _ float64) distribution { return distribution{} }},
	"ones":     {draw: func(_ []float64, _, _ float64) distribution { return distribution{a: 1, b: 1} }},
	"constant": {numbers: []string{"v"}, draw: func(n []float64, _, _ float64) distribution { return distribution{a: n[0], b: n[0]} }},
	"uniform":  {numbers: []string{"lo", "hi"}, draw: func(n []float64, _, _ float64) distribution { return distribution{a: n[0], b: n[1]} }},
	"normal": {numbers: []string{"mean", "std"}, draw: func(n []float64, _, _ float64) distribution {
		return distribution{a: n[0], b: n[1], normal: true}
	}},
	"fan_in_uniform": {draw: func(_ []float64, in, _ float64) distribution { return within(math.Sqrt(1 / in)) }},
	"xavier_uniform": {draw: func(_ []float64, in, out float64) distribution { return within(math.Sqrt(6 / (in + out))) }},
	"xavier_normal":  {draw: func(_ []float64, in, out float64) distribution { return gaussian(2 / (in + out)) }},
	"he_uniform":     {draw: func(_ []float64, in, _ float64) distribution { return within(math.Sqrt(6 / in)) }},
	"he_normal":      {draw: func(_ []float64, in, _ float64) distribution { return gaussian(2 / in) }},
	"lecun_uniform":  {draw: func(_ []float64, in, _ float64) distribution { return within(math.Sqrt(3 / in)) }},
	"lecun_normal":   {draw: func(_ []float64, in, _ float64) distribution { return gaussian(1 / in) }},
	"orthogonal":     {draw: func(_ []float64, _, _ float64) distribution { return gaussian(1) }, orthogonal: true},
}

// UnmarshalText reads and checks the word.
func (i *Init) UnmarshalText(text []byte) error {
	*i = Init(text)
	_, _, err := i.parse()
	return err
}

// parse splits the word into its kind and numbers.
func (i Init) parse() (initKind, []float64, error) {
	word, inner, hasNumbers := strings.Cut(string(i), "(")
	kind, ok := inits[word]
	if !ok {
		return initKind{}, nil, fmt.Errorf("must be a known kind, not %q%s", word, suggest(word, slices.Sorted(maps.Keys(inits))))
	}
	var numbers []float64
	if hasNumbers {
		inner, closed := strings.CutSuffix(inner, ")")
		for _, text := range strings.Split(inner, ",") {
			v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || !closed {
				return initKind{}, nil, fmt.Errorf("must have finite numbers in parentheses, got %q", string(i))
			}
			numbers = append(numbers, v)
		}
	}
	if len(numbers) != len(kind.numbers) {
		form := word
		if len(kind.numbers) > 0 {
			form += "(" + strings.Join(kind.numbers, ", ") + ")"
		}
		return initKind{}, nil, fmt.Errorf("must be written %s, got %q", form, string(i))
	}
	if d := kind.draw(numbers, 1, 1); d.normal && d.b < 0 || !d.normal && d.b < d.a {
		return initKind{}, nil, fmt.Errorf("must have a positive spread, got %q", string(i))
	}
	return kind, numbers, nil
}

// draw gives the first values of a parameter from a seed and its name alone.
func (i Init) draw(seed uint64, name string, dt tensor.DType, fans [2]int, shape []int) (*tensor.Tensor, error) {
	kind, numbers, err := i.parse()
	if err != nil {
		return nil, err
	}
	d := kind.draw(numbers, float64(fans[0]), float64(fans[1]))
	if d.a == d.b && !d.normal {
		return tensor.Cast(tensor.Full(d.a, shape...), dt), nil
	}
	r := tensor.RandStream(seed, name)
	if kind.orthogonal {
		x := tensor.Float64s(r.Normal(tensor.Float64, d.a, d.b, shape...))
		if len(x) > 0 {
			orthonormalize(x, shape[0], len(x)/shape[0])
		}
		return tensor.Cast(tensor.Of(x, shape...), dt), nil
	}
	if d.normal {
		return r.Normal(dt, d.a, d.b, shape...), nil
	}
	return r.Uniform(dt, d.a, d.b, shape...), nil
}

// fansOf are the inputs and outputs of each unit of a weight [out, in, k…]; of
// another shape, its length twice.
func fansOf(shape []int) [2]int {
	if len(shape) < 2 {
		n := tensor.Shape(shape).Len()
		return [2]int{n, n}
	}
	field := tensor.Shape(shape[2:]).Len()
	return [2]int{shape[1] * field, shape[0] * field}
}
