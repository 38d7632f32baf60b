package config_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/emberml/ember/internal/config"
)

// size is 5 or [3, 5].
type size [2]int

func (s *size) UnmarshalConfig(n *config.Node) error {
	if i, ok := n.Int(); ok {
		*s = size{int(i), int(i)}
		return nil
	}
	var list []int
	if err := n.Decode(&list); err != nil || len(list) != 2 {
		return errors.New("must be a whole number or [h, w], got " + n.String())
	}
	*s = size{list[0], list[1]}
	return nil
}

func (s size) MarshalConfig() (any, error) {
	if s[0] == s[1] {
		return s[0], nil
	}
	return s[:], nil
}

type conv2D struct {
	Filters    int    `required:"true" min:"1" doc:"output channels"`
	Kernel     size   `default:"3"`
	Activation string `oneof:"relu,tanh"`
	L2         float64
	Bias       *bool `default:"true"`
}

type adam struct {
	LR    float64 `default:"0.001" min:"0" exclusive:"min" doc:"learning rate"`
	Beta1 float64 `default:"0.9" min:"0" max:"1" exclusive:"max"`
	Decay *float64
}

type shared struct {
	Seed uint64
}

type net struct {
	shared
	Shared    `config:"-"`
	Name      string
	Input     []int `min:"1"`
	Layers    []*config.Node
	Optimizer *config.Node
	Train     trainOptions
	Labels    map[string]int
	Hidden    int `config:"-"`
	_         int
}

type Shared struct{ Ignored int }

type trainOptions struct {
	Epochs   int           `default:"10" min:"1"`
	Every    time.Duration `default:"30s"`
	Quiet    bool
	Patience uint8
}

func parse(t *testing.T, text string) *config.Node {
	t.Helper()
	n, err := config.Parse("lenet.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestDecode(t *testing.T) {
	root := parse(t, `
name: lenet
input: [1, 28, 28]        # a comment
layers:
  - conv2d: {filters: 20, kernel: [3, 5], activation: relu, l2: 1e-4}
  - flatten
  - dense: {units: 1e2}
    name: head
  - {add: {}, inputs: [a, b]}
optimizer: {adam: {lr: 1e-2}}
train: {epochs: 3, every: 5m, quiet: true}
labels: {"a b": 1, c: -2}
`)
	var got net
	if err := root.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if got.Name != "lenet" || !reflect.DeepEqual(got.Input, []int{1, 28, 28}) || got.Labels["a b"] != 1 || got.Labels["c"] != -2 {
		t.Errorf("got %+v", got)
	}
	if want := (trainOptions{Epochs: 3, Every: 5 * time.Minute, Quiet: true}); got.Train != want {
		t.Errorf("train is %+v, want %+v", got.Train, want)
	}
	key, options, err := got.Layers[0].Choice("name", "inputs")
	if err != nil || key != "conv2d" {
		t.Fatal(key, err)
	}
	var conv conv2D
	if err := options.Decode(&conv); err != nil {
		t.Fatal(err)
	}
	if conv.Filters != 20 || conv.Kernel != (size{3, 5}) || conv.L2 != 1e-4 || !*conv.Bias {
		t.Errorf("got %+v", conv)
	}
	if key, options, err := got.Layers[1].Choice("name", "inputs"); key != "flatten" || !options.Empty() || err != nil {
		t.Error(key, options, err)
	}
	key, options, err = got.Layers[2].Choice("name", "inputs")
	name, _ := got.Layers[2].Get("name").Text()
	units, _ := options.Get("units").Int()
	if err != nil || key != "dense" || name != "head" || units != 100 {
		t.Error(key, name, units, err)
	}
	if key, _, err := got.Layers[3].Choice("name", "inputs"); key != "add" || err != nil {
		t.Error(key, err)
	}
	key, options, _ = got.Optimizer.Choice()
	var a adam
	if err := options.Decode(&a); err != nil || key != "adam" || a != (adam{LR: 0.01, Beta1: 0.9}) {
		t.Error(key, a, err)
	}
}

func TestDecodeJSON(t *testing.T) {
	root := parse(t, "{\n\t\"name\": \"a\\tb \\u00e9\",\n\t\"input\": [784],\n\t\"train\": {\"epochs\": 1e1}\n}")
	var got net
	if err := root.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if got.Name != "a\tb é" || got.Train.Epochs != 10 {
		t.Errorf("got %+v", got)
	}
}

// TestErrors says what a user reads for each mistake.
func TestErrors(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"name: x\nlayer: []", `lenet.yaml:2: unknown key "layer"; did you mean "layers"?`},
		{"name: x\nzzzzz: []", `lenet.yaml:2: unknown key "zzzzz"; known: seed, name, input, layers, optimizer, train, labels`},
		{"train:\n  epochs: 3\n  epoks: 3", `lenet.yaml:3: unknown key "epoks" in train; did you mean "epochs"?`},
		{"train: {epochs: many}", `lenet.yaml:1: the "epochs" of train must be a whole number, got many`},
		{"train: {epochs: 2.5}", `lenet.yaml:1: the "epochs" of train must be a whole number, got 2.5`},
		{"train: {epochs: -1}", `lenet.yaml:1: the "epochs" of train must be ≥ 1, got -1`},
		{"train: {every: 5}", `lenet.yaml:1: the "every" of train must be a duration such as 30s or 5m, got 5`},
		{"train: {quiet: yes}", `lenet.yaml:1: the "quiet" of train must be true or false, got yes`},
		{"train: {patience: 256}", `lenet.yaml:1: the "patience" of train must be a whole number ≥ 0, got 256`},
		{"train: 5", `lenet.yaml:1: "train" must be a map of options, got 5`},
		{"input: [1, x]", `lenet.yaml:1: item 2 of "input" must be a whole number, got x`},
		{"input: [1, 0]", `lenet.yaml:1: "input" must be ≥ 1, got 0`},
		{"input: 5", `lenet.yaml:1: "input" must be a list, got 5`},
		{"name: [x]", `lenet.yaml:1: "name" must be a text, got [x]`},
		{"name: x\nname: y", `lenet.yaml:2: the key "name" stands here twice`},
		{"name: &a x", `lenet.yaml:1: an anchor (&) has no meaning here; put the text in quotes if it is one`},
		{"name: x\n---\nname: y", `lenet.yaml:3: a second document begins; one file holds one`},
		{"- a", `lenet.yaml:1: the value must be a map of options, got [a]`},
		{"name: [", `lenet.yaml:1: not valid YAML: `},
		{strings.Repeat("[", 100), `lenet.yaml:1: nested deeper than 64`},
		{strings.Repeat("- ", 100), `lenet.yaml:1: nested deeper than 64`},
	} {
		root, err := config.Parse("lenet.yaml", []byte(test.text))
		if err == nil {
			err = root.Decode(new(net))
		}
		if err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%.40q:\n got %v\nwant %v", test.text, err, test.want)
		}
		var placed *config.Error
		if !errors.As(err, &placed) {
			t.Errorf("%.40q: a %T", test.text, err)
		}
	}
}

