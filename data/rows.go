package data

import (
	"fmt"
	"slices"

	"github.com/emberml/ember/frame"
)

// frames are rows in memory.
type frames struct {
	frames []*frame.Frame
	ends   []int // of each frame: the rows up to its last
}

func (h *frames) add(f *frame.Frame) {
	if f.Rows() > 0 {
		h.frames, h.ends = append(h.frames, f), append(h.ends, h.Len()+f.Rows())
	}
}

func (h *frames) Len() int {
	if len(h.ends) == 0 {
		return 0
	}
	return h.ends[len(h.ends)-1]
}

func (h *frames) At(row int) (f *frame.Frame, i int, err error) {
	if row < 0 || row >= h.Len() {
		return nil, 0, fmt.Errorf("row %d is outside 0…%d", row, h.Len()-1)
	}
	at, _ := slices.BinarySearch(h.ends, row+1)
	f = h.frames[at]
	return f, row - h.ends[at] + f.Rows(), nil
}
