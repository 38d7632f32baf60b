package comm

import (
	"encoding/binary"
	"fmt"
)

// Kind says what a message is about.
type Kind uint8

// The kinds. The last two never travel: a member's own links tell of them.
const (
	Join   Kind = 1 + iota // the sender is up
	Beat                   // the sender is alive and has begun Progress operations
	Lost                   // Suspect is lost because of Cause
	Leave                  // the sender is done
	Broken                 // the link to From failed with Cause
	Missed                 // an operation needs From, and the link to it failed with Cause
)

// String names the kind.
func (k Kind) String() string {
	if k < Join || k > Missed {
		return fmt.Sprintf("kind(%d)", uint8(k))
	}
	return [...]string{"join", "beat", "lost", "leave", "broken", "missed"}[k-Join]
}

// Message is what members tell each other beside the bulk of their numbers.
type Message struct {
	Kind       Kind
	From, To   int
	Generation uint64
	Suspect    int    // of Lost
	Progress   uint64 // of Beat
	Cause      string // of Lost, Broken and Missed
}

const (
	messageHead = 1 + 4 + 4 + 8 + 4 + 8
	maxCause    = 480
	maxMessage  = messageHead + maxCause // bytes
)

// appendMessage appends the message's bytes: kind, from, to, generation,
// suspect, progress, little-endian, then the cause, cut where it is too long.
func appendMessage(dst []byte, m Message) []byte {
	le := binary.LittleEndian
	dst = append(dst, byte(m.Kind))
	dst = le.AppendUint32(dst, uint32(m.From))
	dst = le.AppendUint32(dst, uint32(m.To))
	dst = le.AppendUint64(dst, m.Generation)
	dst = le.AppendUint32(dst, uint32(m.Suspect))
	dst = le.AppendUint64(dst, m.Progress)
	return append(dst, m.Cause[:min(len(m.Cause), maxCause)]...)
}

// parseMessage reads what appendMessage wrote. Kinds that never travel are
// errors.
func parseMessage(raw []byte) (Message, error) {
	if len(raw) < messageHead || len(raw) > maxMessage {
		return Message{}, fmt.Errorf("a message of %d bytes; they have %d to %d", len(raw), messageHead, maxMessage)
	}
	le := binary.LittleEndian
	m := Message{
		Kind: Kind(raw[0]), From: int(int32(le.Uint32(raw[1:]))), To: int(int32(le.Uint32(raw[5:]))), Generation: le.Uint64(raw[9:]),
		Suspect: int(int32(le.Uint32(raw[17:]))), Progress: le.Uint64(raw[21:]), Cause: string(raw[messageHead:]),
	}
	if m.Kind < Join || m.Kind > Leave {
		return Message{}, fmt.Errorf("a message of %v, which none may send", m.Kind)
	}
	return m, nil
}
