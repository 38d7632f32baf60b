package graph

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/emberml/ember/tensor"
)

// addOp and mulOp are the least operators that tests of the graph need.
type (
	addOp  struct{}
	mulOp  struct{}
	stepOp struct{ Axis int } // has no gradient
	sizeOp struct{}           // folds where the shape is known
)

func same(in []Type) ([]Type, error) {
	s, err := BroadcastShapes(in[0].Shape, in[1].Shape)
	return []Type{TensorOf(in[0].DType, s...)}, err
}

func (addOp) Spec() Spec                      { return Spec{Name: "Add"} }
func (addOp) Infer(in []Type) ([]Type, error) { return same(in) }
func (addOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return []*tensor.Tensor{tensor.Add(in[0], in[1])}, nil
}
func (addOp) Grad(_, _, g []*Value) []*Value { return []*Value{g[0], g[0]} }

func (mulOp) Spec() Spec                      { return Spec{Name: "Mul"} }
func (mulOp) Infer(in []Type) ([]Type, error) { return same(in) }
func (mulOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return []*tensor.Tensor{tensor.Mul(in[0], in[1])}, nil
}

func (mulOp) Grad(in, _, g []*Value) []*Value {
	return []*Value{mul(g[0], in[1]), mul(g[0], in[0])}
}

func (stepOp) Spec() Spec                      { return Spec{Name: "Step"} }
func (stepOp) Infer(in []Type) ([]Type, error) { return in, nil }
func (stepOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return in, nil
}

func (sizeOp) Spec() Spec { return Spec{Name: "Size", TypeOnly: []int{0}} }
func (sizeOp) Infer(in []Type) ([]Type, error) {
	n, _ := in[0].Shape.Len().Size()
	return []Type{ConstType(tensor.Scalar(int64(n)))}, nil
}

func (sizeOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return []*tensor.Tensor{tensor.Scalar(int64(in[0].Len()))}, nil
}

func add(a, b *Value) *Value { return a.Graph().Apply(addOp{}, a, b)[0] }
func mul(a, b *Value) *Value { return a.Graph().Apply(mulOp{}, a, b)[0] }

func scalar(v float64) *tensor.Tensor { return tensor.Scalar(v) }

// eval computes a value by the operators' definitions.
func eval(t *testing.T, v *Value, feeds map[*Value]*tensor.Tensor) *tensor.Tensor {
	t.Helper()
	if got, ok := feeds[v]; ok {
		return got
	}
	if v.Node() == nil {
		return v.Init()
	}
	var in []*tensor.Tensor
	for _, i := range v.Node().In() {
		in = append(in, eval(t, i, feeds))
	}
	out, err := v.Node().Op().Eval(in)
	if err != nil {
		t.Fatal(err)
	}
	return out[v.Index()]
}

func TestGradientsDifferentiateAgain(t *testing.T) {
	g := New()
	x := g.Input("x", TensorOf(tensor.Float64))
	y := mul(x, mul(x, x)) // x³
	one := g.Constant(scalar(1))
	derivative := y
	for i, want := range []float64{12, 12, 6} { // 3x², 6x, 6 at x = 2
		d, err := Gradients([]*Value{derivative}, []*Value{one}, []*Value{x}, add)
		if err != nil {
			t.Fatal(err)
		}
		derivative = d[0]
		got := eval(t, derivative, map[*Value]*tensor.Tensor{x: scalar(2)})
		if got.Float64At() != want {
			t.Errorf("derivative %d of x³ at 2 is %v, want %v", i+1, got, want)
		}
	}
}

func TestGradientsOfUnreachable(t *testing.T) {
	g := New()
	x, y := g.Input("x", TensorOf(tensor.Float64)), g.Input("y", TensorOf(tensor.Float64))
	d, err := Gradients([]*Value{mul(x, x)}, []*Value{g.Constant(scalar(1))}, []*Value{y}, add)
	if err != nil || d[0] != nil {
		t.Errorf("gradient of an unused input: %v, %v; want nil, nil", d, err)
	}
}

