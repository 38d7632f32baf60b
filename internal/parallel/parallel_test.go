package parallel

import (
	"sync"
	"sync/atomic"
	"testing"
)

// TestForCoversRange counts the visits of every index.
func TestForCoversRange(t *testing.T) {
	for _, threads := range []int{1, 2, 3, 8} {
		p := New(threads)
		for _, n := range []int{0, 1, 2, 7, 100, 1001} {
			visits := make([]atomic.Int32, n)
			var calls [8]atomic.Int32
			p.For(n, Func(func(lo, hi, worker int) {
				if calls[worker].Add(1) != 1 {
					t.Errorf("worker %d runs twice at a time", worker)
				}
				for i := lo; i < hi; i++ {
					visits[i].Add(1)
				}
				calls[worker].Add(-1)
			}))
			for i := range visits {
				if v := visits[i].Load(); v != 1 {
					t.Fatalf("threads %d, n %d: index %d visited %d times", threads, n, i, v)
				}
			}
		}
		p.Close()
	}
}

// TestForOften drives the spin, park and late-entry paths many times.
func TestForOften(t *testing.T) {
	for _, threads := range []int{2, 5} {
		p := New(threads)
		defer p.Close()
		var sum atomic.Int64
		task := Func(func(lo, hi, _ int) {
			for i := lo; i < hi; i++ {
				sum.Add(int64(i))
			}
		})
		const rounds, n = 3000, 10
		for range rounds {
			p.For(n, task)
		}
		if got, want := sum.Load(), int64(rounds*n*(n-1)/2); got != want {
			t.Errorf("threads %d: sum %d, want %d", threads, got, want)
		}
	}
}

func TestNestedRunsInline(t *testing.T) {
	p := New(4)
	defer p.Close()
	var count atomic.Int64
	p.For(16, Func(func(lo, hi, _ int) {
		for i := lo; i < hi; i++ {
			p.For(10, Func(func(lo, hi, worker int) {
				if lo != 0 || hi != 10 || worker != 0 {
					t.Errorf("nested range [%d, %d) on worker %d is not inline", lo, hi, worker)
				}
				count.Add(int64(hi - lo))
			}))
		}
	}))
	if count.Load() != 160 {
		t.Errorf("nested loops ran %d of 160 indices", count.Load())
	}
}

func TestSharedByGoroutines(t *testing.T) {
	p := New(3)
	defer p.Close()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var sum atomic.Int64
			for range 200 {
				p.For(50, Func(func(lo, hi, _ int) { sum.Add(int64(hi - lo)) }))
			}
			if sum.Load() != 200*50 {
				t.Errorf("covered %d indices, want %d", sum.Load(), 200*50)
			}
		})
	}
	wg.Wait()
}

func TestPanicReachesCaller(t *testing.T) {
	p := New(3)
	defer p.Close()
	for bad := range 20 {
		func() {
			defer func() {
				if v := recover(); v != "index" {
					t.Errorf("recovered %v, want the task's own value", v)
				}
			}()
			p.For(20, Func(func(lo, hi, _ int) {
				if lo <= bad && bad < hi {
					panic("index")
				}
			}))
		}()
	}
	ran := false
	p.For(1, Func(func(int, int, int) { ran = true }))
	if !ran {
		t.Error("the pool does not work after a panic")
	}
}

func TestNilAndClosedPoolsRunInline(t *testing.T) {
	closedPool := New(2)
	closedPool.Close()
	for _, p := range []*Pool{nil, closedPool} {
		got := 0
		p.For(5, Func(func(lo, hi, worker int) { got += hi - lo }))
		if got != 5 {
			t.Errorf("covered %d of 5", got)
		}
	}
	var p *Pool
	p.Close()
	if p.Threads() != 1 {
		t.Errorf("a nil pool has %d threads", p.Threads())
	}
}

func TestForAllocatesNothing(t *testing.T) {
	p := New(2)
	defer p.Close()
	var sum atomic.Int64
	task := Func(func(lo, hi, _ int) { sum.Add(int64(hi - lo)) })
	if n := testing.AllocsPerRun(100, func() { p.For(64, task) }); n != 0 {
		t.Errorf("For allocates %v times", n)
	}
}

func BenchmarkFor(b *testing.B) {
	p := New(0)
	defer p.Close()
	task := Func(func(int, int, int) {})
	for b.Loop() {
		p.For(p.Threads(), task)
	}
}
