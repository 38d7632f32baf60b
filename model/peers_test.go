//go:build peers

package model

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/internal/peers"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/nn/zoo"
	"github.com/emberml/ember/storage"
	"github.com/emberml/ember/tensor"
)

// layerCases are small nets, at least one for every layer of net files.
var layerCases = []struct{ name, input, layers string }{
	{"dense", "[7]", "dense: {units: 5, activation: relu}"},
	{"dense without bias", "[7]", "dense: {units: 5, bias: false}"},
	{"dense on sequences", "[4, 7]", "dense: {units: 5}"},
	{"conv2d", "[3, 9, 8]", "conv2d: {filters: 4, kernel: 3}"},
	{"conv2d same", "[3, 9, 8]", "conv2d: {filters: 4, kernel: [3, 2], stride: 2, padding: same}"},
	{"conv2d dilated", "[4, 11, 12]", "conv2d: {filters: 6, kernel: 3, dilation: 2, groups: 2, padding: [1, 2]}"},
	{"conv2d depthwise", "[4, 7, 7]", "conv2d: {filters: 4, kernel: 3, groups: 4, bias: false}"},
	{"conv1d", "[3, 9]", "conv1d: {filters: 4, kernel: 3, stride: 2, padding: 1}"},
	{"conv1d causal", "[4, 9]", "conv1d: {filters: 6, kernel: 3, dilation: 2, groups: 2, padding: causal}"},
	{"conv3d", "[2, 4, 5, 6]", "conv3d: {filters: 3, kernel: [2, 3, 3], stride: [1, 2, 1], padding: same}"},
	{"depthwise_conv2d", "[4, 7, 8]", "depthwise_conv2d: {kernel: 3, multiplier: 2, dilation: 2, padding: same, activation: relu6}"},
	{"depthwise_conv2d strided", "[4, 7, 8]", "depthwise_conv2d: {kernel: [3, 2], stride: 2, padding: 1, bias: false}"},
	{"separable_conv2d", "[4, 7, 8]", "separable_conv2d: {filters: 5, kernel: 3, padding: same}"},
	{"max_pool1d", "[2, 9]", "max_pool1d: {size: 3, stride: 2, padding: 1}"},
	{"max_pool3d", "[2, 4, 5, 6]", "max_pool3d: {size: 2, padding: same}"},
	{"average_pool1d", "[2, 9]", "average_pool1d: {size: 3, stride: 2, padding: 1}"},
	{"average_pool3d", "[2, 4, 5, 6]", "average_pool3d: {size: 2, padding: [1, 0, 1]}"},
	{"adaptive_average_pool2d", "[3, 5, 6]", "adaptive_average_pool2d: {size: [3, 7]}"},
	{"adaptive_average_pool2d dividing", "[3, 8, 6]", "adaptive_average_pool2d: {size: [4, 3]}"},
	{"adaptive_average_pool2d of that size", "[3, 4, 4]", "adaptive_average_pool2d: {size: 4}"},
	{"global_average_pool1d", "[3, 5]", "global_average_pool1d"},
	{"global_average_pool3d", "[3, 2, 5, 6]", "global_average_pool3d"},
	{"global_max_pool1d", "[3, 5]", "global_max_pool1d"},
	{"global_max_pool3d", "[3, 2, 5, 6]", "global_max_pool3d"},
	{"zero_pad", "[2, 4, 5]", "zero_pad: {before: [1, 0], after: [2, 3]}"},
	{"upsample", "[2, 4, 5]", "upsample: {factors: [2, 3]}"},
	{"permute", "[2, 4, 5]", "permute: {axes: [3, 1, 2]}"},
	{"relu6", "[9]", "relu6"},
	{"max_pool2d", "[2, 9, 9]", "max_pool2d: {size: 3, stride: 2, padding: [1, 1]}"},
	{"max_pool2d same", "[2, 9, 9]", "max_pool2d: {size: 2, padding: same}"},
	{"average_pool2d", "[2, 8, 8]", "average_pool2d: {size: 2}"},
	{"average_pool2d padded", "[2, 9, 9]", "average_pool2d: {size: 3, stride: 2, padding: same}"},
	{"global_average_pool2d", "[3, 5, 6]", "global_average_pool2d"},
	{"global_max_pool2d", "[3, 5, 6]", "global_max_pool2d"},
	{"batch_norm", "[3, 5, 6]", "batch_norm"},
	{"batch_norm of vectors", "[6]", "batch_norm: {epsilon: 0.001}"},
	{"layer_norm", "[4, 6]", "layer_norm"},
	{"rms_norm", "[4, 6]", "rms_norm"},
	{"layer_norm over two axes", "[4, 6]", "layer_norm: {axis: 1}"},
	{"dropout", "[6]", "dropout: {rate: 0.5}"},
	{"embedding", "[5]", "embedding: {size: 4, units: 3}"},
	{"flatten", "[3, 4, 2]", "flatten"},
	{"reshape", "[12]", "reshape: {shape: [3, -1]}"},
	{"add", "[6]", "dense: {units: 6}|add: {}, inputs: [dense_1, input]"},
	{"multiply", "[6]", "dense: {units: 6}|multiply: {}, inputs: [dense_1, input]"},
	{"concat", "[6]", "dense: {units: 4}|concat: {}, inputs: [dense_1, input]"},
	{"relu", "[9]", "relu"},
	{"leaky_relu", "[9]", "leaky_relu: {alpha: 0.2}"},
	{"elu", "[9]", "elu: {alpha: 0.7}"},
	{"sigmoid", "[9]", "sigmoid"},
	{"tanh", "[9]", "tanh"},
	{"softplus", "[9]", "softplus"},
	{"gelu", "[9]", "gelu"},
	{"gelu approximate", "[9]", "gelu: {approximate: true}"},
	{"softmax", "[9]", "softmax"},
	{"simple_rnn", "[5, 4]", "simple_rnn: {units: 3}"},
	{"lstm", "[5, 4]", "lstm: {units: 3, sequences: true, bidirectional: true}"},
	{"gru", "[5, 4]", "gru: {units: 3, reverse: true}"},
	{"multi_head_attention", "[5, 6]", "multi_head_attention: {heads: 2, causal: true}"},
	{"attention", "[5, 6]", "dense: {units: 6}|attention: {heads: 2}, inputs: [dense_1, input, input]"},
	{"transformer_encoder", "[5, 6]", "transformer_encoder: {heads: 2, hidden: 10, activation: gelu}"},
	{"transformer_decoder", "[5, 6]", "dense: {units: 4}|transformer_decoder: {heads: 2, hidden: 10}, inputs: [input, dense_1]"},
	{"positional_encoding", "[5, 6]", "positional_encoding"},
	{"positions", "[5, 6]", "positions: {size: 9, units: 6}|add: {}, inputs: [input, positions_1]"},
	{"rotary", "[5, 6]", "rotary: {heads: 1}"},
	{"select", "[5, 6]", "select: {axis: 1, index: 2}"},
}