func TestGradientsNameTheOperator(t *testing.T) {
	g := New()
	x := g.Input("x", TensorOf(tensor.Float64))
	end := g.Scope("layer_1")
	y := g.Apply(stepOp{}, x)[0]
	end()
	_, err := Gradients([]*Value{y}, []*Value{g.Constant(scalar(1))}, []*Value{x}, add)
	if err == nil || !strings.Contains(err.Error(), "layer_1: the operator Step has no gradient") {
		t.Errorf("error is %v", err)
	}
}

func TestBuildReturnsShapeMistakes(t *testing.T) {
	_, err := Build(func(g *Graph) {
		defer g.Scope("dense_1")()
		add(g.Input("a", TensorOf(tensor.Float32, Dims(2, 3)...)), g.Input("b", TensorOf(tensor.Float32, Dims(4)...)))
	})
	var mistake *tensor.ShapeError
	if !errors.As(err, &mistake) || !strings.Contains(err.Error(), "dense_1") {
		t.Errorf("error is %v, want a ShapeError that names dense_1", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("another panic did not pass through Build")
		}
	}()
	_, _ = Build(func(*Graph) { panic("other") })
}

func TestSimplify(t *testing.T) {
	g := New()
	x := g.Input("x", TensorOf(tensor.Float64, Sym("N")))
	g.Input("unused", TensorOf(tensor.Float64))
	two := add(g.Constant(scalar(1)), g.Constant(scalar(1))) // folds
	a := mul(x, two)
	b := mul(x, two) // equal to a
	mul(a, a)        // dead
	g.Output("y", add(a, b))
	s, err := g.Simplify()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(); err != nil {
		t.Fatal(err)
	}
	if len(s.Nodes()) != 2 || len(s.Inputs()) != 2 {
		t.Errorf("%d nodes and %d inputs are left, want 2 and 2:\n%v", len(s.Nodes()), len(s.Inputs()), s)
	}
	feeds := map[*Value]*tensor.Tensor{s.Inputs()[0]: tensor.Of([]float64{1, 2})}
	if got := eval(t, s.Outputs()[0], feeds); !tensor.Same(got, tensor.Of([]float64{4, 8})) {
		t.Errorf("simplified graph gives %v", got)
	}
}

func TestSimplifyLeavesNoneThatFoldingMadeDead(t *testing.T) {
	g := New()
	x := g.Input("x", TensorOf(tensor.Float64, Known(3)))
	g.Output("n", g.Apply(sizeOp{}, mul(x, x))[0])
	s, err := g.Simplify()
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Nodes()) != 0 || s.Outputs()[0].Origin() != Constant {
		t.Errorf("simplified to\n%v", s)
	}
}

func TestBytesOfWhatNoMemoryHolds(t *testing.T) {
	for _, shape := range []Shape{
		{Sym("N")}, Dims(-1, 3), Dims(1<<32, 1<<32), Dims(0, 1<<62, 1<<62), Dims(1 << 62), Dims(1<<62, 4),
	} {
		if n, ok := TensorOf(tensor.Float32, shape...).Bytes(); ok {
			t.Errorf("%v takes %d bytes", shape, n)
		}
	}
	if n, ok := TensorOf(tensor.Float32, Dims(0, 7)...).Bytes(); n != 0 || !ok {
		t.Errorf("[0 7] takes %d bytes, %v", n, ok)
	}
}

func TestValuesOfAnotherGraph(t *testing.T) {
	other := New().Input("x", TensorOf(tensor.Float64))
	for name, use := range map[string]func(g *Graph){
		"output": func(g *Graph) { g.Output("y", other) },
		"none":   func(g *Graph) { g.Output("y", nil) },
		"update": func(g *Graph) { g.Update(g.Variable("w", scalar(1)), other) },
		"input":  func(g *Graph) { mul(g.Constant(scalar(1)), other) },
	} {
		if _, err := Build(use); err == nil {
			t.Errorf("%s: a value of another graph was accepted", name)
		}
	}
}

