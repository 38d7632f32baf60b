package optest_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op/optest"
	"github.com/emberml/ember/tensor"
)

// TestMistakes damages the inputs of every case at random, as a broken file would:
// inference either refuses or the definition computes what was inferred. Neither
// may panic.
func TestMistakes(t *testing.T) {
	const attempts = 40
	walk(t, func(t *testing.T, name string, c graph.Case) {
		a, err := optest.Apply(name, c, tensor.Float32)
		if err != nil {
			t.Fatal(err)
		}
		size := 0
		for _, x := range a.Args {
			if x != nil {
				size += x.Len()
			}
		}
		if size > 5000 {
			return // the smaller cases make the same mistakes
		}
		rng := rand.New(rand.NewPCG(1, uint64(len(name))))
		for range attempts {
			args := damaged(rng, a.Args)
			tryMistake(t, c.Op, args)
		}
	})
}

// damaged is a copy of the arguments with one of them changed, dropped or doubled.
func damaged(rng *rand.Rand, args []*tensor.Tensor) []*tensor.Tensor {
	args = append([]*tensor.Tensor{}, args...)
	i := rng.IntN(len(args))
	x := args[i]
	switch k := rng.IntN(7); {
	case k == 0 || x == nil:
		args[i] = nil
	case k == 1:
		args = append(args, x)
	case k == 2 && x.DType() != tensor.String:
		args[i] = tensor.Cast(x, tensor.Float32+tensor.DType(rng.IntN(int(tensor.Bool-tensor.Float32)+1)))
	case k == 3:
		args[i] = x.Unsqueeze(rng.IntN(x.Rank() + 1))
	case k == 4 && x.Rank() > 0:
		axis := rng.IntN(x.Rank())
		args[i] = x.Slice(axis, 0, x.Shape()[axis]-1, 1)
	case k == 5:
		args[i] = x.Reshape(-1)
	case x.DType() == tensor.Int64:
		y := x.Clone()
		if y.Len() > 0 {
			tensor.Data[int64](y)[rng.IntN(y.Len())] = []int64{-3, -1, 0, 1, 2, 7, 1 << 40}[rng.IntN(7)]
		}
		args[i] = y
	}
	return args
}

// tryMistake infers and, if that succeeds, evaluates.
func tryMistake(t *testing.T, o graph.Op, args []*tensor.Tensor) {
	what := fmt.Sprintf("%T%+v of", o, o)
	types := make([]graph.Type, len(args))
	for i, x := range args {
		if x == nil {
			what += " -"
			continue
		}
		types[i] = graph.TypeOf(x)
		if optest.IsParameter(x) {
			types[i] = graph.ConstType(x)
		}
		what += fmt.Sprintf(" %v", types[i])
		if optest.IsParameter(x) {
			what += fmt.Sprintf("=%v", x)
		}
	}
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("%s: panic: %v", what, r)
		}
	}()
	inferred, err := o.Infer(types)
	if err != nil {
		return
	}
	total := 0
	for _, y := range inferred {
		n, _ := y.Shape.Len().Size()
		if n < 0 {
			t.Fatalf("%s: inferred %v", what, y)
		}
		total += n
	}
	if total > 1<<20 {
		return // a legal wish for much memory
	}
	out, err := o.Eval(args)
	if err != nil {
		return
	}
	for i, y := range out {
		if err := optest.Fits(inferred[i], y); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}
