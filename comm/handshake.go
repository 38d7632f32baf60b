package comm

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/emberml/ember/internal/secure"
)

// The handshake, after that of TLS: the dialing side sends a hello and a random
// number; the other answers with its own of both and the proof that it has the
// token; the first proves the same, and is let in with a last byte. A proof covers
// both hellos and both numbers.
const (
	fingerprintSize = 64
	helloSize       = len(magic) + 4 + 4 + 4 + 1 + 8 + fingerprintSize
	nonceSize       = 32
	welcome         = 1
)

// magic begins a hello. The last byte tells the machine's byte order, in which
// numbers travel: members of different orders do not meet.
var magic = [8]byte{'e', 'm', 'b', 'e', 'r', '0', '2', "<>"[binary.NativeEndian.Uint16([]byte{0, 1})&1]}

// hello says who speaks to whom.
type hello struct {
	from, to, size uint32
	stream         uint8
	generation     uint64
	fingerprint    [fingerprintSize]byte // zeros at the end
}

func (h hello) append(b []byte) []byte {
	le := binary.LittleEndian
	b = append(b, magic[:]...)
	b = le.AppendUint32(b, h.from)
	b = le.AppendUint32(b, h.to)
	b = le.AppendUint32(b, h.size)
	b = append(b, h.stream)
	b = le.AppendUint64(b, h.generation)
	return append(b, h.fingerprint[:]...)
}

// parseHello reads helloSize bytes.
func parseHello(b []byte) (hello, error) {
	if len(b) != helloSize || [len(magic)]byte(b) != magic {
		return hello{}, errors.New("no hello of an Ember of this protocol on a machine of the same byte order")
	}
	le := binary.LittleEndian
	b = b[len(magic):]
	return hello{le.Uint32(b), le.Uint32(b[4:]), le.Uint32(b[8:]), b[12], le.Uint64(b[13:]), [fingerprintSize]byte(b[21:])}, nil
}

func (m *meeting) hello(to int, s Stream) hello {
	h := hello{from: uint32(m.Rank), to: uint32(to), size: uint32(len(m.Addresses)), stream: uint8(s), generation: m.Generation}
	copy(h.fingerprint[:], m.Fingerprint)
	return h
}

// refusal says why a peer with the token is not the one to meet.
type refusal struct {
	reason string
	fatal  bool // waiting does not help
}

func (e *refusal) Error() string { return e.reason }

// judge compares what a peer says of itself with what it should. Both sides judge
// alike.
func judge(mine, its hello) error {
	switch {
	case its.generation != mine.generation:
		// Only the earlier attempt need not wait: the later meets its own members yet.
		return &refusal{fmt.Sprintf("rank %d belongs to generation %d of the job, this worker to generation %d: a worker of an earlier attempt still runs, here or there",
			its.from, its.generation, mine.generation), mine.generation < its.generation}
	case its.size != mine.size:
		return &refusal{fmt.Sprintf("rank %d has the addresses of %d members, this worker of %d: all must be given the same in the same order", its.from, its.size, mine.size), true}
	case its.from != mine.to || its.to != mine.from || its.stream != mine.stream:
		return &refusal{fmt.Sprintf("it is rank %d, not rank %d", its.from, mine.to), false}
	case its.fingerprint != mine.fingerprint:
		return &refusal{fmt.Sprintf("rank %d is %q, rank %d is %q: all workers must run the same Ember with the same kernels", its.from, text(its.fingerprint), mine.from, text(mine.fingerprint)), true}
	}
	return nil
}

func text(fingerprint [fingerprintSize]byte) string {
	return strings.ToValidUTF8(string(bytes.TrimRight(fingerprint[:], "\x00")), "?")
}

// introduce is the dialing side of the handshake up to where the peer is known to
// be the right one. It returns what was said.
func (m *meeting) introduce(conn net.Conn, mine hello) ([]byte, error) {
	if err := conn.SetDeadline(time.Now().Add(helloTime)); err != nil {
		return nil, err
	}
	said := append(mine.append(nil), make([]byte, nonceSize)...)
	_, _ = rand.Read(said[helloSize:]) // never fails: it ends the process instead
	if _, err := conn.Write(said); err != nil {
		return nil, err
	}
	var answer [helloSize + nonceSize + secure.ProofSize]byte
	if _, err := io.ReadFull(conn, answer[:]); err != nil {
		return nil, fmt.Errorf("it did not answer the hello: %w", err)
	}
	its, err := parseHello(answer[:helloSize])
	if err != nil {
		return nil, err
	}
	said = append(said, answer[:helloSize+nonceSize]...)
	if !m.Token.Proves([secure.ProofSize]byte(answer[helloSize+nonceSize:]), "accept", said) {
		return nil, errors.New("it has not the job's token: another program is at this address")
	}
	if err := judge(mine, its); err != nil {
		return nil, errors.Join(err, m.prove(conn, said)) // so that it believes this hello, and refuses too
	}
	return said, nil
}

// prove proves to the peer that this member has the token.
func (m *meeting) prove(conn net.Conn, said []byte) error {
	proof := m.Token.Proof("dial", said)
	_, err := conn.Write(proof[:])
	return err
}

// enter is the end of the dialing side.
func (m *meeting) enter(conn net.Conn, said []byte) error {
	if err := m.prove(conn, said); err != nil {
		return err
	}
	var last [1]byte
	if _, err := io.ReadFull(conn, last[:]); err != nil || last[0] != welcome {
		return errors.Join(errors.New("it did not take the proof"), err)
	}
	return conn.SetDeadline(time.Time{})
}

// greet is the accepting side, and returns the peer's hello. All that it reads
// before the proof has a fixed size.
func (m *meeting) greet(conn net.Conn) (hello, error) {
	if err := conn.SetDeadline(time.Now().Add(helloTime)); err != nil {
		return hello{}, err
	}
	said := make([]byte, helloSize+nonceSize)
	if _, err := io.ReadFull(conn, said); err != nil {
		return hello{}, err
	}
	its, err := parseHello(said[:helloSize])
	if err != nil {
		return its, err
	}
	if its.stream >= uint8(streams) || its.from <= uint32(m.Rank) {
		return its, errors.New("no hello of a higher rank")
	}
	mine := m.hello(int(its.from), Stream(its.stream))
	answer := append(mine.append(nil), make([]byte, nonceSize)...)
	_, _ = rand.Read(answer[helloSize:]) // never fails: it ends the process instead
	said = append(said, answer...)
	proof := m.Token.Proof("accept", said)
	if _, err := conn.Write(append(answer, proof[:]...)); err != nil {
		return its, err
	}
	if _, err := io.ReadFull(conn, proof[:]); err != nil {
		return its, err
	}
	if !m.Token.Proves(proof, "dial", said) {
		return its, errors.New("no proof of the token")
	}
	if err := judge(mine, its); err != nil {
		return its, err
	}
	if _, err := conn.Write([]byte{welcome}); err != nil {
		return its, err
	}
	return its, conn.SetDeadline(time.Time{})
}
