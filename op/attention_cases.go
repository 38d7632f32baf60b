package op

import (
	"math"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// attentionCases are the cases of the operator.
func attentionCases() []graph.Case {
	r := graph.Rand
	none := graph.Arg{Omitted: true}
	heads := func(o AttentionOp, n, h, kh, s, t, d, e int, more ...graph.Arg) graph.Case {
		return graph.Case{Op: o, In: append([]graph.Arg{r(n, h, s, d), r(n, kh, t, d), r(n, kh, t, e)}, more...)}
	}
	rows := func(o AttentionOp, n, s, t, d, e int, more ...graph.Arg) graph.Case {
		return graph.Case{Op: o, In: append([]graph.Arg{r(n, s, o.Heads*d), r(n, t, o.KeyHeads*d), r(n, t, o.KeyHeads*e)}, more...)}
	}
	packed := func(o AttentionOp, n, s, d int, more ...graph.Arg) graph.Case {
		return graph.Case{Op: o, In: append([]graph.Arg{r(n, s, (o.Heads+2*o.KeyHeads)*d), none, none}, more...)}
	}
	named := func(name string, c graph.Case) graph.Case {
		c.Name = name
		return c
	}
	still := func(c graph.Case, why string) graph.Case {
		c.NoGrad = why
		return c
	}
	two := AttentionOp{Heads: 2, KeyHeads: 2}
	causal := AttentionOp{Causal: true}
	additive := graph.Given(tensor.Of([]float32{0, 1, float32(math.Inf(-1)), 0.5, -2, 0}, 2, 3))
	allowed := graph.Given(tensor.Of([]bool{true, false, true, false, false, false}, 2, 3))
	key, index := intsArg(42, 7), intsArg(3, 11)
	return []graph.Case{
		heads(AttentionOp{}, 2, 3, 3, 4, 5, 6, 7),
		named("rows", rows(two, 2, 3, 4, 5, 5)),
		named("packed rows", packed(two, 2, 4, 3)),
		named("packed shared heads", packed(AttentionOp{Heads: 4, KeyHeads: 2, Causal: true}, 1, 4, 3)),
		named("shared heads", heads(AttentionOp{}, 1, 4, 2, 3, 4, 3, 3)),
		named("causal", heads(causal, 1, 2, 2, 5, 5, 3, 3)),
		named("window", heads(AttentionOp{LeftWindow: Set(1), RightWindow: Set(2)}, 1, 1, 1, 6, 7, 3, 3)),
		named("scale and cap", heads(AttentionOp{Scale: Set(1.5), Softcap: 2}, 1, 2, 2, 3, 4, 3, 3)),
		named("boolean mask", heads(AttentionOp{}, 1, 2, 2, 2, 3, 4, 4, allowed)),
		named("mask of keys", heads(AttentionOp{}, 2, 2, 2, 2, 3, 4, 4, graph.Given(tensor.Of([]bool{true, true, false, true, false, false}, 2, 1, 1, 3)))),
		named("short mask", heads(AttentionOp{}, 1, 1, 1, 2, 5, 4, 4, allowed)),
		still(named("added mask", heads(AttentionOp{Softcap: 3}, 1, 2, 2, 2, 3, 4, 4, additive)), "the given mask is float32"),
		still(named("trained mask", heads(AttentionOp{}, 2, 2, 2, 2, 3, 4, 4, r(2, 1, 3))), ""),
		named("lengths", heads(AttentionOp{}, 2, 1, 1, 3, 4, 3, 3, none, none, none, intsArg(4, 2))),
		named("causal lengths", heads(causal, 3, 1, 1, 3, 4, 3, 3, none, none, none, intsArg(4, 2, 0))),
		named("past", heads(AttentionOp{Present: true, Causal: true}, 1, 2, 2, 2, 3, 4, 4, none, r(1, 2, 3, 4), r(1, 2, 3, 4))),
		named("rows with a past", rows(AttentionOp{Heads: 2, KeyHeads: 1, Present: true}, 1, 2, 2, 3, 4, none, r(1, 1, 3, 3), r(1, 1, 3, 4))),
		named("scores", heads(AttentionOp{Scores: true}, 1, 2, 2, 2, 3, 4, 4)),
		named("capped scores", heads(AttentionOp{Scores: true, ScoresMode: 1, Softcap: 1}, 1, 2, 1, 2, 3, 4, 4)),
		still(named("masked scores", heads(AttentionOp{Scores: true, ScoresMode: 2, Causal: true}, 1, 1, 1, 3, 3, 4, 4)), "they are infinite"),
		named("softmax", heads(AttentionOp{Scores: true, ScoresMode: 3}, 1, 2, 2, 2, 3, 4, 4, allowed)),
		named("dropout", packed(AttentionOp{Heads: 2, KeyHeads: 2, Dropout: 0.4, Purpose: 5}, 2, 4, 3, none, none, none, none, key, index)),
		still(named("blocks", heads(AttentionOp{Softcap: 20}, 1, 4, 2, 130, 261, 17, 9)), large),
		still(named("causal blocks", packed(AttentionOp{Heads: 2, KeyHeads: 1, Causal: true, LeftWindow: Set(140)}, 2, 270, 16)), large),
		still(named("dropout blocks", rows(AttentionOp{Heads: 2, KeyHeads: 2, Dropout: 0.1, Causal: true}, 2, 65, 130, 8, 8, none, none, none, none, key, index)), large),
		named("no keys", heads(AttentionOp{}, 1, 1, 1, 2, 0, 3, 3)),
		named("no samples", rows(two, 0, 3, 4, 5, 5)),
	}
}

// attentionResult is the shape of a case's result.
func attentionResult(o AttentionOp, in []graph.Arg) []int {
	q := in[0].Shape
	switch {
	case len(q) == 4:
		return []int{q[0], q[1], q[2], in[2].Shape[3]}
	case in[1].Omitted:
		return []int{q[0], q[1], q[2] / (o.Heads + 2*o.KeyHeads) * o.Heads}
	}
	return []int{q[0], q[1], in[2].Shape[2] / o.KeyHeads * o.Heads}
}

// attentionQueries are the numbers of heads and queries of a case.
func attentionQueries(o AttentionOp, in []graph.Arg) (heads, queries int) {
	q := in[0].Shape
	if len(q) == 4 {
		return q[1], q[2]
	}
	return o.Heads, q[1]
}
