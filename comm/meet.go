package comm

import (
	"context"
	"crypto/rand"
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

const (
	// strangers is how many connections may be between accepting and proof.
	strangers = 64
	// helloTime is how long the other side may take over the handshake.
	helloTime = 10 * time.Second
	// redial is the pause before a peer that does not answer is dialed again.
	redial = 100 * time.Millisecond
)

// meeting is a member that waits for the others.
type meeting struct {
	TCP
	tcp     *tcp
	arrived chan arrival
	waiting chan struct{} // a place for each connection without proof

	lock sync.Mutex
	last error // of dialing
}

// arrival is a connection whose other side has proved who it is.
type arrival struct {
	peer   int
	stream Stream
	conn   net.Conn
	err    error // that ends the meeting
}

func (m *meeting) lastError() error {
	m.lock.Lock()
	defer m.lock.Unlock()
	return m.last
}

// failed notes why dialing fails. That time is over explains nothing.
func (m *meeting) failed(err error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	timeout := net.Error(nil)
	if m.last == nil || !errors.As(err, &timeout) || !timeout.Timeout() {
		m.last = err
	}
}

// arrive hands over a connection, unless the meeting is over.
func (m *meeting) arrive(ctx context.Context, a arrival) {
	select {
	case m.arrived <- a:
	case <-ctx.Done():
		if a.conn != nil {
			_ = a.conn.Close()
		}
	}
}

// accept lets higher ranks in.
func (m *meeting) accept(ctx context.Context) {
	for {
		conn, err := m.Listener.Accept()
		if err != nil {
			if ctx.Err() == nil && !errors.Is(err, net.ErrClosed) {
				m.arrive(ctx, arrival{err: fmt.Errorf("rank %d cannot accept connections: %w", m.Rank, err)})
			}
			return
		}
		select {
		case m.waiting <- struct{}{}:
		default: // strangers keep all places: this one comes again
			_ = conn.Close()
			continue
		}
		go func() {
			defer func() { <-m.waiting }()
			if m.Identity != nil {
				conn = tls.Server(conn, m.Identity.Server())
			}
			over := context.AfterFunc(ctx, func() { _ = conn.Close() })
			h, err := m.greet(conn)
			if err != nil || !over() {
				_ = conn.Close()
				return
			}
			m.arrive(ctx, arrival{peer: int(h.from), stream: Stream(h.stream), conn: conn})
		}()
	}
}

// dial goes to a lower rank until it answers.
func (m *meeting) dial(ctx context.Context, rank int, s Stream) {
	for ctx.Err() == nil {
		conn, err := m.try(ctx, rank, s)
		if err == nil {
			m.arrive(ctx, arrival{peer: rank, stream: s, conn: conn})
			return
		}
		if refused := (*refusal)(nil); errors.As(err, &refused) {
			m.arrive(ctx, arrival{err: err})
			return
		}
		m.failed(err)
		select {
		case <-time.After(redial):
		case <-ctx.Done():
		}
	}
}

func (m *meeting) try(ctx context.Context, rank int, s Stream) (net.Conn, error) {
	d := net.Dialer{Timeout: helloTime}
	conn, err := d.DialContext(ctx, "tcp", m.Addresses[rank])
	if err != nil {
		return nil, err
	}
	if m.Identity != nil {
		conn = tls.Client(conn, m.Identity.Client())
	}
	h := hello{from: uint32(m.Rank), to: uint32(rank), size: uint32(len(m.Addresses)), stream: uint8(s), generation: m.Generation}
	over := context.AfterFunc(ctx, func() { _ = conn.Close() })
	err = introduce(conn, m.Token, h)
	if !over() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("rank %d at %s: %w", rank, m.Addresses[rank], err)
	}
	return conn, nil
}

// The handshake, after that of TLS: the dialing side sends a hello and a random
// number; the other answers with one of its own and the proof that it has the
// token; the first proves the same, and gets a verdict. A proof covers hello and
// both numbers.
const (
	helloSize = len(magic) + 4 + 4 + 4 + 1 + 8
	nonceSize = 32
)

// magic begins a hello. The last byte tells the machine's byte order, in which
// numbers travel: members of different orders do not meet.
var magic = [8]byte{'e', 'm', 'b', 'e', 'r', '0', '1', "<>"[binary.NativeEndian.Uint16([]byte{0, 1})&1]}

