package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// Upgrader is an operator whose form was another one in older operator sets.
type Upgrader interface {
	graph.Op
	// Upgrade brings a node that was written for an older version of ai.onnx
	// into the operator's own form. What has no such form is an error.
	Upgrade(n *OldNode) error
}

// OldNode is a node of a file of an older version of ai.onnx.
type OldNode struct {
	Opset      int            // the version
	Attributes map[string]any // int64, float32, string, lists of these or *tensor.Tensor
	In         []*graph.Value
	Outputs    int // how many outputs the node names
}

// toInput makes an attribute, a list of integers or a number, the input of the
// given index.
func (n *OldNode) toInput(attribute string, index int) error {
	value, ok := n.Attributes[attribute]
	if !ok {
		return nil
	}
	if len(n.In) == 0 || len(n.In) > index || n.In[0] == nil {
		return fmt.Errorf("the attribute %s of opset %d comes with %d inputs", attribute, n.Opset, len(n.In))
	}
	var t *tensor.Tensor
	switch v := value.(type) {
	case []int64:
		t = tensor.Of(v, len(v))
	case float32:
		t = tensor.Cast(tensor.Scalar(v), n.In[0].DType())
	default:
		return fmt.Errorf("the attribute %s of opset %d is %v", attribute, n.Opset, value)
	}
	for len(n.In) < index {
		n.In = append(n.In, nil)
	}
	n.In = append(n.In, n.In[0].Graph().Constant(t))
	delete(n.Attributes, attribute)
	return nil
}

// toInputs makes attributes the inputs after the first.
func (n *OldNode) toInputs(attributes ...string) error {
	for i, a := range attributes {
		if err := n.toInput(a, i+1); err != nil {
			return err
		}
	}
	return nil
}

// drop takes out an attribute that may only have the given value.
func (n *OldNode) drop(attribute string, only int64) error {
	if v, ok := n.Attributes[attribute]; ok && v != only {
		return fmt.Errorf("the attribute %s of opset %d is %v: only %d is supported", attribute, n.Opset, v, only)
	}
	delete(n.Attributes, attribute)
	return nil
}

// oneAxisOnly accepts a Softmax from before opset 13, which took all axes from
// the given one (by default 1) on as one, where all after it have extent 1.
func (n *OldNode) oneAxisOnly() error {
	if n.Opset >= 13 || len(n.In) != 1 || n.In[0] == nil {
		return nil
	}
	axis, ok := n.Attributes["axis"].(int64)
	if !ok {
		axis = 1
	}
	at, err := axisOf(int(axis), n.In[0].Rank())
	if err != nil {
		return err
	}
	for _, d := range n.In[0].Shape()[at+1:] {
		if !d.Is(1) {
			return fmt.Errorf("axis %d of the shape %v means several axes in opset %d: convert the model to opset 13 or later", axis, n.In[0].Shape(), n.Opset)
		}
	}
	n.Attributes["axis"] = int64(at)
	return nil
}
