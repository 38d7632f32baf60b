package onnx

// The messages of onnx.proto3, as far as Ember reads and writes them. Field
// numbers are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.

type modelProto struct {
	irVersion       int64
	producer        string
	producerVersion string
	domain          string
	doc             string
	graph           *graphProto
	opsets          []*opsetProto
	metadata        []*entryProto
}

func (m *modelProto) set(f field) error {
	switch f.num {
	case 1:
		return setInt(f, &m.irVersion)
	case 2:
		return setString(f, &m.producer)
	case 3:
		return setString(f, &m.producerVersion)
	case 4:
		return setString(f, &m.domain)
	case 6:
		return setString(f, &m.doc)
	case 7:
		if m.graph != nil {
			return f.errorf("a second graph")
		}
		m.graph = &graphProto{}
		return decode(f, m.graph)
	case 8:
		return add(f, &m.opsets)
	case 14:
		return add(f, &m.metadata)
	}
	return nil
}

func (m *modelProto) append(b []byte) []byte {
	b = appendInt(b, 1, m.irVersion)
	b = appendString(b, 2, m.producer)
	if m.producerVersion != "" {
		b = appendString(b, 3, m.producerVersion)
	}
	if m.doc != "" {
		b = appendString(b, 6, m.doc)
	}
	for _, o := range m.opsets {
		b = appendString(b, 8, o.append(nil))
	}
	for _, e := range m.metadata {
		b = appendString(b, 14, e.append(nil))
	}
	return b // the graph is placed by the encoder
}

type opsetProto struct {
	domain  string
	version int64
}

func (o *opsetProto) set(f field) error {
	switch f.num {
	case 1:
		return setString(f, &o.domain)
	case 2:
		return setInt(f, &o.version)
	}
	return nil
}

func (o *opsetProto) append(b []byte) []byte {
	return appendInt(appendString(b, 1, o.domain), 2, o.version)
}

type entryProto struct {
	key, value string
	valueAt    int // offset of the value in the file
}

func (e *entryProto) set(f field) error {
	switch f.num {
	case 1:
		return setString(f, &e.key)
	case 2:
		e.valueAt = f.at
		return setString(f, &e.value)
	}
	return nil
}

func (e *entryProto) append(b []byte) []byte {
	return appendString(appendString(b, 1, e.key), 2, e.value)
}

type graphProto struct {
	at           int // offset in the file
	nodes        []*nodeProto
	name         string
	initializers []*tensorProto
	inputs       []*valueProto
	outputs      []*valueProto
	sparse       bool // has sparse initializers
}

func (g *graphProto) set(f field) error {
	switch f.num {
	case 1:
		g.nodes = append(g.nodes, &nodeProto{at: f.at})
		return decode(f, g.nodes[len(g.nodes)-1])
	case 2:
		return setString(f, &g.name)
	case 5:
		g.initializers = append(g.initializers, &tensorProto{at: f.at})
		return decode(f, g.initializers[len(g.initializers)-1])
	case 11:
		return add(f, &g.inputs)
	case 12:
		return add(f, &g.outputs)
	case 15:
		g.sparse = true
	}
	return nil
}

func (g *graphProto) append(b []byte) []byte {
	for _, n := range g.nodes {
		b = appendString(b, 1, n.append(nil))
	}
	b = appendString(b, 2, g.name)
	for _, v := range g.inputs {
		b = appendString(b, 11, v.append(nil))
	}
	for _, v := range g.outputs {
		b = appendString(b, 12, v.append(nil))
	}
	return b // the initializers are placed by the encoder
}

type nodeProto struct {
	at         int
	inputs     []string
	outputs    []string
	name       string
	opType     string
	domain     string
	attributes []*attributeProto
}

func (n *nodeProto) set(f field) error {
	switch f.num {
	case 1:
		return addString(f, &n.inputs)
	case 2:
		return addString(f, &n.outputs)
	case 3:
		return setString(f, &n.name)
	case 4:
		return setString(f, &n.opType)
	case 5:
		return add(f, &n.attributes)
	case 7:
		return setString(f, &n.domain)
	}
	return nil
}

func (n *nodeProto) append(b []byte) []byte {
	for _, s := range n.inputs {
		b = appendString(b, 1, s)
	}
	for _, s := range n.outputs {
		b = appendString(b, 2, s)
	}
	b = appendString(b, 3, n.name)
	b = appendString(b, 4, n.opType)
	for _, a := range n.attributes {
		b = appendString(b, 5, a.append(nil))
	}
	if n.domain != "" {
		b = appendString(b, 7, n.domain)
	}
	return b
}

// title says which node an error is about.
func (n *nodeProto) title() string {
	switch {
	case n.name != "":
		return n.name
	case len(n.outputs) > 0:
		return "the node of " + n.outputs[0]
	}
	return "a node without a name"
}

// attrKind is what an attribute holds: AttributeProto.AttributeType.
type attrKind int32

const (
	attrUndefined attrKind = iota
	attrFloat
	attrInt
	attrString
	attrTensor
	attrGraph
	attrFloats
	attrInts
	attrStrings
	attrTensors
	attrGraphs
)

var attrKinds = [...]string{"undefined", "float", "int", "string", "tensor", "graph", "floats", "ints", "strings", "tensors", "graphs"}

func (k attrKind) String() string {
	if k < 0 || int(k) >= len(attrKinds) {
		return "unknown kind"
	}
	return attrKinds[k]
}

type attributeProto struct {
	name    string
	kind    attrKind
	f       float32
	i       int64
	s       string
	t       *tensorProto
	floats  []float32
	ints    []int64
	strings []string
	ref     string // an attribute of a model-local function
}

func (a *attributeProto) set(f field) error {
	switch f.num {
	case 1:
		return setString(f, &a.name)
	case 2:
		one := []float32{}
		if err := addFloats(f, &one); err != nil || len(one) != 1 {
			return f.errorf("attribute %s is not one float", a.name)
		}
		a.f = one[0]
		return nil
	case 3:
		return setInt(f, &a.i)
	case 4:
		return setString(f, &a.s)
	case 5:
		a.t = &tensorProto{at: f.at}
		return decode(f, a.t)
	case 7:
		return addFloats(f, &a.floats)
	case 8:
		return addInts(f, &a.ints)
	case 9:
		return addString(f, &a.strings)
	case 20:
		return setInt(f, &a.kind)
	case 21:
		return setString(f, &a.ref)
	}
	return nil
}

func (a *attributeProto) append(b []byte) []byte {
	b = appendString(b, 1, a.name)
	switch a.kind {
	case attrFloat:
		b = appendFloat(b, 2, a.f)
	case attrInt:
		b = appendInt(b, 3, a.i)
	case attrString:
		b = appendString(b, 4, a.s)
	case attrTensor:
		b = appendString(b, 5, a.t.append(nil))
	case attrFloats:
		for _, v := range a.floats {
			b = appendFloat(b, 7, v)
		}
	case attrInts:
		for _, v := range a.ints {
			b = appendInt(b, 8, v)
		}
	case attrStrings:
		for _, v := range a.strings {
			b = appendString(b, 9, v)
		}
	}
	return appendInt(b, 20, int64(a.kind))
}
