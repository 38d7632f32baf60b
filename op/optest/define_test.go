package optest_test

import (
	"fmt"
	"testing"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/op/optest"
	"github.com/emberml/ember/tensor"
)

// walk runs f as a subtest for every case of every operator.
func walk(t *testing.T, f func(t *testing.T, name string, c graph.Case)) {
	for _, o := range op.All {
		s := o.Spec()
		for i, c := range s.Cases() {
			name := optest.Name(s, i, c)
			t.Run(name, func(t *testing.T) { f(t, name, c) })
		}
	}
}

// TestTable checks that the table names each operator once, that every one is
// described and has cases, and that ByName finds it.
func TestTable(t *testing.T) {
	for _, o := range op.All {
		s := o.Spec()
		found, ok := op.ByName(s.Domain, s.Name)
		if !ok || fmt.Sprintf("%T", found) != fmt.Sprintf("%T", o) {
			t.Errorf("ByName(%q, %q) is %T, not %T: the name is taken twice", s.Domain, s.Name, found, o)
		}
		if s.Formula == "" || s.Source == "" || len(s.Outputs) == 0 || len(s.Cases()) == 0 {
			t.Errorf("%s: formula, source, outputs or cases are missing", s.Name)
		}
		if s.Domain == "" && s.Since == 0 {
			t.Errorf("%s: the opset is missing", s.Name)
		}
		for _, c := range s.Cases() {
			if fmt.Sprintf("%T", c.Op) != fmt.Sprintf("%T", o) {
				t.Errorf("%s: a case applies %T", s.Name, c.Op)
			}
		}
	}
}

// TestInfer checks that what Infer says is what Eval computes: number, element
// types, shapes and, where it knows them, values.
func TestInfer(t *testing.T) {
	walk(t, func(t *testing.T, name string, c graph.Case) {
		a, err := optest.Apply(name, c, tensor.Float32)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := optest.Eval(a.Graph, a.Feeds); err != nil {
			t.Fatal(err)
		}
	})
}

// TestInferSymbolic does the same where the first dimension of every fed input is
// a symbol, equal extents being one symbol: a batch N is known only when a graph
// runs.
func TestInferSymbolic(t *testing.T) {
	walk(t, func(t *testing.T, name string, c graph.Case) {
		if why, ok := needsExtents[name]; ok {
			t.Skip(why)
		}
		a, err := optest.Apply(name, c, tensor.Float32)
		if err != nil {
			t.Fatal(err)
		}
		types := make([]graph.Type, len(a.In))
		for i, v := range a.In {
			if v == nil {
				continue
			}
			types[i] = v.Type()
			if n := v.Rank(); v.Origin() == graph.Input && n > 0 {
				types[i].Shape = types[i].Shape.Clone()
				if k, _ := types[i].Shape[0].Size(); k > 1 {
					types[i].Shape[0] = graph.Sym(fmt.Sprintf("N%d", k))
				}
			}
		}
		out, err := c.Op.Infer(types)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range a.Out {
			if out[i].DType != want.DType() || out[i].Rank() != want.Rank() {
				t.Fatalf("output %d: %v with a symbol, %v without", i, out[i], want.Type())
			}
			for j, d := range out[i].Shape {
				if d.IsKnown() && d != want.Shape()[j] {
					t.Errorf("output %d: %v with a symbol, %v without", i, out[i], want.Type())
				}
			}
		}
	})
}

// needsExtents are the cases whose extents must be known, with the reason.
var needsExtents = map[string]string{
	"Split/equal parts":       "the sizes of parts follow from the extent",
	"Split/smaller last part": "the sizes of parts follow from the extent",
}

// TestInputsStay checks that Eval leaves its inputs alone.
func TestInputsStay(t *testing.T) {
	walk(t, func(t *testing.T, name string, c graph.Case) {
		a, err := optest.Apply(name, c, tensor.Float32)
		if err != nil {
			t.Fatal(err)
		}
		before := make([]*tensor.Tensor, len(a.Args))
		for i, x := range a.Args {
			if x != nil {
				before[i] = x.Clone()
			}
		}
		if _, err := c.Op.Eval(a.Args); err != nil {
			t.Fatal(err)
		}
		for i, x := range a.Args {
			if x != nil && !optest.Same(x, before[i]) {
				t.Errorf("input %d has changed", i)
			}
		}
	})
}
