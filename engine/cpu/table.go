package cpu

import (
	"reflect"

	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/kernel"
	ops "github.com/emberml/ember/op"
)

// table says which operators have a kernel.
var table = makeTable(
	// arithmetic
	binary[ops.AddOp](kernel.Add), binary[ops.SubOp](kernel.Sub),
	binary[ops.MulOp](kernel.Mul), binary[ops.MaxOp](kernel.Max), binary[ops.MinOp](kernel.Min),
	division[ops.DivOp](kernel.Div), division[ops.PowOp](kernel.Pow),
	// comparison
	relation[ops.EqualOp](kernel.Equal), relation[ops.LessOp](kernel.Less), relation[ops.GreaterOp](kernel.Greater),
	relation[ops.LessOrEqualOp](kernel.LessEqual), relation[ops.GreaterOrEqualOp](kernel.GreaterEqual),
	op(bindWhere[ops.WhereOp]).as(element{kind: chooses}.always),
	// functions of one value
	plain[ops.NegOp](kernel.Neg), plain[ops.AbsOp](kernel.Abs), plain[ops.SignOp](kernel.Sign),
	plain[ops.SqrtOp](kernel.Sqrt), plain[ops.ExpOp](kernel.Exp), plain[ops.LogOp](kernel.Log),
	plain[ops.ReciprocalOp](kernel.Reciprocal), plain[ops.FloorOp](kernel.Floor),
	plain[ops.CeilOp](kernel.Ceil), plain[ops.RoundOp](kernel.Round), plain[ops.ErfOp](kernel.Erf),
	plain[ops.SinOp](kernel.Sin), plain[ops.CosOp](kernel.Cos),
	plain[ops.ReluOp](kernel.Relu), plain[ops.SigmoidOp](kernel.Sigmoid), plain[ops.TanhOp](kernel.Tanh),
	plain[ops.SoftplusOp](kernel.Softplus),
	unary(func(o ops.LeakyReluOp) kernel.Unary {
		return kernel.Unary{Op: kernel.LeakyRelu, Alpha: o.Alpha.Or(0.01)}
	}),
	unary(func(o ops.EluOp) kernel.Unary { return kernel.Unary{Op: kernel.Elu, Alpha: o.Alpha.Or(1)} }),
	unary(func(o ops.GeluOp) kernel.Unary {
		if o.Approximate == "tanh" {
			return kernel.Unary{Op: kernel.GeluTanh}
		}
		return kernel.Unary{Op: kernel.Gelu}
	}),
	op(bindCast[ops.CastOp]), floats(bindClip[float32], bindClip[float64]),
	// functions of rows
	floats(bindSoftmax[float32], bindSoftmax[float64]), floats(bindSoftmaxGrad[float32], bindSoftmaxGrad[float64]),
	floats(bindLogSoftmax[float32], bindLogSoftmax[float64]),
	floats(bindLogSoftmaxGrad[float32], bindLogSoftmaxGrad[float64]),
	floats(bindCrossEntropy[float32], bindCrossEntropy[float64]),
	floats(bindCrossEntropyGrad[float32], bindCrossEntropyGrad[float64]),
	// products
	floats(bindGemm[float32], bindGemm[float64]),
	floats(bindMatMul[float32], bindMatMul[float64]),
	floats(bindAttention[float32], bindAttention[float64]), floats(bindAttentionGrad[float32], bindAttentionGrad[float64]),
	// reductions
	reduction[ops.ReduceSumOp](kernel.ReduceSum, false), reduction[ops.ReduceMeanOp](kernel.ReduceSum, true),
	reduction[ops.ReduceMaxOp](kernel.ReduceMax, false), reduction[ops.ReduceMinOp](kernel.ReduceMin, false),
	reduction[ops.ReduceProdOp](kernel.ReduceProd, false),
	op(func(b *Backend, _ ops.SumLikeOp, in, out []graph.Type) (engine.Prepared, bool) {
		return reduceOf(b, kernel.ReduceSum, false, in[0], out[0], reducedAxes(shapeOf(in[0]), shapeOf(out[0])))
	}),
	// convolution and pooling
	floats(bindConv[float32], bindConv[float64]),
	floats(bindConvGradInput[float32], bindConvGradInput[float64]),
	floats(bindConvGradWeight[float32], bindConvGradWeight[float64]),
	floats(bindMaxPool[float32], bindMaxPool[float64]), floats(bindMaxPoolGrad[float32], bindMaxPoolGrad[float64]),
	floats(bindAveragePool[float32], bindAveragePool[float64]),
	floats(bindAveragePoolGrad[float32], bindAveragePoolGrad[float64]),
	globalPool[ops.GlobalAveragePoolOp](kernel.ReduceSum, true), globalPool[ops.GlobalMaxPoolOp](kernel.ReduceMax, false),
	// normalization
	floats(bindBatchNorm[float32], bindBatchNorm[float64]),
	floats(bindBatchNormTrain[float32], bindBatchNormTrain[float64]),
	floats(bindBatchNormGrad[float32], bindBatchNormGrad[float64]),
	floats(bindLayerNorm[float32], bindLayerNorm[float64]), floats(bindLayerNormGrad[float32], bindLayerNormGrad[float64]),
	floats(bindRMSNorm[float32], bindRMSNorm[float64]), floats(bindRMSNormGrad[float32], bindRMSNormGrad[float64]),
	// recurrent networks
	recurrentOp(false, ops.RNNOp.Recurrent), recurrentOp(false, ops.LSTMOp.Recurrent), recurrentOp(false, ops.GRUOp.Recurrent),
	recurrentOp(true, func(o ops.RecurrentTrainOp) ops.Recurrent { return o.Recurrent }),
	floats(bindRecurrentGrad[float32], bindRecurrentGrad[float64]),
	// random numbers and optimizers
	floats(bindRandom(kernel.Stream.Uniform32), bindRandom(kernel.Stream.Uniform64)),
	floats(bindSGD[float32], bindSGD[float64]), floats(bindAdam[float32], bindAdam[float64]),
	floats(bindRMSProp[float32], bindRMSProp[float64]),
	// copies and views
	view[ops.IdentityOp](), view[ops.ReshapeOp](), view[ops.ReshapeLikeOp](), view[ops.FlattenOp](),
	view[ops.SqueezeOp](), view[ops.UnsqueezeOp](),
	op(bindTranspose), op(expand[ops.ExpandLikeOp]).as(element{kind: repeats}.always), op(expand[ops.ExpandOp]),
	op(bindConcat), op(bindSplit), op(bindSlice),
	// indices
	op(bindGather), floats(bindGatherGrad[float32], bindGatherGrad[float64]),
	floats(bindGatherElements[float32], bindGatherElements[float64]),
	floats(bindScatterElements[float32], bindScatterElements[float64]),
	op(func(b *Backend, o ops.ArgMaxOp, in, _ []graph.Type) (engine.Prepared, bool) {
		return newArgMax(b, ops.ArgExtremum(o), false, in)
	}),
	op(func(b *Backend, o ops.ArgMinOp, in, _ []graph.Type) (engine.Prepared, bool) {
		return newArgMax(b, ops.ArgExtremum(o), true, in)
	}),
)

