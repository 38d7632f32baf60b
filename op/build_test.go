package op_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/op/optest"
	"github.com/emberml/ember/tensor"
)

// run computes values of a graph by the definitions.
func run(t *testing.T, feeds []*tensor.Tensor, values ...*graph.Value) []*tensor.Tensor {
	t.Helper()
	g := values[0].Graph()
	for i, v := range values {
		g.Output(fmt.Sprint("out", len(g.Outputs())+i), v)
	}
	out, err := optest.Eval(g, feeds)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestGradients differentiates x³ three times, at a value that is used in several
// places, and a target that does not depend on the value.
func TestGradients(t *testing.T) {
	g := graph.New()
	x := g.Input("x", graph.TensorOf(tensor.Float64, graph.Sym("N")))
	y := g.Input("y", graph.TensorOf(tensor.Float64, graph.Sym("N")))
	d := op.Mul(x, op.Mul(x, x))
	values := []*graph.Value{d}
	for range 4 {
		grads, err := op.Gradients([]*graph.Value{d}, []*graph.Value{x, y})
		if err != nil {
			t.Fatal(err)
		}
		d = grads[0]
		values = append(values, d, grads[1])
	}
	out := run(t, []*tensor.Tensor{tensor.Of([]float64{2, -1}), tensor.Of([]float64{5, 6})}, values...)
	for i, want := range [][]float64{{8, -1}, {12, 3}, {0, 0}, {12, -6}, {0, 0}, {6, 6}, {0, 0}, {0, 0}, {0, 0}} {
		if got := tensor.Float64s(out[i]); got[0] != want[0] || got[1] != want[1] {
			t.Errorf("value %d is %v, want %v", i, got, want)
		}
	}
}

// TestGradientsRefuse checks the errors for what has no gradient.
func TestGradientsRefuse(t *testing.T) {
	g := graph.New()
	p := g.Input("p", graph.TensorOf(tensor.Float32, graph.Known(3)))
	end := g.Scope("step")
	q, _ := op.SGDUpdate(op.SGDUpdateOp{}, p, p, nil, op.Scalar(p, 0.1), nil)
	end()
	_, err := op.Gradients([]*graph.Value{q}, []*graph.Value{p})
	if want := "step: the operator SGDUpdate has no gradient"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	_, err = op.Gradients([]*graph.Value{op.Shape(p)}, []*graph.Value{p})
	if err == nil || !strings.Contains(err.Error(), "int64[1], which has no gradient") {
		t.Errorf("an integer target gave the error %v", err)
	}
}

// TestRandomUniform checks that a sample's numbers are its own, whatever its place
// and company, and that they are those of the first release for ever.
func TestRandomUniform(t *testing.T) {
	uniform := func(purpose int, seed, step int64, index ...int64) []float64 {
		g := graph.New()
		key := op.Const(g, tensor.Of([]int64{seed, step}))
		x := op.Const(g, tensor.New(tensor.Float32, len(index), 3))
		y := op.RandomUniform(key, op.Const(g, tensor.Of(index, len(index))), x, purpose)
		return tensor.Float64s(run(t, nil, y)[0])
	}
	together := uniform(1, 42, 7, 5, 9, 1<<40)
	for i, index := range []int64{5, 9, 1 << 40} {
		alone := uniform(1, 42, 7, index)
		if fmt.Sprint(alone) != fmt.Sprint(together[3*i:3*i+3]) {
			t.Errorf("sample %d is %v alone, %v among others", index, alone, together[3*i:3*i+3])
		}
	}
	for _, other := range [][]float64{uniform(2, 42, 7, 5), uniform(1, 43, 7, 5), uniform(1, 42, 8, 5), uniform(1, 42, 7, 6)} {
		if other[0] == together[0] {
			t.Error("another purpose, seed, step or sample gives the same number")
		}
	}
	if got, want := fmt.Sprint(together), goldenUniform; got != want {
		t.Errorf("the numbers have changed: %s, were %s", got, want)
	}
}

const goldenUniform = "[0.49177491664886475 0.05080443620681763 0.6962465047836304 " +
	"0.6017018556594849 0.8273922204971313 0.4704667329788208 0.23669010400772095 0.2956669330596924 0.7820035815238953]"
