// Package cpu is the engine's backend for processors: it binds the kernels of
// internal/kernel to the operators of package op.
//
// The table in table.go says which operators have a kernel; the others run
// their definition. One file binds one family of operators. All kernels run on
// one pool of threads, allocate nothing, and give the same bits for any number
// of threads.
package cpu

import (
	"reflect"

	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/parallel"
	"github.com/emberml/ember/tensor"
)

// Options say how the backend runs. The zero value uses all processors.
type Options struct {
	// Threads is the number of threads; 0 is as many as there are processors
	// that Go may use.
	Threads int
}

// Backend makes and runs kernels on the processor. Programs may share it.
type Backend struct {
	pool *parallel.Pool
}

// New starts the backend's threads.
func New(options Options) *Backend { return &Backend{pool: parallel.New(options.Threads)} }

// Close ends the backend's threads. No program on it may run.
func (b *Backend) Close() { b.pool.Close() }

// Name is "cpu".
func (b *Backend) Name() string { return "cpu" }

// Threads is the number of threads.
func (b *Backend) Threads() int { return b.pool.Threads() }

// Prepare chooses the kernel for an operator from the table.
func (b *Backend) Prepare(o graph.Op, in, out []graph.Type) (engine.Prepared, bool) {
	e, ok := table[reflect.TypeOf(o)]
	if !ok {
		return b.prepareFused(o, in)
	}
	return e.bind(b, o, in, out)
}

// binder makes the kernel of an operator at concrete types; ok is false where
// it has none for them.
type binder func(b *Backend, o graph.Op, in, out []graph.Type) (p engine.Prepared, ok bool)

// op binds one type of operator with a function that knows it.
func op[O graph.Op](bind func(b *Backend, o O, in, out []graph.Type) (engine.Prepared, bool)) entry {
	return entry{op: reflect.TypeFor[O](), bind: func(b *Backend, o graph.Op, in, out []graph.Type) (engine.Prepared, bool) {
		return bind(b, o.(O), in, out)
	}}
}

// entry is a line of the table.
type entry struct {
	op      reflect.Type
	bind    binder
	element func(o graph.Op) element // nil for operators that are not elementwise
}

// as says what the operator of an entry does to each element.
func (e entry) as(f func(o graph.Op) element) entry {
	e.element = f
	return e
}

// floats binds by the type of the first output.
func floats[O graph.Op](f32, f64 func(b *Backend, o O, in, out []graph.Type) (engine.Prepared, bool)) entry {
	return op(func(b *Backend, o O, in, out []graph.Type) (engine.Prepared, bool) {
		switch out[0].DType {
		case tensor.Float32:
			return f32(b, o, in, out)
		case tensor.Float64:
			return f64(b, o, in, out)
		}
		return engine.Prepared{}, false
	})
}

// shapeOf is the shape of a concrete type.
func shapeOf(t graph.Type) tensor.Shape {
	s, _ := t.Shape.Concrete()
	return s
}

// scratchOf sees scratch memory as elements.
func scratchOf[T kernel.Float](scratch []byte) []T {
	if len(scratch) == 0 {
		return nil
	}
	dt := tensor.DTypeOf[T]()
	return tensor.Data[T](tensor.Wrap(dt, scratch, len(scratch)/dt.Size()))
}

// dataOf is the elements of an optional tensor.
func dataOf[T tensor.Element](t *tensor.Tensor) []T {
	if t == nil {
		return nil
	}
	return tensor.Data[T](t)
}
