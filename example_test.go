package ember_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/data"
	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/model"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/optim"
	"github.com/emberml/ember/tensor"
	"github.com/emberml/ember/train"
)

// Train a network, save it, load it again, and predict.
func Example() {
	ctx := context.Background()
	iris, err := data.Open(ctx, "iris", data.Options{}) // or a file: CSV, npz, IDX, images
	if err != nil {
		log.Fatal(err)
	}
	parts, err := data.Split(iris.Train, 1, 0.8, 0.2)
	if err != nil {
		log.Fatal(err)
	}

	net := nn.Sequential(
		nn.Dense{Units: 16, Activation: "relu"},
		nn.Dense{Units: 3},
	)
	net.Name, net.Input, net.Loss = "flowers", []int{4}, nn.CrossEntropy{}
	result, err := train.Fit(ctx, comm.Solo(), train.Job{
		Net: net, Data: learn.Data{Train: parts[0], Test: parts[1]},
		Optimizer: optim.Adam{LR: 0.01},
		Options:   train.Options{Epochs: 30, Batch: 16, Seed: 1},
	})
	if err != nil {
		log.Fatal(err)
	}
	accuracy, _ := result.Test.Get("accuracy")
	fmt.Println("accuracy above 0.9:", accuracy > 0.9)

	dir, err := os.MkdirTemp("", "ember")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "flowers.onnx")
	if err := result.Model.Save(ctx, file); err != nil {
		log.Fatal(err)
	}

	m, err := model.Load(ctx, file)
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	backend := cpu.New(cpu.Options{})
	defer backend.Close()
	predictor, err := m.Predictor(model.PredictOptions{Backend: backend})
	if err != nil {
		log.Fatal(err)
	}
	// Raw centimeters: the standardization is part of the model.
	p, err := predictor.Predict(tensor.Of([]float32{
		5.0, 3.4, 1.5, 0.2,
		6.5, 3.0, 5.8, 2.2,
	}, 2, 4))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.Labels)
	// Output:
	// accuracy above 0.9: true
	// [setosa virginica]
}

// Build a graph by hand, differentiate it twice, and run it.
func Example_gradients() {
	g := graph.New()
	x := g.Input("x", graph.TensorOf(tensor.Float64, graph.Sym("N")))
	y := op.Mul(x, op.Mul(x, x))
	first, err := op.Gradients([]*graph.Value{y}, []*graph.Value{x})
	if err != nil {
		log.Fatal(err)
	}
	second, err := op.Gradients(first, []*graph.Value{x})
	if err != nil {
		log.Fatal(err)
	}
	g.Output("y", y)
	g.Output("dy/dx", first[0])
	g.Output("d²y/dx²", second[0])

	backend := cpu.New(cpu.Options{})
	defer backend.Close()
	program, err := engine.Compile(g, engine.Options{Backend: backend})
	if err != nil {
		log.Fatal(err)
	}
	out, err := program.Run([]*tensor.Tensor{tensor.Of([]float64{-1, 0, 2})})
	if err != nil {
		log.Fatal(err)
	}
	for i, name := range g.OutputNames() {
		fmt.Println(name, out[i])
	}
	// Output:
	// y [-1.  0.  8.]
	// dy/dx [ 3.  0. 12.]
	// d²y/dx² [-6.  0. 12.]
}

// Tensors have NumPy's semantics: broadcasting, views, promotion.
func Example_tensors() {
	x := tensor.Of([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
	column := tensor.Of([]int8{10, 20}, 2, 1)
	fmt.Println(tensor.Add(x, column))

	last := x.Slice(1, -1, -4, -2) // columns 2 and 0: a view
	tensor.SetAt[float32](last, 0, 0, 0)
	fmt.Println(x)
	fmt.Println(tensor.Mean(x, []int{0}, false), tensor.ArgMax(x, 1, false))
	// Output:
	// [[11. 12. 13.]
	//  [24. 25. 26.]]
	// [[1. 2. 0.]
	//  [4. 5. 6.]]
	// [2.5 3.5 3. ] [1 2]
}
