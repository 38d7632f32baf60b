package nn_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/nn"
)

// lenet is the net file of the command line's contract.
const lenet = `name: lenet
input: [1, 28, 28]                  # one sample, channels first
layers:
  - conv2d: {filters: 20, kernel: 5, activation: relu}
  - max_pool2d: {size: 2}
  - conv2d: {filters: 50, kernel: 5, activation: relu}
  - max_pool2d: {size: 2}
  - flatten
  - dense: {units: 500, activation: relu, l2: 1e-4, dropout: 0.5}
  - dense: {units: 10}
loss: cross_entropy                 # on logits
optimizer: {adam: {lr: 0.001}}
metrics: [accuracy]
train: {epochs: 3, batch: 64, seed: 1}
`

func TestParseNet(t *testing.T) {
	net, err := nn.ParseNet("lenet.yaml", []byte(lenet))
	if err != nil {
		t.Fatal(err)
	}
	if err := net.Check(); err != nil {
		t.Fatal(err)
	}
	names := "conv2d_1 max_pool2d_1 conv2d_2 max_pool2d_2 flatten_1 dense_1 dense_2"
	if got := strings.Join(net.Names(), " "); got != names {
		t.Errorf("names are %s, want %s", got, names)
	}
	if lr, _ := net.Optimizer.Get("adam").Get("lr").Float(); lr != 0.001 {
		t.Errorf("lr is %v, want 0.001", lr)
	}
	dense := net.Layers[5].Layer.(nn.Dense)
	if dense.Units != 500 || dense.L2 != 1e-4 || dense.Dropout != 0.5 || dense.Activation != "relu" {
		t.Errorf("dense_1 is %+v", dense)
	}
}

func TestYAML(t *testing.T) {
	sources := []string{
		lenet,
		residual,
		`{"input": [4], "layers": [{"dense": {"units": 2, "init": "normal(0, 0.02)", "bias": false}}, "softplus"], "loss": {"huber": {"delta": 2}}, "target": "input"}`,
		`{"input": [1, 9, 8], "layers": [{"conv2d": {"filters": 2, "kernel": [3, 2], "padding": [1, 0]}}, {"max_pool2d": {"size": 3, "padding": "same"}}], "loss": "mae"}`,
	}
	for _, source := range sources {
		net, err := nn.ParseNet("net.yaml", []byte(source))
		if err != nil {
			t.Fatal(err)
		}
		text, err := net.YAML()
		if err != nil {
			t.Fatal(err)
		}
		again, err := nn.ParseNet("again.yaml", text)
		if err != nil {
			t.Fatalf("%v in:\n%s", err, text)
		}
		second, err := again.YAML()
		if err != nil {
			t.Fatal(err)
		}
		if string(second) != string(text) {
			t.Errorf("written twice:\n%s\nthen:\n%s", text, second)
		}
		for i := range net.Layers {
			if !reflect.DeepEqual(net.Layers[i].Layer, again.Layers[i].Layer) {
				t.Errorf("layer %d: %+v became %+v", i, net.Layers[i].Layer, again.Layers[i].Layer)
			}
		}
	}
}

const residual = `input: [3, 8, 8]
layers:
  - {conv2d: {filters: 3, kernel: 3, padding: same}, name: block.conv}
  - relu
  - {add: {}, inputs: [relu_1, input]}
  - global_average_pool2d
loss: cross_entropy
`

var rewrite = flag.Bool("rewrite", false, "write the errors that testdata/errors.txt is to hold")

// TestNetErrors reads testdata/errors.txt: net files that are wrong, each with
// the error that ParseNet or Check gives.
func TestNetErrors(t *testing.T) {
	path := filepath.Join("testdata", "errors.txt")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, cases, _ := strings.Cut(string(data), "=== ")
	out := head
	for c := range strings.SplitSeq(cases, "\n=== ") {
		name, rest, _ := strings.Cut(c, "\n")
		source, want, ok := strings.Cut(rest, "\n--- ")
		if !ok {
			t.Fatalf("case %q has no error", name)
		}
		want = strings.TrimSpace(want)
		got := "none"
		net, err := nn.ParseNet("net.yaml", []byte(source))
		if err == nil {
			err = net.Check()
		}
		if err != nil {
			got = err.Error()
		}
		if got != want && !*rewrite {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, want)
		}
		out += "=== " + name + "\n" + source + "\n--- " + got + "\n"
	}
	if *rewrite {
		if err := os.WriteFile(path, []byte(out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSet(t *testing.T) {
	root, err := config.Parse("lenet.yaml", []byte(lenet))
	if err != nil {
		t.Fatal(err)
	}
	for _, edit := range [][2]string{{"layers.0.conv2d.filters", "8"}, {"loss", "mse"}, {"optimizer.sgd.lr", "0.1"}} {
		if _, err := config.Set(root, edit[0], edit[1], nn.Choices(root)); err != nil {
			t.Fatal(err)
		}
	}
	net, err := nn.DecodeNet(root)
	if err != nil {
		t.Fatal(err)
	}
	if net.Layers[0].Layer.(nn.Conv2D).Filters != 8 {
		t.Errorf("conv2d_1 is %+v", net.Layers[0].Layer)
	}
	if _, ok := net.Loss.(nn.MSE); !ok || net.Optimizer.Get("sgd") == nil {
		t.Errorf("loss is %T, optimizer %v", net.Loss, net.Optimizer)
	}
}

func FuzzParseNet(f *testing.F) {
	f.Add(lenet)
	f.Add(residual)
	f.Add(`{"input": [4], "layers": [{"dense": {"units": 2}}, "softmax"], "loss": {"huber": {"delta": 2}}}`)
	f.Add("input: [2]\nlayers: [{embedding: {size: 3, units: 2}}, {concat: {axis: -1}, inputs: [input, embedding_1]}]\nloss: mae")
	f.Fuzz(func(t *testing.T, source string) {
		net, err := nn.ParseNet("fuzz.yaml", []byte(source))
		if err != nil {
			return
		}
		text, err := net.YAML()
		if err != nil {
			t.Fatalf("a parsed net cannot be written: %v", err)
		}
		if _, err := nn.ParseNet("again.yaml", text); err != nil {
			t.Fatalf("a written net cannot be parsed: %v\n%s", err, text)
		}
		_ = net.Check()
	})
}

// TestKeys checks that a layer's type gives its key.
func TestKeys(t *testing.T) {
	for key, layer := range nn.Layers {
		if got := config.Snake(reflect.TypeOf(layer).Name()); got != key {
			t.Errorf("%T has the key %s, its type says %s", layer, key, got)
		}
		if _, err := json.Marshal(config.Fields(layer)); err != nil {
			t.Errorf("%s: %v", key, err)
		}
		for _, f := range config.Fields(layer) {
			if f.Doc == "" {
				t.Errorf("%s: %s has no doc", key, f.Name)
			}
		}
	}
	for key, loss := range nn.Losses {
		if got := config.Snake(reflect.TypeOf(loss).Name()); got != key {
			t.Errorf("%T has the key %s, its type says %s", loss, key, got)
		}
	}
}
