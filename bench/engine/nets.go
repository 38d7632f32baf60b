package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/nn/zoo"
	"github.com/emberml/ember/onnx"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/optim"
	"github.com/emberml/ember/tensor"
)

// nets are the nets that are not in the zoo as they are.
var nets = map[string]func(w work) *nn.Net{
	"mlp":  func(w work) *nn.Net { return zoo.MLP(w.Input, w.Classes, 128) },
	"mlp2": func(w work) *nn.Net { return zoo.MLP(w.Input, w.Classes, 256, 128) },
	// Without dropout and penalty, so that losses can be compared.
	"lenet": func(w work) *nn.Net {
		return nn.Sequential(
			nn.Conv2D{Filters: 20, Kernel: nn.Pair{5}, Activation: "relu"}, nn.MaxPool2D{},
			nn.Conv2D{Filters: 50, Kernel: nn.Pair{5}, Activation: "relu"}, nn.MaxPool2D{},
			nn.Flatten{}, nn.Dense{Units: 500, Activation: "relu"}, nn.Dense{Units: w.Classes},
		)
	},
}

// files are nets in the language of net files, where a layer may not be there
// yet: the row is skipped then.
var files = map[string]string{
	"lstm":    "{input: [50, 128], layers: [{lstm: {units: 256}}, {dense: {units: 10}}], loss: cross_entropy}",
	"gru":     "{input: [50, 128], layers: [{gru: {units: 256}}, {dense: {units: 10}}], loss: cross_entropy}",
	"encoder": "{input: [128, 256], layers: [" + encoderBlock + ", " + encoderBlock + ", flatten, {dense: {units: 10}}], loss: cross_entropy}",
	// Without the classifier, of whose input the length is known.
	"encoder-blocks": "{input: [128, 256], layers: [" + encoderBlock + ", " + encoderBlock + "], loss: mse}",
}

const encoderBlock = "{transformer_encoder: {heads: 4, hidden: 1024}}"

// netOf is the net of a work.
func netOf(w work) (*nn.Net, error) {
	var net *nn.Net
	var err error
	if build, ok := nets[w.Net]; ok {
		net = build(w)
	} else if file, ok := files[w.Net]; ok {
		net, err = nn.ParseNet(w.Net, []byte(file))
	} else {
		net, err = zoo.Get(w.Net, w.Input, w.Classes)
	}
	if err != nil {
		return nil, skip(err.Error())
	}
	net.Input, net.Loss = w.Input, nn.CrossEntropy{}
	if w.Classes == 0 {
		net.Loss = nn.MSE{}
	}
	withoutDropout(net)
	return net, nil
}

// withoutDropout lets losses be compared.
func withoutDropout(net *nn.Net) {
	for i := range net.Layers {
		switch l := net.Layers[i].Layer.(type) {
		case nn.Dense:
			l.Dropout = 0
			net.Layers[i].Layer = l
		case nn.Dropout:
			l.Rate = 0
			net.Layers[i].Layer = l
		}
	}
}