// TestONNXRuntimeGivesTheSamePredictions saves models of every layer, of every
// net of the zoo, with every feature step of the graph and every kind of target,
// has the onnx package check them, and compares what ONNX Runtime computes with
// what the engine does.
func TestONNXRuntimeGivesTheSamePredictions(t *testing.T) {
	folder := t.TempDir()
	random := tensor.NewRand(11)
	covered := map[string]bool{}
	for _, c := range layerCases {
		layers := strings.ReplaceAll(c.layers, "|", "}\n  - {")
		for kind := range nn.Layers {
			if strings.Contains(layers+":", "{"+kind+":") || strings.HasPrefix(layers+":", kind+":") {
				covered[kind] = true
			}
		}
		text := fmt.Sprintf("input: %s\nlayers:\n  - {%s}\nloss: mse\n", c.input, layers)
		if !strings.Contains(layers, ":") {
			text = fmt.Sprintf("input: %s\nlayers:\n  - %s\nloss: mse\n", c.input, layers)
		}
		net, err := nn.ParseNet(c.name, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		shape := append([]int{6}, net.Input...)
		x := random.Normal(tensor.Float32, 0, 1, shape...)
		if strings.HasPrefix(c.name, "embedding") {
			x = tensor.Cast(random.Randint(tensor.Int64, 0, 4, shape...), tensor.Float32)
		}
		writeCase(t, folder, c.name, specOf(t, net, data.Schema{Name: c.name, Format: "npz"}, x), x, 1e-5)
	}
	for kind := range nn.Layers {
		if !covered[kind] {
			t.Errorf("no case has the layer %s", kind)
		}
	}

	nets := map[string][]int{"mlp": {8, 8}, "lenet": {28, 28}, "resnet18": {3, 32, 32}, "resnet34": {3, 32, 32}, "resnet50": {3, 32, 32}, "mobilenet_v2": {3, 64, 64}, "vgg11": {3, 32, 32}, "vgg11_bn": {3, 32, 32}, "vgg16": {3, 32, 32}, "vgg16_bn": {3, 32, 32}, "autoencoder": {64}, "bert": {8}, "bert_mini": {128}, "bert_small": {1}}
	for name, input := range nets {
		net, err := zoo.Get(name, input, 3)
		if err != nil {
			t.Fatal(err)
		}
		schema := imageSchema("cat", "dog", "eel")
		if len(input) == 3 {
			schema.Layout, input = "HWC", []int{input[1], input[2], 3}
		}
		if len(input) == 1 {
			schema.Layout, schema.Max = "", 0
		}
		if name == "autoencoder" {
			schema.Target = data.Target{}
		}
		x := random.Randint(tensor.Uint8, 0, 256, append([]int{4}, input...)...)
		writeCase(t, folder, name, specOf(t, net, schema, x), x, 1e-4)
	}
	if len(zoo.Names()) != len(nets) {
		t.Errorf("the zoo has the nets %v, of which %d have a case", zoo.Names(), len(nets))
	}

	table := tensor.Concat(1, random.Normal(tensor.Float32, 30, 9, 20, 3), tensor.Cast(random.Randint(tensor.Int64, 0, 3, 20, 1), tensor.Float32))
	columns := []string{"age", "height in m", "label", "kind"}
	for name, c := range map[string]struct {
		target data.Target
		steps  []feature.Step
		loss   nn.Loss
		units  int
	}{
		"numbered classes": {data.Target{Kind: data.Classes, Labels: []string{"3", "5", "8"}}, nil, nn.CrossEntropy{}, 3},
		"two classes":      {data.Target{Kind: data.Classes, Labels: []string{"no", "yes"}}, nil, nn.BinaryCrossEntropy{}, 1},
		"one hot":          {data.Target{Kind: data.Numbers, Names: []string{"price"}}, []feature.Step{&feature.OneHot{Column: "kind"}, &feature.MinMax{}}, nn.MSE{}, 1},
	} {
		net := nn.Sequential(nn.Dense{Units: 8, Activation: "tanh"}, nn.Dense{Units: c.units})
		net.Loss, net.Input = c.loss, []int{4}
		if c.steps != nil {
			net.Input = []int{6}
		}
		schema := data.Schema{Name: name, Format: "CSV", Columns: columns, Target: c.target}
		writeCase(t, folder, name, specOf(t, net, schema, table, c.steps...), table, 1e-4)
	}
	photos := random.Randint(tensor.Uint8, 0, 256, 5, 8, 8, 3)
	net := imageNet()
	net.Input = []int{3, 8, 8}
	schema := imageSchema("0", "1", "2")
	schema.Layout = "HWC"
	writeCase(t, folder, "normalize", specOf(t, net, schema, photos, &feature.ChannelsFirst{}, &feature.Normalize{}), photos, 1e-4)

	x := images(4)
	m := build(t, specOf(t, imageNet(), imageSchema("0", "1", "2"), x))
	beside := filepath.Join(folder, "weights_beside")
	if err := m.save(t.Context(), filepath.Join(beside, "model.onnx"), 1); err != nil {
		t.Fatal(err)
	}
	writeRun(t, beside, m, []*tensor.Tensor{x}, 1e-4)

	cases, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d models", len(cases))
	for name, why := range check(t, folder) {
		t.Errorf("%s: %s", name, why)
	}
}

// TestONNXRuntimeCarriesStates compares predictions and states of a stateful net that
// goes on from given states.
func TestONNXRuntimeCarriesStates(t *testing.T) {
	net := nn.Sequential(nn.LSTM{Recurrent: nn.Recurrent{Units: 3, Stateful: true, Sequences: true}}, nn.GRU{Recurrent: nn.Recurrent{Units: 2, Stateful: true}})
	net.Input, net.Loss = []int{5, 4}, nn.MSE{}
	random := tensor.NewRand(12)
	normal := func(shape ...int) *tensor.Tensor { return random.Normal(tensor.Float32, 0, 1, shape...) }
	x := normal(6, 5, 4)
	m := build(t, specOf(t, net, data.Schema{Name: "stateful", Format: "npz"}, x))
	folder := t.TempDir()
	beside := filepath.Join(folder, "stateful")
	if err := m.Save(t.Context(), filepath.Join(beside, "model.onnx")); err != nil {
		t.Fatal(err)
	}
	writeRun(t, beside, m, []*tensor.Tensor{x, normal(6, 3), normal(6, 3), normal(6, 2)}, 1e-5)
	for name, why := range check(t, folder) {
		t.Errorf("%s: %s", name, why)
	}
}

// TestModelsOfOtherPrograms runs image nets that Caffe2 wrote, with weights of one
// value, against ONNX Runtime.
func TestModelsOfOtherPrograms(t *testing.T) {
	script := `import onnx.backend.test as t, os; print(os.path.join(os.path.dirname(t.__file__), "data", "light"))`
	out := peers.Run(t, "-c", script)
	folder := t.TempDir()
	for _, name := range []string{"squeezenet", "inception_v2", "densenet121"} {
		content, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "light_"+name+".onnx"))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(folder, name, "model.onnx")
		if err := storage.WriteFile(t.Context(), path, content); err != nil {
			t.Fatal(err)
		}
		m, err := Load(t.Context(), path)
		if err != nil {
			t.Error(err)
			continue
		}
		defer m.Close()
		x := tensor.NewRand(2).Uniform(tensor.Float32, 0, 1, 1, 3, 224, 224)
		writeRun(t, filepath.Dir(path), m, []*tensor.Tensor{x}, 1e-4)
	}
	for name, why := range check(t, folder) {
		t.Errorf("%s: %s", name, why)
	}
}

