package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/model"
	"github.com/emberml/ember/storage"
	"github.com/emberml/ember/tensor"
)

type runCmd struct {
	Model string `arg:"" placeholder:"M" help:"The model, an ONNX file."`
	In    string `required:"" group:"data" placeholder:"IO.npz" help:"Inputs by name; where a name is missing, in_0, in_1… by place."`
	computing
	Out    string `short:"o" required:"" group:"output" placeholder:"OUT.npz" help:"File of the outputs, out_0, out_1…"`
	Repeat int    `group:"output" placeholder:"N" help:"Run once to warm up and N times more, and print the least and the median time."`
}

// Help is shown by ember run --help.
func (runCmd) Help() string {
	return `
Examples:

  ember run lenet.onnx --in io.npz --out out.npz
  ember run resnet.onnx --in io.npz --out out.npz --repeat 100 --threads 1

The tensors are raw: neither steps before the graph, such as the resizing of images, nor labels come into it.
`
}

// Run computes, and times if asked.
func (c *runCmd) Run(e *env) error {
	if c.Repeat < 0 {
		return usageError{fmt.Errorf("--repeat %d: want 1 or more", c.Repeat)}
	}
	backend, err := c.backendHere()
	if err != nil {
		return err
	}
	defer backend.Close()
	m, err := loadModel(e.ctx, c.Model)
	if err != nil {
		return err
	}
	defer m.Close()
	in, err := readInputs(e.ctx, m, c.In)
	if err != nil {
		return err
	}
	program, err := engine.Compile(m.Graph, engine.Options{Backend: backend, Memory: int(c.Memory)})
	if err != nil {
		return err
	}
	out, err := program.Run(in)
	if err != nil {
		return err
	}
	if err := writeOutputs(e.ctx, c.Out, out); err != nil {
		return err
	}
	if c.Repeat == 0 {
		return nil
	}
	times := make([]time.Duration, c.Repeat)
	for i := range times {
		if err := context.Cause(e.ctx); err != nil {
			return err
		}
		start := time.Now()
		if _, err := program.Run(in); err != nil {
			return err
		}
		times[i] = time.Since(start)
	}
	slices.Sort(times)
	_, err = fmt.Fprintf(e.stdout, "%d runs: least %v, median %v\n", c.Repeat, times[0], times[len(times)/2])
	return err
}

// readInputs reads the model's inputs, in its order.
func readInputs(ctx context.Context, m *model.Model, name string) ([]*tensor.Tensor, error) {
	f, err := storage.Open(ctx, name)
	if err != nil {
		return nil, readError(err)
	}
	defer f.Close()
	names, arrays, err := tensor.ReadNPZ(f, f.Size())
	if err != nil {
		return nil, readError(err)
	}
	inputs := m.Graph.Inputs()
	out := make([]*tensor.Tensor, len(inputs))
	for i, input := range inputs {
		t := arrays[input.Name()]
		if t == nil {
			t = arrays[fmt.Sprintf("in_%d", i)]
		}
		if t == nil {
			return nil, readError(fmt.Errorf("%s: no array is called %s or in_%d; it holds %s", name, input.Name(), i, strings.Join(names, ", ")))
		}
		if err := accepts(input.Type(), t); err != nil {
			return nil, readError(fmt.Errorf("%s: the input %s: %w", name, input.Name(), err))
		}
		out[i] = t.Contiguous()
	}
	return out, nil
}

// accepts tells what of a tensor is not as a type says.
func accepts(want graph.Type, t *tensor.Tensor) error {
	got := graph.TypeOf(t)
	fits := want.DType == got.DType && want.Rank() == got.Rank()
	for i := 0; fits && i < want.Rank(); i++ {
		size, known := want.Shape[i].Size()
		fits = !known || size == t.Shape()[i]
	}
	if fits {
		return nil
	}
	return fmt.Errorf("the array is %v, the model takes %v", got, want)
}

func writeOutputs(ctx context.Context, name string, out []*tensor.Tensor) error {
	var names []string
	arrays := map[string]*tensor.Tensor{}
	for i, t := range out {
		names = append(names, fmt.Sprintf("out_%d", i))
		arrays[names[i]] = t
	}
	return storage.Write(ctx, name, 0, func(w io.Writer) error { return tensor.WriteNPZ(w, names, arrays) })
}
