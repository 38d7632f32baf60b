package comm

import (
	"errors"
	"fmt"
	"sync"
)

// Memory connects n members within this process: the transport of each.
func Memory(n int) []Transport {
	h := &hub{closed: make([]chan struct{}, n), pipes: make([]pipe, n*n*int(streams))}
	for i := range h.closed {
		h.closed[i] = make(chan struct{})
	}
	for i := range h.pipes {
		h.pipes[i] = newPipe()
	}
	members := make([]Transport, n)
	for i := range members {
		members[i] = &memory{hub: h, rank: i}
	}
	return members
}

// hub is all pipes of a group in memory.
type hub struct {
	closed []chan struct{} // by rank
	pipes  []pipe          // by from, to, stream
}

func (h *hub) pipe(from, to int, s Stream) pipe {
	return h.pipes[(from*len(h.closed)+to)*int(streams)+int(s)]
}

// pipeFrames is how many frames a pipe holds.
const pipeFrames = 8

// pipe is one stream in one direction. Buffers go round: no frame is allocated
// once all have grown.
type pipe struct {
	frames, free chan []byte
}

func newPipe() pipe {
	p := pipe{make(chan []byte, pipeFrames), make(chan []byte, pipeFrames)}
	for range pipeFrames {
		p.free <- nil
	}
	return p
}

// memory is one member's [Transport].
type memory struct {
	hub  *hub
	rank int
	once sync.Once
}

func (m *memory) Rank() int            { return m.rank }
func (m *memory) Size() int            { return len(m.hub.closed) }
func (m *memory) Host(rank int) string { return "this process" }

func (m *memory) Send(to int, s Stream, frame []byte) error {
	p := m.hub.pipe(m.rank, to, s)
	if s == Control && len(p.free) == 0 {
		return errFull
	}
	select {
	case <-m.hub.closed[m.rank]:
		return errClosed
	case <-m.hub.closed[to]:
		return errClosed
	case buf := <-p.free:
		p.frames <- append(buf[:0], frame...) // has room: there are as many buffers
		return nil
	}
}

func (m *memory) Recv(from int, s Stream, buf []byte) (int, error) {
	p := m.hub.pipe(from, m.rank, s)
	var frame []byte
	select {
	case frame = <-p.frames:
	case <-m.hub.closed[m.rank]:
		return 0, errClosed
	case <-m.hub.closed[from]:
		select {
		case frame = <-p.frames: // sent before
		default:
			return 0, errClosed
		}
	}
	defer func() { p.free <- frame }()
	if len(frame) > len(buf) {
		return 0, errTooLong(len(frame), len(buf))
	}
	return copy(buf, frame), nil
}

func (m *memory) Close() error {
	m.once.Do(func() { close(m.hub.closed[m.rank]) })
	return nil
}

var errFull = errors.New("the member does not read its messages")

func errTooLong(n, limit int) error {
	return fmt.Errorf("a frame of %d bytes where at most %d are awaited: the members do not call the same operations in the same order", n, limit)
}
