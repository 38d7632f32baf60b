package model

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"unsafe"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/onnx"
	"github.com/emberml/ember/storage"
	"github.com/emberml/ember/storage/storagetest"
	"github.com/emberml/ember/tensor"
)

func backend(t *testing.T) engine.Backend {
	b := cpu.New(cpu.Options{Threads: 1})
	t.Cleanup(b.Close)
	return b
}

// specOf is a spec of a net with drawn weights, for samples x with a target.
func specOf(t *testing.T, net *nn.Net, schema data.Schema, x *tensor.Tensor, steps ...feature.Step) Spec {
	t.Helper()
	schema.Sample, schema.DType = x.Shape()[1:], x.DType()
	src, err := data.FromTensors(schema, x, nil)
	if err != nil {
		t.Fatal(err)
	}
	target := schema.Target
	p, err := feature.Auto(src.Schema(), net.Input, steps...)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Fit(context.Background(), src); err != nil {
		t.Fatal(err)
	}
	withTarget := *p.Schema
	withTarget.Target = target
	p.Schema = &withTarget
	s := Spec{
		Name: "test",
		Info: Info{
			Pipeline: p, Loss: "cross_entropy", Net: "layers: []\n", Seed: 7,
			Metrics:    map[string]map[string]float64{"test": {"accuracy": 0.5}},
			Provenance: Provenance{Data: "digits", Samples: 8, Epochs: 2, Version: "0.1.0"},
		},
		Forward: func(g *graph.Graph, x *graph.Value) *graph.Value {
			b := nn.NewBuilder(g, nn.Options{Seed: 1})
			y := net.Loss.Predict(net.Forward(b, x))
			for _, state := range b.Carries() {
				g.Output(state.Before.Name()+NextSuffix, state.After)
			}
			return y
		},
		Weights: map[string]*tensor.Tensor{},
	}
	g, err := graph.Build(func(g *graph.Graph) {
		shape := append(graph.Shape{graph.Sym("N")}, graph.Dims(net.Input...)...)
		s.Forward(g, g.Input("x", graph.TensorOf(tensor.Float32, shape...)))
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range g.Variables() {
		s.Weights[v.Name()] = v.Init()
	}
	return s
}

func imageNet() *nn.Net {
	net := nn.Sequential(
		nn.Conv2D{Filters: 16, Kernel: nn.Pair{3}, Activation: "relu"},
		nn.MaxPool2D{},
		nn.Flatten{},
		nn.Dense{Units: 3},
	)
	net.Input, net.Loss = []int{1, 8, 8}, nn.CrossEntropy{}
	return net
}

func images(n int) *tensor.Tensor {
	return tensor.NewRand(3).Randint(tensor.Uint8, 0, 256, n, 8, 8)
}

func imageSchema(labels ...string) data.Schema {
	return data.Schema{Name: "digits", Format: "IDX", Layout: "HW", Max: 255, Target: data.Target{Kind: data.Classes, Names: []string{"target"}, Labels: labels}}
}

func build(t *testing.T, s Spec) *Model {
	t.Helper()
	m, err := Build(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// saved saves the model and loads it again.
func saved(t *testing.T, m *Model) *Model {
	t.Helper()
	path := filepath.Join(t.TempDir(), "m.onnx")
	if err := m.Save(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := loaded.Close(); err != nil {
			t.Error(err)
		}
	})
	return loaded
}

func predict(t *testing.T, m *Model, x *tensor.Tensor, batch int) *Prediction {
	t.Helper()
	p, err := m.Predictor(PredictOptions{Backend: backend(t), Batch: batch})
	if err != nil {
		t.Fatal(err)
	}
	y, err := p.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	return y
}

// text is the simplified graph, in which constants have their place.
func text(t *testing.T, m *Model) string {
	t.Helper()
	g, err := m.Graph.Simplify()
	if err != nil {
		t.Fatal(err)
	}
	return g.String()
}

func TestSaveAndLoad(t *testing.T) {
	x := images(10)
	s := specOf(t, imageNet(), imageSchema("cat", "dog", "eel"), x)
	m := build(t, s)
	loaded := saved(t, m)

	if a, b := text(t, m), text(t, loaded); a != b {
		t.Errorf("the graph was\n%s\nand came back as\n%s", a, b)
	}
	if loaded.Net != s.Net || loaded.Loss != s.Loss || loaded.Seed != s.Seed || loaded.Provenance != s.Provenance ||
		loaded.Metrics["test"]["accuracy"] != 0.5 || !slices.Equal(loaded.Labels(), []string{"cat", "dog", "eel"}) {
		t.Errorf("the info came back as %+v", loaded.Info)
	}
	if got, want := loaded.Pipeline.String(), s.Pipeline.String(); got != want {
		t.Errorf("the steps were %s and came back as %s", want, got)
	}
	weights := loaded.Weights()
	if len(weights) != len(s.Weights) {
		t.Errorf("%d weights came back, want %d", len(weights), len(s.Weights))
	}
	for name, w := range s.Weights {
		if got := weights[name]; got == nil || !tensor.Same(got, w) {
			t.Errorf("the weight %s came back as %v", name, got)
		}
	}
	a, b := predict(t, m, x, 0), predict(t, loaded, x, 3)
	if !tensor.Same(a.Probabilities, b.Probabilities) {
		t.Errorf("probabilities %v became %v", a.Probabilities, b.Probabilities)
	}
	if none := predict(t, loaded, images(0), 3); len(none.Classes) != 0 || !none.Probabilities.Shape().Equal(tensor.Shape{0, 3}) {
		t.Errorf("no samples give %+v", none)
	}
	if len(b.Classes) != 10 || b.Labels[0] != loaded.Labels()[b.Classes[0]] || b.Values != nil {
		t.Errorf("classes %v, labels %v", b.Classes, b.Labels)
	}
}

// TestTrainingGoesOnFromALoadedModel builds a model again from what a file says.
func TestTrainingGoesOnFromALoadedModel(t *testing.T) {
	s := specOf(t, imageNet(), imageSchema("0", "1", "2"), images(4))
	loaded := saved(t, build(t, s))
	again := build(t, Spec{Name: loaded.Graph.Name, Info: loaded.Info, Forward: s.Forward, Weights: loaded.Weights()})
	if a, b := text(t, again), text(t, loaded); a != b {
		t.Errorf("the graph was\n%s\nand was built again as\n%s", b, a)
	}
}

func TestSameModelSameBytes(t *testing.T) {
	folder := t.TempDir()
	var files [][]byte
	for _, name := range []string{"a.onnx", "b.onnx"} {
		path := filepath.Join(folder, name)
		if err := build(t, specOf(t, imageNet(), imageSchema("0", "1", "2"), images(4))).Save(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, b)
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("the same model gives other bytes")
	}
}

func TestLoadedWeightsAliasTheMemoryMap(t *testing.T) {
	loaded := saved(t, build(t, specOf(t, imageNet(), imageSchema("0", "1", "2"), images(4))))
	file := loaded.maps[0].(*storage.Mapping).Bytes
	begin := uintptr(unsafe.Pointer(unsafe.SliceData(file)))
	for name, w := range loaded.Weights() {
		at := uintptr(unsafe.Pointer(unsafe.SliceData(w.Bytes())))
		if at < begin || at >= begin+uintptr(len(file)) {
			t.Errorf("%s was copied out of the memory map", name)
		}
		if at%64 != 0 {
			t.Errorf("%s is not aligned to 64 bytes", name)
		}
	}
}

func TestLargeWeightsGoToAFileBeside(t *testing.T) {
	x := images(5)
	m := build(t, specOf(t, imageNet(), imageSchema("0", "1", "2"), x))
	folder := t.TempDir()
	path := filepath.Join(folder, "m.onnx")
	if err := m.save(t.Context(), path, 1); err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := predict(t, m, x, 0), predict(t, loaded, x, 0); !tensor.Same(a.Probabilities, b.Probabilities) {
		t.Error("predictions differ")
	}
	if err := loaded.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path + ".data"); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without the weights the error is %v", err)
	}
}

func TestTable(t *testing.T) {
	net := nn.Sequential(nn.Dense{Units: 4, Activation: "tanh"}, nn.Dense{Units: 1})
	net.Input, net.Loss = []int{3}, nn.BinaryCrossEntropy{}
	x := tensor.NewRand(5).Normal(tensor.Float32, 3, 2, 9, 3)
	m := saved(t, build(t, specOf(t, net, data.Schema{
		Name: "t.csv", Format: "CSV", Columns: []string{"age", "label", "net weight"},
		Target: data.Target{Kind: data.Classes, Names: []string{"sick"}, Labels: []string{"no", "yes"}},
	}, x)))
	var names []string
	for _, v := range m.Graph.Inputs() {
		names = append(names, v.Name()+" "+v.Type().String())
	}
	if got, want := strings.Join(names, ", "), "age float32[N 1], label_ float32[N 1], net weight float32[N 1]"; got != want {
		t.Errorf("inputs %s, want %s", got, want)
	}
	y := predict(t, m, x, 4)
	if !y.Probabilities.Shape().Equal(tensor.Shape{9, 2}) {
		t.Fatalf("probabilities of shape %v", y.Probabilities.Shape())
	}
	for i := range 9 {
		no, yes := tensor.At[float32](y.Probabilities, i, 0), tensor.At[float32](y.Probabilities, i, 1)
		if no+yes != 1 || (yes > no) != (y.Labels[i] == "yes") {
			t.Errorf("sample %d: %v, %v gives %s", i, no, yes, y.Labels[i])
		}
	}
	// The file's own label output says the same.
	program, err := engine.Compile(m.Graph, engine.Options{Backend: backend(t)})
	if err != nil {
		t.Fatal(err)
	}
	out, err := program.Run([]*tensor.Tensor{x.Slice(1, 0, 1, 1), x.Slice(1, 1, 2, 1), x.Slice(1, 2, 3, 1)})
	if err != nil {
		t.Fatal(err)
	}
	if got := tensor.Data[string](out[0]); !slices.Equal(got, y.Labels) {
		t.Errorf("the output label gives %v, want %v", got, y.Labels)
	}
}

func TestNumbers(t *testing.T) {
	net := nn.Sequential(nn.Dense{Units: 2})
	net.Input, net.Loss = []int{3}, nn.MSE{}
	x := tensor.NewRand(5).Normal(tensor.Float32, 0, 1, 130, 3)
	m := saved(t, build(t, specOf(t, net, data.Schema{Name: "x.npz", Format: "npz"}, x)))
	if got := m.Graph.OutputNames(); !slices.Equal(got, []string{"prediction"}) {
		t.Errorf("outputs %v", got)
	}
	y := predict(t, m, x, 0)
	if !y.Values.Shape().Equal(tensor.Shape{130, 2}) || y.Classes != nil || y.Probabilities != nil {
		t.Errorf("prediction %+v", y)
	}
}

func TestLabelTypes(t *testing.T) {
	for _, c := range []struct {
		labels []string
		want   string
	}{
		{[]string{"0", "1", "2"}, "int64[N]"},
		{[]string{"3", "5", "-8"}, "int64[N]"},
		{[]string{"3", "5", "05"}, "string[N]"},
		{[]string{"a", "b", "c"}, "string[N]"},
	} {
		m := build(t, specOf(t, imageNet(), imageSchema(c.labels...), images(2)))
		if got := m.output(LabelOutput).Type().String(); got != c.want {
			t.Errorf("labels %v give %s, want %s", c.labels, got, c.want)
		}
	}
}

func TestBuildMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		change func(s *Spec)
		want   string
	}{
		"missing weight": {func(s *Spec) { delete(s.Weights, "dense_1.bias") }, "dense_1.bias has no weight"},
		"wrong weight":   {func(s *Spec) { s.Weights["dense_1.bias"] = tensor.New(tensor.Float32, 4) }, "dense_1"},
		"labels":         {func(s *Spec) { s.Pipeline.Schema.Target.Labels = []string{"a", "b"} }, "for 2 classes"},
	} {
		s := specOf(t, imageNet(), imageSchema("0", "1", "2"), images(2))
		c.change(&s)
		if _, err := Build(s); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}

func TestDamagedFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.onnx")
	m := build(t, specOf(t, imageNet(), imageSchema("0", "1", "2"), images(2)))
	if err := m.Save(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, 100, len(good) / 2, len(good) - 1} {
		if err := os.WriteFile(path, good[:n], 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Load(t.Context(), path)
		var format *tensor.FormatError
		if !errors.As(err, &format) || format.File != path {
			t.Errorf("cut to %d bytes: error %v, want a *tensor.FormatError that names the file", n, err)
		}
	}
	if _, err := Load(t.Context(), filepath.Join(t.TempDir(), "none.onnx")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: error %v", err)
	}
}

// TestFullDisk saves over a model while the disk fills up: the old file stays.
func TestFullDisk(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "m.onnx")
	m := build(t, specOf(t, imageNet(), imageSchema("0", "1", "2"), images(2)))
	if err := m.Save(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	for _, fault := range []string{"write 1: enospc", "write 3: enospc", "commit 1: enospc"} {
		ctx := storage.WithFS(t.Context(), "file", storagetest.Faulty(storage.Local{}, fault))
		if err := m.Save(ctx, path); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v", fault, err)
		}
		if entries, err := os.ReadDir(folder); err != nil || len(entries) != 1 {
			t.Errorf("%s: the folder holds %v, error %v", fault, entries, err)
		}
	}
	if _, err := Load(t.Context(), path); err != nil {
		t.Error(err)
	}
}

