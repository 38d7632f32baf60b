package onnx

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// handmade is a model with the input x, float32[N 3], and the output y.
func handmade(opset int64, nodes []*nodeProto, initializers ...*tensorProto) *modelProto {
	value := func(name string) *valueProto {
		return &valueProto{name: name, typ: typeOf(graph.TensorOf(tensor.Float32, graph.Sym("N"), graph.Known(3)))}
	}
	return &modelProto{
		irVersion: 8, producer: "test", opsets: []*opsetProto{{version: opset}},
		graph: &graphProto{
			name: "g", nodes: nodes, initializers: initializers,
			inputs: []*valueProto{value("x")}, outputs: []*valueProto{value("y")},
		},
	}
}

func node(opType, in, out string, attributes ...*attributeProto) *nodeProto {
	n := &nodeProto{opType: opType, name: "the_" + opType, attributes: attributes}
	if in != "" {
		n.inputs = strings.Split(in, ",")
	}
	if out != "" {
		n.outputs = strings.Split(out, ",")
	}
	return n
}

func read(m *modelProto) (*Model, error) {
	return Decode(layOut(m).Bytes(), DecodeOptions{File: "m.onnx"})
}

func opNames(g *graph.Graph) string {
	var names []string
	for _, n := range g.Nodes() {
		names = append(names, n.Op().Spec().Name)
	}
	return strings.Join(names, " ")
}

func TestNodesAreSorted(t *testing.T) {
	m, err := read(handmade(21, []*nodeProto{
		node("Neg", "c", "y"), node("Abs", "a", "b"), node("Exp", "b", "c"), node("Relu", "x", "a"),
	}))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := opNames(m.Graph), "Relu Abs Exp Neg"; got != want {
		t.Errorf("order %s, want %s", got, want)
	}
}

func TestScopesComeFromNodeNames(t *testing.T) {
	n := node("Relu", "x", "y")
	for name, want := range map[string]string{
		"Relu_3": "", "conv2d_1/Relu": "conv2d_1", "/encoder/layer.0/Relu": "encoder/layer.0", "": "",
	} {
		n.name = name
		m, err := read(handmade(21, []*nodeProto{n}))
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Graph.Nodes()[0].Scope(); got != want {
			t.Errorf("node %q has the scope %q, want %q", name, got, want)
		}
	}
}

func TestBadGraphs(t *testing.T) {
	relu := node("Relu", "x", "y")
	float := func(name string, dims ...int64) *tensorProto {
		n := int64(1)
		for _, d := range dims {
			n *= d
		}
		return &tensorProto{name: name, dims: dims, dataType: 1, raw: make([]byte, 4*n), hasRaw: true}
	}
	for name, c := range map[string]struct {
		model *modelProto
		want  string
	}{
		"cycle":             {handmade(21, []*nodeProto{node("Add", "x,b", "y"), node("Neg", "y", "b")}), "depends on itself"},
		"missing value":     {handmade(21, []*nodeProto{node("Relu", "z", "y")}), "value z, which nothing computes"},
		"computed twice":    {handmade(21, []*nodeProto{relu, node("Neg", "x", "y")}), "computed by the_Relu already"},
		"input computed":    {handmade(21, []*nodeProto{relu, node("Neg", "y", "x")}), `"x"`},
		"weights twice":     {handmade(21, []*nodeProto{relu}, float("w", 2), float("w", 2)), `"w"`},
		"nameless weight":   {handmade(21, []*nodeProto{relu}, float("", 2)), `""`},
		"no output":         {handmade(21, []*nodeProto{node("Relu", "x", "z")}), `"y" is never computed`},
		"shapes":            {handmade(21, []*nodeProto{node("Add", "x,w", "y")}, float("w", 5)), "the_Add"},
		"unknown attribute": {handmade(21, []*nodeProto{node("Relu", "x", "y", &attributeProto{name: "speed", kind: attrInt})}), "attribute speed is not known"},
		"attribute kind":    {handmade(21, []*nodeProto{node("Softmax", "x", "y", &attributeProto{name: "axis", kind: attrString, s: "last"})}), "attribute axis: last does not fit: want int"},
		"attribute twice":   {handmade(21, []*nodeProto{node("Softmax", "x", "y", &attributeProto{name: "axis", kind: attrInt}, &attributeProto{name: "axis", kind: attrInt})}), "given twice"},
		"too few inputs":    {handmade(21, []*nodeProto{node("Add", "x", "y")}), "the_Add"},
		"too many outputs":  {handmade(21, []*nodeProto{node("Relu", "x", "y,z")}), "output 1, z"},
		"short data":        {handmade(21, []*nodeProto{relu}, &tensorProto{name: "w", dims: []int64{3}, dataType: 1, raw: make([]byte, 8), hasRaw: true}), "needs 12 bytes of raw data, has 8"},
		"no data":           {handmade(21, []*nodeProto{relu}, &tensorProto{name: "w", dims: []int64{3}, dataType: 1}), "needs 3 elements, has 0"},
		"negative dim":      {handmade(21, []*nodeProto{relu}, &tensorProto{name: "w", dims: []int64{-3}, dataType: 1}), "not possible"},
		"huge":              {handmade(21, []*nodeProto{relu}, &tensorProto{name: "w", dims: []int64{1 << 40, 1 << 40}, dataType: 1}), "not possible"},
		"bool of 7":         {handmade(21, []*nodeProto{relu}, &tensorProto{name: "w", dims: []int64{1}, dataType: 9, raw: []byte{7}, hasRaw: true}), "want 0 or 1"},
	} {
		_, err := read(c.model)
		var format *tensor.FormatError
		if !errors.As(err, &format) {
			t.Errorf("%s: error %v, want a *tensor.FormatError", name, err)
			continue
		}
		if !strings.Contains(err.Error(), c.want) || format.File != "m.onnx" {
			t.Errorf("%s: error %q, want one with %q and the file's name", name, err, c.want)
		}
	}
}

