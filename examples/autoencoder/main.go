// Command autoencoder squeezes 8×8 digits through a code of a few numbers and
// draws some of them beside what is left of them.
//
//	go run ./examples/autoencoder -code 8
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/data"
	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/model"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/tensor"
	"github.com/emberml/ember/train"
)

func main() {
	code := flag.Int("code", 8, "numbers between encoder and decoder")
	epochs := flag.Int("epochs", 100, "passes over the training data")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, *code, *epochs); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, w io.Writer, code, epochs int) error {
	digits, err := data.Open(ctx, "digits", data.Options{})
	if err != nil {
		return err
	}
	parts, err := data.Split(digits.Train, 1, 0.9, 0.1)
	if err != nil {
		return err
	}
	net := nn.Sequential(
		nn.Flatten{},
		nn.Dense{Units: 64, Activation: "relu"}, nn.Dense{Units: code},
		nn.Dense{Units: 64, Activation: "relu"}, nn.Dense{Units: 64, Activation: "sigmoid"},
		nn.Reshape{Shape: []int{1, 8, 8}},
	)
	net.Name, net.Input, net.Loss = "autoencoder", []int{1, 8, 8}, nn.MSE{}
	net.Target = nn.InputName // what is learned is the input itself
	result, err := train.Fit(ctx, comm.Solo(), train.Job{
		Net: net, Data: learn.Data{Train: parts[0], Test: parts[1]},
		Options: train.Options{Epochs: epochs, Seed: 1},
	})
	if err != nil {
		return err
	}
	loss, _ := result.Test.Get("loss")
	fmt.Fprintf(w, "64 pixels through %d numbers: mean squared error %.4f\n\n", code, loss)
	return show(w, result.Model, parts[1])
}

// show draws the first digits above their reconstructions.
func show(w io.Writer, m *model.Model, src data.Source) error {
	backend := cpu.New(cpu.Options{})
	defer backend.Close()
	predictor, err := m.Predictor(model.PredictOptions{Backend: backend})
	if err != nil {
		return err
	}
	var b data.Batch
	if err := src.Read([]int{0, 1, 2, 3, 4, 5}, &b); err != nil {
		return err
	}
	decoded, err := predictor.Predict(b.X)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n%s", draw(b.X, src.Schema().Max), draw(decoded.Values, 1))
	return err
}

// draw puts images of values from 0 to top side by side, two letters a pixel.
func draw(images *tensor.Tensor, top float64) string {
	images = images.Reshape(-1, 8, 8)
	shades := []rune(" ░▒▓█")
	var text strings.Builder
	for row := range 8 {
		for _, pixel := range tensor.Float64s(images.Index(1, row)) {
			shade := string(shades[int(pixel/top*float64(len(shades)-1)+0.5)])
			text.WriteString(shade + shade)
		}
		text.WriteByte('\n')
	}
	return text.String()
}
