package engine

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// Backend makes kernels for operators.
type Backend interface {
	// Name says what it is, "cpu".
	Name() string
	// Prepare chooses a kernel for an operator applied to values of concrete
	// types. ok is false where the backend has none: the engine then runs the
	// operator's Eval.
	Prepare(op graph.Op, in, out []graph.Type) (p Prepared, ok bool)
}

// Prepared is what a backend knows of an application before memory is placed.
type Prepared struct {
	// View says that the first output is the first input in another shape:
	// no kernel runs.
	View bool
	// Kernel computes the outputs.
	Kernel Kernel
	// InPlace lists the inputs whose memory the output of the same index may
	// take over where nobody needs the input afterwards: InPlace[o] holds
	// candidate inputs of output o. Sizes in bytes must be equal.
	InPlace [][]int
	// Scratch is how many bytes of working memory the kernel needs.
	Scratch int
	// Packing, if any, is what the kernel can have made of constant inputs.
	Packing *Packing
}

// Kernel computes one application at fixed addresses.
type Kernel interface {
	// Bind gives the kernel its memory. Tensors are contiguous; an optional
	// input left out is nil. It is called once.
	Bind(in, out []*tensor.Tensor, scratch []byte)
	// Run computes the outputs. It allocates nothing. What depends on the
	// values of user data, such as an index out of range, is an error.
	Run() error
}

// evalKernel runs an operator's definition: correct for every operator, slow,
// and the one kernel that allocates.
type evalKernel struct {
	op      graph.Op
	in, out []*tensor.Tensor
}

func (k *evalKernel) Bind(in, out []*tensor.Tensor, _ []byte) { k.in, k.out = in, out }

func (k *evalKernel) Run() error {
	results, err := k.op.Eval(k.in)
	if err != nil {
		return err
	}
	for i, r := range results {
		if i >= len(k.out) || k.out[i] == nil {
			continue
		}
		if r.DType() != k.out[i].DType() || !r.Shape().Equal(k.out[i].Shape()) {
			return fmt.Errorf("%s gave %v%v, inference said %v%v", k.op.Spec().Name,
				r.DType(), r.Shape(), k.out[i].DType(), k.out[i].Shape())
		}
		tensor.CopyInto(k.out[i], r)
	}
	return nil
}