func makeTable(entries ...entry) map[reflect.Type]entry {
	t := map[reflect.Type]entry{}
	for _, e := range entries {
		t[e.op] = e
	}
	return t
}

// division is binary for floats only: what whole numbers do at zero is the
// definition's to say.
func division[O graph.Op](k kernel.BinaryOp) entry {
	e := binary[O](k)
	whole := e.bind
	e.bind = func(b *Backend, o graph.Op, in, out []graph.Type) (engine.Prepared, bool) {
		if !out[0].IsFloat() {
			return engine.Prepared{}, false
		}
		return whole(b, o, in, out)
	}
	return e
}

// reducer is an operator with the attributes of a reduction.
type reducer interface {
	graph.Op
	~struct {
		KeepDims          ops.Opt[bool] `onnx:"keepdims" default:"1"`
		NoopWithEmptyAxes bool          `onnx:"noop_with_empty_axes"`
	}
}

// reduction binds an operator that reduces the axes which it names.
func reduction[O reducer](k kernel.ReduceOp, mean bool) entry {
	return op(func(b *Backend, o O, in, out []graph.Type) (engine.Prepared, bool) {
		axes, err := ops.Reduction(o).Axes(in)
		if err != nil {
			return engine.Prepared{}, false
		}
		return reduceOf(b, k, mean, in[0], out[0], axes)
	})
}
