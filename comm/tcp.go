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
	"slices"
	"sync"
	"time"

	"github.com/emberml/ember/internal/secure"
)

// TCP is a member that meets the others at addresses which all of them know, over
// TCP or, within a host, over a Unix socket.
type TCP struct {
	Rank int
	// Addresses are where each member may be reached, by rank: host:port, of each
	// of its networks, and that of [ListenHost]. A socket of this host is preferred.
	// Else all are tried at once, and the first that answers as that member is taken.
	Addresses  [][]string
	Generation uint64 // which attempt of the job this is

	// Fingerprint is what all members have in common, for people to read: version
	// and kernel variant, say. Members of different ones do not meet. It has at
	// most 64 bytes.
	Fingerprint string

	// Listeners are the ports of this member's own addresses. The last rank needs
	// none. They are closed when all are there, or on an error.
	Listeners []net.Listener

	Token    secure.Token     // of the job
	Identity *secure.Identity // for TLS, which TCP has then; nil is for members on one host only, whose addresses are loopback
}

// Dial connects the member with all others: it dials the lower ranks, which may
// not listen yet, and waits for the higher ones, until the context's end. The
// error says who is missing, and what came of each of its addresses.
//
// Who connects without the job's token, or without a certificate of the job
// where TLS is on, is dropped after at most a hello of fixed size.
func (m TCP) Dial(ctx context.Context) (Transport, error) {
	for _, l := range m.Listeners {
		defer l.Close()
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	t := newTCP(m.Rank, m.Addresses)
	m.Addresses = slices.Clone(m.Addresses)
	for rank := range m.Rank {
		m.Addresses[rank] = nearest(ctx, m.Addresses[rank])
	}
	meeting := &meeting{TCP: m, arrived: make(chan arrival), waiting: make(chan struct{}, strangers), failures: map[candidate]error{}}
	for _, l := range m.Listeners {
		go meeting.accept(ctx, l)
	}
	for rank := range m.Rank {
		for s := range streams {
			go meeting.seek(ctx, rank, s)
		}
	}
	for missing := t.missing(); missing != nil; missing = t.missing() {
		select {
		case <-ctx.Done():
			t.drop()
			return nil, fmt.Errorf("rank %d at %s did not meet all of generation %d: %w: %s; see whether they run, and whether their ports can be reached from here",
				m.Rank, t.Host(m.Rank), m.Generation, ctx.Err(), meeting.explain(missing))
		case a := <-meeting.arrived:
			if a.err != nil {
				t.drop()
				return nil, a.err
			}
			t.connect(a)
		}
	}
	return t, nil
}

func (m TCP) check() error {
	switch {
	case m.Rank < 0 || m.Rank >= len(m.Addresses):
		return fmt.Errorf("rank %d of a group whose addresses are those of %d members", m.Rank, len(m.Addresses))
	case m.Token.IsZero():
		return errors.New("members meet over TCP with the job's token only; there is none")
	case len(m.Listeners) == 0 && m.Rank < len(m.Addresses)-1:
		return fmt.Errorf("rank %d has no listener for the higher ranks", m.Rank)
	case len(m.Fingerprint) > fingerprintSize:
		return fmt.Errorf("the fingerprint %q has more than %d bytes", m.Fingerprint, fingerprintSize)
	}
	for rank, candidates := range m.Addresses {
		networked := false
		for _, a := range candidates {
			if within(a) {
				continue
			}
			networked = true
			host, _, err := net.SplitHostPort(a)
			if err != nil {
				return fmt.Errorf("rank %d: %w", rank, err)
			}
			if ip := net.ParseIP(host); m.Identity == nil && (ip == nil || !ip.IsLoopback()) {
				return fmt.Errorf("%s is not a loopback address: between hosts members need TLS, that is an identity of the job", a)
			}
		}
		if !networked {
			return fmt.Errorf("rank %d has no address of host and port", rank)
		}
	}
	return nil
}

// tcp is the [Transport] of a member that has met the others.
type tcp struct {
	rank  int
	hosts []string // host:port at which members were reached, or else the first of theirs
	links []*link  // by rank and stream
	once  sync.Once
}

func newTCP(rank int, addresses [][]string) *tcp {
	t := &tcp{rank: rank, links: make([]*link, len(addresses)*int(streams))}
	for _, candidates := range addresses {
		first := slices.IndexFunc(candidates, func(a string) bool { return !within(a) })
		t.hosts = append(t.hosts, candidates[first])
	}
	return t
}

func (t *tcp) Rank() int            { return t.rank }
func (t *tcp) Size() int            { return len(t.hosts) }
func (t *tcp) Host(rank int) string { return t.hosts[rank] }

func (t *tcp) link(rank int, s Stream) *link { return t.links[rank*int(streams)+int(s)] }

// connect takes the connection to a member, and the later one where a member
// comes twice: it has given up the earlier.
func (t *tcp) connect(a arrival) {
	at := &t.links[a.peer*int(streams)+int(a.stream)]
	if *at != nil {
		_ = (*at).conn.Close()
	}
	*at = newLink(a.conn)
	if a.address != "" && !within(a.address) {
		t.hosts[a.peer] = a.address
	}
}

// missing lists the ranks to which a stream is missing.
func (t *tcp) missing() []int {
	var ranks []int
	for rank := range t.hosts {
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
		for rank := range t.hosts {
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
	w    *bufio.Writer // of messages, and of numbers over TLS
	head [4]byte
	both [2][]byte // length and frame, for one call of the system
}

const (
	linkBuffer  = 16 << 10
	messageTime = 5 * time.Second // to write a message to a peer that does not read
	lingerTime  = 2 * time.Second // to let the last message arrive
)

func newLink(conn net.Conn) *link {
	return &link{conn: conn, r: bufio.NewReaderSize(conn, linkBuffer), w: bufio.NewWriterSize(conn, linkBuffer)}
}

func (l *link) send(frame []byte, s Stream) error {
	if s == Control {
		if err := l.conn.SetWriteDeadline(time.Now().Add(messageTime)); err != nil {
			return err
		}
	}
	binary.LittleEndian.PutUint32(l.head[:], uint32(len(frame)))
	if _, encrypted := l.conn.(*tls.Conn); !encrypted {
		l.both = [2][]byte{l.head[:], frame}
		buffers := net.Buffers(l.both[:])
		_, err := buffers.WriteTo(l.conn)
		return err
	}
	if _, err := l.w.Write(l.head[:]); err != nil {
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
