package main

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/tensor"
	"github.com/emberml/ember/train"
)

// netView is what show says of a net.
type netView struct {
	Name   string      `json:"name"`
	Input  []int       `json:"input"`
	Loss   string      `json:"loss,omitempty"`
	Layers []layerView `json:"layers"`
	Params int         `json:"params"`
	FLOPs  int64       `json:"flops"` // to predict one sample
	Memory memoryView  `json:"memory"`
}

type layerView struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	Output string `json:"output"`
	Params int    `json:"params"`
	FLOPs  int64  `json:"flops"`
}

// memoryView is what the engine plans, in bytes.
type memoryView struct {
	Batch   int `json:"batch"`
	Predict int `json:"predict"`
	Train   int `json:"train,omitempty"`
}

// viewBatch is the batch size that memory is planned for.
const viewBatch = 64

// viewNet describes a net, whose shapes it checks.
func viewNet(net *nn.Net) (*netView, error) {
	summary, err := net.Summary()
	if err != nil {
		return nil, err
	}
	v := &netView{Name: net.Name, Input: net.Input}
	if v.Loss, _ = config.ChoiceKey(net.Loss, nn.Losses); net.Target != "" {
		v.Loss += " of " + net.Target
	}
	for _, row := range summary {
		v.Layers = append(v.Layers, layerView{row.Name, row.Kind, row.Output.String(), row.Params, row.FLOPs})
		v.Params += row.Params
		v.FLOPs += row.FLOPs
	}
	v.Memory, err = netMemory(net)
	return v, err
}

// netGraph is the net as it predicts.
func netGraph(net *nn.Net) (*graph.Graph, error) {
	if err := net.Check(); err != nil {
		return nil, err
	}
	return graph.Build(func(g *graph.Graph) {
		g.Name = net.Name
		x := g.Input(nn.InputName, netInput(net))
		g.Output("output", net.Forward(nn.NewBuilder(g, nn.Options{}), x))
	})
}

func netInput(net *nn.Net) graph.Type {
	return graph.TensorOf(tensor.Float32, append(graph.Shape{graph.Sym("N")}, graph.Dims(net.Input...)...)...)
}

// netMemory plans a batch of predicting and of training.
func netMemory(net *nn.Net) (memoryView, error) {
	view := memoryView{Batch: viewBatch}
	g, err := netGraph(net)
	if err != nil {
		return view, err
	}
	backend := cpu.New(cpu.Options{Threads: 1})
	defer backend.Close()
	program, err := engine.Compile(g, engine.Options{Backend: backend})
	if err != nil {
		return view, err
	}
	m, err := program.Memory([]tensor.Shape{append(tensor.Shape{viewBatch}, net.Input...)})
	if err != nil {
		return view, err
	}
	view.Predict = m.Total()
	job, err := exampleJob(net, g.Outputs()[0].Shape())
	if err != nil {
		return view, err
	}
	job.Backend, job.Batch = backend, viewBatch
	m, err = train.Memory(job)
	view.Train = m.Total()
	return view, err
}

// exampleJob trains a net on two samples of zeros, whose targets fit the output.
func exampleJob(net *nn.Net, output graph.Shape) (train.Job, error) {
	width := 1
	if len(output) > 1 {
		width, _ = output[1:].Len().Size()
	}
	names := make([]string, width)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	schema := data.Schema{Name: "an example"}
	y := tensor.New(tensor.Float32, 2, width)
	switch {
	case net.Target == nn.InputName:
		y = nil
	case net.Loss.Target() == nn.ClassTarget:
		y = tensor.Of([]int64{0, 1})
		schema.Target.Labels = names
	default:
		schema.Target.Names = names
	}
	src, err := data.FromTensors(schema, tensor.New(tensor.Float32, append([]int{2}, net.Input...)...), y)
	if err != nil {
		return train.Job{}, err
	}
	job, err := train.FromNet(net)
	if err != nil {
		return job, err
	}
	job.Data, job.VirtualWorkers = learn.Data{Train: src}, 0
	job.Pipeline, err = feature.New(src.Schema())
	return job, err
}

// print writes the view for people.
func (v *netView) print(w io.Writer) error {
	if _, err := fmt.Fprintf(w, "%s: input %v, loss %s\n\n", v.Name, v.Input, v.Loss); err != nil {
		return err
	}
	return v.printLayers(w)
}

func (v *netView) printLayers(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "layer\tkind\toutput\tparameters\tFLOPs\n")
	numbers := v.columns()
	for i, l := range v.Layers {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", l.Name, l.Kind, l.Output, numbers[i][0], numbers[i][1])
	}
	total := numbers[len(v.Layers)]
	fmt.Fprintf(t, "total\t\t\t%s\t%s\n", total[0], total[1])
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nmemory for a batch of %d: %s to train, %s to predict\n", v.Memory.Batch,
		engine.FormatBytes(v.Memory.Train), engine.FormatBytes(v.Memory.Predict))
	return err
}

// columns are the numbers of the layers and their totals, aligned to the right.
func (v *netView) columns() [][2]string {
	var out [][2]string
	for _, l := range v.Layers {
		out = append(out, [2]string{grouped(int64(l.Params)), grouped(l.FLOPs)})
	}
	out = append(out, [2]string{grouped(int64(v.Params)), grouped(v.FLOPs)})
	for column, title := range []string{"parameters", "FLOPs"} {
		width := max(len(title), len(out[len(out)-1][column]))
		for i := range out {
			out[i][column] = fmt.Sprintf("%*s", width, out[i][column])
		}
	}
	return out
}

// grouped is a whole number with commas: 431,080.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
