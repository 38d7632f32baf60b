// Command regression learns a number from the columns of a table: the width of
// an iris's petal from its other measures. Columns are standardized; the means
// and deviations are part of the saved model, which is loaded again to predict
// for a new flower in centimeters.
//
//	go run ./examples/regression
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/data"
	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/metric"
	"github.com/emberml/ember/model"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/optim"
	"github.com/emberml/ember/tensor"
	"github.com/emberml/ember/train"
)

func main() {
	epochs := flag.Int("epochs", 60, "passes over the training data")
	out := flag.String("out", "petal.onnx", "file of the model")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, *epochs, *out); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, w io.Writer, epochs int, out string) error {
	iris, err := data.Open(ctx, "iris", data.Options{ // or the name of a CSV file
		Target:  "petal_width",
		Columns: []string{"sepal_length", "sepal_width", "petal_length"},
	})
	if err != nil {
		return err
	}
	parts, err := data.Split(iris.Train, 1, 0.8, 0.2)
	if err != nil {
		return err
	}
	net := nn.Sequential(nn.Dense{Units: 16, Activation: "tanh"}, nn.Dense{Units: 1})
	net.Name, net.Input, net.Loss = "petal", []int{3}, nn.MSE{}
	result, err := train.Fit(ctx, comm.Solo(), train.Job{
		Net: net, Data: learn.Data{Train: parts[0]},
		Optimizer: optim.Adam{LR: 0.01},
		Options:   train.Options{Epochs: epochs, Batch: 16, Seed: 1},
	})
	if err != nil {
		return err
	}
	if err := result.Model.Save(ctx, out); err != nil {
		return err
	}
	return use(ctx, w, out, parts[1])
}

// use loads the model, measures it on flowers that it has not seen, and predicts
// for a new one.
func use(ctx context.Context, w io.Writer, file string, unseen data.Source) error {
	m, err := model.Load(ctx, file)
	if err != nil {
		return err
	}
	defer m.Close()
	backend := cpu.New(cpu.Options{})
	defer backend.Close()
	predictor, err := m.Predictor(model.PredictOptions{Backend: backend})
	if err != nil {
		return err
	}
	r2, rmse := &metric.R2{}, &metric.RMSE{}
	if err := learn.Evaluate(ctx, unseen, m.Pipeline, learn.Predictions(predictor), r2, rmse); err != nil {
		return err
	}
	fmt.Fprintf(w, "%d unseen flowers: R² %.3f, off by %.2f cm\n", unseen.Len(), r2.Value(), rmse.Value())

	flower := tensor.Of([]float32{6.1, 2.9, 4.5}, 1, 3)
	p, err := predictor.Predict(flower)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "a flower of %v %v has a petal of width %.1f cm\n", m.Pipeline.Schema.Columns, flower, p.Values.Float64At(0, 0))
	return err
}
