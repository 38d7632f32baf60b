package nn

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// AdaptiveAveragePool2D makes images of any extents the same size: output row i
// of n is the mean of the input's rows ⌊i·h/n⌋ to ⌈(i+1)·h/n⌉, the end left out,
// and so for the columns, as in PyTorch. Windows overlap where the extents do not
// divide, and repeat where the image is smaller.
//
// Shapes: x is [N, channels, h, w], y is [N, channels, size h, size w].
type AdaptiveAveragePool2D struct {
	Size Pair `required:"true" type:"number or [h, w]" doc:"size of the output"`
}

// Build adds the layer to the graph.
func (l AdaptiveAveragePool2D) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	x, out := b.image(in), l.Size.sizes()
	h, w := b.size(x, 2), b.size(x, 3)
	switch {
	case h == out[0] && w == out[1]:
		return op.Identity(x)
	case h%out[0] == 0 && w%out[1] == 0:
		window := []int{h / out[0], w / out[1]}
		return pooling{size: window, stride: window}.average(b, x)
	}
	rows := b.Graph.Constant(tensor.Cast(means(h, out[0]), x.DType()))
	columns := b.Graph.Constant(tensor.Cast(means(w, out[1]).Transpose(1, 0), x.DType()))
	return op.MatMul(rows, op.MatMul(x, columns))
}

// means is the matrix [out, in] whose rows take the means of the windows.
func means(in, out int) *tensor.Tensor {
	data := make([]float64, out*in)
	for i := range out {
		first, end := i*in/out, ((i+1)*in+out-1)/out
		for j := first; j < end; j++ {
			data[i*in+j] = 1 / float64(end-first)
		}
	}
	return tensor.Of(data, out, in)
}
