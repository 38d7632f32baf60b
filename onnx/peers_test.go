//go:build peers

package onnx

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/peers"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// evaluate computes the outputs of a graph by the definitions of its operators.
func evaluate(g *graph.Graph, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	at := make([]*tensor.Tensor, g.NumValues())
	for i, v := range g.Inputs() {
		at[v.ID()] = in[i]
	}
	get := func(v *graph.Value) *tensor.Tensor {
		switch {
		case v == nil:
			return nil
		case at[v.ID()] == nil:
			return v.Init()
		}
		return at[v.ID()]
	}
	for _, n := range g.Nodes() {
		args := make([]*tensor.Tensor, len(n.In()))
		for i, v := range n.In() {
			args[i] = get(v)
		}
		out, err := n.Op().Eval(args)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n.Op().Spec().Name, err)
		}
		for i, v := range n.Out() {
			at[v.ID()] = out[i]
		}
	}
	var results []*tensor.Tensor
	for _, v := range g.Outputs() {
		results = append(results, get(v))
	}
	return results, nil
}

func writeTensors(t *testing.T, folder, kind string, tensors []*tensor.Tensor) {
	t.Helper()
	for i, x := range tensors {
		path := filepath.Join(folder, fmt.Sprintf("%s_%d.pb", kind, i))
		if err := os.WriteFile(path, protoOf("", x).append(nil), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func readTensors(t *testing.T, folder, kind string) (tensors []*tensor.Tensor, err error) {
	t.Helper()
	for i := 0; ; i++ {
		path := filepath.Join(folder, fmt.Sprintf("%s_%d", kind, i))
		data, err := os.ReadFile(path + ".pb")
		if errors.Is(err, os.ErrNotExist) {
			if others, _ := filepath.Glob(path + ".*"); others != nil {
				return nil, &UnsupportedError{Missing: []Missing{{Op: "a value that is no tensor"}}}
			}
			return tensors, nil
		}
		if err != nil {
			t.Fatal(err)
		}
		p := &tensorProto{}
		if err := eachField(data, 0, p.set); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		x, err := p.tensor(nil)
		if err != nil {
			return nil, err
		}
		tensors = append(tensors, x)
	}
}

// argument makes the value of an argument of an operator's case.
func argumentValue(a graph.Arg, random *tensor.Rand) *tensor.Tensor {
	if a.Value != nil {
		return a.Value
	}
	lo, hi := a.Lo, a.Hi
	if lo == 0 && hi == 0 {
		lo, hi = -1, 1
	}
	switch {
	case a.DType == tensor.Invalid:
		return random.Uniform(tensor.Float32, lo, hi, a.Shape...)
	case a.DType.IsFloat():
		return random.Uniform(a.DType, lo, hi, a.Shape...)
	}
	whole := random.Randint(tensor.Int64, int64(lo), int64(hi)+1, a.Shape...)
	return tensor.Cast(whole, a.DType)
}

// apart are the cases, by operator and name, in which ONNX Runtime does otherwise
// where ONNX leaves it open.
var apart = map[string]string{
	"AveragePool padding alone": "a dilated window larger than the image is refused",
	"MaxPool padding alone":     "a dilated window larger than the image is refused",
	"MaxPool NaN":               "NaN is ignored, but for PyTorch and us it is the largest",
	"RNN batch first":           "no kernel for layout 1",
	"LSTM batch first":          "no kernel for layout 1",
	"GRU batch first":           "no kernel for layout 1",
	"RNN empty sequences":       "the last state of a sequence without steps is 0, not the initial one",
	"LSTM empty sequences":      "the last state of a sequence without steps is 0, not the initial one",
	"GRU empty sequences":       "the last state of a sequence without steps is 0, not the initial one",
	"RNN no steps":              "the last state of a sequence without steps is 0, not the initial one",
	"LSTM no steps":             "the last state of a sequence without steps is 0, not the initial one",
	"Gelu infinite":             "the product -∞·0 is NaN, in PyTorch too; ours is the function's limit, 0",
	"Gelu infinite tanh":        "the product -∞·0 is NaN, in PyTorch too; ours is the function's limit, 0",
}

// aborts are the cases that end ONNX Runtime's process.
var aborts = []string{"LSTM no samples", "GRU no samples", "GRU no steps"}

// approximate are the operators whose functions ONNX Runtime approximates, with the
// bound of the error relative to the largest result.
var approximate = map[string]float64{"RNN": 1e-4, "LSTM": 1e-4, "GRU": 1e-4}

// TestOperatorsEqualONNXRuntime writes every case of every operator as a model,
// which the checker must accept, and compares what ONNX Runtime computes with
// the operator's definition.
func TestOperatorsEqualONNXRuntime(t *testing.T) {
	folder := t.TempDir()
	random := tensor.NewRand(1)
	excused := map[string]string{} // by the case's folder
	for _, o := range op.All {
		spec := o.Spec()
		if spec.Domain == "ember" {
			continue
		}
		for i, c := range spec.Cases() {
			if slices.Contains(aborts, spec.Name+" "+c.Name) {
				continue
			}
			if a, ok := c.Op.(op.AttentionOp); ok && a.Dropout > 0 {
				continue // no operator of ONNX draws its random numbers
			}
			g := graph.New()
			var values []*graph.Value
			var fed []*tensor.Tensor
			for k, a := range c.In {
				if a.Omitted {
					values = append(values, nil)
					continue
				}
				x := argumentValue(a, random)
				if a.Value != nil {
					values = append(values, g.Constant(x))
					continue
				}
				values = append(values, g.Input(fmt.Sprintf("in_%d", k), graph.TypeOf(x)))
				fed = append(fed, x)
			}
			out, err := g.TryApply(c.Op, values...)
			if err != nil {
				t.Errorf("%s %s: %v", spec.Name, c.Name, err)
				continue
			}
			for k, v := range out {
				g.Output(fmt.Sprintf("out_%d", k), v)
			}
			results, err := evaluate(g, fed)
			if err != nil {
				t.Errorf("%s %s: %v", spec.Name, c.Name, err)
				continue
			}
			name := fmt.Sprintf("%s_%d_%s", spec.Name, i, strings.ReplaceAll(c.Name, " ", "_"))
			if why := apart[spec.Name+" "+c.Name]; why != "" {
				excused[name] = why
			}
			writeCase(t, filepath.Join(folder, name), g, fed, results, max(1e-5, approximate[spec.Name]))
		}
	}
	var failed map[string]string
	peers.RunJSON(t, &failed, "testdata/check.py", folder)
	notThere := 0
	for name, why := range failed {
		if strings.Contains(why, "NOT_IMPLEMENTED") {
			notThere++
			continue
		}
		if excused[name] == "" {
			t.Errorf("%s: %s", name, why)
		}
	}
	for name, why := range excused {
		if failed[name] == "" {
			t.Errorf("%s: ONNX Runtime agrees; it was said that %s", name, why)
		}
		t.Logf("%s is left out: %s", name, why)
	}
	t.Logf("%d cases that ONNX Runtime has no kernel for", notThere)
}

// writeCase writes a case in the form that check.py reads.
func writeCase(t *testing.T, folder string, g *graph.Graph, in, out []*tensor.Tensor, tolerance float64) {
	t.Helper()
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	file, _, err := Encode(&Model{Graph: g}, EncodeOptions{})
	if err != nil {
		t.Fatalf("%s: %v", filepath.Base(folder), err)
	}
	for name, data := range map[string][]byte{"model.onnx": file.Bytes(), "tolerance.txt": fmt.Append(nil, tolerance)} {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	writeTensors(t, folder, "input", in)
	writeTensors(t, folder, "output", out)
}

// TestSchemas compares the operators' tags with the schemas of the onnx package.
func TestSchemas(t *testing.T) {
	var schemas map[string]struct {
		Since      int // of the last version
		Form       int // since when it has the last version's inputs and attributes
		Attributes map[string]struct {
			Required bool
			Default  *string
		}
	}
	peers.RunJSON(t, &schemas, "testdata/schemas.py", strconv.Itoa(Opset))
	for _, o := range op.All {
		spec := o.Spec()
		if spec.Domain != "" {
			continue
		}
		schema, ok := schemas[spec.Name]
		if _, composite := o.(op.Composite); !ok && composite && spec.Since > Opset {
			continue // files hold its parts
		}
		if !ok {
			t.Errorf("%s is no operator of opset %d", spec.Name, Opset)
			continue
		}
		if spec.Since < schema.Form || spec.Since > schema.Since {
			t.Errorf("%s says it has the form of opset %d, which is that of %d to %d", spec.Name, spec.Since, schema.Form, schema.Since)
		}
		fields := attributeFields(reflect.TypeOf(o))
		for _, f := range fields {
			a, ok := schema.Attributes[f.name]
			if !ok {
				t.Errorf("%s has no attribute %s in ONNX", spec.Name, f.name)
				continue
			}
			if f.standard != "" && a.Default != nil && f.standard != *a.Default {
				t.Errorf("%s: the default of %s is %q, in ONNX %q", spec.Name, f.name, f.standard, *a.Default)
			}
		}
		for name := range schema.Attributes {
			if !slices.ContainsFunc(fields, func(f attributeField) bool { return f.name == name }) {
				t.Logf("%s lacks the attribute %s", spec.Name, name)
			}
		}
	}
}

// gaps are the node tests that differ from Ember on purpose or for now.
var gaps = map[string]string{
	"test_attention_*_bf16":                           "intermediate results rounded to bfloat16; ours rounds once",
	"test_reduce_m??_bool_inputs":                     "reductions of booleans",
	"test_reduce_m??_empty_set*":                      "the extremum of no elements",
	"test_onehot_*":                                   "a depth that is no integer",
	"test_castlike_*_expanded":                        "the attribute saturate of Cast, for float8",
	"test_batchnorm_*_training_mode":                  "training is built of other operators",
	"test_training_dropout*":                          "training is built of other operators",
	"test_maxpool_2d_uint8":                           "pooling of integers",
	"test_maxpool_with_argmax_2d_precomputed_strides": "column-major indices",
	"test_convtranspose_output_shape":                 "an output larger than the windows reach",
	"pytorch-operator_test_operator_add_*":            "the attribute axis of opset 6",
}

// TestNodeTests runs the tests of the onnx package whose operators Ember has.
func TestNodeTests(t *testing.T) {
	folder := t.TempDir()
	peers.Run(t, "testdata/node_tests.py", folder)
	tests, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	passed, missing := 0, map[string]int{}
	for _, test := range tests {
		if !test.IsDir() {
			continue
		}
		t.Run(test.Name(), func(t *testing.T) {
			for pattern, why := range gaps {
				if ok, _ := path.Match(pattern, test.Name()); ok {
					t.Skip(why)
				}
			}
			err := nodeTest(t, filepath.Join(folder, test.Name()))
			var unsupported *UnsupportedError
			switch {
			case errors.As(err, &unsupported):
				for _, m := range unsupported.Missing {
					missing[m.Op]++
				}
				t.Skip(unsupported)
			case err != nil:
				t.Error(err)
			default:
				passed++
			}
		})
	}
	var names []string
	for name, n := range missing {
		names = append(names, fmt.Sprintf("%s (%d)", name, n))
	}
	slices.Sort(names)
	t.Logf("%d of %d tests pass; missing: %s", passed, len(tests)-1, strings.Join(names, ", "))
}

// decodeWithShapes reads a model; small vectors that are fed, which the tests of
// shape operators use for shapes and axes, are fixed where the shapes cannot be
// inferred without.
func decodeWithShapes(data []byte, in []*tensor.Tensor) (*Model, []*tensor.Tensor, error) {
	var p modelProto
	m, err := Decode(data, DecodeOptions{})
	var format *tensor.FormatError
	if !errors.As(err, &format) || eachField(data, 0, p.set) != nil {
		return m, in, err
	}
	fixed := map[string]*tensor.Tensor{}
	var fed []*tensor.Tensor
	for i, x := range in {
		if x.Rank() <= 1 && x.Len() <= 16 {
			fixed[p.graph.inputs[i].name] = x
		} else {
			fed = append(fed, x)
		}
	}
	m, err = Decode(data, DecodeOptions{Fixed: fixed})
	return m, fed, err
}

func nodeTest(t *testing.T, folder string) error {
	data, err := os.ReadFile(filepath.Join(folder, "model.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	sets, err := filepath.Glob(filepath.Join(folder, "[0-9]*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range sets {
		in, err := readTensors(t, set, "input")
		if err != nil {
			return err
		}
		want, err := readTensors(t, set, "output")
		if err != nil {
			return err
		}
		m, in, err := decodeWithShapes(data, in)
		if err != nil {
			return err
		}
		got, err := evaluate(m.Graph, in)
		if err != nil {
			return err
		}
		for i, w := range want {
			if got[i].DType() != w.DType() || !got[i].Shape().Equal(w.Shape()) {
				return fmt.Errorf("output %d is %v%v, want %v%v", i, got[i].DType(), got[i].Shape(), w.DType(), w.Shape())
			}
			if !tensor.AllClose(got[i], w, 1e-3, 1e-7) && !tensor.Same(got[i], w) {
				return fmt.Errorf("output %d is %v, want %v", i, got[i], w)
			}
		}
	}
	return nil
}
