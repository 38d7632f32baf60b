package cpu

import (
	"math"

	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/kernel"
	ops "github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// Fuses implements [engine.Fuser]: there are kernels for chains of elementwise
// operators, and for products with what follows them.
func (b *Backend) Fuses(body *ops.FusedBody, types []graph.Type) bool {
	if types == nil {
		return false
	}
	_, finishes := epilogueOf(body, types)
	return finishes || chains(body, types)
}

// prepareFused makes the kernel of a fused operator.
func (b *Backend) prepareFused(o graph.Op, in []graph.Type) (engine.Prepared, bool) {
	f, ok := o.(ops.FusedOp)
	if !ok || f.Body == nil {
		return engine.Prepared{}, false
	}
	types, err := f.Body.Types(in)
	if err != nil {
		return engine.Prepared{}, false
	}
	float64s := types[len(types)-1].DType == tensor.Float64
	if e, ok := epilogueOf(f.Body, types); ok {
		if o, ok := f.Body.Steps[0].Op.(ops.ConvOp); ok {
			x, w := f.Body.Steps[0].In[0], f.Body.Steps[0].In[1]
			if float64s {
				return newConvolution[float64](b, o, e, types, x, w)
			}
			return newConvolution[float32](b, o, e, types, x, w)
		}
		if float64s {
			return newFinished[float64](b, f.Body, types, e)
		}
		return newFinished[float32](b, f.Body, types, e)
	}
	switch {
	case !chains(f.Body, types):
		return engine.Prepared{}, false
	case float64s:
		return newChain[float64](b, f.Body, types), true
	}
	return newChain[float32](b, f.Body, types), true
}

// ending is what follows a product or a convolution, as numbers of the body's
// values; -1 is nothing.
type ending struct {
	product        int // the step that is it: 1 behind the transposition of its right operand
	bias, residual int
	norm           []int // of a convolution: gain, bias, mean and variance
	epsilon        float64
	activation     *kernel.Unary
}

// epilogueOf reads a body as a matrix product or a convolution, a bias or the
// normalization of channels, a residual and an activation, in this order, of which
// only the last value is used elsewhere.
func epilogueOf(body *ops.FusedBody, types []graph.Type) (e ending, ok bool) {
	e = ending{bias: -1, residual: -1}
	last := len(types) - 1
	out := types[last]
	if len(body.Results) != 1 || body.Results[0] != last || len(body.Steps) < 2 || !out.IsFloat() || len(out.Shape) < 2 {
		return e, false
	}
	if transposes(body, types) {
		e.product = 1
	}
	product := body.Steps[e.product]
	switch o := product.Op.(type) {
	case ops.GemmOp:
		if len(product.In) > 2 && product.In[2] >= 0 {
			e.bias = product.In[2]
			if !isRow(types[e.bias], out) || o.Beta.Or(1) != 1 {
				return e, false
			}
		}
		if o.Alpha.Or(1) == 0 {
			return e, false
		}
	case ops.MatMulOp:
		if len(types[product.In[1]].Shape) != 2 {
			return e, false
		}
	case ops.ConvOp:
		if len(out.Shape) > 4 {
			return e, false
		}
		if len(product.In) > 2 {
			e.bias = product.In[2]
		}
	default:
		return e, false
	}
	_, conv := product.Op.(ops.ConvOp)
	for i, s := range body.Steps[e.product+1:] {
		value := body.Inputs + e.product + i
		if norm, ok := s.Op.(ops.BatchNormalizationOp); ok && conv && i == 0 && s.In[0] == value {
			e.norm, e.epsilon = s.In[1:], norm.Epsilon.Or(1e-5)
			continue
		}
		bounds, clips := clipOf(s, types)
		el, elementwise := elementOf(s.Op)
		if !(elementwise || clips) || e.activation != nil || !types[value+1].Shape.Equal(out.Shape) {
			return e, false
		}
		switch {
		case clips && s.In[0] == value:
			e.activation = &bounds
		case clips:
			return e, false
		case el.kind == maps && s.In[0] == value:
			e.activation = &el.unary
		case el.kind == pairs && el.zip == kernel.Add:
			other := s.In[0] + s.In[1] - value
			if s.In[0] != value && s.In[1] != value || other >= body.Inputs || e.residual >= 0 {
				return e, false
			}
			switch {
			case e.bias < 0 && !conv && isRow(types[other], out):
				e.bias = other
			case types[other].Shape.Equal(out.Shape):
				e.residual = other
			default:
				return e, false
			}
		default:
			return e, false
		}
	}
	return e, true
}

// transposes tells whether a body begins with the transposition of a matrix, and
// a product by it on the right.
func transposes(body *ops.FusedBody, types []graph.Type) bool {
	o, ok := body.Steps[0].Op.(ops.TransposeOp)
	if !ok || len(types[body.Steps[0].In[0]].Shape) != 2 || o.Perm != (graph.Ints{}) && o.Perm != graph.MakeInts(1, 0) {
		return false
	}
	in := body.Steps[1].In
	_, ok = body.Steps[1].Op.(ops.MatMulOp)
	return ok && in[1] == body.Inputs && in[0] < body.Inputs
}

// clipOf reads a step as Clip with bounds that are known.
func clipOf(s ops.FusedStep, types []graph.Type) (u kernel.Unary, ok bool) {
	if _, ok := s.Op.(ops.ClipOp); !ok {
		return u, false
	}
	bounds := [2]float64{math.Inf(-1), math.Inf(1)}
	for i, v := range s.In[1:] {
		if v < 0 {
			continue
		}
		if types[v].Const == nil {
			return u, false
		}
		bounds[i] = types[v].Const.Float64At()
	}
	return kernel.Unary{Op: kernel.Clip, Alpha: bounds[0], Beta: bounds[1]}, bounds[0] <= bounds[1]
}

// isRow tells whether a type is one row of another.
func isRow(t, of graph.Type) bool {
	n := of.Shape[len(of.Shape)-1]
	return len(t.Shape) > 0 && t.Shape[len(t.Shape)-1] == n && t.Shape.Len() == n
}

// finished is a product and what follows it.
type finished[T kernel.Float] struct {
	b       *Backend
	g       kernel.Gemm[T]
	end     ending
	a, w    int // the operands among the inputs
	scratch []T
}

func newFinished[T kernel.Float](b *Backend, body *ops.FusedBody, types []graph.Type, e ending) (engine.Prepared, bool) {
	product := body.Steps[e.product]
	k := &finished[T]{b: b, end: e, a: product.In[0], w: product.In[1]}
	x, w := shapeOf(types[k.a]), shapeOf(types[k.w])
	out := shapeOf(types[len(types)-1])
	g := &k.g
	g.N, g.Alpha = out[len(out)-1], 1
	g.M = out[:len(out)-1].Len()
	g.K, g.RSA, g.CSA, g.RSB, g.CSB = x[len(x)-1], x[len(x)-1], 1, g.N, 1
	if e.product == 1 {
		k.w = body.Steps[0].In[0]
		g.RSB, g.CSB = 1, g.K
	}
	if o, ok := product.Op.(ops.GemmOp); ok {
		g.Alpha = T(o.Alpha.Or(1))
		if o.TransA {
			g.K, g.RSA, g.CSA = x[0], 1, x[1]
		}
		if o.TransB {
			g.RSB, g.CSB = 1, w[1]
		}
	}
	g.RSC = max(1, g.N)
	g.Activation = e.activation
	return engine.Prepared{Kernel: k, Scratch: g.ScratchLen(b.Threads()) * types[len(types)-1].DType.Size(), Packing: packRight(g, k.w)}, true
}

func (k *finished[T]) Bind(in, out []*tensor.Tensor, scratch []byte) {
	k.g.A, k.g.B, k.g.C = tensor.Data[T](in[k.a]), tensor.Data[T](in[k.w]), tensor.Data[T](out[0])
	if k.end.bias >= 0 {
		k.g.Bias = tensor.Data[T](in[k.end.bias])
	}
	if k.end.residual >= 0 {
		k.g.Residual, k.g.RSR = tensor.Data[T](in[k.end.residual]), k.g.RSC
	}
	k.scratch = scratchOf[T](scratch)
}

func (k *finished[T]) Run() error {
	k.g.Run(k.b.pool, k.scratch)
	return nil
}
