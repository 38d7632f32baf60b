package op

import (
	"sync"

	"github.com/emberml/ember/graph"
)

// All lists the operators, each with its default attributes.
var All = []graph.Op{
	// arithmetic
	AddOp{},
	SubOp{},
	MulOp{},
	DivOp{},
	PowOp{},
	ModOp{},
	MaxOp{},
	MinOp{},
	// comparison and logic
	EqualOp{},
	LessOp{},
	GreaterOp{},
	LessOrEqualOp{},
	GreaterOrEqualOp{},
	AndOp{},
	OrOp{},
	NotOp{},
	WhereOp{},
	// functions of one value
	NegOp{},
	AbsOp{},
	SignOp{},
	SqrtOp{},
	ExpOp{},
	LogOp{},
	ReciprocalOp{},
	FloorOp{},
	CeilOp{},
	RoundOp{},
	ErfOp{},
	SinOp{},
	CosOp{},
	// activations
	ReluOp{},
	LeakyReluOp{},
	EluOp{},
	SigmoidOp{},
	TanhOp{},
	SoftplusOp{},
	GeluOp{},
	ClipOp{},
	SoftmaxOp{},
	LogSoftmaxOp{},
	// element types and shapes
	CastOp{},
	IdentityOp{},
	ReshapeOp{},
	FlattenOp{},
	TransposeOp{},
	ConcatOp{},
	SplitOp{},
	SqueezeOp{},
	UnsqueezeOp{},
	ShapeOp{},
	SizeOp{},
	SliceOp{},
	GatherOp{},
	GatherElementsOp{},
	ScatterElementsOp{},
	GatherNDOp{},
	ScatterNDOp{},
	ExpandOp{},
	TileOp{},
	PadOp{},
	ConstantOfShapeOp{},
	RangeOp{},
	OneHotOp{},
	TriluOp{},
	// reductions
	ReduceSumOp{},
	ReduceMeanOp{},
	ReduceMaxOp{},
	ReduceMinOp{},
	ReduceProdOp{},
	ArgMaxOp{},
	ArgMinOp{},
	TopKOp{},
	CumSumOp{},
	// linear algebra
	MatMulOp{},
	GemmOp{},
	AttentionOp{},
	// convolution and pooling
	ConvOp{},
	ConvTransposeOp{},
	MaxPoolOp{},
	AveragePoolOp{},
	GlobalAveragePoolOp{},
	GlobalMaxPoolOp{},
	// normalization
	BatchNormalizationOp{},
	LayerNormalizationOp{},
	RMSNormalizationOp{},
	InstanceNormalizationOp{},
	DropoutOp{},
	// recurrent networks
	RNNOp{},
	LSTMOp{},
	GRUOp{},
	// gradients
	SumLikeOp{},
	ExpandLikeOp{},
	ReshapeLikeOp{},
	SliceGradOp{},
	GatherGradOp{},
	PadGradOp{},
	ConvGradInputOp{},
	ConvGradWeightOp{},
	AttentionGradOp{},
	MaxPoolGradOp{},
	AveragePoolGradOp{},
	SoftmaxGradOp{},
	LogSoftmaxGradOp{},
	LayerNormalizationGradOp{},
	RMSNormalizationGradOp{},
	// training
	SoftmaxCrossEntropyOp{},
	SoftmaxCrossEntropyGradOp{},
	BatchNormTrainOp{},
	RecurrentTrainOp{},
	RecurrentGradOp{},
	BatchNormTrainGradOp{},
	RandomUniformOp{},
	SGDUpdateOp{},
	AdamUpdateOp{},
	RMSPropUpdateOp{},
}

// ByName finds an operator of [All] by its domain ("" is ai.onnx) and name.
func ByName(domain, name string) (o graph.Op, ok bool) {
	o, ok = byName()[key{domain, name}]
	return o, ok
}

type key struct{ domain, name string }

var byName = sync.OnceValue(func() map[key]graph.Op {
	table := make(map[key]graph.Op, len(All))
	for _, o := range All {
		s := o.Spec()
		table[key{s.Domain, s.Name}] = o
	}
	return table
})
