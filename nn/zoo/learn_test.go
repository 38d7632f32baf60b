package zoo_test

import (
	"testing"

	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/nn/zoo"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// TestStepLowersLoss takes a small step down the gradient on a tiny batch, which has
// to lower the loss of that batch.
func TestStepLowersLoss(t *testing.T) {
	stepLowersLoss(t, "mobilenet_v2")
}

func stepLowersLoss(t *testing.T, name string) {
	t.Helper()
	net, err := zoo.Get(name, []int{3, 32, 32}, 3)
	if err != nil {
		t.Fatal(err)
	}
	g := graph.New()
	b := nn.NewBuilder(g, nn.Options{Train: true, Seed: 1})
	x := g.Input("x", batchOf(tensor.Float32, []int{4, 3, 32, 32}))
	target := g.Input("target", batchOf(tensor.Int64, []int{4}))
	// Dropout would hide what a small step does.
	for i, item := range net.Layers {
		switch l := item.Layer.(type) {
		case nn.Dense:
			l.Dropout = 0
			net.Layers[i].Layer = l
		case nn.Dropout:
			net.Layers[i].Layer = nn.Flatten{}
		}
	}
	loss := op.ReduceMean(net.Loss.Each(b, net.Forward(b, x), target), nil, false)
	wrt := b.Params().Trainable().Values()
	grads, err := op.Gradients([]*graph.Value{loss}, wrt)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range wrt {
		g.Update(v, op.Sub(v, op.Mul(grads[i], op.Scalar(v, 1e-5))))
	}
	g.Output("loss", loss)
	backend := cpu.New(cpu.Options{})
	defer backend.Close()
	program, err := engine.Compile(g, engine.Options{Backend: backend})
	if err != nil {
		t.Fatal(err)
	}
	feed := []*tensor.Tensor{noise("input", []int{4, 3, 32, 32}, 1, 0), tensor.Of([]int64{0, 1, 2, 1})}
	var losses []float64
	for range 2 {
		out, err := program.Run(feed)
		if err != nil {
			t.Fatal(err)
		}
		losses = append(losses, tensor.Float64s(out[0])...)
	}
	if !(losses[1] < losses[0]) {
		t.Errorf("%s: the loss goes from %v to %v", name, losses[0], losses[1])
	}
}
