package feature_test

import (
	"context"
	"fmt"
	"io"
	"log"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

func ExampleAuto() {
	ctx := context.Background()
	d, err := data.Open(ctx, "digits", data.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close()
	p, err := feature.Auto(d.Train.Schema(), tensor.Shape{64}) // the input of a network
	if err != nil {
		log.Fatal(err)
	}
	if err := p.Fit(ctx, d.Train); err != nil {
		log.Fatal(err)
	}
	input, err := p.InputType(graph.Sym("N"))
	if err != nil {
		log.Fatal(err)
	}
	g := graph.New()
	x := p.Build(g.Input("input", input))
	fmt.Println(p)
	fmt.Println(input, "becomes", x.Type())
	// Output:
	// | scale{"factor":0.0625}, reshape{"shape":[64]}
	// uint8[N 8 8] becomes float32[N 64]
}

func ExampleBatches() {
	ctx := context.Background()
	d, err := data.Open(ctx, "iris", data.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close()
	batches, err := feature.NewBatches(ctx, d.Train, nil, feature.BatchOptions{Size: 64, Shuffle: true, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	defer batches.Close()
	for {
		b, err := batches.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(b.X.Shape(), b.Y.Shape())
	}
	// Output:
	// [64 4] [64]
	// [64 4] [64]
	// [22 4] [22]
}
