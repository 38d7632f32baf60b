package config_test

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/emberml/ember/internal/config"
)

func TestSnake(t *testing.T) {
	for name, want := range map[string]string{
		"PadBegin": "pad_begin", "LR": "lr", "L2": "l2", "BatchNorm": "batch_norm", "Conv2D": "conv2d",
		"MaxPool2D": "max_pool2d", "URLPath": "url_path", "Units": "units", "ReLU": "re_lu", "Beta1": "beta1",
	} {
		if got := config.Snake(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"filters", "kernel", "stride", "activation", "learning_rate"}
	for word, want := range map[string]string{
		"filers": "filters", "kernal": "kernel", "Stride": "stride", "learningrate": "learning_rate",
		"learnign_rate": "learning_rate", "units": "", "": "",
	} {
		if got := config.Nearest(word, known); got != want {
			t.Errorf("%q is near %q, want %q", word, got, want)
		}
	}
}

func TestDefaultsAndValidate(t *testing.T) {
	c := conv2D{Filters: 8}
	config.Defaults(&c)
	if c.Kernel != (size{3, 3}) || c.Bias == nil || !*c.Bias {
		t.Errorf("got %+v", c)
	}
	var n net
	config.Defaults(&n)
	if n.Train.Epochs != 10 || n.Train.Every != 30*time.Second {
		t.Errorf("got %+v", n.Train)
	}
	for _, test := range []struct {
		v    any
		want string
	}{
		{adam{LR: -1}, `the "lr" of adam must be > 0, got -1`},
		{&adam{Beta1: 1}, `the "beta1" of adam must be ≥ 0 and < 1, got 1`},
		{conv2D{}, `the "filters" of conv2d is missing`},
		{conv2D{Filters: 1, Activation: "tan"}, `the "activation" of conv2d must be relu or tanh, got "tan"; did you mean "tanh"?`},
		{net{Train: trainOptions{Epochs: -1}}, `the "epochs" of train must be ≥ 1, got -1`},
		{net{}, ""},
		{adam{}, ""},
	} {
		err := config.Validate(test.v)
		if got := errorText(err); got != test.want {
			t.Errorf("%+v: got %s, want %s", test.v, got, test.want)
		}
	}
	if err := config.ValidateAs("adam_w", adam{LR: -1}); errorText(err) != `the "lr" of adam_w must be > 0, got -1` {
		t.Error(err)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestFields(t *testing.T) {
	zero, one := 0.0, 1.0
	want := []config.Field{
		{Name: "lr", Type: "number", Default: "0.001", Min: &zero, ExclusiveMin: true, Doc: "learning rate"},
		{Name: "beta1", Type: "number", Default: "0.9", Min: &zero, Max: &one, ExclusiveMax: true},
		{Name: "decay", Type: "number"},
	}
	if got := config.Fields(adam{}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	var names, types []string
	for _, f := range config.Fields(&net{}) {
		names, types = append(names, f.Name), append(types, f.Type)
		if f.Name == "train" && len(f.Fields) != 4 {
			t.Errorf("train has %d fields", len(f.Fields))
		}
	}
	if want := []string{"seed", "name", "input", "layers", "optimizer", "train", "labels"}; !reflect.DeepEqual(names, want) {
		t.Errorf("got %v", names)
	}
	if want := []string{"whole number", "text", "list of whole numbers", "list of values", "value", "options", "map of whole numbers"}; !reflect.DeepEqual(types, want) {
		t.Errorf("got %v", types)
	}
}

func TestEncode(t *testing.T) {
	head := conv2D{Filters: 10, Kernel: size{3, 5}, L2: 1e-4, Bias: new(bool)}
	options, err := config.From(head)
	if err != nil {
		t.Fatal(err)
	}
	n := net{
		Name: "yes: no", Input: []int{1, 28, 28},
		Layers: []*config.Node{
			config.NewChoice("conv2d", options),
			config.NewChoice("flatten", nil),
			config.NewChoice("add", nil, config.Entry{Key: "name", Value: config.NewText("7")}),
		},
		Train: trainOptions{Epochs: 3, Every: 30 * time.Second}, Labels: map[string]int{"b": 1, "a": 2},
	}
	got, err := config.Encode(n)
	if err != nil {
		t.Fatal(err)
	}
	const want = `name: "yes: no"
input: [1, 28, 28]
layers:
  - conv2d: {filters: 10, kernel: [3, 5], l2: 0.0001, bias: false}
  - flatten
  - {add: {}, name: "7"}
train: {epochs: 3}
labels: {a: 2, b: 1}
`
	if string(got) != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	var back net
	if err := parse(t, string(got)).Decode(&back); err != nil {
		t.Fatal(err)
	}
	again, err := config.Encode(back)
	if err != nil || string(again) != want {
		t.Errorf("%v: again\n%s", err, again)
	}
	if one, err := config.Encode(adam{LR: 0.001, Beta1: 0.5}); err != nil || string(one) != "beta1: 0.5\n" {
		t.Errorf("%s %v", one, err)
	}
}

func TestInfinityReadsBack(t *testing.T) {
	for _, want := range []float64{math.Inf(1), math.Inf(-1), 1e-300} {
		n, err := config.From(want)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := config.Parse("", []byte(n.String()))
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := parsed.Float(); got != want || !ok {
			t.Errorf("%v is written as %s and read as %v", want, n, got)
		}
	}
}

func TestChoices(t *testing.T) {
	table := map[string]any{"adam": adam{}, "conv2d": conv2D{}}
	for _, v := range []any{adam{LR: 0.5, Beta1: 0.9}, conv2D{Filters: 3, Kernel: size{5, 5}, Bias: new(bool)}} {
		n, err := config.EncodeChoice(v, "thing", table)
		if err != nil {
			t.Fatal(err)
		}
		back, err := config.DecodeChoice(parse(t, n.String()), "thing", table)
		if err != nil || !reflect.DeepEqual(back, v) {
			t.Errorf("%v became %v, then %+v: %v", v, n, back, err)
		}
	}
	_, err := config.DecodeChoice(parse(t, "adma: {}"), "thing", table)
	if want := `lenet.yaml:1: unknown thing "adma"; did you mean "adam"?`; errorText(err) != want {
		t.Errorf("got %v", err)
	}
	if _, err := config.EncodeChoice(any(5), "thing", table); errorText(err) != "the thing int has no key in files; it lives in Go only" {
		t.Errorf("got %v", err)
	}
}

func TestSet(t *testing.T) {
	choices := config.Choices{"optimizer": {"schedule", "clip_norm"}, "optimizer.schedule": nil}
	const file = `
layers:
  - conv2d: {filters: 20}
  - flatten
optimizer: {adam: {lr: 0.001}, clip_norm: 1}
metrics: [accuracy]
`
	for _, test := range []struct{ path, value, text, note string }{
		{"optimizer.adam.lr", "0.01", `optimizer: {adam: {lr: 0.01}, clip_norm: 1}`, ""},
		{"optimizer.sgd.momentum", "0.9", `optimizer: {clip_norm: 1, sgd: {momentum: 0.9}}`, "optimizer: sgd takes the place of adam"},
		{"optimizer", "sgd", `optimizer: sgd`, "optimizer: sgd takes the place of adam"},
		{"optimizer", "{adam: {lr: 1}}", `optimizer: {adam: {lr: 1}}`, ""},
		{"optimizer.schedule.cosine.epochs", "5", `optimizer: {adam: {lr: 0.001}, clip_norm: 1, schedule: {cosine: {epochs: 5}}}`, ""},
		{"optimizer.clip_norm", "2", `optimizer: {adam: {lr: 0.001}, clip_norm: 2}`, ""},
		{"layers.0.conv2d.filters", "8", "layers:\n  - conv2d: {filters: 8}\n  - flatten", ""},
		{"train.epochs", "5", `train: {epochs: 5}`, ""},
		{"metrics", "[accuracy, auc]", `metrics: [accuracy, auc]`, ""},
		{"name", "two words", `name: "two words"`, ""},
	} {
		root := parse(t, file)
		note, err := config.Set(root, test.path, test.value, choices)
		if err != nil || note != test.note {
			t.Errorf("%s: %v, %q", test.path, err, note)
		}
		got, err := config.Encode(root)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains("\n"+string(got), "\n"+test.text+"\n") {
			t.Errorf("%s=%s gives\n%s", test.path, test.value, got)
		}
	}
	word := parse(t, "optimizer: adam")
	if note, err := config.Set(word, "optimizer.adam.lr", "1e-2", choices); err != nil || note != "" || word.String() != "{optimizer: {adam: {lr: 1e-2}}}" {
		t.Error(word, note, err)
	}
	if note, err := config.Set(word, "optimizer.clip_norm", "1", choices); err != nil || note != "" || word.String() != "{optimizer: {adam: {lr: 1e-2}, clip_norm: 1}}" {
		t.Error(word, note, err)
	}
	word = parse(t, "optimizer: adam")
	if _, err := config.Set(word, "optimizer.clip_norm", "1", choices); err != nil || word.String() != "{optimizer: {adam: null, clip_norm: 1}}" {
		t.Error(word, err)
	}
}

func TestSetErrors(t *testing.T) {
	for _, test := range []struct{ path, value, want string }{
		{"train.epochs", "many", `--set train.epochs=many: the "epochs" of train must be a whole number, got many`},
		{"train.epoch", "3", `--set train.epoch=3: unknown key "epoch" in train; did you mean "epochs"?`},
		{"trian.epochs", "3", `--set trian.epochs=3: unknown key "trian"; did you mean "train"?`},
		{"train.epochs.x", "3", `--set train.epochs.x=3: "train.epochs" is 2 and has no "x"`},
		{"input.7", "3", `--set input.7=3: "7" is not an item of "input", which has 0 to 0`},
		{"a..b", "3", `--set a..b=3: "a..b" is not a path of keys with dots between them`},
		{"train", "{", `--set train={:1: not valid YAML: `},
	} {
		root := parse(t, "input: [784]\ntrain: {epochs: 2}")
		_, err := config.Set(root, test.path, test.value, nil)
		if err == nil {
			err = root.Decode(new(net))
		}
		if got := errorText(err); got != test.want && (test.value != "{" || err == nil) {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}
