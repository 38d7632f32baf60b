package cpu

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/tensor"
)

// stream has results that are larger than the caches written past them: a piece
// is computed in memory that stays in the first cache, and copied from there. That
// pays where a kernel waits for memory, not where it computes.
type stream[T kernel.Float] struct {
	rooms [][]T // of each worker, grain elements; none where results are written in place
}

// streamScratch is how many bytes of scratch memory a stream needs for a result: 0
// where it is not worth while.
func (b *Backend) streamScratch(out graph.Type) int {
	const size = 4 // of float32, which alone has a kernel for it
	if out.DType != tensor.Float32 || shapeOf(out).Len() < kernel.StreamingBytes/size {
		return 0
	}
	return b.Threads() * grain * size
}

// bind gives a stream its memory. What takes the place of an operand is in the
// caches already when it is written.
func (s *stream[T]) bind(scratch []byte, dst []T, operands ...[]T) {
	for _, x := range operands {
		if len(x) > 0 && len(dst) > 0 && &x[0] == &dst[0] {
			return
		}
	}
	for room := scratchOf[T](scratch); len(room) >= grain; room = room[grain:] {
		s.rooms = append(s.rooms, room[:grain])
	}
}

// begin is where to compute a piece of at most grain elements, and end has it where
// it belongs.
func (s *stream[T]) begin(piece []T, worker int) []T {
	if s.rooms == nil {
		return piece
	}
	return s.rooms[worker][:len(piece)]
}

func (s *stream[T]) end(piece, computed []T) {
	if s.rooms != nil {
		kernel.CopyStreaming(piece, computed)
	}
}
