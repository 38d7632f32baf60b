package engine

import (
	"fmt"

	"github.com/emberml/ember/tensor"
)

// align is the alignment of every buffer: a cache line, and the widest vector.
const align = 64

// Memory is what a program needs for inputs of some shape, in bytes.
type Memory struct {
	Arena     int // intermediate results and scratch, at the peak
	Variables int // of the whole State
	Constants int
}

// Total is the sum.
func (m Memory) Total() int { return m.Arena + m.Variables + m.Constants }

// MemoryError says that a run would need more than [Options].Memory allows.
// Nothing was run.
type MemoryError struct {
	Need, Budget int // bytes
	// Batch is the largest size of the inputs' first dimension that fits; 0 if
	// none does or the first dimension is fixed.
	Batch int
}

// Error says how much is needed and which batch would fit.
func (e *MemoryError) Error() string {
	s := fmt.Sprintf("the memory budget is too small: %s needed, %s allowed", FormatBytes(e.Need), FormatBytes(e.Budget))
	if e.Batch > 0 {
		return s + fmt.Sprintf("; a batch of %d would fit", e.Batch)
	}
	return s + "; no batch would fit"
}

// FormatBytes writes a number of bytes for people: "1.5 MiB".
func FormatBytes(n int) string {
	for _, u := range []struct {
		size int
		name string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n >= u.size {
			return fmt.Sprintf("%.1f %s", float64(n)/float64(u.size), u.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

// Arena is the working memory of programs that run one after the other. The
// results of a run stay valid until the next run of any program on the arena.
type Arena struct {
	whole *tensor.Tensor // uint8
	mem   []byte         // the same
	bound map[*plan]bool // the plans whose kernels use the memory
}

// NewArena is an empty arena; it grows to what its programs need.
func NewArena() *Arena { return &Arena{bound: map[*plan]bool{}} }

// reserve makes the arena at least n bytes large. Where it must grow, it releases
// the plans that are bound to it, so that nothing keeps the old memory.
func (a *Arena) reserve(n int) {
	if n <= len(a.mem) {
		return
	}
	for pl := range a.bound {
		pl.release()
	}
	a.whole, a.mem = nil, nil // before the new memory is there
	a.whole = tensor.New(tensor.Uint8, n)
	a.mem = a.whole.Bytes()
}

// holds tells whether a tensor lies in the arena.
func (a *Arena) holds(t *tensor.Tensor) bool {
	return a.whole != nil && tensor.MayShareMemory(t, a.whole)
}

func roundUp(n int) int { return (n + align - 1) / align * align }
