package op_test

import (
	"math"
	"testing"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// TestShapeArithmetic checks that inference follows the values of shapes, symbols
// included, through the operators that exporters compute them with.
func TestShapeArithmetic(t *testing.T) {
	n := graph.Sym("N")
	images := func(g *graph.Graph) *graph.Value {
		return g.Input("x", graph.TensorOf(tensor.Float32, n, graph.Known(3), graph.Known(32), graph.Known(32)))
	}
	tests := []struct {
		name  string
		build func(x *graph.Value) *graph.Value
		want  string
	}{
		{"flatten", func(x *graph.Value) *graph.Value { return op.Flatten(x, 1) }, "float32[N 3072]"},
		{"reshape", func(x *graph.Value) *graph.Value { return op.Reshape(x, 0, -1) }, "float32[N 3072]"},
		{"reshape to rows", func(x *graph.Value) *graph.Value { return op.Reshape(x, -1, 32) }, "float32[96*N 32]"},
		{"and back", func(x *graph.Value) *graph.Value { return op.Reshape(op.Reshape(x, -1, 32), -1, 3, 32, 32) }, "float32[N 3 32 32]"},
		{"batch from shape", func(x *graph.Value) *graph.Value {
			batch := op.Unsqueeze(op.Gather(op.Shape(x), op.Squeeze(op.Ints(x, 0)), 0), 0)
			shape := op.Concat(0, batch, op.Ints(x, -1))
			return apply(op.ReshapeOp{}, x, shape)
		}, "float32[N 3072]"},
		{"product of extents", func(x *graph.Value) *graph.Value {
			s := op.Shape(x)
			area := op.Mul(op.Slice(s, 0, 2, 3, 1), op.Slice(s, 0, -1, math.MaxInt, 1))
			return apply(op.ReshapeOp{}, x, op.Concat(0, op.Slice(s, 0, 0, 2, 1), area))
		}, "float32[N 3 1024]"},
		{"halved", func(x *graph.Value) *graph.Value {
			s := op.Cast(op.Shape(x), tensor.Int32)
			half := op.Div(op.Slice(s, 0, 3, 4, 1), op.Cast(op.Ints(x, 2), tensor.Int32))
			return apply(op.ReshapeOp{}, x, op.Concat(0, op.Ints(x, 0, -1), op.Cast(half, tensor.Int64)))
		}, "float32[N 192 16]"},
		{"expand", func(x *graph.Value) *graph.Value { return op.Expand(op.Scalar(x, 1), op.Shape(x)) }, "float32[N 3 32 32]"},
		{"constant", func(x *graph.Value) *graph.Value { return op.ConstantOfShape(op.Shape(x), nil) }, "float32[N 3 32 32]"},
		{"range", func(x *graph.Value) *graph.Value { return op.Range(op.Slice(op.Shape(x), 0, 0, 1, 1)) }, "int64[N]"},
		{"-1 chosen by where", func(x *graph.Value) *graph.Value {
			shape := op.Ints(x, -1, 3, 1, 1)
			ones := op.Ints(x, 1, 1, 1, 1)
			return op.Expand(x, op.Where(op.Equal(shape, op.Ints(x, -1)), ones, shape))
		}, "float32[N 3 32 32]"},
		{"concat", func(x *graph.Value) *graph.Value { return op.Concat(0, x, x) }, "float32[2*N 3 32 32]"},
		{"tile", func(x *graph.Value) *graph.Value { return op.Tile(x, 2, 1, 1, 2) }, "float32[2*N 3 32 64]"},
		{"split", func(x *graph.Value) *graph.Value { return op.Split(x, 1, 1, 2)[1] }, "float32[N 2 32 32]"},
		{"slice to the last", func(x *graph.Value) *graph.Value { return op.Slice(x, 0, 1, math.MaxInt, 1) }, "float32[(N-1) 3 32 32]"},
		{"pad", func(x *graph.Value) *graph.Value { return op.Pad(x, []int{0, 0, 1, 1}, []int{0, 0, 1, 2}) }, "float32[N 3 34 35]"},
		{"pool", func(x *graph.Value) *graph.Value {
			return op.MaxPool(x, op.MaxPoolOp{KernelShape: graph.MakeInts(2, 2), Strides: graph.MakeInts(2, 2)})
		}, "float32[N 3 16 16]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.build(images(graph.New())).Type().String(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestSymbolicSpatial checks the extents that convolutions give axes of unknown
// extent.
func TestSymbolicSpatial(t *testing.T) {
	i := graph.MakeInts
	x := graph.TensorOf(tensor.Float32, graph.Sym("N"), graph.Known(3), graph.Sym("H"), graph.Sym("W"))
	w := graph.TensorOf(tensor.Float32, graph.Dims(8, 3, 3, 3)...)
	for _, test := range []struct {
		o    graph.Op
		in   []graph.Type
		want string
	}{
		{op.ConvOp{Pads: i(1, 1, 1, 1)}, []graph.Type{x, w}, "float32[N 8 H W]"},
		{op.ConvOp{AutoPad: "SAME_UPPER"}, []graph.Type{x, w}, "float32[N 8 H W]"},
		{op.ConvOp{}, []graph.Type{x, w}, "float32[N 8 (H-2) (W-2)]"},
		{op.AveragePoolOp{KernelShape: i(2, 2), Strides: i(2, 2)}, []graph.Type{x}, "float32[N 3 (H/2) (W/2)]"},
	} {
		out, err := test.o.Infer(test.in)
		if err != nil {
			t.Fatal(err)
		}
		if got := out[0].String(); got != test.want {
			t.Errorf("%T: got %s, want %s", test.o, got, test.want)
		}
	}
}

// apply applies an operator with one output.
func apply(o graph.Op, in ...*graph.Value) *graph.Value { return in[0].Graph().Apply(o, in...)[0] }
