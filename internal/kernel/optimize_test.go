package kernel_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/kernel/kerneltest"
)

// descend runs an optimizer on 0.5·|p|² from (1, -2), whose gradient is p.
func descend(steps int, step func(i int, p, grad []float64)) []float64 {
	p := []float64{1, -2}
	for i := range steps {
		step(i, p, append([]float64(nil), p...))
	}
	return p
}

// TestOptimizersAgainstPyTorch compares five steps with what torch.optim gives,
// which testdata/optimizers.py has written.
func TestOptimizersAgainstPyTorch(t *testing.T) {
	var buf, second, third [2]float64
	reset := func() { buf, second, third = [2]float64{}, [2]float64{}, [2]float64{} }
	sgd := func(s kernel.SGD) func(i int, p, grad []float64) {
		return func(i int, p, grad []float64) {
			s.First = i == 0
			kernel.StepSGD(&s, p, grad, buf[:])
		}
	}
	adam := func(a kernel.Adam) func(i int, p, grad []float64) {
		return func(i int, p, grad []float64) {
			a.Step = i + 1
			kernel.StepAdam(&a, p, grad, buf[:], second[:])
		}
	}
	rmsprop := func(r kernel.RMSProp) func(i int, p, grad []float64) {
		return func(i int, p, grad []float64) {
			kernel.StepRMSProp(&r, p, grad, buf[:], second[:], third[:])
		}
	}
	cases := []struct {
		name string
		step func(i int, p, grad []float64)
	}{
		{"sgd", sgd(kernel.SGD{Rate: 0.1})},
		{"sgd decay", sgd(kernel.SGD{Rate: 0.1, WeightDecay: 0.05})},
		{"momentum", sgd(kernel.SGD{Rate: 0.1, Momentum: 0.9, Dampening: 0.1})},
		{"nesterov", sgd(kernel.SGD{Rate: 0.1, Momentum: 0.9, Nesterov: true, WeightDecay: 0.01})},
		{"adam", adam(kernel.Adam{Rate: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, WeightDecay: 0.02})},
		{"adamw", adam(kernel.Adam{Rate: 0.1, Beta1: 0.8, Beta2: 0.99, Epsilon: 1e-8, WeightDecay: 0.02, Decoupled: true})},
		{"rmsprop", rmsprop(kernel.RMSProp{Rate: 0.01, Decay: 0.99, Epsilon: 1e-8, WeightDecay: 0.1})},
		{"rmsprop centered", rmsprop(kernel.RMSProp{Rate: 0.01, Decay: 0.9, Epsilon: 1e-8, Momentum: 0.5, Centered: true})},
	}
	data, err := os.ReadFile("testdata/optimizers.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct{ Parameters map[string][]float64 }
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		reset()
		want, ok := golden.Parameters[c.name]
		if !ok {
			t.Fatalf("no golden values of %s", c.name)
		}
		kerneltest.Close(t, c.name, descend(5, c.step), want, 1e-12)
	}
}

func TestAddScaledAndScale(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 9} {
		dst, src := kerneltest.Random[float32](n, rng), kerneltest.Random[float32](n, rng)
		want := make([]float32, n)
		for i := range want {
			want[i] = (dst.Data[i] + float32(0.5*src.Data[i])) * 3
		}
		kernel.AddScaled(dst.Data, 0.5, src.Data)
		kernel.Scale(dst.Data, 3)
		dst.Check(t)
		kerneltest.Identical(t, "accumulated", dst.Data, want)
	}
}

// TestAdamFloat32 checks that the float32 form follows the float64 one.
func TestAdamFloat32(t *testing.T) {
	p, m, v := []float32{1, -2}, make([]float32, 2), make([]float32, 2)
	q, mq, vq := []float64{1, -2}, make([]float64, 2), make([]float64, 2)
	a := kernel.Adam{Rate: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}
	for a.Step = 1; a.Step <= 20; a.Step++ {
		kernel.StepAdam(&a, p, append([]float32(nil), p...), m, v)
		kernel.StepAdam(&a, q, append([]float64(nil), q...), mq, vq)
	}
	for i := range p {
		if math.Abs(float64(p[i])-q[i]) > 1e-5 {
			t.Errorf("parameter %d is %v, want %v", i, p[i], q[i])
		}
	}
}