// writeCase saves the model with samples and what the engine predicts.
func writeCase(t *testing.T, folder, name string, s Spec, x *tensor.Tensor, tolerance float64) {
	t.Helper()
	folder = filepath.Join(folder, strings.ReplaceAll(name, " ", "_"))
	m, err := Build(s)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if err := m.Save(t.Context(), filepath.Join(folder, "model.onnx")); err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	in := []*tensor.Tensor{x}
	if n := len(s.Pipeline.Schema.Columns); n > 0 {
		in = tensor.Split(x, 1, ones(n)...)
	}
	writeRun(t, folder, m, in, tolerance)
}

// writeRun writes what the engine computes for the inputs.
func writeRun(t *testing.T, folder string, m *Model, in []*tensor.Tensor, tolerance float64) {
	t.Helper()
	program, err := engine.Compile(m.Graph, engine.Options{Backend: backend(t)})
	if err != nil {
		t.Errorf("%s: %v", filepath.Base(folder), err)
		return
	}
	out, err := program.Run(in)
	if err != nil {
		t.Errorf("%s: %v", filepath.Base(folder), err)
		return
	}
	for kind, tensors := range map[string][]*tensor.Tensor{"input": in, "output": out} {
		for i, x := range tensors {
			writeNPY(t, filepath.Join(folder, fmt.Sprintf("%s_%d.npy", kind, i)), x)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "tolerance.txt"), fmt.Append(nil, tolerance), 0o644); err != nil {
		t.Fatal(err)
	}
}

func ones(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = 1
	}
	return out
}

func writeNPY(t *testing.T, path string, x *tensor.Tensor) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := tensor.WriteNPY(f, x); err != nil {
		t.Fatal(err)
	}
}

// check runs the checker and ONNX Runtime on all cases.
func check(t *testing.T, folder string) (failed map[string]string) {
	t.Helper()
	peers.RunJSON(t, &failed, "../onnx/testdata/check.py", folder)
	return failed
}