func TestExtract(t *testing.T) {
	g := New()
	x := g.Input("x", TensorOf(tensor.Float64))
	g.Input("other", TensorOf(tensor.Float64))
	w := g.Variable("w", scalar(3))
	h := mul(x, w)
	g.Output("y", add(h, h))
	part, err := g.Extract([]string{"h"}, []*Value{h})
	if err != nil {
		t.Fatal(err)
	}
	want := "input    x float64[]\nvariable w float64[]\n%2 = Mul(x, w) float64[]\noutput   h = %2\n"
	if part.String() != want {
		t.Errorf("extracted\n%swant\n%s", part, want)
	}
}

func TestUpdateMustFit(t *testing.T) {
	_, err := Build(func(g *Graph) {
		w := g.Variable("w", scalar(3))
		g.Update(w, g.Input("x", TensorOf(tensor.Float64, Known(2))))
	})
	if err == nil {
		t.Error("an update of another shape was accepted")
	}
}

func TestDims(t *testing.T) {
	n, m := Sym("N"), Sym("M")
	for _, c := range []struct {
		got  Dim
		want string
	}{
		{n.Mul(Known(4)), "4*N"},
		{Known(4).Mul(m).Mul(n), "4*M*N"},
		{n.Mul(m), "M*N"},
		{n.Mul(Known(4)).Div(4), "N"},
		{n.Mul(Known(4)).Div(3), "(4*N/3)"},
		{n.Add(Known(-3)), "(N-3)"},
		{n.Add(Known(-3)).Mul(Known(2)), "2*(N-3)"},
		{n.Add(n), "2*N"},
		{Known(7).Div(-2), "-4"},
		{n.Mul(Known(0)), "0"},
		{Known(1 << 32).Mul(Known(1 << 32)), "9223372036854775807"},
		{Known(-1 << 62).Mul(Known(4)), "-9223372036854775808"},
		{Known(-3).Mul(Known(5)), "-15"},
		{Known(math.MaxInt).Add(Known(1)), "9223372036854775807"},
		{Known(math.MinInt).Add(Known(-1)), "-9223372036854775808"},
	} {
		if c.got.String() != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
	for _, c := range []struct {
		a, b Dim
		want string // empty where there is none
	}{
		{n.Mul(Known(12)).Mul(m), n.Mul(Known(4)), "3*M"},
		{n.Mul(Known(12)), n, "12"},
		{Known(12), Known(4), "3"},
		{n, m, ""},
		{n.Add(Known(1)), n.Add(Known(1)), "1"},
		{n, Known(0), ""},
	} {
		q, ok := c.a.Quotient(c.b)
		if ok != (c.want != "") || ok && q.String() != c.want {
			t.Errorf("%v/%v is %v, %v; want %q", c.a, c.b, q, ok, c.want)
		}
	}
	if n.Mul(m) != m.Mul(n) {
		t.Error("a product depends on the order of its factors")
	}
}

func TestInts(t *testing.T) {
	l := MakeInts(0, -1, 300)
	if l != MakeInts(0, -1, 300) || l == MakeInts(0, -1) || l.String() != "[0 -1 300]" || l.Len() != 3 {
		t.Errorf("list %v does not compare or print", l)
	}
}

func TestDOT(t *testing.T) {
	g := New()
	x := g.Input("x", TensorOf(tensor.Float64, Sym("N")))
	end := g.Scope("dense_1")
	y := mul(x, x)
	end()
	g.Output("y", y)
	g.Update(g.Variable("w", scalar(3)), g.Constant(scalar(4)))
	var b bytes.Buffer
	if err := g.WriteDOT(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"digraph {", `label="dense_1"`, "v0 -> n0", `n0 -> out0 [label="[N]"]`, "v3 -> v2 [style=dashed ]"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the drawing lacks %q:\n%s", want, b.String())
		}
	}
}