func TestOptionErrors(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"\n\nconv2d: {filers: 3}", `lenet.yaml:3: unknown key "filers" in conv2d; did you mean "filters"?`},
		{"conv2d: {kernel: 3}", `lenet.yaml:1: the "filters" of conv2d is missing`},
		{"conv2d", `lenet.yaml:1: the "filters" of conv2d is missing`},
		{"conv2d: {filters: 3, kernel: big}", `lenet.yaml:1: the "kernel" of conv2d must be a whole number or [h, w], got big`},
		{"conv2d: {filters: 3, kernel: 0}", `lenet.yaml:1: the "kernel" of conv2d cannot be 0: that stands for its default, 3`},
		{"conv2d: {filters: 3, activation: rleu}", `lenet.yaml:1: the "activation" of conv2d must be relu or tanh, got "rleu"; did you mean "relu"?`},
		{"conv2d: {filters: 3}\nnam: x", `lenet.yaml:2: unknown key "nam" beside "conv2d"; did you mean "name"?`},
		{"conv2d: {filters: 3}\ndense: x", `lenet.yaml:2: "conv2d" and "dense" stand side by side, but only one can be meant; beside it only name`},
		{"[a, b]", `lenet.yaml:1: the value must be a word or one key with its options, got [a, b]`},
		{"name: a", `lenet.yaml:1: the value must be a word or one key with its options, got {name: a}`},
	} {
		_, options, err := parse(t, test.text).Choice("name")
		if err == nil {
			err = options.Decode(new(conv2D))
		}
		if err == nil || err.Error() != test.want {
			t.Errorf("%q:\n got %v\nwant %v", test.text, err, test.want)
		}
	}
	err := parse(t, "desne").Unknown("layer", "desne", []string{"conv2d", "dense"})
	if want := `lenet.yaml:1: unknown layer "desne"; did you mean "dense"?`; err.Error() != want {
		t.Errorf("got %v, want %v", err, want)
	}
}

// TestZero: where zero is the default's sign, a file cannot say zero; a pointer
// can.
func TestZero(t *testing.T) {
	var a adam
	err := parse(t, "adam: {beta1: 0}").Get("adam").Decode(&a)
	if want := `lenet.yaml:1: the "beta1" of adam cannot be 0: that stands for its default, 0.9`; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if err := parse(t, "decay: 0").Decode(&a); err != nil || a.Decay == nil || *a.Decay != 0 {
		t.Error(err, a.Decay)
	}
	var c conv2D
	if err := parse(t, "{filters: 1, bias: false}").Decode(&c); err != nil || *c.Bias {
		t.Error(err)
	}
}

func TestNumbers(t *testing.T) {
	for _, text := range []string{"1e-4", "1E-4", "0.0001", "+1e-4", ".0001", "1.e-4"} {
		if f, ok := parse(t, text).Float(); !ok || f != 1e-4 {
			t.Errorf("%s is %v, %v", text, f, ok)
		}
	}
	for _, text := range []string{"0x10", "nan", ".nan", "infinity", "1_000", "'1'", "1 2", "-", "."} {
		if f, ok := parse(t, text).Float(); ok {
			t.Errorf("%s is %v", text, f)
		}
	}
}

func ExampleNode_Decode() {
	type sgd struct {
		LR       float64 `default:"0.01" min:"0" exclusive:"min"`
		Momentum float64 `min:"0" max:"1"`
	}
	root, _ := config.Parse("net.yaml", []byte("sgd: {lr: 1e-3, momentun: 0.9}"))
	key, options, _ := root.Choice()
	fmt.Println(key, options.Decode(new(sgd)))
	// Output: sgd net.yaml:1: unknown key "momentun" in sgd; did you mean "momentum"?
}
