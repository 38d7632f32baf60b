// Command custom_layer trains a network with two layers of its own on 8×8
// digits: one made of parameters and operators, one made of other layers. What
// they build is a graph of ONNX's operators, so a saved model needs neither.
//
//	go run ./examples/custom_layer
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/data"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/train"
)

// Maxout is the greatest of several affine functions (Goodfellow et al. 2013):
// y[u] = maxₚ (x·Wᵀ + b)[u, p]. Parameters: weight [Units·Pieces, in], bias
// [Units·Pieces].
type Maxout struct{ Units, Pieces int }

// Build adds the layer to the graph: [N, in] to [N, Units].
func (l Maxout) Build(b *nn.Builder, in ...*graph.Value) *graph.Value {
	x := b.One(in)
	features, known := x.Shape()[x.Rank()-1].Size()
	if x.Rank() != 2 || !known {
		b.Failf("wants [N, features], given %v", x.Shape())
	}
	weight := b.Param("weight", "he_uniform", l.Units*l.Pieces, features)
	bias := b.Param("bias", "zeros", l.Units*l.Pieces)
	y := op.Gemm(x, weight, bias, op.GemmOp{TransB: true})
	return op.ReduceMax(op.Reshape(y, -1, l.Units, l.Pieces), []int{2}, false)
}

// Highway lets its input pass where its gate is shut (Srivastava et al. 2015):
// y = x + g·(h - x), where h = relu(W·x + b) and g = σ(V·x + c).
type Highway struct{}

// Build adds the layer to the graph. The shape stays as it is.
func (Highway) Build(b *nn.Builder, in ...*graph.Value) *graph.Value {
	x := b.One(in)
	units, _ := x.Shape()[x.Rank()-1].Size()
	inner := func(name string, layer nn.Dense) *graph.Value {
		return b.Scope(name, func() *graph.Value { return layer.Build(b, x) })
	}
	h := inner("transform", nn.Dense{Units: units, Activation: "relu"})
	g := inner("gate", nn.Dense{Units: units, Activation: "sigmoid", BiasInit: "constant(-1)"})
	return op.Add(x, op.Mul(g, op.Sub(h, x)))
}

func main() {
	if err := run(context.Background(), os.Stdout, 20); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, w io.Writer, epochs int) error {
	digits, err := data.Open(ctx, "digits", data.Options{})
	if err != nil {
		return err
	}
	parts, err := data.Split(digits.Train, 1, 0.8, 0.2)
	if err != nil {
		return err
	}
	net := nn.Sequential(nn.Flatten{}, Maxout{Units: 32, Pieces: 3}, Highway{}, nn.Dense{Units: 10})
	net.Name, net.Input, net.Loss = "maxout", []int{1, 8, 8}, nn.CrossEntropy{}
	result, err := train.Fit(ctx, comm.Solo(), train.Job{
		Net: net, Data: learn.Data{Train: parts[0], Test: parts[1]},
		Options: train.Options{Epochs: epochs, Batch: 32, Seed: 1},
	})
	if err != nil {
		return err
	}
	for _, v := range result.Model.Graph.Variables() {
		fmt.Fprintln(w, v.Name(), v.Shape())
	}
	accuracy, _ := result.Test.Get("accuracy")
	_, err = fmt.Fprintf(w, "accuracy on %d digits not seen before: %.3f\n", parts[1].Len(), accuracy)
	return err
}
