package optim_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/optim"
	"github.com/emberml/ember/tensor"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]optim.Optimizer{
		"":                       optim.Adam{},
		"sgd":                    optim.SGD{LR: 0.01},
		"{adam: {lr: 0.5}}":      optim.Adam{LR: 0.5, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8},
		"adamw:\n  amsgrad: yes": nil,
		"adamw:\n  lr: 1e-4":     optim.AdamW{LR: 1e-4, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, WeightDecay: 0.01},
		"rmsprop":                optim.RMSProp{LR: 0.01, Alpha: 0.99, Epsilon: 1e-8},
	} {
		got, err := optim.Parse(node(t, text))
		if want == nil {
			if err == nil {
				t.Errorf("%q is read as %+v", text, got)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("%q: got %+v, want %+v: %v", text, got, want, err)
		}
		n, err := optim.Encode(got)
		if err != nil {
			t.Fatal(err)
		}
		if again := parseOptimizer(t, n.String()); text != "" && again != want {
			t.Errorf("%q became %v", text, n)
		}
	}
}

func TestParseSchedule(t *testing.T) {
	for text, want := range map[string]optim.Schedule{
		"":                                   optim.Constant{},
		"cosine":                             optim.Cosine{},
		"{step: {epochs: 3}}":                optim.StepDecay{Epochs: 3, Gamma: 0.1},
		"{warmup: 100}":                      optim.Warmup{Steps: 100, Then: optim.Constant{}},
		"{cosine: {min: 0.1}, warmup: 5}":    optim.Warmup{Steps: 5, Then: optim.Cosine{Min: 0.1}},
		"{warmup: {epochs: 1, from: 0.5}}":   optim.Warmup{Epochs: 1, From: 0.5, Then: optim.Constant{}},
		"{multi_step: {milestones: [2, 3]}}": optim.MultiStepDecay{Milestones: []int{2, 3}, Gamma: 0.1},
		"cosine: {epochs: 2}\nwarmup: {steps: 3}": optim.Warmup{Steps: 3, Then: optim.Cosine{Epochs: 2}},
	} {
		got := parseSchedule(t, text)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %+v, want %+v", text, got, want)
		}
		n, err := optim.EncodeSchedule(got)
		if err != nil {
			t.Fatal(err)
		}
		if again := parseSchedule(t, n.String()); !reflect.DeepEqual(again, want) {
			t.Errorf("%q became %v", text, n)
		}
	}
	if _, err := optim.EncodeSchedule(optim.Warmup{Steps: 1, Then: optim.Warmup{Steps: 1}}); err == nil {
		t.Error("a warmup of a warmup is written")
	}
}

