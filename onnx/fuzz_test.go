package onnx

import (
	"fmt"
	"os"
	"testing"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// FuzzDecode reads damaged models: an error, never a panic or more memory than
// the file's size explains. The seeds carry no checksum, which would stop every
// change at the door.
func FuzzDecode(f *testing.F) {
	weight := protoOf("w", tensor.Of([]float32{1, 2, 3}))
	shape := &tensorProto{name: "s", dims: []int64{2}, dataType: 7, raw: []byte("\xff\xff\xff\xff\xff\xff\xff\xff\x03\x00\x00\x00\x00\x00\x00\x00"), hasRaw: true}
	axis := &attributeProto{name: "axis", kind: attrInt, i: -1}
	sequence := handmade(13, []*nodeProto{node("Relu", "x", "y")})
	sequence.graph.inputs[0].typ = typeOf(graph.Type{Kind: graph.KindSequence, Elem: &graph.Type{Kind: graph.KindTensor, DType: tensor.Int8}})
	for _, m := range []*modelProto{
		handmade(21, []*nodeProto{node("Softmax", "a", "y", axis), node("Add", "x,w", "a")}, weight),
		handmade(21, []*nodeProto{node("Reshape", "x,s", "a"), node("Identity", "a", "y")}, shape),
		handmade(12, []*nodeProto{node("Unsqueeze", "x", "y", &attributeProto{name: "axes", kind: attrInts, ints: []int64{0, 2}})}),
		handmade(21, []*nodeProto{node("Constant", "", "c", &attributeProto{name: "value", kind: attrTensor, t: weight}), node("Mul", "x,c", "y")}),
		handmade(21, []*nodeProto{node("Concat", "x,x", "y", &attributeProto{name: "axis", kind: attrInt})}, &tensorProto{
			name: "e", dims: []int64{1}, dataType: 1, location: 1, external: []*entryProto{{key: "location", value: "w"}},
		}),
		sequence,
	} {
		f.Add(layOut(m).Bytes())
	}
	for _, o := range op.All {
		for _, c := range o.Spec().Cases() {
			if m := caseModel(c); m != nil {
				f.Add(layOut(m).Bytes())
			}
		}
	}
	open := func(string) ([]byte, error) { return nil, os.ErrNotExist }
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Decode(data, DecodeOptions{Open: open})
		if err != nil {
			return
		}
		file, _, err := Encode(m, EncodeOptions{})
		if err != nil {
			return // such as a metadata entry that Encode writes itself
		}
		if _, err := Decode(file.Bytes(), DecodeOptions{}); err != nil {
			t.Errorf("what Encode wrote of a decoded model cannot be read: %v", err)
		}
	})
}

// caseModel is the model of an operator's case, nil for one that no file holds.
func caseModel(c graph.Case) *modelProto {
	g := graph.New()
	in := make([]*graph.Value, len(c.In))
	for i, a := range c.In {
		dt := a.DType
		if dt == tensor.Invalid {
			dt = tensor.Float32
		}
		switch {
		case a.Omitted:
		case a.Value != nil:
			in[i] = g.Constant(a.Value)
		default:
			in[i] = g.Input(fmt.Sprint("in", i), graph.TensorOf(dt, graph.Dims(a.Shape...)...))
		}
	}
	for i, v := range g.Apply(c.Op, in...) {
		g.Output(fmt.Sprint("out", i), v)
	}
	p, domains, err := exportGraph(g)
	if err != nil {
		return nil
	}
	m := &modelProto{irVersion: IRVersion, graph: p, opsets: []*opsetProto{{version: Opset}}}
	for domain, version := range domains {
		m.opsets = append(m.opsets, &opsetProto{domain: domain, version: version})
	}
	return m
}
