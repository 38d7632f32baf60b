package comm

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/emberml/ember/internal/secure"
)

// TCP is a member that meets the others at addresses which all of them know.
type TCP struct {
	Rank       int
	Addresses  []string // host:port of every member, by rank
	Generation uint64   // which attempt of the job this is

	// Listener is the port of this member's own address. The last rank needs
	// none. It is closed when all are there, or on an error.
	Listener net.Listener

	Token    secure.Token     // of the job
	Identity *secure.Identity // for TLS; nil is for members on one host only, whose addresses are loopback
}

// Dial connects the member with all others: it dials the lower ranks, which may
// not listen yet, and waits for the higher ones, until the context's end. The
// error says who is missing.
//
// Who connects without the job's token, or without a certificate of the job
// where TLS is on, is dropped after at most a hello of fixed size.
func (m TCP) Dial(ctx context.Context) (Transport, error) {
	if m.Listener != nil {
		defer m.Listener.Close()
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	t := &tcp{rank: m.Rank, addresses: m.Addresses, links: make([]*link, len(m.Addresses)*int(streams))}
	meeting := &meeting{TCP: m, tcp: t, arrived: make(chan arrival), waiting: make(chan struct{}, strangers)}
	if m.Listener != nil {
		go meeting.accept(ctx)
	}
	for rank := range m.Rank {
		for s := range streams {
			go meeting.dial(ctx, rank, s)
		}
	}
	for t.missing() != nil {
		select {
		case <-ctx.Done():
			t.drop()
			return nil, fmt.Errorf("rank %d at %s did not meet ranks %v of generation %d: %w; see whether they run, and whether their ports can be reached from here",
				m.Rank, m.Addresses[m.Rank], t.missing(), m.Generation, errors.Join(ctx.Err(), meeting.lastError()))
		case a := <-meeting.arrived:
			if a.err != nil {
				t.drop()
				return nil, a.err
			}
			if at := &t.links[a.peer*int(streams)+int(a.stream)]; *at == nil {
				*at = newLink(a.conn)
			} else {
				_ = a.conn.Close()
			}
		}
	}
	return t, nil
}

func (m TCP) check() error {
	switch {
	case m.Rank < 0 || m.Rank >= len(m.Addresses):
		return fmt.Errorf("rank %d of a group with %d addresses", m.Rank, len(m.Addresses))
	case m.Token.IsZero():
		return errors.New("members meet over TCP with the job's token only; there is none")
	case m.Listener == nil && m.Rank < len(m.Addresses)-1:
		return fmt.Errorf("rank %d has no listener for the higher ranks", m.Rank)
	case m.Identity != nil:
		return nil
	}
	for _, a := range m.Addresses {
		host, _, err := net.SplitHostPort(a)
		if err != nil {
			return err
		}
		if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
			return fmt.Errorf("%s is not a loopback address: between hosts members need TLS, that is an identity of the job", a)
		}
	}
	return nil
}

// tcp is the [Transport] of a member that has met the others.
type tcp struct {
	rank      int
	addresses []string
	links     []*link // by rank and stream
	once      sync.Once
}

func (t *tcp) Rank() int            { return t.rank }
func (t *tcp) Size() int            { return len(t.addresses) }
func (t *tcp) Host(rank int) string { return t.addresses[rank] }

func (t *tcp) link(rank int, s Stream) *link { return t.links[rank*int(streams)+int(s)] }

// missing lists the ranks to which a stream is missing.
func (t *tcp) missing() []int {
	var ranks []int
	for rank := range t.addresses {
		if rank != t.rank && (t.link(rank, Control) == nil || t.link(rank, Bulk) == nil) {
			ranks = append(ranks, rank)
		}
	}
	return ranks
}

func (t *tcp) Send(to int, s Stream, frame []byte) error { return t.link(to, s).send(frame, s) }

func (t *tcp) Recv(from int, s Stream, buf []byte) (int, error) { return t.link(from, s).recv(buf) }

// Close ends the bulk at once. Messages on their way are let through: closing a
// connection with unread bytes would reset it, and the peer lose them.
func (t *tcp) Close() error {
	t.once.Do(func() {
		for rank := range t.addresses {
			if rank != t.rank {
				_ = t.link(rank, Bulk).conn.Close()
				t.link(rank, Control).linger()
			}
		}
	})
	return nil
}

// drop closes what there is of a meeting that failed.
func (t *tcp) drop() {
	for _, l := range t.links {
		if l != nil {
			_ = l.conn.Close()
		}
	}
}

// link is one stream with one peer: frames, each after its length as a
// little-endian uint32.
type link struct {
	conn net.Conn
	r    *bufio.Reader
	w    *bufio.Writer
}

const (
	linkBuffer  = 16 << 10
	messageTime = 5 * time.Second // to write a message to a peer that does not read
	lingerTime  = 2 * time.Second // to let the last message arrive
)

func newLink(conn net.Conn) *link {
	return &link{conn, bufio.NewReaderSize(conn, linkBuffer), bufio.NewWriterSize(conn, linkBuffer)}
}

func (l *link) send(frame []byte, s Stream) error {
	if s == Control {
		if err := l.conn.SetWriteDeadline(time.Now().Add(messageTime)); err != nil {
			return err
		}
	}
	head := binary.LittleEndian.AppendUint32(l.w.AvailableBuffer(), uint32(len(frame)))
	if _, err := l.w.Write(head); err != nil {
		return err
	}
	if _, err := l.w.Write(frame); err != nil {
		return err
	}
	return l.w.Flush()
}

func (l *link) recv(buf []byte) (int, error) { return readFrame(l.r, buf) }

// readFrame reads a frame into buf.
func readFrame(r *bufio.Reader, buf []byte) (int, error) {
	head, err := r.Peek(4)
	if err != nil {
		return 0, err
	}
	n := binary.LittleEndian.Uint32(head)
	if uint64(n) > uint64(len(buf)) {
		return 0, errTooLong(int(n), len(buf))
	}
	if _, err := r.Discard(4); err != nil {
		return 0, err
	}
	return io.ReadFull(r, buf[:n])
}

// linger closes the link once the peer has closed its side, or soon.
func (l *link) linger() {
	type halfCloser interface{ CloseWrite() error } // TCP and TLS
	if h, ok := l.conn.(halfCloser); !ok || h.CloseWrite() != nil {
		_ = l.conn.Close()
		return
	}
	_ = l.conn.SetReadDeadline(time.Now().Add(lingerTime))
	go func() {
		if raw, ok := l.conn.(*tls.Conn); ok { // whose reads wait for each other
			_, _ = io.Copy(io.Discard, raw.NetConn())
		} else {
			_, _ = io.Copy(io.Discard, l.conn)
		}
		_ = l.conn.Close()
	}()
}
