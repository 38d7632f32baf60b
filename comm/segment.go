package comm

import (
	"errors"
	"fmt"

	"github.com/emberml/ember/internal/kernel"
)

// segment is the greatest frame of numbers in bytes: large enough to make calls
// cheap, small enough to stay in a cache from reading to adding to sending on.
const segment = 512 << 10

// sendBuffers is how many frames wait to be sent while the next is computed, and
// ahead how many a member sends before it takes one.
const (
	sendBuffers = 8
	ahead       = sendBuffers - 1
)

// frame is memory for a segment of any numbers.
func frame() []byte { return kernel.View[byte](make([]int64, segment/8)) }

// outgoing is a frame on its way to a peer.
type outgoing struct {
	to    int
	frame []byte
	buf   []byte // to be given back
}

var errDown = errors.New("the group has ended")

// sendAll sends what operations give it, in order.
func (g *Group) sendAll() {
	defer g.done.Done()
	defer close(g.sent)
	for {
		select {
		case o := <-g.out:
			if err := g.links.Send(o.to, Bulk, o.frame); err != nil {
				g.tell(call{message: Message{Kind: Missed, From: o.to, Generation: g.opts.Generation, Cause: err.Error()}})
			}
			g.free <- o.buf // has room: there are as many buffers
			g.gone.Add(1)
			select {
			case g.moved <- struct{}{}:
			default: // the worker is to look already
			}
		case <-g.down:
			return
		}
	}
}

// buffer waits for one to encode into, which comes with each frame to be sent.
func (g *Group) buffer() ([]byte, error) {
	select {
	case buf := <-g.free:
		return buf, nil
	case <-g.down:
		return nil, errDown
	}
}

// send leaves numbers, at most a segment, to the sender: as they lie in memory,
// where they stay until flush, or else encoded, and then src becomes what the
// codec made of it, if settle is set.
func send[T Number](g *Group, c *codec[T], to int, src []T, settle bool) error {
	buf, err := g.buffer()
	if err != nil {
		return err
	}
	frame := kernel.View[byte](src)
	if c.lossy {
		frame = buf[:c.width*len(src)]
		if c.put(frame, src); settle {
			c.get(src, frame)
		}
	}
	g.post(outgoing{to, frame, buf})
	return nil
}

// post leaves a frame to the sender.
func (g *Group) post(o outgoing) {
	g.posted++
	g.out <- o // has room: there are as many buffers
}

// await waits until so many frames have been sent since the group began.
func (g *Group) await(frames int) error {
	for g.gone.Load() < int64(frames) {
		select {
		case <-g.moved:
		case <-g.down:
			return errDown
		}
	}
	return nil
}

// flush waits until all is sent.
func (g *Group) flush() error { return g.await(g.posted) }

// recv waits for exactly n numbers of a peer, at most a segment. The bytes are
// valid until the next recv.
func recv[T Number](g *Group, c *codec[T], from, n int) ([]byte, error) {
	return g.in[:c.width*n], g.fill(from, g.in[:c.width*n])
}

// replace waits for numbers of a peer, at most a segment, and puts them in dst.
func replace[T Number](g *Group, c *codec[T], from int, dst []T) error {
	if !c.lossy {
		return g.fill(from, kernel.View[byte](dst))
	}
	src, err := recv(g, c, from, len(dst))
	if err == nil {
		c.get(dst, src)
	}
	return err
}

// fill waits for a frame of a peer that has exactly the length of buf.
func (g *Group) fill(from int, buf []byte) error {
	n, err := g.links.Recv(from, Bulk, buf)
	if err != nil {
		return &linkError{from, err}
	}
	if n != len(buf) {
		return fmt.Errorf("rank %d sent %d bytes where %d are awaited: the members do not call the same operations in the same order", from, n, len(buf))
	}
	return nil
}

// accumulate waits for numbers of a peer, at most a segment, and adds them to
// dst.
func accumulate[T Number](g *Group, c *codec[T], from int, dst []T) error {
	src, err := recv(g, c, from, len(dst))
	if err == nil {
		c.add(dst, src)
	}
	return err
}

// segments is how many frames n numbers take.
func segments[T Number](c *codec[T], n int) int {
	most := segment / c.width
	return max(1, (n+most-1)/most)
}

// part is piece i of n of a slice.
func part[T any](x []T, i, n int) []T { return x[len(x)*i/n : len(x)*(i+1)/n] }
