package onnx_test

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/onnx"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

func Example() {
	g := graph.New()
	x := g.Input("x", graph.TensorOf(tensor.Float32, graph.Sym("N"), graph.Known(2)))
	w := g.Variable("dense_1.weight", tensor.Of([]float32{1, 2, 3, 4}, 2, 2))
	g.Output("y", op.Relu(op.MatMul(x, w)))

	file, _, err := onnx.Encode(&onnx.Model{Graph: g}, onnx.EncodeOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := onnx.Decode(file.Bytes(), onnx.DecodeOptions{File: "net.onnx"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(m.Graph)
	// Output:
	// input    x float32[N 2]
	// variable dense_1.weight float32[2 2]
	// %2 = MatMul(x, dense_1.weight) float32[N 2]
	// %3 = Relu(%2) float32[N 2]
	// output   y = %3
}
