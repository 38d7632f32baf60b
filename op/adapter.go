package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// The types below are embedded in operators that infer their types alike.

// floatUnary is y = f(x), elementwise, for floating-point x.
type floatUnary struct{}

func (floatUnary) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 1, 1); err != nil {
		return nil, err
	}
	if err := wantFloat(in[0]); err != nil {
		return nil, err
	}
	return oneType(in[0].With(in[0].Shape...))
}

// numberUnary is y = f(x), elementwise, for numbers x.
type numberUnary struct{}

func (numberUnary) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 1, 1); err != nil {
		return nil, err
	}
	if err := wantNumber(in[0]); err != nil {
		return nil, err
	}
	return oneType(in[0].With(in[0].Shape...))
}

// numberBinary is c = f(a, b), elementwise with broadcasting, for numbers of one
// element type.
type numberBinary struct{}

func (numberBinary) Infer(in []graph.Type) ([]graph.Type, error) {
	t, err := broadcastType(in)
	if err != nil {
		return nil, err
	}
	if err := wantNumber(t); err != nil {
		return nil, err
	}
	return oneType(t)
}

// comparison is c = a ? b, elementwise with broadcasting, for numbers of one
// element type.
type comparison struct{}

func (comparison) Infer(in []graph.Type) ([]graph.Type, error) {
	t, err := broadcastType(in)
	if err != nil {
		return nil, err
	}
	if err := wantNumber(t); err != nil {
		return nil, err
	}
	return oneType(t.Cast(tensor.Bool))
}

// logical is c = f(a, b), elementwise with broadcasting, for booleans.
type logical struct{}

func (logical) Infer(in []graph.Type) ([]graph.Type, error) {
	t, err := broadcastType(in)
	if err != nil {
		return nil, err
	}
	if err := wantDType("an operand", t, tensor.Bool); err != nil {
		return nil, err
	}
	return oneType(t)
}

// broadcastType is the type of two operands of one element type broadcast
// together.
func broadcastType(in []graph.Type) (graph.Type, error) {
	if err := expect(in, 2, 2); err != nil {
		return graph.Type{}, err
	}
	if err := sameDType(in...); err != nil {
		return graph.Type{}, err
	}
	shape, err := graph.BroadcastShapes(in[0].Shape, in[1].Shape)
	if err != nil {
		return graph.Type{}, err
	}
	return in[0].With(shape...), nil
}

// unarySpec describes y = f(x).
func unarySpec(o graph.Op, name string, since int, formula string, ulp float64, cases ...graph.Case) graph.Spec {
	return graph.Spec{
		Name: name, Since: since, Formula: formula, Source: standard,
		Inputs: []string{"x"}, Outputs: []string{"y"}, ULP: ulp,
		Cases: func() []graph.Case {
			return append([]graph.Case{
				{Op: o, In: []graph.Arg{graph.Rand(3, 37)}},
				{Name: "empty", Op: o, In: []graph.Arg{graph.Rand(0, 3)}},
			}, cases...)
		},
	}
}

// unaryIn is unarySpec for a function of arguments in lo…hi, with kinks.
func unaryIn(o graph.Op, name string, since int, formula string, ulp, lo, hi float64, kinks ...float64) graph.Spec {
	s := unarySpec(o, name, since, formula, ulp)
	in := func(dt tensor.DType, shape ...int) []graph.Arg {
		return []graph.Arg{{DType: dt, Shape: shape, Lo: lo, Hi: hi, Kinks: kinks}}
	}
	s.Cases = func() []graph.Case {
		return []graph.Case{
			{Op: o, In: in(tensor.Invalid, 3, 37)},
			{Name: "scalar", Op: o, In: in(tensor.Invalid)},
			{Name: "empty", Op: o, In: in(tensor.Invalid, 0, 3)},
			{Name: "float64", Op: o, In: in(tensor.Float64, 5, 7)},
			{Name: "large", Op: o, In: in(tensor.Invalid, 257, 129), NoGrad: large},
		}
	}
	return s
}

// binarySpec describes c = f(a, b) for operands in the ranges a and b.
func binarySpec(o graph.Op, name string, since int, formula string, a, b graph.Arg) graph.Spec {
	shaped := func(r graph.Arg, dt tensor.DType, shape ...int) graph.Arg {
		r.DType, r.Shape = dt, shape
		return r
	}
	return graph.Spec{
		Name: name, Since: since, Formula: formula, Source: standard,
		Inputs: []string{"A", "B"}, Outputs: []string{"C"},
		Cases: func() []graph.Case {
			pair := func(name string, dt tensor.DType, sa, sb []int) graph.Case {
				return graph.Case{Name: name, Op: o, In: []graph.Arg{shaped(a, dt, sa...), shaped(b, dt, sb...)}}
			}
			big := pair("large", tensor.Invalid, []int{257, 129}, []int{257, 129})
			wide := pair("large row", tensor.Invalid, []int{129, 257}, []int{257})
			big.NoGrad, wide.NoGrad = large, large
			return []graph.Case{
				pair("", tensor.Invalid, []int{3, 37}, []int{3, 37}),
				pair("row", tensor.Invalid, []int{5, 19}, []int{19}),
				pair("column", tensor.Invalid, []int{5, 19}, []int{5, 1}),
				pair("both broadcast", tensor.Invalid, []int{2, 1, 4}, []int{3, 1}),
				pair("scalar", tensor.Invalid, []int{4, 5}, nil),
				pair("empty", tensor.Invalid, []int{0, 3}, []int{1, 3}),
				pair("float64", tensor.Float64, []int{4, 5}, []int{5}),
				pair("int64", tensor.Int64, []int{4, 5}, []int{5}),
				pair("int32", tensor.Int32, []int{4, 5}, []int{4, 1}),
				big, wide,
			}
		},
	}
}

// large is why the gradient of a case is not checked: the case has enough elements
// for several threads, and the gradient is that of the smaller ones.
const large = "as that of smaller cases"

// standard is the source of the operators whose meaning is ONNX's.
const standard = "ONNX operators, onnx.ai/onnx/operators"

// boolArg is a random boolean argument.
func boolArg(shape ...int) graph.Arg {
	return graph.Arg{DType: tensor.Bool, Hi: 1, Shape: shape}
}

// intArg is a random int64 argument in lo…hi, both included.
func intArg(lo, hi int, shape ...int) graph.Arg {
	return graph.Arg{DType: tensor.Int64, Lo: float64(lo), Hi: float64(hi), Shape: shape}
}

// intsArg is a given int64 vector.
func intsArg(values ...int64) graph.Arg { return graph.Given(tensor.Of(values, len(values))) }
