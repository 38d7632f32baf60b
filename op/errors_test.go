package op_test

import (
	"testing"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// TestMistakes checks the words in which inference explains what does not fit.
func TestMistakes(t *testing.T) {
	i := graph.MakeInts
	f := func(sizes ...int) graph.Type { return graph.TensorOf(tensor.Float32, graph.Dims(sizes...)...) }
	n := func(sizes ...int) graph.Type { return graph.TensorOf(tensor.Int64, graph.Dims(sizes...)...) }
	ints := func(values ...int64) graph.Type { return graph.ConstType(tensor.Of(values, len(values))) }
	tests := []struct {
		o    graph.Op
		in   []graph.Type
		want string
	}{
		{op.AddOp{}, []graph.Type{f(2, 3), f(4)}, "shapes [[2 3] [4]] do not broadcast: 3 and 4 at axis 1"},
		{op.AddOp{}, []graph.Type{f(2), n(2)}, "inputs have the element types float32 and int64: cast one of them"},
		{op.AddOp{}, []graph.Type{f(2)}, "takes 2 inputs; input 1 is missing"},
		{op.ReluOp{}, []graph.Type{f(2), f(2)}, "takes 1 input, given 2"},
		{op.ExpOp{}, []graph.Type{n(2)}, "expects floating-point numbers, given int64: cast it"},
		{op.MatMulOp{}, []graph.Type{f(2, 3), f(4, 5)}, "the inner dimensions differ: A [2 3] has 3 columns, B [4 5] has 4 rows"},
		{op.MatMulOp{}, []graph.Type{f(), f(3)}, "a matrix product needs at least vectors; scalars are multiplied by Mul"},
		{op.ReshapeOp{}, []graph.Type{f(3, 4), ints(5, 3)}, "the 12 elements of shape [3 4] do not fill the shape [5 3]"},
		{op.ReshapeOp{}, []graph.Type{f(3, 4), ints(5, -1)}, "the 12 elements of shape [3 4] cannot be divided into the shape [5 -1]"},
		{op.ReshapeOp{}, []graph.Type{f(3, 4), n(2)}, "the new shape must be known while the graph is built"},
		{op.ConcatOp{Axis: 1}, []graph.Type{f(2, 3), f(3, 3)}, "the shapes [2 3] and [3 3] differ at axis 0, along which they are not joined"},
		{op.SplitOp{}, []graph.Type{f(5, 2), ints(2, 2)}, "parts of the sizes [2 2] make 4, but the axis has extent 5"},
		{op.SoftmaxOp{Axis: op.Set(2)}, []graph.Type{f(2, 3)}, "axis 2 is outside the 2 dimensions of the input"},
		{op.TransposeOp{Perm: i(0, 0)}, []graph.Type{f(2, 3)}, "axis 0 is given twice in [0 0]"},
		{op.GatherOp{}, []graph.Type{f(2, 3), f(2)}, "the indices must be of type [int64 int32], not float32"},
		{op.ConvOp{}, []graph.Type{f(1, 3, 3, 3), f(8, 3, 5, 5)}, "the kernel 5x5 does not fit in the padded input 3x3"},
		{op.ConvOp{}, []graph.Type{f(1, 3, 8, 8), f(8, 4, 3, 3)}, "the input has 3 channels, but the weight [8 4 3 3] is for 4"},
		{op.ConvOp{Strides: i(2)}, []graph.Type{f(1, 3, 8, 8), f(8, 3, 3, 3)}, "strides has 1 numbers, but 2 spatial axes need 2"},
		{op.ConvOp{}, []graph.Type{f(1, 3), f(8, 3)}, "expects an input of shape [samples channels height width], or with another number of spatial axes, given [1 3]"},
		{op.ConvOp{}, []graph.Type{f(1, 3, 8, 8), f(8, 3, 3, 3), f(3)}, "the bias must have the shape [8], one number per output channel, but has [3]"},
		{op.MaxPoolOp{KernelShape: i(3, 3)}, []graph.Type{f(1, 3, 2, 2)}, "the kernel 3x3 does not fit in the padded input 2x2"},
		{op.BatchNormTrainOp{}, []graph.Type{f(2, 3, 4, 4), f(4), f(3)}, "scale must have the shape [3], one number per channel, but has [4]"},
		{op.ReduceSumOp{}, []graph.Type{f(2, 3), n(1)}, "the axes to reduce must be known while the graph is built"},
		{op.TopKOp{}, []graph.Type{f(2, 3), ints(5)}, "k is 5, but axis 1 has the extent 3"},
		{op.PadOp{Mode: "reflect"}, []graph.Type{f(2), ints(2, 0)}, "axis 0 of the shape [2]: pads 2 and 0 reflect more than its 2 elements have"},
		{op.DropoutOp{}, []graph.Type{f(2), f(), graph.ConstType(tensor.Scalar(true))}, "training_mode must be the constant false: export the model for inference"},
	}
	for _, test := range tests {
		out, err := test.o.Infer(test.in)
		if err == nil {
			t.Errorf("%s of %v gave %v, want the error %q", test.o.Spec().Name, test.in, out, test.want)
		} else if err.Error() != test.want {
			t.Errorf("%s of %v:\n got %q\nwant %q", test.o.Spec().Name, test.in, err, test.want)
		}
	}
}

// TestDataMistakes checks that what is wrong with values, not types, is an error.
func TestDataMistakes(t *testing.T) {
	data := tensor.New(tensor.Float32, 3, 2)
	for _, test := range []struct {
		o    graph.Op
		in   []*tensor.Tensor
		want string
	}{
		{op.GatherOp{}, []*tensor.Tensor{data, tensor.Of([]int64{3})}, "index 3 is out of range for an axis of 3"},
		{op.GatherGradOp{}, []*tensor.Tensor{tensor.New(tensor.Float32, 1, 2), tensor.Of([]int64{-4}), data}, "index -4 is out of range for an axis of 3"},
		{op.GatherElementsOp{Axis: 1}, []*tensor.Tensor{data, tensor.Of([]int64{2}, 1, 1)}, "index 2 is out of range for an axis of 2"},
	} {
		_, err := test.o.Eval(test.in)
		if err == nil {
			t.Errorf("%s: no error, want %q", test.o.Spec().Name, test.want)
		} else if err.Error() != test.want {
			t.Errorf("%s:\n got %q\nwant %q", test.o.Spec().Name, err, test.want)
		}
	}
}
