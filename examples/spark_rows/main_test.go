package main

import (
	"os"
	"slices"
	"testing"

	"github.com/emberml/ember/cluster"
	"github.com/emberml/ember/frame"
)

func TestMain(m *testing.M) {
	cluster.Serve(functions)
	os.Exit(m.Run())
}

// A function is tested as any other: it needs no Spark.
func TestWords(t *testing.T) {
	lines, err := frame.New(frame.Schema{{Name: "value", Type: frame.Type{Kind: frame.String}}}, frame.Strings([]string{"Now, is the time", "", "Nowhere!"}))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	p := &cluster.Partition{
		Args: []byte("3"),
		Rows: func(yield func(*frame.Frame, error) bool) { yield(lines, nil) },
		Write: func(f *frame.Frame) error {
			for i := range f.Rows() {
				got = append(got, f.Column(0).String(i))
			}
			return nil
		},
	}
	if err := words(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if want := []string{"now", "the", "time", "nowhere"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
