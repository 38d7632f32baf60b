package onnx

import (
	"bytes"
	"testing"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
)

// TestAttributesOfEveryOperator writes and reads the attributes of every
// application that an operator lists as a case.
func TestAttributesOfEveryOperator(t *testing.T) {
	for _, o := range op.All {
		spec := o.Spec()
		var ops []graph.Op
		if spec.Cases != nil {
			for _, c := range spec.Cases() {
				ops = append(ops, c.Op)
			}
		}
		for _, o := range append(ops, o) {
			first, err := encodedAttributes(o)
			if err != nil {
				t.Errorf("%s: %v", spec.Name, err)
				continue
			}
			n := &nodeProto{}
			if err := eachField(first, 0, n.set); err != nil {
				t.Errorf("%s: %v", spec.Name, err)
				continue
			}
			values, err := n.decodeValues(nil)
			if err != nil {
				t.Errorf("%s: %v", spec.Name, err)
				continue
			}
			got, err := decodeAttributes(o, values)
			if err != nil {
				t.Errorf("%s: %v", spec.Name, err)
				continue
			}
			if second, err := encodedAttributes(got); err != nil || !bytes.Equal(first, second) {
				t.Errorf("%s: %+v came back as %+v, error %v", spec.Name, o, got, err)
			}
		}
	}
}

func encodedAttributes(o graph.Op) ([]byte, error) {
	attributes, err := encodeAttributes(o)
	return (&nodeProto{opType: o.Spec().Name, attributes: attributes}).append(nil), err
}

func TestDecimalsStayWhatTheyAre(t *testing.T) {
	for _, x := range []float64{0, 0.1, -1e-5, 1.0 / 3, 3.4e38} {
		if got := widen(float32(x)); float32(got) != float32(x) || x == 0.1 && got != x {
			t.Errorf("%v became %v", x, got)
		}
	}
}