func TestErrors(t *testing.T) {
	for text, want := range map[string]string{
		"adma":                    `net.yaml:1: unknown optimizer "adma"; did you mean "adam"?`,
		"{adam: {lr: -1}}":        `net.yaml:1: the "lr" of adam must be > 0, got -1`,
		"{adam: {beta1: 1}}":      `net.yaml:1: the "beta1" of adam must be ≥ 0 and < 1, got 1`,
		"{adam: {momentum: 1}}":   `net.yaml:1: unknown key "momentum" in adam; known: lr, beta1, beta2, epsilon, weight_decay, amsgrad`,
		"{sgd: {lr: 0}}":          `net.yaml:1: the "lr" of sgd must be > 0, got 0`,
		"{sgd: {nesterov: true}}": `net.yaml:1: the "nesterov" of sgd needs a momentum > 0 and a dampening of 0, got 0 and 0`,
	} {
		if _, err := optim.Parse(node(t, text)); err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
	for text, want := range map[string]string{
		"cosin":                    `net.yaml:1: unknown schedule "cosin"; did you mean "cosine"?`,
		"step":                     `net.yaml:1: the "epochs" of step is missing`,
		"{warmup: {}}":             `net.yaml:1: "warmup" needs steps or epochs`,
		"{cosine: {}, warmup: -5}": `net.yaml:1: "warmup" must be a map of options, got -5`,
		"{cosine: {}, wramup: 5}":  `net.yaml:1: unknown key "wramup" beside "cosine"; did you mean "warmup"?`,
	} {
		if _, err := optim.ParseSchedule(node(t, text)); err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
	for want, o := range map[string]optim.Optimizer{
		`the "alpha" of rmsprop must be ≥ 0 and ≤ 1, got 2`:                                optim.RMSProp{Alpha: 2},
		`the "nesterov" of sgd needs a momentum > 0 and a dampening of 0, got 0.9 and 0.5`: optim.SGD{Nesterov: true, Momentum: 0.9, Dampening: 0.5},
	} {
		if err := optim.Validate(o); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	for key, o := range optim.All {
		if err := optim.Validate(o); err != nil {
			t.Errorf("%s: %v", key, err)
		}
		if o.Rate() <= 0 {
			t.Errorf("%s has the rate %v", key, o.Rate())
		}
	}
}

// TestNoDecay: a parameter that is left out moves as if there were no decay.
func TestNoDecay(t *testing.T) {
	for _, pair := range [][2]optim.Optimizer{
		{optim.SGD{WeightDecay: 0.5}, optim.SGD{}},
		{optim.Adam{WeightDecay: 0.5}, optim.Adam{}},
		{optim.AdamW{WeightDecay: 0.5}, optim.Adam{}},
		{optim.RMSProp{WeightDecay: 0.5}, optim.RMSProp{}},
	} {
		var after [2]float64
		for i, o := range pair {
			g := graph.New()
			step := optim.NewStep(g)
			w := g.Variable("w", tensor.Of([]float64{3}))
			o.Update(step, optim.Param{Value: w, Grad: g.Constant(tensor.Of([]float64{0.1})), NoDecay: true})
			m := newMachine(g)
			m.run(t, map[string]*tensor.Tensor{optim.RateInput: tensor.Scalar(0.1), optim.NumberInput: tensor.Scalar(int64(1))})
			after[i] = tensor.At[float64](m.state[w], 0)
		}
		if after[0] != after[1] || after[0] == 3 {
			t.Errorf("%T moves to %v, without decay to %v", pair[0], after[0], after[1])
		}
	}
}

// TestVariables: what an optimizer keeps has names that a checkpoint can count
// on.
func TestVariables(t *testing.T) {
	want := map[string][]string{
		"sgd":     {"w", "w.sgd.momentum"},
		"adam":    {"w", "w.adam.m", "w.adam.v", "w.adam.vmax"},
		"adamw":   {"w", "w.adam.m", "w.adam.v", "w.adam.vmax"},
		"rmsprop": {"w", "w.rmsprop.square", "w.rmsprop.mean", "w.rmsprop.momentum"},
	}
	for key, o := range map[string]optim.Optimizer{
		"sgd": optim.SGD{Momentum: 0.9}, "adam": optim.Adam{AMSGrad: true}, "adamw": optim.AdamW{AMSGrad: true},
		"rmsprop": optim.RMSProp{Centered: true, Momentum: 0.9},
	} {
		g := graph.New()
		w := g.Variable("w", tensor.New(tensor.Float32, 2, 3))
		o.Update(optim.NewStep(g), optim.Param{Value: w, Grad: w})
		var names []string
		for _, v := range g.Variables() {
			names = append(names, v.Name())
			if !v.Type().Shape.Equal(w.Shape()) || v.DType() != w.DType() {
				t.Errorf("%s has the type %v", v.Name(), v.Type())
			}
		}
		if !slices.Equal(names, want[key]) || len(g.Updates()) != len(names) {
			t.Errorf("%s keeps %v and has %d updates", key, names, len(g.Updates()))
		}
	}
	if got := slices.Sorted(maps.Keys(optim.All)); !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
		t.Errorf("optimizers are %v", got)
	}
}

func TestClipByValue(t *testing.T) {
	g := graph.New()
	grad := g.Input("g", graph.TensorOf(tensor.Float32, graph.Known(4)))
	out := newMachine(g).run(t, map[string]*tensor.Tensor{"g": tensor.Of([]float32{-3, -0.5, 0.25, 9})}, optim.ClipByValue([]*graph.Value{grad}, 0.5)...)
	if got := tensor.Float64s(out[0]); !slices.Equal(got, []float64{-0.5, -0.5, 0.25, 0.5}) {
		t.Errorf("got %v", got)
	}
}

func ExampleCosine() {
	schedule := optim.Warmup{Steps: 2, Then: optim.Cosine{Min: 0.1}}
	for step := range int64(6) {
		fmt.Printf("%.3f ", schedule.Factor(optim.Time{Step: step, StepsPerEpoch: 6, Steps: 6}))
	}
	// Output: 0.000 0.500 1.000 0.868 0.550 0.232
}
