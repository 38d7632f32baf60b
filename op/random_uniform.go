package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/tensor"
)

// RandomUniformOp gives numbers uniform in [0, 1) in the shape [N, …] of x, a row for
// each sample. A row depends on the key (the seed and the step), the purpose (which
// of the random places of a model it is) and the global index of the sample, and on
// nothing else: neither on the place in the batch nor on the worker. Of x only the
// shape and the element type matter.
type RandomUniformOp struct {
	Purpose int
}

// RandomUniform is random numbers in [0, 1) in the shape of x. The key is the int64
// vector (seed, step), index the int64 global index of each sample.
func RandomUniform(key, index, x *graph.Value, purpose int) *graph.Value {
	return apply1(RandomUniformOp{Purpose: purpose}, key, index, x)
}

// Spec describes the operator.
func (o RandomUniformOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "RandomUniform", Domain: ember, Formula: "y[i,j] = uniform(seed, step, purpose, index[i], j)",
		Source: "Salmon and others, \"Parallel random numbers: as easy as 1, 2, 3\", SC 2011",
		Inputs: []string{"key", "index", "x"}, Outputs: []string{"y"}, TypeOnly: []int{2},
		Cases: func() []graph.Case {
			key := intsArg(42, 7)
			return []graph.Case{
				{Op: RandomUniformOp{}, In: []graph.Arg{key, intArg(0, 1000, 5), graph.Rand(5, 9)}},
				{Name: "images", Op: RandomUniformOp{Purpose: 3}, In: []graph.Arg{key, intsArg(5, 0), graph.Rand(2, 3, 4, 5)}},
				{Name: "float64", Op: RandomUniformOp{}, In: []graph.Arg{key, intsArg(1<<40, 2), {DType: tensor.Float64, Shape: []int{2, 3}}}},
				{Name: "no samples", Op: RandomUniformOp{}, In: []graph.Arg{key, intsArg(), graph.Rand(0, 9)}},
			}
		},
	}
}

// Infer gives the type of x.
func (RandomUniformOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 3, 3); err != nil {
		return nil, err
	}
	for i, name := range []string{"the key", "the index"} {
		if err := wantDType(name, in[i], tensor.Int64); err != nil {
			return nil, err
		}
		if err := wantRank(name, in[i], 1); err != nil {
			return nil, err
		}
	}
	if err := wantShape("the key", in[0], graph.Dims(2)); err != nil {
		return nil, err
	}
	if err := wantDType("x", in[2], tensor.Float32, tensor.Float64); err != nil {
		return nil, err
	}
	if in[2].Rank() == 0 || differ(in[1].Shape[0], in[2].Shape[0]) {
		return nil, fmt.Errorf("there must be an index for each sample, but their shape is %v and x is %v", in[1].Shape, in[2].Shape)
	}
	return oneType(in[2].With(in[2].Shape...))
}

// Stream is the sequence of random numbers of one sample.
func (o RandomUniformOp) Stream(seed, step, index int64) kernel.Stream {
	key := kernel.Philox(
		[2]uint32{uint32(seed), uint32(uint64(seed) >> 32)},
		[4]uint32{uint32(step), uint32(uint64(step) >> 32), uint32(o.Purpose), uint32(uint64(o.Purpose) >> 32)},
	)
	return kernel.Stream{Key: [2]uint32{key[0], key[1]}, Sub: uint64(index)}
}

// Eval is the definition.
func (o RandomUniformOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	key, index, shape := tensor.Int64s(in[0]), tensor.Int64s(in[1]), in[2].Shape()
	y := tensor.New(in[2].DType(), shape...)
	n := shape[1:].Len()
	for i, sample := range index {
		s := o.Stream(key[0], key[1], sample)
		if y.DType() == tensor.Float64 {
			s.Uniform64(tensor.Data[float64](y)[i*n:(i+1)*n], 0)
		} else {
			s.Uniform32(tensor.Data[float32](y)[i*n:(i+1)*n], 0)
		}
	}
	return one(y)
}

// Grad is zero.
func (RandomUniformOp) Grad(_, _, _ []*graph.Value) []*graph.Value {
	return []*graph.Value{nil, nil, nil}
}