// TestMetadataThatDoesNotFit changes single entries of a good file.
func TestMetadataThatDoesNotFit(t *testing.T) {
	m := build(t, specOf(t, imageNet(), imageSchema("a", "b", "c"), images(2)))
	for key, c := range map[string]struct{ value, want string }{
		versionKey:    {"2", "later version"},
		stepsKey:      {`{"schema":{"name":"x","format":"IDX","sample":[8,8],"dtype":"uint8","target":{"kind":"classes","labels":["a"]}}}`, "1 labels"},
		metricsKey:    {"[]", metricsKey},
		seedKey:       {"-1", seedKey},
		provenanceKey: {"{", provenanceKey},
	} {
		entries, err := m.metadata()
		if err != nil {
			t.Fatal(err)
		}
		entries[key] = c.value
		file, _, err := onnx.Encode(&onnx.Model{Graph: m.Graph, Metadata: entries}, onnx.EncodeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "m.onnx")
		if err := os.WriteFile(path, file.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err = Load(t.Context(), path)
		var format *tensor.FormatError
		if !errors.As(err, &format) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", key, err, c.want)
		}
	}
}

func TestFileOfAnotherProgram(t *testing.T) {
	g := graph.New()
	x := g.Input("pixels", graph.TensorOf(tensor.Float32, graph.Known(2), graph.Known(3)))
	g.Output("scores", nn.CrossEntropy{}.Predict(x))
	file, _, err := onnx.Encode(&onnx.Model{Graph: g}, onnx.EncodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "other.onnx")
	if err := os.WriteFile(path, file.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	m, err := Load(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	y := predict(t, m, tensor.New(tensor.Float32, 6, 3), 0) // three runs of the fixed batch
	if m.Pipeline != nil || m.Labels() != nil || !y.Values.Shape().Equal(tensor.Shape{6, 3}) {
		t.Errorf("prediction %+v", y)
	}
}

// TestPredictAtOnce predicts from many goroutines with one predictor.
func TestPredictAtOnce(t *testing.T) {
	x := images(9)
	m := build(t, specOf(t, imageNet(), imageSchema("cat", "dog", "eel"), x))
	want := predict(t, m, x, 4).Probabilities
	p, err := m.Predictor(PredictOptions{Backend: backend(t), Batch: 4})
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 10 {
				if y, err := p.Predict(x); err != nil || !tensor.Same(y.Probabilities, want) {
					t.Errorf("other bits beside other calls, error %v", err)
				}
			}
		})
	}
	group.Wait()
}