func TestUnsupportedNamesEverythingAtOnce(t *testing.T) {
	other := node("Scaler", "x", "b")
	other.domain = "ai.onnx.ml"
	_, err := read(handmade(21, []*nodeProto{
		node("Frobnicate", "x", "a"), node("Relu", "a", "c"), other,
		{opType: "Frobnicate", name: "second", inputs: []string{"b"}, outputs: []string{"y"}},
	}))
	var unsupported *UnsupportedError
	if !errors.As(err, &unsupported) {
		t.Fatalf("error %v, want an *UnsupportedError", err)
	}
	if len(unsupported.Missing) != 2 || !slices.Equal(unsupported.Missing[0].Nodes, []string{"the_Frobnicate", "second"}) {
		t.Errorf("missing: %v", unsupported.Missing)
	}
	for _, want := range []string{"m.onnx", "Frobnicate (the_Frobnicate, second)", "ai.onnx.ml.Scaler (the_Scaler)"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q lacks %q", err, want)
		}
	}
	for name, m := range map[string]*modelProto{
		"subgraph": handmade(21, []*nodeProto{node("Relu", "x", "y", &attributeProto{name: "body", kind: attrGraph})}),
		"float8":   handmade(21, []*nodeProto{node("Relu", "x", "y")}, &tensorProto{name: "w", dataType: 17}),
	} {
		if _, err := read(m); !errors.As(err, &unsupported) {
			t.Errorf("%s: error %v, want an *UnsupportedError", name, err)
		}
	}
	sparse := &importer{proto: &graphProto{sparse: true}}
	if err := sparse.supported(); !errors.As(err, &unsupported) {
		t.Errorf("sparse initializers: error %v, want an *UnsupportedError", err)
	}
}

func TestExternalLocationsStayInTheFolder(t *testing.T) {
	for location, want := range map[string]bool{
		"w.data": true, "weights/w.data": true, "./w": true,
		"": false, "/etc/passwd": false, "../w": false, "a/../../w": false, "..": false,
		`..\w`: false, `C:\w`: false, "file:///w": false, "w\x00": false,
	} {
		if isLocal(location) != want {
			t.Errorf("isLocal(%q) is %v", location, !want)
		}
	}
	weight := func(offset, length string) *modelProto {
		return handmade(21, []*nodeProto{node("Relu", "x", "y")}, &tensorProto{
			name: "w", dims: []int64{2}, dataType: 1, location: 1,
			external: []*entryProto{{key: "location", value: "w"}, {key: "offset", value: offset}, {key: "length", value: length}},
		})
	}
	open := func(string) ([]byte, error) { return make([]byte, 64), nil }
	for _, c := range []struct {
		offset, length string
		ok             bool
	}{{"0", "8", true}, {"56", "8", true}, {"60", "8", false}, {"-4", "8", false}, {"0", "-8", false}, {"9223372036854775807", "8", false}, {"x", "8", false}} {
		_, err := Decode(layOut(weight(c.offset, c.length)).Bytes(), DecodeOptions{Open: open})
		if (err == nil) != c.ok {
			t.Errorf("bytes %s+%s of 64: error %v", c.offset, c.length, err)
		}
	}
}

