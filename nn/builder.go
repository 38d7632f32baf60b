package nn

import (
	"fmt"
	"slices"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// Layer is a part of a network. Build adds it to b.Graph for the given inputs,
// one for most layers, and returns its output. The same layer may be built into
// several graphs, such as one for training and one for predicting.
type Layer interface {
	Build(b *Builder, in ...*graph.Value) *graph.Value
}

// Options say what the graph of a network is built for.
type Options struct {
	// Train builds what happens only while training: dropout, the statistics
	// of the batch in batch norm and the updates of the running ones.
	Train bool
	// Seed is the seed of the parameters' first values.
	Seed uint64
	// DType is the type of the parameters; zero means Float32.
	DType tensor.DType
	// Freeze lists patterns of layers or parameters that training leaves as
	// they are: "conv2d_*", "encoder.*", "dense_1.bias"; * stands for any
	// text, dots too. A frozen batch norm also keeps its running statistics.
	Freeze []string
	// Blank gives parameters no first values, only their types: for a graph that
	// is compiled with a State that has them, or whose shapes are asked for.
	Blank bool
}

// Builder is what a [Layer] builds with: the graph, parameters, running
// statistics, random numbers and penalties.
type Builder struct {
	Options
	// Graph is the graph that is built.
	Graph *graph.Graph

	layer     string
	params    Params
	penalties []*graph.Value
	carries   []Carry
	draws     map[string]int // how often each layer asked for random numbers
}

// NewBuilder returns a builder that adds to g.
func NewBuilder(g *graph.Graph, o Options) *Builder {
	if o.DType == tensor.Invalid {
		o.DType = tensor.Float32
	}
	return &Builder{Options: o, Graph: g}
}

// Scope calls build with the layer's name set: parameters made in it are called
// "<layer>.…" and nodes carry the name. Scopes nest with a dot, so that a layer
// made of layers gives "block.dense_1.weight".
func (b *Builder) Scope(layer string, build func() *graph.Value) *graph.Value {
	defer b.Graph.Scope(layer)()
	outer := b.layer
	b.layer = b.fullName(layer)
	defer func() { b.layer = outer }()
	return build()
}

// Layer is the name of the layer that is being built.
func (b *Builder) Layer() string { return b.layer }

// Failf panics with a [*tensor.ShapeError] that names the layer: what it was
// given cannot be.
func (b *Builder) Failf(format string, args ...any) {
	op := b.layer
	if op == "" {
		op = "nn"
	}
	panic(&tensor.ShapeError{Op: op, Detail: fmt.Sprintf(format, args...)})
}

// One is the only input of a layer; another number of inputs fails.
func (b *Builder) One(in []*graph.Value) *graph.Value {
	if len(in) != 1 {
		b.Failf("takes one input, given %d", len(in))
	}
	return in[0]
}

// Param is a trained parameter of the layer: the graph variable
// "<layer>.<name>", drawn by init from the seed and that name. One of rank 2 or
// more is subject to weight decay; biases and norms are not. Asked for twice, a
// name gives the same variable.
func (b *Builder) Param(name string, init Init, shape ...int) *graph.Value {
	return b.param(name, init, fansOf(shape), shape)
}

// param is Param for a parameter whose fans do not follow from its shape: the
// bias of a layer.
func (b *Builder) param(name string, init Init, fans [2]int, shape []int) *graph.Value {
	full := b.fullName(name)
	return b.variable(init, fans, shape, Param{
		Name: full, Layer: b.layer,
		Trainable: !b.frozen(full), Decay: len(shape) > 1,
	})
}

// State is a variable of the layer that no gradient trains, such as a running
// mean; [Builder.Update] changes it.
func (b *Builder) State(name string, init Init, shape ...int) *graph.Value {
	return b.variable(init, fansOf(shape), shape, Param{Name: b.fullName(name), Layer: b.layer, State: true})
}

// Update assigns a value to a state after each training step. It does nothing
// in a graph that is not for training, and for a frozen layer.
func (b *Builder) Update(state, value *graph.Value) {
	if b.Train && !b.frozen(state.Name()) {
		b.Graph.Update(state, value)
	}
}

// Penalize adds l1·Σ|w| + l2·Σw² of a parameter to [Builder.Penalty], unless
// the parameter is frozen.
func (b *Builder) Penalize(w *graph.Value, l1, l2 float64) {
	if b.frozen(w.Name()) {
		return
	}
	if l1 != 0 {
		b.penalties = append(b.penalties, b.scale(op.ReduceSum(op.Abs(w), nil, false), l1))
	}
	if l2 != 0 {
		b.penalties = append(b.penalties, b.scale(op.ReduceSum(op.Mul(w, w), nil, false), l2))
	}
}

// Penalty is the sum of the penalties of all layers built so far, a scalar that
// is added to the mean loss; nil where there is none.
func (b *Builder) Penalty() *graph.Value {
	var total *graph.Value
	for _, p := range b.penalties {
		if total == nil {
			total = p
			continue
		}
		total = op.Add(total, p)
	}
	return total
}

// Params are the parameters and states made so far.
func (b *Builder) Params() Params { return b.params }

// CheckFreeze is a [*config.Error] if a pattern of Options.Freeze names no layer or
// parameter of what was built: a typing mistake.
func (b *Builder) CheckFreeze() error {
	for _, pattern := range b.Freeze {
		if len(b.params.Match(pattern)) == 0 {
			return &config.Error{Detail: fmt.Sprintf("freeze: no layer or parameter is called %q%s", pattern, suggest(pattern, b.params.layers()))}
		}
	}
	return nil
}

func (b *Builder) fullName(name string) string {
	if b.layer == "" {
		return name
	}
	return b.layer + "." + name
}

func (b *Builder) frozen(name string) bool {
	p := Param{Name: name, Layer: b.layer}
	for _, pattern := range b.Freeze {
		if p.matches(pattern) {
			return true
		}
	}
	return false
}

func (b *Builder) variable(init Init, fans [2]int, shape []int, p Param) *graph.Value {
	p.Value = b.Graph.Named(p.Name)
	if p.Value == nil {
		p.Value = b.Graph.Variable(p.Name, b.first(init, fans, shape, p.Name))
	}
	if !p.Value.Shape().Equal(graph.Dims(shape...)) {
		b.Failf("parameter %s has shape %v already, not %v", p.Name, p.Value.Shape(), shape)
	}
	if !slices.ContainsFunc(b.params, func(o Param) bool { return o.Name == p.Name }) {
		b.params = append(b.params, p)
	}
	return p.Value
}

// first is the first value of a parameter; only its shape for a blank net.
func (b *Builder) first(init Init, fans [2]int, shape []int, name string) *tensor.Tensor {
	if b.Blank {
		return tensor.New(b.DType).BroadcastTo(shape)
	}
	t, err := init.draw(b.Seed, name, b.DType, fans, shape)
	if err != nil {
		b.Failf("the first values of %s %v", name, err)
	}
	return t
}
