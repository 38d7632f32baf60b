package comm

import (
	"errors"
	"fmt"

	"github.com/emberml/ember/internal/kernel"
)

// segment is the greatest frame of numbers in bytes: large enough to make calls
// cheap, small enough to stay in a cache from reading to adding to sending on.
const segment = 256 << 10

// sendBuffers is how many frames wait to be sent while the next is computed, and
// ahead how many a member sends before it takes one.
const (
	sendBuffers = 4
	ahead       = sendBuffers - 1
)

// frame is memory for a segment of any numbers.
func frame() []byte { return kernel.View[byte](make([]int64, segment/8)) }

// outgoing is an encoded frame on its way to a peer.
type outgoing struct {
	to    int
	frame []byte
}

var errDown = errors.New("the group has ended")

// sendAll sends what operations give it, in order.
func (g *Group) sendAll() {
	defer g.done.Done()
	for {
		select {
		case o := <-g.out:
			if err := g.links.Send(o.to, Bulk, o.frame); err != nil {
				g.tell(call{message: Message{Kind: Missed, From: o.to, Generation: g.opts.Generation, Cause: err.Error()}})
			}
			g.free <- o.frame[:cap(o.frame)] // has room: there are as many buffers
		case <-g.down:
			return
		}
	}
}

// send encodes numbers, at most a segment, and leaves them to the sender. What a
// lossy codec makes of them is what src holds afterwards, if settle is set.
func send[T Number](g *Group, c *codec[T], to int, src []T, settle bool) error {
	var buf []byte
	select {
	case buf = <-g.free:
	case <-g.down:
		return errDown
	}
	buf = buf[:c.width*len(src)]
	c.put(buf, src)
	if settle && c.lossy {
		c.get(src, buf)
	}
	g.out <- outgoing{to, buf} // has room: there are as many buffers
	return nil
}

// recv waits for exactly n numbers of a peer, at most a segment. The bytes are
// valid until the next recv.
func recv[T Number](g *Group, c *codec[T], from, n int) ([]byte, error) {
	want := c.width * n
	got, err := g.links.Recv(from, Bulk, g.in[:want])
	if err != nil {
		return nil, &linkError{from, err}
	}
	if got != want {
		return nil, fmt.Errorf("rank %d sent %d bytes where %d are awaited: the members do not call the same operations in the same order", from, got, want)
	}
	return g.in[:want], nil
}

// segments is how many frames n numbers take.
func segments[T Number](c *codec[T], n int) int {
	most := segment / c.width
	return max(1, (n+most-1)/most)
}

// part is piece i of n of a slice.
func part[T any](x []T, i, n int) []T { return x[len(x)*i/n : len(x)*(i+1)/n] }
