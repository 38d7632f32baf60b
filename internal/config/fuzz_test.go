package config_test

import (
	"errors"
	"testing"

	"github.com/emberml/ember/internal/config"
)

// FuzzParse: any bytes are a configuration or an *Error, and what decodes is
// written as text that decodes to the same.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"name: lenet\ninput: [1, 28, 28]\nlayers:\n  - flatten\n  - dense: {units: 1e1}\n    name: x\noptimizer: {adam: {lr: 1e-4}}",
		`{"name": "a", "train": {"epochs": 3, "every": "5s"}}`, "a: &x [1]\nb: *x", "- - - x", "a: |\n  text\n  more\nb: 'q'", "\t", "{", "? a", "!!str x",
		"name: \"\\x41\\u00e9\\n\"", "a: >-\n b", "%YAML 1.2", "name: -.inf", "labels: {\"\": 1}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		root, err := config.Parse("f", data)
		var n net
		if err == nil {
			err = root.Decode(&n)
		}
		var placed *config.Error
		if err != nil {
			if !errors.As(err, &placed) {
				t.Fatalf("a %T: %v", err, err)
			}
			return
		}
		text, err := config.Encode(n)
		if err != nil {
			t.Fatal(err)
		}
		var back net
		again, err := config.Parse("again", text)
		if err == nil {
			err = again.Decode(&back)
		}
		if err != nil {
			t.Fatalf("%v: %q became %q", err, data, text)
		}
		if twice, err := config.Encode(back); err != nil || string(twice) != string(text) {
			t.Fatalf("%v: %q became %q, then %q", err, data, text, twice)
		}
	})
}
