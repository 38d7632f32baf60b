package kernel_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/kernel/kerneltest"
)

// lossOf is the definition of the loss of a row.
func lossOf(c *kernel.CrossEntropy[float64], row []float64, target int) float64 {
	sum := 0.0
	for _, v := range row {
		sum += math.Exp(v)
	}
	loss := 0.0
	for k, v := range row {
		share := c.Smoothing / float64(c.Cols)
		if k == target {
			share += 1 - c.Smoothing
		}
		if c.Weight != nil {
			share *= c.Weight[k]
		}
		loss += share * (math.Log(sum) - v)
	}
	return loss
}

func TestCrossEntropy(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(7, 8))
		for _, size := range [][2]int{{0, 10}, {1, 1}, {3, 2}, {70, 7}, {5, 8}, {64, 10}, {130, 33}, {3, 1000}} {
			rows, cols := size[0], size[1]
			for form := range 4 {
				exact := &kernel.CrossEntropy[float64]{Cols: cols, Smoothing: 0.1 * float64(form%2)}
				c := &kernel.CrossEntropy[float32]{Cols: cols, Smoothing: exact.Smoothing}
				if form >= 2 {
					c.Weight = kerneltest.Random[float32](cols, rng).Data
					exact.Weight = widened(c.Weight)
				}
				x, g := kerneltest.Random[float32](rows*cols, rng), kerneltest.Random[float32](rows, rng).Data
				target := make([]int64, rows)
				for r := range target {
					target[r] = rng.Int64N(2*int64(cols)) - int64(cols)
				}
				wide := widened(x.Data)
				forward := func() []float64 {
					loss := make([]float64, rows)
					for r := range loss {
						loss[r] = lossOf(exact, wide[r*cols:][:cols], (int(target[r])+cols)%cols)
					}
					return loss
				}
				name := kerneltest.Name(rows, cols, "form", form)
				loss, dx := kerneltest.NaN[float32](rows), kerneltest.NaN[float32](rows*cols)
				if err := c.Forward(loss.Data, x.Data, target, make([]float32, c.ScratchLen())); err != nil {
					t.Fatal(err)
				}
				loss.Check(t)
				kerneltest.Close(t, name+": loss", loss.Data, narrowed(forward()), 2e-6)
				if err := c.Backward(dx.Data, g, x.Data, target, make([]float32, c.ScratchLen())); err != nil {
					t.Fatal(err)
				}
				dx.Check(t)
				want := make([]float64, rows*cols)
				if err := exact.Backward(want, widened(g), wide, target, make([]float64, exact.ScratchLen())); err != nil {
					t.Fatal(err)
				}
				if cols < 20 {
					checkGrad(t, name+": gradient", want, wide, widened(g), forward)
				}
				kerneltest.Close(t, name+": gradient", dx.Data, narrowed(want), 2e-6)
				if err := c.Backward(x.Data, g, x.Data, target, make([]float32, c.ScratchLen())); err != nil {
					t.Fatal(err)
				}
				x.Check(t)
				kerneltest.Identical(t, name+": in place", x.Data, dx.Data)
			}
		}
	})
}

// TestCrossEntropyFar has a small loss among great logits, and classes that are
// out of the question.
func TestCrossEntropyFar(t *testing.T) {
	inf := float32(math.Inf(-1))
	kerneltest.Each(t, func(t *testing.T) {
		for _, cols := range []int{4, 12} {
			c := &kernel.CrossEntropy[float32]{Cols: cols}
			x := make([]float32, cols)
			for i := range x {
				x[i] = inf
			}
			x[0], x[1] = 10_000, 9_990
			loss, dx := make([]float32, 1), make([]float32, cols)
			if err := c.Forward(loss, x, []int64{0}, make([]float32, c.ScratchLen())); err != nil {
				t.Fatal(err)
			}
			kerneltest.Close(t, "loss", loss, []float32{float32(math.Log1p(math.Exp(-10)))}, 1e-7)
			if err := c.Backward(dx, []float32{1}, x, []int64{0}, make([]float32, c.ScratchLen())); err != nil {
				t.Fatal(err)
			}
			p := float32(1 / (1 + math.Exp(10)))
			want := make([]float32, cols)
			want[0], want[1] = -p, p
			kerneltest.Close(t, "gradient", dx, want, 1e-7)
		}
	})
}

func TestCrossEntropyTargets(t *testing.T) {
	c := &kernel.CrossEntropy[float32]{Cols: 3}
	for _, target := range []int64{3, -4, math.MaxInt64, math.MinInt64} {
		err := c.Forward(make([]float32, 2), make([]float32, 6), []int64{0, target}, make([]float32, c.ScratchLen()))
		if err == nil || !strings.Contains(err.Error(), "row 1") {
			t.Errorf("the target %d gives %v", target, err)
		}
		if err := c.Backward(make([]float32, 6), make([]float32, 2), make([]float32, 6), []int64{target, 0}, make([]float32, c.ScratchLen())); err == nil {
			t.Errorf("the target %d has a gradient", target)
		}
	}
	none := &kernel.CrossEntropy[float32]{}
	if err := none.Forward(make([]float32, 1), nil, []int64{0}, make([]float32, none.ScratchLen())); err == nil {
		t.Error("there is a target among no classes")
	}
}
