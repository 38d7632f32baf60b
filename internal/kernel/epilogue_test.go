package kernel_test

import (
	"math/rand/v2"
	"testing"

	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/kernel/kerneltest"
	"github.com/emberml/ember/internal/parallel"
)

// epilogueCases are the parts of an epilogue, by bits of the case's number, and
// its activation.
var epilogueCases = []struct {
	name                    string
	bias, rowBias, residual bool
	activation              *kernel.Unary
}{
	{name: "none"},
	{name: "bias", bias: true},
	{name: "row bias", rowBias: true},
	{name: "residual", residual: true},
	{name: "relu", activation: &kernel.Unary{Op: kernel.Relu}},
	{name: "bias relu", bias: true, activation: &kernel.Unary{Op: kernel.Relu}},
	{name: "bias residual relu", bias: true, residual: true, activation: &kernel.Unary{Op: kernel.Relu}},
	{name: "all", bias: true, rowBias: true, residual: true, activation: &kernel.Unary{Op: kernel.Tanh}},
	{name: "sigmoid", bias: true, activation: &kernel.Unary{Op: kernel.Sigmoid}},
	{name: "gelu", bias: true, activation: &kernel.Unary{Op: kernel.Gelu}},
	{name: "gelu tanh", bias: true, activation: &kernel.Unary{Op: kernel.GeluTanh}},
	{name: "silu", bias: true, activation: &kernel.Unary{Op: kernel.Silu}},
	{name: "clip", rowBias: true, activation: &kernel.Unary{Op: kernel.Clip, Alpha: 0, Beta: 6}},
}

// testEpilogue compares a product that has an epilogue with the same product
// followed by elementwise kernels, bit for bit.
func testEpilogue[T kernel.Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	pool := parallel.New(2)
	defer pool.Close()
	for _, c := range epilogueCases {
		for _, size := range [][3]int{{1, 1, 1}, {1, 70, 3}, {70, 1, 9}, {5, 10, 0}, {33, 37, 321}, {130, 300, 7}, {300, 10, 4}} {
			m, n, k := size[0], size[1], size[2]
			g, out := gemmCase[T](m, n, k, false, rng.IntN(2) == 1, rng)
			g.Alpha = 1.5
			scratch := make([]T, g.ScratchLen(pool.Threads()))
			g.Run(pool, scratch)
			want := append([]T(nil), out.Data...)
			bias, rowBias := kerneltest.Random[T](n, rng).Data, kerneltest.Random[T](m, rng).Data
			rsr := n + 3
			residual := kerneltest.Random[T]((m-1)*rsr+n, rng).Data
			for i := range m {
				row := want[i*g.RSC:][:n]
				if c.bias {
					g.Bias = bias
					kernel.Zip(kernel.Add, row, row, 1, bias, 1)
				}
				if c.rowBias {
					g.RowBias = rowBias
					kernel.Zip(kernel.Add, row, row, 1, rowBias[i:], 0)
				}
				if c.residual {
					g.Residual, g.RSR = residual, rsr
					kernel.Zip(kernel.Add, row, row, 1, residual[i*rsr:], 1)
				}
				if c.activation != nil {
					g.Activation = c.activation
					kernel.Apply(*c.activation, row, row)
				}
			}
			g.Run(pool, scratch)
			out.Check(t)
			kerneltest.Identical(t, kerneltest.Name(c.name, size), out.Data, want)
		}
	}
}

func TestEpilogue(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T) {
		t.Run("float32", testEpilogue[float32])
		t.Run("float64", testEpilogue[float64])
	})
}
