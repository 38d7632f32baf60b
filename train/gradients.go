package train

import (
	"slices"

	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/tensor"
)

// bucketBytes is the least size of a bucket but the last: large enough for the
// bandwidth of a network, small enough for the first to leave early.
const bucketBytes = 1 << 20

// aligned is what the place of a variable is a multiple of, in numbers.
const aligned = 16

// gradients are those of all parameters in one piece of memory, in the order in
// which they become ready: that of the last layer comes first. What else is to
// be added up over the parts of a batch lies behind them.
type gradients struct {
	all     []float32
	buckets []bucket       // add up at once
	of      map[string]int // the bucket of a variable
	extra   []float32      // the end of all
}

// bucket is a run of numbers, and how many variables they hold.
type bucket struct{ lo, hi, variables int }

// placeGradients makes the variables that hold gradients, and room for so many
// extra numbers.
func placeGradients(state *engine.State, trained nn.Params, extra int) (*gradients, error) {
	size := 0
	for _, p := range trained {
		size += roundUp(p.Len())
	}
	whole := tensor.New(tensor.Float32, size+extra)
	g := &gradients{all: tensor.Data[float32](whole), of: map[string]int{}}
	g.extra = g.all[size:]
	at := bucket{}
	for i, p := range slices.Backward(trained) {
		name := gradPrefix + p.Name
		if err := state.Place(name, whole.Slice(0, at.hi, at.hi+p.Len(), 1).Reshape(concrete(p.Value)...)); err != nil {
			return nil, err
		}
		g.of[name] = len(g.buckets)
		at.hi += roundUp(p.Len())
		at.variables++
		if i > 0 && 4*(at.hi-at.lo) >= bucketBytes {
			g.buckets = append(g.buckets, at)
			at = bucket{lo: at.hi, hi: at.hi}
		}
	}
	at.hi = len(g.all)
	g.buckets = append(g.buckets, at)
	return g, nil
}

func roundUp(n int) int { return (n + aligned - 1) / aligned * aligned }
