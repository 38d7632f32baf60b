package optest_test

import (
	"testing"
	"time"

	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/op/optest"
	"github.com/emberml/ember/tensor"
)

// BenchmarkOps runs the largest case of every operator on one thread and reports
// what share of this processor's speed it reaches: of a copy of as many bytes
// (%copy) and, where an operator counts its operations, of a large matrix product
// (%gemm). Run one with -bench 'Ops/Softmax$'.
func BenchmarkOps(b *testing.B) {
	backend := cpu.New(cpu.Options{Threads: 1})
	defer backend.Close()
	peak := measurePeak(b, backend)
	for _, o := range op.All {
		s := o.Spec()
		a := largest(b, s)
		b.Run(s.Name, func(b *testing.B) {
			p, err := engine.Compile(a.Graph, engine.Options{Backend: backend})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := p.Run(a.Feeds); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Run(a.Feeds); err != nil {
					b.Fatal(err)
				}
			}
			seconds := b.Elapsed().Seconds() / float64(b.N)
			moved := float64(bytesOf(a.In)+bytesOf(a.Out)) / seconds
			b.ReportMetric(moved/1e9, "GB/s")
			b.ReportMetric(100*moved/peak.bytes, "%copy")
			if s.FLOPs != nil {
				flops := float64(s.FLOPs(typesOf(a.In), typesOf(a.Out))) / seconds
				b.ReportMetric(flops/1e9, "GFLOP/s")
				b.ReportMetric(100*flops/peak.flops, "%gemm")
			}
		})
	}
}

// largest is the case of an operator with the most bytes to move.
func largest(b *testing.B, s graph.Spec) *optest.Application {
	var best *optest.Application
	for i, c := range s.Cases() {
		a, err := optest.Apply(optest.Name(s, i, c), c, tensor.Float32)
		if err != nil {
			b.Fatal(err)
		}
		if best == nil || bytesOf(a.In)+bytesOf(a.Out) > bytesOf(best.In)+bytesOf(best.Out) {
			best = a
		}
	}
	return best
}

func bytesOf(vs []*graph.Value) int {
	sum := 0
	for _, t := range typesOf(vs) {
		if t.Present() {
			n, _ := t.Bytes()
			sum += n
		}
	}
	return sum
}

// peak is what this processor does per second on one thread.
type peak struct{ flops, bytes float64 }

// measurePeak times a matrix product of 768³ and a copy of 128 KiB, which stays in
// the second-level cache as the cases do; the best of a few.
func measurePeak(b *testing.B, backend *cpu.Backend) peak {
	const n = 768
	a, err := optest.Apply("peak", graph.Case{Op: op.MatMulOp{}, In: []graph.Arg{graph.Rand(n, n), graph.Rand(n, n)}}, tensor.Float32)
	if err != nil {
		b.Fatal(err)
	}
	p, err := engine.Compile(a.Graph, engine.Options{Backend: backend})
	if err != nil {
		b.Fatal(err)
	}
	from, to := make([]byte, 128<<10), make([]byte, 128<<10)
	var best peak
	for range 5 {
		start := time.Now()
		if _, err := p.Run(a.Feeds); err != nil {
			b.Fatal(err)
		}
		best.flops = max(best.flops, 2*n*n*n/time.Since(start).Seconds())
		start = time.Now()
		for range 100 {
			copy(to, from)
		}
		best.bytes = max(best.bytes, float64(100*(len(from)+len(to)))/time.Since(start).Seconds())
	}
	return best
}
