package op_test

import (
	"testing"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// TestTrainingComputesRecurrenceOnce checks that no second run of the steps is left
// where the gradient needs what a run keeps.
func TestTrainingComputesRecurrenceOnce(t *testing.T) {
	g := graph.New()
	random := tensor.NewRand(1)
	variable := func(name string, shape ...int) *graph.Value {
		return g.Variable(name, random.Uniform(tensor.Float32, -1, 1, shape...))
	}
	x, w, r := variable("x", 3, 2, 4), variable("w", 1, 20, 4), variable("r", 1, 20, 5)
	y, _, _ := op.LSTM(op.LSTMOp{}, x, w, r, nil, nil, nil, nil, nil)
	loss := op.ReduceSum(y, nil, false)
	gradients, err := op.Gradients([]*graph.Value{loss}, []*graph.Value{w})
	if err != nil {
		t.Fatal(err)
	}
	g.Output("loss", loss)
	g.Output("dw", gradients[0])
	simple, err := g.Simplify()
	if err != nil {
		t.Fatal(err)
	}
	if err := simple.Verify(); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, n := range simple.Nodes() {
		count[n.Op().Spec().Name]++
	}
	if count["LSTM"] != 0 || count["RecurrentTrain"] != 1 {
		t.Errorf("%d LSTM and %d RecurrentTrain are left, want 0 and 1", count["LSTM"], count["RecurrentTrain"])
	}
}