// hello says who dials whom.
type hello struct {
	from, to, size uint32
	stream         uint8
	generation     uint64
}

func (h hello) bytes() []byte {
	le := binary.LittleEndian
	b := append(make([]byte, 0, helloSize+2*nonceSize), magic[:]...)
	b = le.AppendUint32(b, h.from)
	b = le.AppendUint32(b, h.to)
	b = le.AppendUint32(b, h.size)
	b = append(b, h.stream)
	return le.AppendUint64(b, h.generation)
}

// parseHello reads helloSize bytes.
func parseHello(b []byte) (hello, error) {
	if len(b) != helloSize || [len(magic)]byte(b) != magic {
		return hello{}, errors.New("no hello of an Ember on a machine of the same byte order")
	}
	le := binary.LittleEndian
	b = b[len(magic):]
	return hello{le.Uint32(b), le.Uint32(b[4:]), le.Uint32(b[8:]), b[12], le.Uint64(b[13:])}, nil
}

// A verdict is the last byte of the handshake.
const (
	welcome byte = iota
	otherGeneration
	otherGroup
)

// refusal is the verdict of a peer with the token: waiting does not help.
type refusal struct{ verdict byte }

func (e *refusal) Error() string {
	if e.verdict == otherGeneration {
		return "it belongs to another generation of the job: a worker of an earlier attempt still runs, here or there"
	}
	return "it has another list of members: all must be given the same addresses in the same order"
}

// introduce is the dialing side of the handshake.
func introduce(conn net.Conn, token secure.Token, h hello) error {
	if err := conn.SetDeadline(time.Now().Add(helloTime)); err != nil {
		return err
	}
	said := append(h.bytes(), make([]byte, nonceSize)...)
	_, _ = rand.Read(said[helloSize:]) // never fails: it ends the process instead
	if _, err := conn.Write(said); err != nil {
		return err
	}
	var answer [nonceSize + secure.ProofSize]byte
	if _, err := io.ReadFull(conn, answer[:]); err != nil {
		return fmt.Errorf("it did not answer the hello: %w", err)
	}
	said = append(said, answer[:nonceSize]...)
	if !token.Proves([secure.ProofSize]byte(answer[nonceSize:]), "accept", said) {
		return errors.New("it has not the job's token: another program is at this address")
	}
	proof := token.Proof("dial", said)
	if _, err := conn.Write(proof[:]); err != nil {
		return err
	}
	var verdict [1]byte
	if _, err := io.ReadFull(conn, verdict[:]); err != nil {
		return fmt.Errorf("it did not take the proof: %w", err)
	}
	if verdict[0] != welcome {
		return &refusal{verdict[0]}
	}
	return conn.SetDeadline(time.Time{})
}

// greet is the accepting side. All that it reads before the proof has a fixed
// size.
func (m *meeting) greet(conn net.Conn) (hello, error) {
	if err := conn.SetDeadline(time.Now().Add(helloTime)); err != nil {
		return hello{}, err
	}
	said := make([]byte, helloSize+nonceSize, helloSize+2*nonceSize)
	if _, err := io.ReadFull(conn, said); err != nil {
		return hello{}, err
	}
	h, err := parseHello(said[:helloSize])
	if err != nil {
		return h, err
	}
	said = said[:cap(said)]
	nonce := said[helloSize+nonceSize:]
	_, _ = rand.Read(nonce) // never fails: it ends the process instead
	proof := m.Token.Proof("accept", said)
	if _, err := conn.Write(append(nonce[:nonceSize:nonceSize], proof[:]...)); err != nil {
		return h, err
	}
	if _, err := io.ReadFull(conn, proof[:]); err != nil {
		return h, err
	}
	if !m.Token.Proves(proof, "dial", said) {
		return h, errors.New("no proof of the token")
	}
	verdict := m.judge(h)
	if _, err := conn.Write([]byte{verdict}); err != nil {
		return h, err
	}
	if verdict != welcome {
		return h, &refusal{verdict}
	}
	return h, conn.SetDeadline(time.Time{})
}

func (m *meeting) judge(h hello) byte {
	switch {
	case h.generation != m.Generation:
		return otherGeneration
	case int64(h.to) != int64(m.Rank) || int64(h.size) != int64(len(m.Addresses)) || h.from <= h.to || h.from >= h.size || h.stream >= uint8(streams):
		return otherGroup
	}
	return welcome
}
