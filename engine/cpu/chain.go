package cpu

import (
	"reflect"
	"slices"

	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/kernel"
	ops "github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// element is what an operator does to each element of operands that broadcast.
type element struct {
	kind    elementKind
	unary   kernel.Unary
	zip     kernel.BinaryOp
	compare kernel.CompareOp
}

type elementKind uint8

const (
	maps    elementKind = iota // a function of one operand
	pairs                      // a function of two
	relates                    // a relation of two: truth values
	chooses                    // Where
	repeats                    // Expand: the first operand itself
)

// operands is how many operands each kind reads.
var operands = [...]int{maps: 1, pairs: 2, relates: 2, chooses: 3, repeats: 1}

// always is the element for all attributes of an operator.
func (e element) always(graph.Op) element { return e }

// chain computes elementwise operators one after another on blocks that stay in
// the first cache; what lies between them never reaches memory.
type chain[T kernel.Float] struct {
	b       *Backend
	walk    *walk
	inputs  int
	results []int
	links   []link
	place   []int       // the register of each value that is neither input nor result
	memory  []lane[T]   // of each input, then of each result
	lanes   [][]lane[T] // of each worker: where the block of each value is
}

// link is one operator of a chain: value to from the values in.
type link struct {
	element
	in [3]int
	to int
}

// lane is a value or a block of it: numbers, or truth values. step is 0 where one
// element stands for all.
type lane[T kernel.Float] struct {
	numbers []T
	truths  []uint8
	step    int
}

// from is n elements of a lane.
func (l lane[T]) from(at, n int) lane[T] {
	n = 1 + (n-1)*l.step
	if l.truths != nil {
		return lane[T]{truths: l.truths[at : at+n], step: l.step}
	}
	return lane[T]{numbers: l.numbers[at : at+n], step: l.step}
}

// block is how many elements are computed at a time: a handful of values of this
// size fit in the first cache.
const block = 1024

// The bounds of a chain: operands that are read, values at a time in cache.
const (
	maxLinks  = 24
	shortRow  = 16 // shorter rows are not worth a call for each operator
	chainable = 2  // steps at least
)

// chains tells whether a body is a chain that is worth it: elementwise operators
// on one shape and on operands that broadcast to it.
func chains(body *ops.FusedBody, types []graph.Type) bool {
	if len(body.Steps) < chainable || len(body.Steps) > maxLinks || body.Inputs > maxOperands {
		return false
	}
	last := types[len(types)-1]
	float := tensor.Invalid
	for v, t := range types {
		switch {
		case t.Kind != graph.KindTensor, v >= body.Inputs && !t.Shape.Equal(last.Shape):
			return false
		case t.DType == tensor.Bool:
		case t.DType != tensor.Float32 && t.DType != tensor.Float64, float != tensor.Invalid && t.DType != float:
			return false
		default:
			float = t.DType
		}
	}
	for i, s := range body.Steps {
		at := body.Inputs + i // its value
		e, ok := elementOf(s.Op)
		if !ok || s.Outs != 1 || len(s.In) < operands[e.kind] {
			return false
		}
		for i, v := range s.In {
			// Truth values go to Where as its condition, and nowhere else.
			if v < 0 || e.kind == repeats && (types[v].DType == tensor.Bool || slices.Contains(body.Results, at)) ||
				i < operands[e.kind] && (types[v].DType == tensor.Bool) != (e.kind == chooses && i == 0) {
				return false
			}
		}
		if len(s.In) > operands[e.kind] && e.kind != repeats {
			return false
		}
	}
	return float != tensor.Invalid && rowLen(last.Shape, types[:body.Inputs]) >= shortRow
}

func elementOf(o graph.Op) (element, bool) {
	e, ok := table[reflect.TypeOf(o)]
	if !ok || e.element == nil {
		return element{}, false
	}
	return e.element(o), true
}

// rowLen is how many elements all operands step over alike, symbols not counted;
// shortRow and more where they hold the whole shape.
func rowLen(out graph.Shape, in []graph.Type) int {
	n, whole := 1, true
	for d := len(out) - 1; d >= 0 && whole; d-- {
		for _, t := range in {
			moves := func(d int) bool {
				i := d - (len(out) - len(t.Shape))
				return i >= 0 && t.Shape[i] == out[d]
			}
			if d < len(out)-1 && !out[d].Is(1) && moves(d) != moves(d+1) {
				whole = false
			}
		}
		if size, known := out[d].Size(); whole && known {
			n *= size
		} else if whole {
			n = max(n, shortRow)
		}
	}
	if whole {
		return shortRow
	}
	return n
}

// newChain makes the kernel of a chain at concrete types.
func newChain[T kernel.Float](b *Backend, body *ops.FusedBody, types []graph.Type) engine.Prepared {
	out := shapeOf(types[len(types)-1])
	shapes := make([]tensor.Shape, body.Inputs)
	for i := range shapes {
		shapes[i] = shapeOf(types[i])
	}
	c := &chain[T]{
		b: b, walk: newWalk(out, shapes...), inputs: body.Inputs, results: body.Results,
		place: make([]int, len(types)), memory: make([]lane[T], body.Inputs+len(body.Results)),
	}
	read := map[int]int{} // last by which link
	for i, s := range body.Steps {
		e, _ := elementOf(s.Op)
		l := link{element: e, to: body.Inputs + i}
		copy(l.in[:], s.In[:operands[e.kind]])
		for _, v := range s.In[:operands[e.kind]] {
			read[v] = i
		}
		c.links = append(c.links, l)
	}
	registers := c.allot(read)
	for range b.Threads() {
		c.lanes = append(c.lanes, make([]lane[T], len(types)))
	}
	var inPlace [][]int
	for _, r := range body.Results {
		var may []int
		for v, last := range read {
			if v < body.Inputs && types[v].DType == types[r].DType && shapes[v].Equal(out) && last <= r-body.Inputs {
				may = append(may, v)
			}
		}
		slices.Sort(may)
		inPlace = append(inPlace, may)
	}
	return engine.Prepared{Kernel: c, InPlace: inPlace, Scratch: registers * c.registerBytes() * b.Threads()}
}

func (c *chain[T]) registerBytes() int { return block * tensor.DTypeOf[T]().Size() }

// allot gives the values between the links registers, each as soon as the last
// link that reads the value before it is done, and returns how many there are.
// A value that repeats another has none of its own.
func (c *chain[T]) allot(read map[int]int) int {
	var free []int
	count := 0
	source := map[int]int{} // of values that repeat
	for _, l := range c.links {
		if l.kind == repeats {
			from := l.in[0]
			if s, ok := source[from]; ok {
				from = s
			}
			source[l.to] = from
			read[from] = max(read[from], read[l.to])
		}
	}
	for i, l := range c.links {
		if l.kind == repeats {
			continue
		}
		if !slices.Contains(c.results, l.to) {
			if len(free) == 0 {
				free = append(free, count)
				count++
			}
			c.place[l.to], free = free[len(free)-1], free[:len(free)-1]
		}
		for v := c.inputs; v <= l.to; v++ {
			_, repeated := source[v]
			if !repeated && read[v] == i && !slices.Contains(c.results, v) && v != l.to {
				free = append(free, c.place[v])
				read[v] = -1
			}
		}
	}
	return count
}

func (c *chain[T]) Bind(in, out []*tensor.Tensor, scratch []byte) {
	for i, t := range append(slices.Clone(in), out...) {
		step := 1
		if i < c.inputs {
			step = c.walk.steps[i]
		}
		if t.DType() == tensor.Bool {
			c.memory[i] = lane[T]{truths: t.Bytes(), step: step}
		} else {
			c.memory[i] = lane[T]{numbers: tensor.Data[T](t), step: step}
		}
	}
	own := len(scratch) / len(c.lanes)
	for w, lanes := range c.lanes {
		mine := scratch[w*own : (w+1)*own]
		for _, l := range c.links {
			register := mine[min(own, c.place[l.to]*c.registerBytes()):]
			switch {
			case l.kind == repeats || slices.Contains(c.results, l.to):
			case l.kind == relates:
				lanes[l.to] = lane[T]{truths: register[:block], step: 1}
			default:
				lanes[l.to] = lane[T]{numbers: scratchOf[T](register[:c.registerBytes()]), step: 1}
			}
		}
	}
}

func (c *chain[T]) Run() error {
	pool := c.b.pool
	if c.walk.rows*c.walk.n*len(c.links) < 8*grain {
		pool = nil
	}
	pool.For(c.walk.items(), c)
	return nil
}

func (c *chain[T]) Do(lo, hi, worker int) {
	lanes := c.lanes[worker]
	c.walk.each(lo, hi, func(out int, at [maxOperands]int, n int) {
		for done := 0; done < n; done += block {
			m := min(block, n-done)
			for v := range c.inputs {
				if l := c.memory[v]; l.truths != nil || len(l.numbers) > 0 {
					lanes[v] = l.from(at[v]+done*l.step, m)
				}
			}
			for i, v := range c.results {
				lanes[v] = c.memory[c.inputs+i].from(out+done, m)
			}
			for i := range c.links {
				follow(&c.links[i], lanes, m)
			}
		}
	})
}

// follow computes a link on a block of n elements.
func follow[T kernel.Float](l *link, lanes []lane[T], n int) {
	a, b, to := lanes[l.in[0]], lanes[l.in[1]], &lanes[l.to]
	switch l.kind {
	case maps:
		if a.step != 0 {
			kernel.Apply(l.unary, to.numbers[:n], a.numbers)
			return
		}
		kernel.Apply(l.unary, to.numbers[:1], a.numbers)
		for i := range to.numbers[:n] {
			to.numbers[i] = to.numbers[0]
		}
	case pairs:
		kernel.Zip(l.zip, to.numbers[:n], a.numbers, a.step, b.numbers, b.step)
	case relates:
		kernel.Compare(l.compare, to.truths[:n], a.numbers, a.step, b.numbers, b.step)
	case chooses:
		c := lanes[l.in[2]]
		kernel.Where(to.numbers[:n], a.truths, a.step, b.numbers, b.step, c.numbers, c.step)
	case repeats:
		*to = a
	}
}