// newTraining is a training step with Adam, in the two programs that package
// train makes of it.
func newTraining(backend *cpu.Backend, w work, data []*tensor.Tensor) (subject, error) {
	net, err := netOf(w)
	if err != nil {
		return subject{}, err
	}
	g, update := graph.New(), graph.New()
	b := nn.NewBuilder(g, nn.Options{Train: true})
	x := g.Input("input", graph.TypeOf(data[0]))
	target := x
	if w.Classes > 0 {
		target = g.Input("target", graph.TypeOf(data[1]))
	}
	loss := op.ReduceMean(net.Loss.Each(b, net.Forward(b, x), target), nil, false)
	g.Output("loss", loss)
	trained := b.Params().Trainable()
	gradients, err := op.Gradients([]*graph.Value{loss}, trained.Values())
	if err != nil {
		return subject{}, err
	}
	step := optim.NewStep(update)
	for i, p := range trained {
		zeros := tensor.New(tensor.Float32).BroadcastTo(concrete(p.Value))
		g.Update(g.Variable("grad."+p.Name, zeros), gradients[i])
		optim.Adam{}.Update(step, optim.Param{
			Value: update.Variable(p.Name, p.Value.Init()), Grad: update.Variable("grad."+p.Name, zeros),
		})
	}
	options := engine.Options{Backend: backend, State: engine.NewState(), Arena: engine.NewArena()}
	fillParameters(b.Params())
	for _, p := range b.Params() { // the graph's first values, not copies of them
		if err := options.State.Place(p.Name, p.Value.Init()); err != nil {
			return subject{}, err
		}
	}
	first, err := engine.Compile(g, options)
	if err != nil {
		return subject{}, err
	}
	second, err := engine.Compile(update, options)
	if err != nil {
		return subject{}, err
	}
	rate, number := tensor.Scalar(1e-3), tensor.Scalar(int64(0))
	var last float64
	run := func() error {
		tensor.Data[int64](number)[0]++
		out, err := first.Run(data)
		if err != nil {
			return err
		}
		last = out[0].Float64At()
		_, err = second.Run([]*tensor.Tensor{rate, number})
		return err
	}
	s := subject{run: run, answer: reply{
		FLOPs: flops(g) + flops(update),
		Bytes: 9 * 4 * elements(trained), // forward, backward; gradient written and read; p, m, v read and written less one
	}}
	for range 3 {
		if err := run(); err != nil {
			return subject{}, err
		}
		s.answer.Check = append(s.answer.Check, last)
	}
	tensor.Data[float64](rate)[0] = 1e-9 // so that a long run does not end in zeros and denormals
	return s, nil
}

// newInference is the forward pass of a net, which is also written as ONNX.
func newInference(backend *cpu.Backend, w work, data []*tensor.Tensor) (subject, error) {
	net, err := netOf(w)
	if err != nil {
		return subject{}, err
	}
	g := graph.New()
	b := nn.NewBuilder(g, nn.Options{})
	g.Output("output", net.Forward(b, g.Input("input", graph.TypeOf(data[0]))))
	fillParameters(b.Params())
	program, err := engine.Compile(g, engine.Options{Backend: backend})
	if err != nil {
		return subject{}, err
	}
	out, err := program.Run(data[:1])
	if err != nil {
		return subject{}, err
	}
	file, err := export(g, w)
	return subject{
		run: func() error { _, err := program.Run(data[:1]); return err },
		answer: reply{
			Check: some(out[0]), File: file,
			FLOPs: flops(g), Bytes: 4 * elements(b.Params()),
		},
	}, err
}

// export writes the graph for ONNX Runtime, and returns the file's path.
func export(g *graph.Graph, w work) (string, error) {
	file, external, err := onnx.Encode(&onnx.Model{Graph: g}, onnx.EncodeOptions{})
	if err != nil {
		return "", err
	}
	if external != nil {
		return "", fmt.Errorf("%s takes more than one file", w.Net)
	}
	path := filepath.Join(cache, fmt.Sprintf("%s-%d-%d.onnx", w.Net, w.Batch, os.Getpid()))
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	if _, err := file.WriteTo(f); err != nil {
		return "", err
	}
	return path, f.Close()
}

func concrete(v *graph.Value) tensor.Shape {
	s, _ := v.Shape().Concrete()
	return s
}

func elements(params nn.Params) float64 {
	sum := 0
	for _, p := range params {
		sum += p.Len()
	}
	return float64(sum)
}

// flops are the operations of a graph of concrete shapes, by the operators'
// own counts. What no output needs, such as the gradient of the net's input, is
// not counted.
func flops(g *graph.Graph) float64 {
	g, err := g.Simplify()
	if err != nil {
		return 0
	}
	var sum int64
	for _, n := range g.Nodes() {
		in, out := typesOf(n.In()), typesOf(n.Out())
		if count := n.Op().Spec().FLOPs; count != nil {
			sum += count(in, out)
		} else if shape, ok := out[0].Shape.Concrete(); ok {
			sum += int64(shape.Len())
		}
	}
	return float64(sum)
}

func typesOf(values []*graph.Value) []graph.Type {
	types := make([]graph.Type, len(values))
	for i, v := range values {
		if v != nil {
			types[i] = v.Type()
		}
	}
	return types
}
