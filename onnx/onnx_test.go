package onnx_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"unsafe"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/onnx"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// network is a small graph with two layers, a constant of its own kind and two
// outputs, one of which is also used inside.
func network() *graph.Graph {
	random := tensor.NewRand(7)
	g := graph.New()
	g.Name = "small"
	h := g.Input("x", graph.TensorOf(tensor.Float32, graph.Sym("N"), graph.Known(6)))
	for i, units := range []int{67, 3} {
		name := fmt.Sprintf("dense_%d", i+1)
		end := g.Scope(name)
		size, _ := h.Shape()[1].Size()
		w := g.Variable(name+".weight", random.Normal(tensor.Float32, 0, 1, size, units))
		b := g.Variable(name+".bias", random.Normal(tensor.Float32, 0, 1, units))
		h = op.LeakyRelu(op.Add(op.MatMul(h, w), b), 0.1)
		end()
	}
	h = op.Mul(h, g.Constant(tensor.Scalar[float32](0.5)))
	h = op.Reshape(h, -1, 3)
	g.Output("scores", h)
	g.Output("probabilities", op.Softmax(h, -1))
	return g
}

func encode(t *testing.T, m *onnx.Model) []byte {
	t.Helper()
	file, _, err := onnx.Encode(m, onnx.EncodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func decode(t *testing.T, data []byte) *onnx.Model {
	t.Helper()
	m, err := onnx.Decode(data, onnx.DecodeOptions{File: "test.onnx"})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func simplified(t *testing.T, g *graph.Graph) string {
	t.Helper()
	s, err := g.Simplify()
	if err != nil {
		t.Fatal(err)
	}
	return s.String()
}

func TestRoundTrip(t *testing.T) {
	m := &onnx.Model{
		Graph: network(), Doc: "two layers", ProducerVersion: "0.1",
		Metadata: map[string]string{"ember.version": "1", "a": "", "näme": "wért\n"},
	}
	got := decode(t, encode(t, m))
	if a, b := simplified(t, m.Graph), simplified(t, got.Graph); a != b {
		t.Errorf("the graph was\n%s\nand came back as\n%s", a, b)
	}
	for key, want := range m.Metadata {
		if got.Metadata[key] != want {
			t.Errorf("metadata %s is %q, want %q", key, got.Metadata[key], want)
		}
	}
	if len(got.Metadata) != len(m.Metadata) {
		t.Errorf("metadata came back as %v", got.Metadata)
	}
	if got.Doc != m.Doc || got.Producer != "ember" || got.ProducerVersion != "0.1" || got.Opset != 21 || got.Graph.Name != "small" {
		t.Errorf("the model came back as %+v", got)
	}
	for i, v := range m.Graph.Variables() {
		if !tensor.Same(v.Init(), got.Graph.Variables()[i].Init()) {
			t.Errorf("%s came back with other numbers", v.Name())
		}
	}
}

func TestSameModelSameBytes(t *testing.T) {
	first := encode(t, &onnx.Model{Graph: network(), Metadata: map[string]string{"a": "1", "b": "2", "c": "3"}})
	for range 5 {
		again := encode(t, &onnx.Model{Graph: network(), Metadata: map[string]string{"c": "3", "b": "2", "a": "1"}})
		if !bytes.Equal(first, again) {
			t.Fatal("two encodings of one model differ")
		}
	}
	if again := encode(t, decode(t, first)); !bytes.Equal(first, again) {
		t.Error("a decoded model is encoded differently")
	}
}

// address is where in the slice the tensor's memory begins; -1 if it lies
// elsewhere.
func address(data []byte, t *tensor.Tensor) int {
	at := uintptr(unsafe.Pointer(unsafe.SliceData(t.Bytes())))
	begin := uintptr(unsafe.Pointer(unsafe.SliceData(data)))
	if at < begin || at >= begin+uintptr(len(data)) {
		return -1
	}
	return int(at - begin)
}

func TestWeightsAliasTheFileAtAlignedOffsets(t *testing.T) {
	data := encode(t, &onnx.Model{Graph: network()})
	for _, v := range decode(t, data).Graph.Variables() {
		if at := address(data, v.Init()); at < 0 || at%64 != 0 {
			t.Errorf("%s is at byte %d of the file, want a multiple of 64", v.Name(), at)
		}
	}
}

// TestAlignment moves the weights through every position by growing what comes
// before them.
func TestAlignment(t *testing.T) {
	for n := range 200 {
		g := graph.New()
		g.Output("y", g.Variable("w", tensor.Full[float32](1, 17)))
		g.Output("z", g.Variable("v", tensor.Full[float32](1, 4000)))
		data := encode(t, &onnx.Model{Graph: g, Doc: strings.Repeat("x", n)})
		for _, v := range decode(t, data).Graph.Variables() {
			if at := address(data, v.Init()); at < 0 || at%64 != 0 {
				t.Errorf("doc of %d: %s is at byte %d of the file", n, v.Name(), at)
			}
		}
	}
}

func TestEveryChangedByteIsFound(t *testing.T) {
	data := encode(t, &onnx.Model{Graph: network(), Metadata: map[string]string{"k": "v"}})
	key := bytes.Index(data, []byte(onnx.ChecksumKey))
	for i := range data {
		if i >= key-4 && i < key+len(onnx.ChecksumKey)+2 {
			continue // without the name of its entry there is no checksum
		}
		data[i] ^= 0x10
		if _, err := onnx.Decode(data, onnx.DecodeOptions{}); err == nil {
			t.Errorf("a changed byte %d was not found", i)
		}
		data[i] ^= 0x10
	}
}

func TestEveryTruncationIsAnError(t *testing.T) {
	data := encode(t, &onnx.Model{Graph: network(), Metadata: map[string]string{"k": "v"}})
	for n := range data {
		_, err := onnx.Decode(data[:n], onnx.DecodeOptions{File: "cut.onnx"})
		var format *tensor.FormatError
		if !errors.As(err, &format) {
			t.Fatalf("cut to %d of %d bytes: error %v, want a *tensor.FormatError", n, len(data), err)
		}
		if format.File != "cut.onnx" {
			t.Fatalf("the error names %q", format.File)
		}
	}
}

func TestExternalWeights(t *testing.T) {
	m := &onnx.Model{Graph: network()}
	file, external, err := onnx.Encode(m, onnx.EncodeOptions{ExternalLimit: 1, ExternalName: "w.data"})
	if err != nil {
		t.Fatal(err)
	}
	data, weights := file.Bytes(), external.Bytes()
	open := func(name string) ([]byte, error) {
		if name != "w.data" {
			return nil, os.ErrNotExist
		}
		return weights, nil
	}
	got, err := onnx.Decode(data, onnx.DecodeOptions{Open: open})
	if err != nil {
		t.Fatal(err)
	}
	aliases := 0
	for i, v := range got.Graph.Variables() {
		if !tensor.Same(v.Init(), m.Graph.Variables()[i].Init()) {
			t.Errorf("%s came back with other numbers", v.Name())
		}
		if at := address(weights, v.Init()); at >= 0 {
			aliases++
			if at%64 != 0 {
				t.Errorf("%s is at byte %d of the external file", v.Name(), at)
			}
		}
	}
	if aliases == 0 {
		t.Error("no weight lies in the external file")
	}
	weights[3] ^= 1
	if _, err := onnx.Decode(data, onnx.DecodeOptions{Open: open}); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("a changed external file gives the error %v", err)
	}
	if _, err := onnx.Decode(data, onnx.DecodeOptions{}); err == nil {
		t.Error("external weights without Open were read")
	}
	if _, _, err := onnx.Encode(m, onnx.EncodeOptions{ExternalLimit: 1}); err == nil {
		t.Error("weights over the limit without an external name were encoded")
	}
}

func TestStringsAndEveryElementType(t *testing.T) {
	g := graph.New()
	for dt := tensor.Float32; dt <= tensor.Bool; dt++ {
		x := tensor.Cast(tensor.Of([]float64{0, 1, 1, 0, 1, 1}, 2, 3), dt)
		g.Output(dt.String(), g.Constant(x))
	}
	g.Output("string", g.Constant(tensor.Of([]string{"", "ß", "a\x00b"}, 3, 1)))
	g.Output("empty", g.Constant(tensor.New(tensor.Int64, 0, 3)))
	got := decode(t, encode(t, &onnx.Model{Graph: g})).Graph
	for i, v := range g.Outputs() {
		if back := got.Outputs()[i]; !tensor.Same(v.Init(), back.Init()) {
			t.Errorf("%s: %v came back as %v", g.OutputNames()[i], v.Init(), back.Init())
		}
	}
}

func TestOutputsThatAreLeavesOrShared(t *testing.T) {
	g := graph.New()
	x := g.Input("x", graph.TensorOf(tensor.Float32, graph.Sym("N")))
	y := op.Relu(x)
	g.Output("a", x)
	g.Output("b", y)
	g.Output("c", y)
	g.Output("d", g.Constant(tensor.Scalar[int64](3)))
	got := decode(t, encode(t, &onnx.Model{Graph: g}))
	if a, b := simplified(t, g), simplified(t, got.Graph); a != b {
		t.Errorf("the graph was\n%s\nand came back as\n%s", a, b)
	}
}

func TestRefusals(t *testing.T) {
	type build func(g *graph.Graph, x *graph.Value)
	for name, c := range map[string]struct {
		build build
		want  string
	}{
		"update": {func(g *graph.Graph, x *graph.Value) {
			w := g.Variable("w", tensor.Full[float32](1, 3))
			g.Update(w, op.Neg(w))
		}, "updates w"},
		"taken output": {func(g *graph.Graph, x *graph.Value) { g.Output("x", op.Neg(x)) }, `"x"`},
		"ember's own": {func(g *graph.Graph, x *graph.Value) {
			defer g.Scope("dense_1")()
			g.Output("y", g.Apply(private{}, x)[0])
		}, "ember.Private (dense_1/Private)"},
	} {
		g := graph.New()
		c.build(g, g.Input("x", graph.TensorOf(tensor.Float32, graph.Known(3))))
		if _, _, err := onnx.Encode(&onnx.Model{Graph: g}, onnx.EncodeOptions{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %s", name, err, c.want)
		}
	}
}

// private is an operator that no file holds.
type private struct{}

func (private) Spec() graph.Spec                                   { return graph.Spec{Name: "Private", Domain: "ember"} }
func (private) Infer(in []graph.Type) ([]graph.Type, error)        { return in, nil }
func (private) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) { return in, nil }
