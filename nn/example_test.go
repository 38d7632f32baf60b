package nn_test

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/op"
)

func ExampleParseNet() {
	net, err := nn.ParseNet("iris.yaml", []byte(`
input: [4]
layers:
  - dense: {units: 16, activation: relu}
  - dense: {units: 3}
loss: cross_entropy
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	rows, err := net.Summary()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range rows {
		fmt.Println(r.Name, r.Output, r.Params)
	}
	// Output:
	// dense_1 [N 16] 80
	// dense_2 [N 3] 51
}

func ExampleParseNet_mistake() {
	_, err := nn.ParseNet("iris.yaml", []byte(`
input: [4]
layers:
  - dense: {units: 16, activation: rleu}
loss: cross_entropy
`))
	fmt.Println(err)
	// Output: iris.yaml:4: unknown activation "rleu"; did you mean "relu"?
}

func ExampleSequential() {
	net := nn.Sequential(
		nn.Conv2D{Filters: 8, Kernel: nn.Pair{3}, Padding: nn.Same, Activation: "relu"},
		nn.GlobalAveragePool2D{},
		nn.Dense{Units: 10},
	)
	net.Name, net.Input, net.Loss = "tiny", []int{3, 32, 32}, nn.CrossEntropy{}
	text, err := net.YAML()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(string(text))
	// Output:
	// name: tiny
	// input: [3, 32, 32]
	// layers:
	//   - conv2d: {filters: 8, kernel: 3, padding: same, activation: relu}
	//   - global_average_pool2d
	//   - dense: {units: 10}
	// loss: cross_entropy
}

// Swish is x·σ(βx) with a trained β for each feature.
type Swish struct{}

// Build makes the parameter "<layer>.beta" and the graph of the formula.
func (Swish) Build(b *nn.Builder, in ...*graph.Value) *graph.Value {
	x := b.One(in)
	features, ok := x.Shape()[x.Rank()-1].Size()
	if !ok {
		b.Failf("wants a known number of features, given %v", x.Shape())
	}
	beta := b.Param("beta", "ones", features)
	return op.Mul(x, op.Sigmoid(op.Mul(x, beta)))
}

// A layer of one's own is a type with the method Build.
func ExampleLayer() {
	net := nn.Sequential(nn.Dense{Units: 8}, Swish{}, nn.Dense{Units: 1})
	net.Input = []int{4}
	rows, err := net.Summary()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(rows[1].Name, rows[1].Output, rows[1].Params)
	// Output: swish_1 [N 8] 8
}
