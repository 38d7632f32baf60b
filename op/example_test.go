package op_test

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// A network of one layer, its loss and the gradient of the loss.
func Example() {
	g := graph.New()
	x := g.Input("x", graph.TensorOf(tensor.Float32, graph.Sym("N"), graph.Known(4)))
	w := g.Variable("weight", tensor.New(tensor.Float32, 4, 2))
	b := g.Variable("bias", tensor.New(tensor.Float32, 2))

	y := op.Relu(op.Add(op.MatMul(x, w), b))
	loss := op.ReduceMean(op.Mul(y, y), nil, false)
	grads, err := op.Gradients([]*graph.Value{loss}, []*graph.Value{w, b})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(y.Type(), loss.Type(), grads[0].Type(), grads[1].Type())
	// Output: float32[N 2] float32[] float32[4 2] float32[2]
}
