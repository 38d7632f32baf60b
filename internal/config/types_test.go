package config_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emberml/ember/internal/config"
)

// color is a word.
type color int

func (c *color) UnmarshalText(text []byte) error {
	if *c = color(slices.Index(colors, string(text))); *c < 0 {
		return errors.New("must be " + strings.Join(colors, " or "))
	}
	return nil
}

func (c color) MarshalText() ([]byte, error) { return []byte(colors[c]), nil }

var colors = []string{"red", "blue"}

// everything has a field of each type that an option may have.
type everything struct {
	Color    color
	Level    uint16
	Scale    float32
	Wait     time.Duration
	Names    []string
	Weights  map[string]float64
	Choice   *config.Node
	Nested   *adam
	Several  []adam
	Optional *int
}

func TestTypes(t *testing.T) {
	const text = `color: blue
level: 65535
scale: 0.1
wait: "1m30s"
names: [a, "1"]
weights: {x: 1.5, y: -2}
choice: {sgd: {lr: 1}}
nested: {lr: 0.5}
several:
  - lr: 0.25
  - {beta1: 0.5, decay: 0}
optional: 0
`
	var v everything
	if err := parse(t, text).Decode(&v); err != nil {
		t.Fatal(err)
	}
	if v.Color != 1 || v.Scale != 0.1 || v.Wait != 90*time.Second || v.Nested.Beta1 != 0.9 || v.Several[0].LR != 0.25 || *v.Optional != 0 {
		t.Errorf("got %+v", v)
	}
	got, err := config.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != text {
		t.Errorf("got\n%swant\n%s", got, text)
	}
	if keys := parse(t, text).Keys(); !reflect.DeepEqual(keys[:3], []string{"color", "level", "scale"}) {
		t.Errorf("keys are %v", keys)
	}
	var types []string
	for _, f := range config.Fields(v) {
		types = append(types, f.Type)
	}
	want := []string{
		"color", "whole number", "number", "duration", "list of texts", "map of numbers", "value", "options",
		"list of options", "whole number",
	}
	if !slices.Equal(types, want) {
		t.Errorf("types are %q", types)
	}
}

func TestTypeErrors(t *testing.T) {
	for text, want := range map[string]string{
		"color: green":      `lenet.yaml:1: "color" must be red or blue`,
		"color: [red]":      `lenet.yaml:1: "color" must be a word, got [red]`,
		"level: 65536":      `lenet.yaml:1: "level" must be a whole number ≥ 0, got 65536`,
		"scale: 1e39":       `lenet.yaml:1: "scale" must be a number, got 1e39`,
		"scale: '1'":        `lenet.yaml:1: "scale" must be a number, got "1"`,
		"weights: [1]":      `lenet.yaml:1: "weights" must be a map, got [1]`,
		"weights: {x: y}":   `lenet.yaml:1: "x" in "weights" must be a number, got y`,
		"nested: {lr: -1}":  `lenet.yaml:1: the "lr" of nested must be > 0, got -1`,
		"several: [{l: 1}]": `lenet.yaml:1: unknown key "l" in several; did you mean "lr"?`,
		"names: {a: " + strings.Repeat("b", 50) + "}": `lenet.yaml:1: "names" must be a list, got a map of 1 keys`,
		"scale: " + strings.Repeat("b", 50):           `lenet.yaml:1: "scale" must be a number, got a long text`,
	} {
		if err := parse(t, text).Decode(new(everything)); errorText(err) != want {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
}
