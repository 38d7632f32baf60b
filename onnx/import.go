package onnx

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// importer builds a graph from its messages.
type importer struct {
	proto    *graphProto
	opset    int
	external func(*tensorProto) ([]byte, error)
	fixed    map[string]*tensor.Tensor
	graph    *graph.Graph
	values   map[string]*graph.Value
	at       int // offset of what is being built
}

func (im *importer) build(g *graph.Graph) error {
	im.graph, im.values = g, map[string]*graph.Value{}
	g.Name = im.proto.name
	if err := im.supported(); err != nil {
		return err
	}
	nodes, err := sorted(im.proto)
	if err != nil {
		return err
	}
	if err := im.leaves(); err != nil {
		return err
	}
	for _, n := range nodes {
		im.at = n.at
		if err := im.node(n); err != nil {
			return n.explain(err)
		}
	}
	return im.outputs()
}

// supported checks that all operators are known, and lists those that are not.
func (im *importer) supported() error {
	missing := &UnsupportedError{Hint: "docs/ops.md lists the operators that Ember has"}
	if im.proto.sparse {
		missing.add("sparse initializers", im.proto.name)
	}
	for _, n := range im.proto.nodes {
		if _, ok := prototype(n); !ok && !n.isConstant() && !n.isIdentity() {
			missing.add(qualified(n.domain, n.opType), n.title())
		}
	}
	if len(missing.Missing) > 0 {
		return missing
	}
	return nil
}

// prototype is the operator of the node without attributes.
func prototype(n *nodeProto) (graph.Op, bool) {
	domain := n.domain
	if isStandard(domain) {
		domain = ""
	}
	return op.ByName(domain, n.opType)
}

func (n *nodeProto) isConstant() bool { return isStandard(n.domain) && n.opType == "Constant" }

func (n *nodeProto) isIdentity() bool {
	return isStandard(n.domain) && n.opType == "Identity" && len(n.inputs) == 1 && len(n.outputs) == 1
}

func (n *nodeProto) errorf(format string, args ...any) error {
	return &tensor.FormatError{Offset: int64(n.at), Detail: fmt.Sprintf("%s (%s): ", n.title(), n.opType) + fmt.Sprintf(format, args...)}
}

// explain gives an error its place, if it has none.
func (n *nodeProto) explain(err error) error {
	var format *tensor.FormatError
	var unsupported *UnsupportedError
	if errors.As(err, &format) || errors.As(err, &unsupported) {
		return err
	}
	return n.errorf("%v", err)
}

// leaves adds inputs and initializers.
func (im *importer) leaves() error {
	initial := map[string]bool{}
	for _, t := range im.proto.initializers {
		initial[t.name] = true
	}
	for _, v := range im.proto.inputs {
		if initial[v.name] { // as files before IR 4 list them
			continue
		}
		typ, err := v.typ.graphType(v.name)
		if err != nil {
			return err
		}
		if err := im.free(v.name); err != nil {
			return err
		}
		if x := im.fixed[v.name]; x != nil {
			if x.DType() != typ.DType || x.Rank() != typ.Rank() {
				return fmt.Errorf("the input %s is %v, fixed to %v%v", v.name, typ, x.DType(), x.Shape())
			}
			im.values[v.name] = im.graph.Constant(x)
			continue
		}
		im.values[v.name] = im.graph.Input(v.name, typ)
	}
	for _, t := range im.proto.initializers {
		if err := im.free(t.name); err != nil {
			return err
		}
		x, err := t.tensor(im.external)
		if err != nil {
			return err
		}
		if x.DType().IsFloat() {
			im.values[t.name] = im.graph.Variable(t.name, x)
		} else {
			im.values[t.name] = im.graph.Constant(x)
		}
	}
	return nil
}

func (im *importer) free(name string) error {
	if _, taken := im.values[name]; taken || name == "" {
		return &tensor.FormatError{Offset: int64(im.proto.at), Detail: fmt.Sprintf("the name %q is empty or names two values", name)}
	}
	return nil
}

