package zoo_test

import (
	"strings"
	"testing"

	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/nn/zoo"
	"github.com/emberml/ember/optim"
	"github.com/emberml/ember/train"
)

func TestGet(t *testing.T) {
	cases := []struct {
		name    string
		input   []int
		outputs int
		params  int
	}{
		{"mlp", []int{1, 28, 28}, 10, 101770},
		{"mlp", []int{4}, 3, 1027},
		{"lenet", []int{1, 28, 28}, 10, 431080},
		{"lenet", []int{28, 28}, 10, 431080},
		{"resnet18", []int{3, 224, 224}, 1000, 11689512 + 2*4800}, // torchvision's count, and running statistics
		{"resnet18", []int{3, 32, 32}, 10, 11173962 + 2*4800},
		{"vgg11", []int{3, 32, 32}, 10, 28144010},
		{"vgg11", []int{28, 28}, 10, 28142858}, // the last pooling is left out
		{"vgg16_bn", []int{3, 224, 224}, 1000, 138365992 + 2*4224},
		{"resnet50", []int{3, 224, 224}, 1000, 25557032 + 2*26560},
		{"mobilenet_v2", []int{3, 32, 32}, 10, 2236682 + 2*17056},
		{"bert", []int{128}, 2, 109482240 + 2*769}, // Hugging Face's count
		{"bert_mini", []int{16}, 0, 11170560},
		{"autoencoder", []int{1, 28, 28}, 0, 435536},
		{"autoencoder", []int{8}, 0, 37448},
	}
	for _, c := range cases {
		net, err := zoo.Get(c.name, c.input, c.outputs)
		if err != nil {
			t.Error(err)
			continue
		}
		rows, err := net.Summary()
		if err != nil {
			t.Error(err)
			continue
		}
		params := 0
		for _, r := range rows {
			params += r.Params
		}
		if params != c.params {
			t.Errorf("%s for %v has %d parameters, want %d", c.name, c.input, params, c.params)
		}
		text, err := net.YAML()
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if _, err := nn.ParseNet(c.name+".yaml", text); err != nil {
			t.Errorf("%v in\n%s", err, text)
		}
	}
}

func TestGetErrors(t *testing.T) {
	cases := []struct {
		name  string
		input []int
		want  string
	}{
		{"lent", []int{1, 28, 28}, `unknown net "lent"; did you mean "lenet"?`},
		{"transformer", []int{1, 28, 28}, `unknown net "transformer"; known: [autoencoder bert bert_mini bert_small lenet mlp mobilenet_v2 resnet18 resnet34 resnet50 vgg11 vgg11_bn vgg16 vgg16_bn]`},
		{"lenet", []int{784}, `lenet for samples of shape [784]: conv2d_1: wants images [N, channels, height, width], given [N 784]`},
		{"lenet", []int{1, 8, 8}, `lenet for samples of shape [1 8 8]: conv2d_2`},
		{"mlp", nil, `mlp for samples of shape []: the net's "input" is missing`},
	}
	for _, c := range cases {
		if _, err := zoo.Get(c.name, c.input, 10); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
}

// TestLeNetFile checks that the built-in lenet is the net file of the command
// line's contract.
func TestLeNetFile(t *testing.T) {
	const contract = `name: lenet
input: [1, 28, 28]
layers:
  - conv2d: {filters: 20, kernel: 5, activation: relu}
  - max_pool2d: {size: 2}
  - conv2d: {filters: 50, kernel: 5, activation: relu}
  - max_pool2d: {size: 2}
  - flatten
  - dense: {units: 500, activation: relu, l2: 1e-4, dropout: 0.5}
  - dense: {units: 10}
loss: cross_entropy
optimizer: {adam: {lr: 0.001}}
metrics: [accuracy]
train: {epochs: 3, batch: 64, seed: 1}
`
	file, err := nn.ParseNet("lenet.yaml", []byte(contract))
	if err != nil {
		t.Fatal(err)
	}
	want, err := file.YAML()
	if err != nil {
		t.Fatal(err)
	}
	got, err := zoo.LeNet([]int{1, 28, 28}, 10).YAML()
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestRecipes checks that the trainer can read how each net is trained.
func TestRecipes(t *testing.T) {
	for _, name := range zoo.Names() {
		input := zoo.Input(name)
		if len(input) == 3 {
			input = []int{3, 32, 32}
		}
		net, err := zoo.Get(name, input, 10)
		if err != nil {
			t.Error(err)
			continue
		}
		if _, err := optim.Parse(net.Optimizer); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := optim.ParseSchedule(net.Schedule); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := train.ParseOptions(net.Train); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