func TestTypedDataFields(t *testing.T) {
	for name, c := range map[string]struct {
		proto *tensorProto
		want  *tensor.Tensor
	}{
		"float":    {&tensorProto{dataType: 1, floats: []float32{1.5, -2}}, tensor.Of([]float32{1.5, -2})},
		"double":   {&tensorProto{dataType: 11, doubles: []float64{math.Pi, 0}}, tensor.Of([]float64{math.Pi, 0})},
		"int8":     {&tensorProto{dataType: 3, int32s: []int32{-3, 4}}, tensor.Of([]int8{-3, 4})},
		"bool":     {&tensorProto{dataType: 9, int32s: []int32{0, 1}}, tensor.Of([]bool{false, true})},
		"float16":  {&tensorProto{dataType: 10, int32s: []int32{0x3c00, 0xc000}}, tensor.Cast(tensor.Of([]float32{1, -2}), tensor.Float16)},
		"bfloat16": {&tensorProto{dataType: 16, int32s: []int32{0x3f80, 0xc000}}, tensor.Cast(tensor.Of([]float32{1, -2}), tensor.BFloat16)},
		"uint32":   {&tensorProto{dataType: 12, uint64s: []uint64{1, 1<<32 - 1}}, tensor.Of([]uint32{1, 1<<32 - 1})},
		"int64":    {&tensorProto{dataType: 7, int64s: []int64{-1, 1 << 40}}, tensor.Of([]int64{-1, 1 << 40})},
	} {
		c.proto.dims = []int64{2}
		got, err := c.proto.tensor(nil)
		if err != nil || !tensor.Same(got, c.want) {
			t.Errorf("%s: %v, error %v, want %v", name, got, err, c.want)
		}
	}
}

func TestOpenDimensionsGetNamesOfTheirOwn(t *testing.T) {
	m := handmade(21, []*nodeProto{node("Relu", "x", "y")})
	m.graph.inputs[0].typ.shape.dims = []*dimProto{{}, {known: true, size: -1}}
	got, err := read(m)
	if err != nil {
		t.Fatal(err)
	}
	if s := got.Graph.Inputs()[0].Type().String(); s != "float32[x.0 x.1]" {
		t.Errorf("the input's type is %s", s)
	}
}

// TestSymbolsStayShort squares an open dimension again and again.
func TestSymbolsStayShort(t *testing.T) {
	axis := func(i int64) *attributeProto { return &attributeProto{name: "axis", kind: attrInt, i: i} }
	var nodes []*nodeProto
	at := "x"
	for i := range 60 {
		name := string(rune('A'+i%26)) + string(rune('a'+i/26))
		nodes = append(nodes,
			node("Flatten", at, name+"0", axis(0)),    // [1, d]
			node("Transpose", name+"0", name+"1"),     // [d, 1]
			node("Mul", name+"0,"+name+"1", name+"2")) // [d, d]
		at = name + "2"
	}
	nodes = append(nodes, node("Relu", at, "y"))
	m, err := read(handmade(21, nodes))
	if err != nil {
		t.Fatal(err)
	}
	if s := m.Graph.Outputs()[0].Type().String(); len(s) > 1000 {
		t.Errorf("the output's type takes %d bytes", len(s))
	}
}

// TestOlderOpsets reads the forms that operators had before.
func TestOlderOpsets(t *testing.T) {
	ints := func(name string, values ...int64) *attributeProto {
		return &attributeProto{name: name, kind: attrInts, ints: values}
	}
	float := func(name string, value float32) *attributeProto {
		return &attributeProto{name: name, kind: attrFloat, f: value}
	}
	integer := func(name string, value int64) *attributeProto {
		return &attributeProto{name: name, kind: attrInt, i: value}
	}
	for _, c := range []struct {
		opset int64
		node  *nodeProto
		want  string // the type of y, or what the error says
	}{
		{11, node("Unsqueeze", "x", "y", ints("axes", 0, 2)), "float32[1 N 1 3]"},
		{11, node("ReduceSum", "x", "y", ints("axes", 1), integer("keepdims", 0)), "float32[N]"},
		{13, node("ReduceMean", "x", "y", ints("axes", 1)), "float32[N 1]"},
		{13, node("Split", "x", "y,a,b", integer("axis", 1)), "float32[N 1]"},
		{11, node("Split", "x", "y,a", integer("axis", 1), ints("split", 1, 2)), "float32[N 1]"},
		{10, node("Pad", "x", "y", ints("pads", 0, 1, 0, 2), float("value", 1)), "float32[N 6]"},
		{9, node("Slice", "x", "y", ints("starts", 1), ints("ends", 9), ints("axes", 1)), "float32[N 2]"},
		{10, node("Clip", "x", "y", float("max", 6)), "float32[N 3]"},
		{11, node("Softmax", "x", "y"), "float32[N 3]"},
		{11, node("Softmax", "x", "y", integer("axis", 0)), "convert the model to opset 13"},
		{10, node("Dropout", "x", "y", float("ratio", 0.5)), "float32[N 3]"},
		{6, node("Add", "x,x", "y", integer("broadcast", 1)), "float32[N 3]"},
		{6, node("Add", "x,x", "y", integer("broadcast", 1), integer("axis", 0)), "attribute axis is not known"},
		{5, node("Relu", "x", "y"), "opset 5 of ai.onnx"},
		{11, node("Unsqueeze", "", "y", ints("axes", 0)), "comes with 0 inputs"},
	} {
		m, err := read(handmade(c.opset, []*nodeProto{c.node}))
		var got string
		if err != nil {
			got = err.Error()
		} else {
			got = m.Graph.Outputs()[0].Type().String()
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s of opset %d gives %s, want %s", c.node.opType, c.opset, got, c.want)
		}
	}
}
