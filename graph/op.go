package graph

import "github.com/emberml/ember/tensor"

// Op is an operator. It is a plain struct whose fields are its attributes; all
// of them are comparable ([Ints] for lists), so that equal applications are
// recognized as one. The field tag `onnx:"name"` gives an attribute's ONNX
// name, `default:"…"` the value that stands for the field's zero value.
type Op interface {
	// Spec describes the operator. It is cheap and the same for all attributes.
	Spec() Spec
	// Infer gives the types of the outputs, and their values where they follow
	// from the inputs' types alone. A mistake is an error, which becomes a
	// panic where a program builds the graph and an error where a file does.
	Infer(in []Type) ([]Type, error)
	// Eval computes the outputs in plain Go. It is the definition that every
	// engine kernel is tested against. It changes none of its inputs. What
	// depends on the values of user data, such as an index out of range, is an
	// error.
	Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error)
}

// Covering is an [Op] whose first outputs are all those of another one on the same
// inputs: where a graph applies both, [Graph.Simplify] leaves this one.
type Covering interface {
	Op
	Covers() Op
}

// Differentiable is an [Op] with a gradient.
type Differentiable interface {
	Op
	// Grad builds the gradients with respect to the inputs, given those with
	// respect to the outputs (nil for an output that does not matter). It
	// returns nil for an input through which no gradient flows. It builds ops
	// that are differentiable again.
	Grad(in, out, grad []*Value) []*Value
}

// Spec describes an operator to people, to tests and to file formats.
type Spec struct {
	Name    string   // its ONNX name, such as "MatMul"
	Domain  string   // "" is ai.onnx; "ember" is an operator that no file holds
	Since   int      // the ai.onnx opset whose form of the operator this is
	Formula string   // one line: what it computes
	Source  string   // paper and section, or the standard
	Inputs  []string // names; "x?" may be left out, "x..." repeats
	Outputs []string // names
	// TypeOnly lists the inputs of which the operator needs type and shape but
	// not the value, which an engine then need not keep.
	TypeOnly []int
	// ULP bounds what a float32 engine kernel may differ from Eval, in units
	// in the last place of the largest magnitude of the output; 0 is bit-equal.
	ULP float64
	// Cases are the applications that the conformance suite runs.
	Cases func() []Case
	// FLOPs counts the floating-point operations for concrete types; nil
	// counts one per output element.
	FLOPs func(in, out []Type) int64
}

// Case is one application of an operator that the conformance suite runs:
// every engine kernel against Eval, and the gradient against differences.
type Case struct {
	Name string // says what is special, "strided"; may be empty
	Op   Op
	In   []Arg
	// NoGrad leaves the gradient check out, with the reason.
	NoGrad string
	// NoSecondGrad leaves the check of the gradient's gradient out, with the
	// reason.
	NoSecondGrad string
}

// Arg is an input of a [Case]: a given value, or random numbers.
type Arg struct {
	Value  *tensor.Tensor // given; else:
	DType  tensor.DType   // Invalid means Float32 (Float64 in the gradient check)
	Shape  []int
	Lo, Hi float64 // range of the values; both zero means -1…1
	// Kinks are values where the operator has no derivative; random values
	// keep away from them.
	Kinks []float64
	// Omitted says that the optional input is left out.
	Omitted bool
}

// Rand is a random float argument of the given shape in -1…1.
func Rand(shape ...int) Arg { return Arg{Shape: shape} }

// RandIn is a random float argument of the given shape in lo…hi.
func RandIn(lo, hi float64, shape ...int) Arg { return Arg{Shape: shape, Lo: lo, Hi: hi} }

// Given is an argument of the given value.
func Given(t *tensor.Tensor) Arg { return Arg{Value: t} }
