package graph_test

import (
	"math"
	"slices"
	"testing"

	"github.com/emberml/ember/graph"
)

func TestLists(t *testing.T) {
	for _, words := range [][]string{nil, {""}, {"Relu", "", "3:a", "Tanh"}} {
		l := graph.MakeStrings(words...)
		if got := l.Slice(); !slices.Equal(got, words) || l != graph.MakeStrings(words...) {
			t.Errorf("%q came back as %q", words, got)
		}
	}
	if graph.MakeStrings("a", "b") == graph.MakeStrings("ab") {
		t.Error("different lists of words are equal")
	}
	for _, values := range [][]float64{nil, {0}, {0.1, -1e300, math.Inf(1), 5}} {
		l := graph.MakeFloats(values...)
		if got := l.Slice(); !slices.Equal(got, values) || l != graph.MakeFloats(values...) {
			t.Errorf("%v came back as %v", values, got)
		}
	}
}
