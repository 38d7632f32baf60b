package comm

import (
	"errors"
	"fmt"
)

// Stream is one of the two lanes between two members: messages do not wait for
// numbers.
type Stream uint8

// The streams.
const (
	Control Stream = iota // small frames, read at once
	Bulk                  // numbers, read when an operation wants them
	streams
)

// Transport carries frames between the members of a group, as one of them sees
// it. Between two members each stream is ordered and reliable in both directions
// until it fails. One goroutine may send and another receive at the same time on
// each stream with each peer.
type Transport interface {
	// Rank is this member's number, from 0.
	Rank() int
	// Size is the number of members.
	Size() int
	// Host is where a member runs, for people: an address, say.
	Host(rank int) string
	// Send sends a frame, which may be reused when Send returns. It may wait for
	// the receiver.
	Send(to int, stream Stream, frame []byte) error
	// Recv receives the next frame of a peer into buf and returns its length. A
	// frame longer than buf is an error; memory is never allocated by a length
	// that a peer names.
	Recv(from int, stream Stream, buf []byte) (int, error)
	// Close ends all waits with an error, here and, once they have read what was
	// sent before, at the peers.
	Close() error
}

// errClosed is a link's end.
var errClosed = errors.New("the connection is closed")

// PeerError says that a group is broken because a member is lost. Every other
// member gets it, with the same rank, within the deadlines of [Options].
type PeerError struct {
	Rank       int
	Host       string
	Generation uint64
	Reporter   int // the rank that found out
	Cause      string
}

// Error names rank, host and cause, and what to do.
func (e *PeerError) Error() string {
	return fmt.Sprintf("rank %d at %s is lost: %s (found by rank %d, generation %d); see that worker's log for why, then go on from the last checkpoint",
		e.Rank, e.Host, e.Cause, e.Reporter, e.Generation)
}
