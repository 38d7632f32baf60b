package model_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/model"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// A model of two classes with weights that are known beforehand: a flower with
// petals wider than 1 cm is the second one.
func Example() {
	ctx := context.Background()
	pipeline, err := feature.New(&data.Schema{
		Name: "flowers.csv", Sample: tensor.Shape{1}, DType: tensor.Float32, Columns: []string{"petal width"},
		Target: data.Target{Kind: data.Classes, Labels: []string{"setosa", "virginica"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := model.Build(model.Spec{
		Name: "flowers",
		Info: model.Info{Pipeline: pipeline},
		Forward: func(g *graph.Graph, x *graph.Value) *graph.Value {
			return op.Sigmoid(op.Add(op.Mul(x, g.Named("slope")), g.Named("offset")))
		},
		Weights: map[string]*tensor.Tensor{
			"slope": tensor.Of([]float32{2}), "offset": tensor.Of([]float32{-2}),
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	folder, err := os.MkdirTemp("", "ember")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "flowers.onnx")
	if err := m.Save(ctx, path); err != nil {
		fmt.Println(err)
		return
	}

	loaded, err := model.Load(ctx, path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer loaded.Close()
	backend := cpu.New(cpu.Options{})
	defer backend.Close()
	predictor, err := loaded.Predictor(model.PredictOptions{Backend: backend})
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := predictor.Predict(tensor.Of([]float32{0.2, 1, 2.1}, 3, 1))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Labels)
	fmt.Printf("%.3f\n", tensor.Data[float32](p.Probabilities))
	// Output:
	// [setosa setosa virginica]
	// [0.832 0.168 0.500 0.500 0.100 0.900]
}
