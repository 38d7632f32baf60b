package op

import (
	"fmt"
	"math"
	"strings"
)

// recurrentFunction is an activation of a recurrent operator, and its slope as
// a function of its value.
type recurrentFunction struct {
	name     string
	f, slope func(float64) float64
}

// recurrentKind is an activation that ONNX names, with its parameters' defaults;
// NaN stands for none.
type recurrentKind struct {
	alpha, beta float64
	make        func(alpha, beta float64) (f, slope func(float64) float64)
}

// recurrentKinds are the activations by their names.
var recurrentKinds = map[string]recurrentKind{
	"Relu": {math.NaN(), math.NaN(), func(_, _ float64) (f, slope func(float64) float64) {
		return func(x float64) float64 { return max(x, 0) }, positive
	}},
	"Tanh": {math.NaN(), math.NaN(), func(_, _ float64) (f, slope func(float64) float64) {
		return math.Tanh, func(y float64) float64 { return 1 - float64(y*y) }
	}},
	"Sigmoid": {math.NaN(), math.NaN(), func(_, _ float64) (f, slope func(float64) float64) {
		return sigmoid, func(y float64) float64 { return y * (1 - y) }
	}},
	"Affine": {1, 0, func(a, b float64) (f, slope func(float64) float64) {
		return func(x float64) float64 { return float64(a*x) + b }, func(float64) float64 { return a }
	}},
	"LeakyRelu": {0.01, math.NaN(), func(a, _ float64) (f, slope func(float64) float64) {
		f = func(x float64) float64 {
			if x < 0 {
				return a * x
			}
			return x
		}
		return f, func(y float64) float64 {
			if y < 0 == (a > 0) && y != 0 {
				return a
			}
			return 1
		}
	}},
	"ThresholdedRelu": {1, math.NaN(), func(a, _ float64) (f, slope func(float64) float64) {
		f = func(x float64) float64 {
			if x > a {
				return x
			}
			return 0
		}
		return f, func(y float64) float64 {
			if y != 0 {
				return 1
			}
			return 0
		}
	}},
	"ScaledTanh": {1, 1, func(a, b float64) (f, slope func(float64) float64) {
		return func(x float64) float64 { return a * math.Tanh(b*x) },
			func(y float64) float64 { return b * (a - float64(y*y)/a) }
	}},
	"HardSigmoid": {0.2, 0.5, func(a, b float64) (f, slope func(float64) float64) {
		f = func(x float64) float64 { return max(0, min(1, float64(a*x)+b)) }
		return f, func(y float64) float64 {
			if 0 < y && y < 1 {
				return a
			}
			return 0
		}
	}},
	"Elu": {1, math.NaN(), func(a, _ float64) (f, slope func(float64) float64) {
		f = func(x float64) float64 {
			if x < 0 {
				return a * math.Expm1(x)
			}
			return x
		}
		return f, func(y float64) float64 {
			if y < 0 {
				return y + a
			}
			return 1
		}
	}},
	"Softsign": {math.NaN(), math.NaN(), func(_, _ float64) (f, slope func(float64) float64) {
		return func(x float64) float64 { return x / (1 + math.Abs(x)) },
			func(y float64) float64 { r := 1 - math.Abs(y); return r * r }
	}},
	"Softplus": {math.NaN(), math.NaN(), func(_, _ float64) (f, slope func(float64) float64) {
		return func(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) },
			func(y float64) float64 { return -math.Expm1(-y) }
	}},
}

// positive is 1 where y > 0, else 0.
func positive(y float64) float64 {
	if y > 0 {
		return 1
	}
	return 0
}

func sigmoid(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + math.Exp(-x))
	}
	e := math.Exp(x)
	return e / (1 + e)
}

// functions are the activations of each direction.
func (o Recurrent) functions() ([][]recurrentFunction, error) {
	standard := cellForms[o.Cell].standard
	names := o.Activations.Slice()
	if len(names) == 0 {
		for range o.Directions() {
			names = append(names, standard...)
		}
	}
	if len(names) != len(standard)*o.Directions() {
		return nil, fmt.Errorf("takes %d activations for each of %d directions, given %v", len(standard), o.Directions(), names)
	}
	alphas, betas := o.ActivationAlpha.Slice(), o.ActivationBeta.Slice()
	take := func(from *[]float64, standard float64) float64 {
		if math.IsNaN(standard) || len(*from) == 0 {
			return standard
		}
		v := (*from)[0]
		*from = (*from)[1:]
		return v
	}
	var all [][]recurrentFunction
	for i, name := range names {
		known, kind, ok := findRecurrentKind(name)
		if !ok {
			return nil, fmt.Errorf("the activation %q is not one of ONNX's", name)
		}
		if i%len(standard) == 0 {
			all = append(all, nil)
		}
		f := recurrentFunction{name: known}
		f.f, f.slope = kind.make(take(&alphas, kind.alpha), take(&betas, kind.beta))
		if i%len(standard) < 2 { // not the cell itself, as in ONNX Runtime
			f = f.clipped(o.Clip)
		}
		all[len(all)-1] = append(all[len(all)-1], f)
	}
	return all, nil
}

// findRecurrentKind finds an activation; the case of letters does not matter.
func findRecurrentKind(name string) (string, recurrentKind, bool) {
	for known, kind := range recurrentKinds {
		if strings.EqualFold(known, name) {
			return known, kind, true
		}
	}
	return "", recurrentKind{}, false
}

// clipped is the function of arguments that are first bounded to ±bound.
func (f recurrentFunction) clipped(bound float64) recurrentFunction {
	if bound == 0 {
		return f
	}
	lo, hi := f.f(-bound), f.f(bound)
	inner, slope := f.f, f.slope
	f.f = func(x float64) float64 { return inner(max(-bound, min(bound, x))) }
	f.slope = func(y float64) float64 {
		if y == lo || y == hi || y == float64(float32(lo)) || y == float64(float32(hi)) { // y may have been kept as a float32
			return 0
		}
		return slope(y)
	}
	return f
}