// node adds one node, whose inputs are there.
func (im *importer) node(n *nodeProto) error {
	in := make([]*graph.Value, len(n.inputs))
	for i, name := range n.inputs {
		if name != "" {
			in[i] = im.values[name]
		}
	}
	if n.isIdentity() && in[0] != nil {
		return im.bind(n, in)
	}
	attrs, err := n.decodeValues(im.external)
	if err != nil {
		return err
	}
	if n.isConstant() {
		x, err := constant(attrs)
		if err != nil {
			return err
		}
		return im.bind(n, []*graph.Value{im.graph.Constant(x)})
	}
	if _, axis := attrs["axis"]; im.opset < 7 && !axis {
		delete(attrs, "broadcast") // of elementwise operators, which align the last axes as today
	}
	proto, _ := prototype(n)
	if u, ok := proto.(op.Upgrader); ok && im.opset < proto.Spec().Since {
		old := &op.OldNode{Opset: im.opset, Attributes: attrs, In: in, Outputs: len(n.outputs)}
		if err := u.Upgrade(old); err != nil {
			return err
		}
		in = old.In
	}
	o, err := decodeAttributes(proto, attrs)
	if err != nil {
		return err
	}
	if s, ok := o.(op.Selective); ok {
		asked := make([]bool, len(n.outputs))
		for i, name := range n.outputs {
			asked[i] = name != ""
		}
		o = s.Asked(asked)
	}
	out, folded, err := im.fold(o, in)
	if err != nil {
		return err
	}
	if folded {
		return im.bind(n, out)
	}
	defer im.graph.Scope(scopeOf(n.name))()
	if out, err = im.graph.TryApply(o, in...); err != nil {
		return err
	}
	return im.bind(n, out)
}

// foldLimit is the most elements of a value that is computed while a file is
// read: enough for shapes, axes and scalars.
const foldLimit = 1 << 10

// fold computes an operator of small known values, so that every kind of shape
// arithmetic is known to what comes after it.
func (im *importer) fold(o graph.Op, in []*graph.Value) ([]*graph.Value, bool, error) {
	args := make([]*tensor.Tensor, len(in))
	types := make([]graph.Type, len(in))
	for i, v := range in {
		if v == nil {
			continue
		}
		types[i] = v.Type()
		if args[i] = v.Type().Const; args[i] == nil || args[i].Len() > foldLimit {
			return nil, false, nil
		}
	}
	outTypes, err := o.Infer(types)
	if err != nil || len(in) == 0 {
		return nil, false, nil // TryApply explains it
	}
	for _, t := range outTypes {
		if n, known := t.Shape.Len().Size(); t.Kind != graph.KindTensor || !known || n > foldLimit {
			return nil, false, nil
		}
	}
	results, err := o.Eval(args)
	if err != nil {
		return nil, false, err
	}
	out := make([]*graph.Value, len(results))
	for i, x := range results {
		out[i] = im.graph.Constant(x)
	}
	return out, true, nil
}

// scopeOf is the layer in a node's name: "encoder/dense_1" of
// "/encoder/dense_1/MatMul".
func scopeOf(name string) string {
	if !strings.Contains(name, "/") {
		return ""
	}
	return strings.Trim(path.Dir(name), "/.")
}

// bind gives the node's outputs their names.
func (im *importer) bind(n *nodeProto, out []*graph.Value) error {
	for i, name := range n.outputs {
		switch {
		case name == "":
		case i >= len(out):
			return fmt.Errorf("its output %d, %s, is not supported", i, name)
		default:
			if err := im.free(name); err != nil {
				return err
			}
			im.values[name] = out[i]
		}
	}
	return nil
}

// constant is the value of a Constant node, which has exactly one attribute.
func constant(attrs attributes) (*tensor.Tensor, error) {
	if len(attrs) != 1 {
		return nil, fmt.Errorf("it has %d values: want one", len(attrs))
	}
	var value any
	for _, value = range attrs {
	}
	switch v := value.(type) {
	case *tensor.Tensor:
		return v, nil
	case int64:
		return tensor.Scalar(v), nil
	case float32:
		return tensor.Scalar(v), nil
	case string:
		return tensor.Scalar(v), nil
	case []int64:
		return tensor.Of(v, len(v)), nil
	case []float32:
		return tensor.Of(v, len(v)), nil
	case []string:
		return tensor.Of(v, len(v)), nil
	}
	return nil, fmt.Errorf("its value %v is not supported", value)
}

// outputs names the results.
func (im *importer) outputs() error {
	seen := map[string]bool{}
	for _, o := range im.proto.outputs {
		v := im.values[o.name]
		if v == nil || seen[o.name] {
			return &tensor.FormatError{Offset: int64(im.proto.at), Detail: fmt.Sprintf("the output %q is never computed, or is named twice", o.name)}
		}
		seen[o.name] = true
		im.graph.Output(o.name, v)
	}
	if len(seen) == 0 {
		return &tensor.FormatError{Offset: int64(im.proto.at), Detail: "the graph has no outputs"}
	}
	return nil
}
