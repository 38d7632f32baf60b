package cluster

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// kind says what a message is about.
type kind string

const (
	beat    kind = "beat"    // the sender is alive
	greet   kind = "hello"   // worker: here I am
	welcome kind = "welcome" // driver: these are all
	event   kind = "event"   // worker: something for the report
	logged  kind = "log"     // worker: text for the user
	result  kind = "result"  // worker: a value for the caller
	done    kind = "done"    // worker: the job has returned
	failed  kind = "failed"  // worker: …with an error
	stop    kind = "stop"    // driver: end the job
	bye     kind = "bye"     // driver: your last word has come
	ask     kind = "ask"     // worker: do something with a file
	answer  kind = "answer"  // driver: the result of that
	clock   kind = "clock"   // worker: what time is it? driver: that
)

// message is what driver and worker tell each other: its kind, and the fields of
// that kind.
type message struct {
	Kind    kind            `json:"kind"`
	Hello   *hello          `json:"hello,omitempty"`
	Meeting *meeting        `json:"meeting,omitempty"`
	Event   json.RawMessage `json:"event,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Text    string          `json:"text,omitempty"`
	Failure *failure        `json:"failure,omitempty"`
	Request *request        `json:"request,omitempty"`
	Reply   *reply          `json:"reply,omitempty"`
	Time    int64           `json:"time,omitempty"` // of the sender's clock, in nanoseconds of Unix

	body []byte // of a file
}

// hello is a worker's first message.
type hello struct {
	Index      int      `json:"index"` // which of the workers, from 0
	Generation int      `json:"generation"`
	Host       string   `json:"host"` // for people
	Process    int      `json:"process"`
	Addresses  []string `json:"addresses"`        // at which the others may reach it
	Kernels    []string `json:"kernels"`          // variants that it can run, the slowest first
	Version    string   `json:"version"`          // of the program
	Detour     string   `json:"detour,omitempty"` // why it comes by the folder
}

// meeting is what the workers have to know of each other.
type meeting struct {
	Addresses [][]string `json:"addresses"` // by rank
	Kernel    string     `json:"kernel"`    // that all can run
}

// failure is an error of a worker.
type failure struct {
	Lost  int    `json:"lost"`            // the rank that is lost; -1: none
	Apart bool   `json:"apart,omitempty"` // the workers did not meet: the job has not begun
	Echo  bool   `json:"echo,omitempty"`  // the job was interrupted, but not here: by another worker
	Code  int    `json:"code"`            // exit code that the job's error asks for
	Text  string `json:"text"`
}

// own tells whether the job failed by itself, on this worker.
func (f *failure) own() bool { return f.Lost < 0 && !f.Apart && !f.Echo }

// check is an error if the fields of the kind are missing.
func (m *message) check() error {
	missing := false
	switch m.Kind {
	case greet:
		missing = m.Hello == nil
	case welcome:
		missing = m.Meeting == nil
	case failed:
		missing = m.Failure == nil
	case ask:
		missing = m.Request == nil
	case answer:
		missing = m.Reply == nil
	case event, result, logged, beat, done, stop, bye, clock:
	default:
		return fmt.Errorf("a message of no kind: %.20q", string(m.Kind))
	}
	if missing {
		return fmt.Errorf("a message of the kind %s without its content", m.Kind)
	}
	return nil
}

// Bounds of a message on its way: a head of JSON, and the bytes of a file.
const (
	maxHead = 8 << 20
	maxBody = 1 << 20
)

var errFrame = errors.New("no message of an Ember")

// encode is a message as bytes: the lengths of head and body as little-endian
// uint32, then both.
func (m *message) encode() ([]byte, error) {
	head, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("message %s: %w", m.Kind, err)
	}
	if len(head) > maxHead || len(m.body) > maxBody {
		return nil, fmt.Errorf("message %s: %d and %d bytes, more than %d or %d", m.Kind, len(head), len(m.body), maxHead, maxBody)
	}
	frame := make([]byte, 0, 8+len(head)+len(m.body))
	frame = binary.LittleEndian.AppendUint32(frame, uint32(len(head)))
	frame = binary.LittleEndian.AppendUint32(frame, uint32(len(m.body)))
	return append(append(frame, head...), m.body...), nil
}

// readMessage reads one. Memory grows with what has come, not with what the other
// side says is to come.
func readMessage(r io.Reader) (*message, error) {
	var lengths [8]byte
	if _, err := io.ReadFull(r, lengths[:]); err != nil {
		return nil, err
	}
	head, body := binary.LittleEndian.Uint32(lengths[:]), binary.LittleEndian.Uint32(lengths[4:])
	if head > maxHead || body > maxBody {
		return nil, fmt.Errorf("%w: it announces %d and %d bytes", errFrame, head, body)
	}
	var b bytes.Buffer
	if _, err := io.CopyN(&b, r, int64(head)+int64(body)); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	m := &message{}
	if err := json.Unmarshal(b.Bytes()[:head], m); err != nil {
		return nil, fmt.Errorf("%w: %w", errFrame, err)
	}
	if body > 0 {
		m.body = b.Bytes()[head:]
	}
	return m, m.check()
}
