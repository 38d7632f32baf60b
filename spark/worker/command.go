package worker

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"unicode/utf8"
)

// Kinds of function, by Spark's numbers (PythonEvalType).
const (
	// MapInArrow is a function from batches of rows to batches of rows. An
	// ordinary Python needs pyarrow for it. Only here can a stage be a barrier.
	MapInArrow Kind = mapInArrow
	// PerRow is a function of one row that is called with a pickled row, and
	// needs nothing but Python. It feeds no rows to the task: each call is a task
	// without input, and its value, of Spark's type binary, is the Arrow stream
	// of what the task wrote. Call it once a partition: over a range with as many
	// rows as partitions. Spark has no barrier there.
	PerRow Kind = 100
)

// Kind is how Spark calls a command: the eval_type of the plan.
type Kind int32

// Binary is the program that an ordinary Python worker starts: an artifact of
// the session. A program on an executor is checked against its SHA-256 before
// it is started, and unpacked once per executor.
type Binary struct {
	Name   string   // of the artifact below "files/": "ember"
	SHA256 [32]byte // of the program, not of its compressed bytes
	Gzip   bool     // the artifact is compressed
	// Platform is what the program runs on, "linux/amd64": on an executor that is
	// another, the task fails with an error that [OtherPlatform] knows. Empty is not
	// checked.
	Platform string
}

// Payload is what a command carries to a worker.
type Payload struct {
	// Message is JSON for the handler. It may hold secrets: it is in no plan's
	// text, log or error.
	Message json.RawMessage `json:"-"`
	// Schema is the type of the rows that the task writes, a struct in Spark's
	// JSON: {"type":"struct","fields":[…]}. PerRow needs none.
	Schema string
	Kind   Kind // 0: MapInArrow
	// Binary is what an ordinary Python starts. Without one it starts nothing, and
	// the task gives no rows.
	Binary Binary
}

// Format prints no message, for every verb.
func (p Payload) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[worker payload]") }

var otherPlatform = regexp.MustCompile(`ember: the program is for (\S+), and the executor on (\S+) is (\S+)`)

// OtherPlatform tells whether a task failed because its executor is not what the
// program was made for, and what it is instead.
func OtherPlatform(err error) (platform string, ok bool) {
	if m := otherPlatform.FindStringSubmatch(err.Error()); m != nil {
		return m[3], true
	}
	return "", false
}

// starterSource is the program that an ordinary Python worker runs.
//
//go:embed starter.py
var starterSource string

// The parts of a command beside the expression and the message, which are
// strings of their own: X, 4 bytes of length, UTF-8.
const (
	pickleHead   = "\x80\x04X\x07\x00\x00\x00ember/10" + "cbuiltins\neval\n" // protocol 4; "ember/1", popped; what to call
	pickleMiddle = "}X\x07\x00\x00\x00message"                               // a dictionary: the expression's globals
	pickleTail   = "s\x86R."                                                 // into the dictionary; a pair; call; end
)

var errNoMessage = errors.New("a worker's payload needs a message in JSON")

// Command makes the bytes of a payload, the command of Spark's PythonUDF. They
// are a pickle that Python unpickles to the pair (function, type of its rows),
// by eval(<expression>, {"message": <message>}). It begins with the string
// "ember/1", and has one layout, so that a worker which is Ember finds the
// message without a machine for pickles.
//
// The message is behind the expression, which has thousands of bytes, because
// Spark 3.5 shows the first two thousand characters of a request, escaped, as
// the job's call site: in its UI, its event log and the local properties.
func Command(p Payload) ([]byte, error) {
	if !json.Valid(p.Message) || !utf8.Valid(p.Message) {
		return nil, errNoMessage
	}
	if len(p.Message) > maxText {
		return nil, fmt.Errorf("a worker's message has %d bytes, more than %d", len(p.Message), maxText)
	}
	if p.Kind == 0 {
		p.Kind = MapInArrow
	}
	result, err := p.resultType()
	if err != nil {
		return nil, err
	}
	settings, err := json.Marshal(map[string]any{
		"kind": p.Kind, "binary": p.Binary.Name, "sha256": hex.EncodeToString(p.Binary.SHA256[:]),
		"gzip": p.Binary.Gzip, "platform": p.Binary.Platform, "schema": result,
	})
	if err != nil {
		return nil, err
	}
	// Base64 needs no escapes, and the program's text stays out of tracebacks.
	expression := fmt.Sprintf(`(lambda b, scope: (exec(compile(b(%q), "ember-starter", "exec"), scope), scope["start"](message, b(%q)))[1])(__import__("base64").b64decode, {})`,
		base64.StdEncoding.EncodeToString([]byte(starterSource)), base64.StdEncoding.EncodeToString(settings))

	b := []byte(pickleHead)
	b = appendText(b, expression)
	b = append(b, pickleMiddle...)
	b = appendText(b, string(p.Message))
	return append(b, pickleTail...), nil
}

// appendText appends a pickled string.
func appendText(b []byte, text string) []byte {
	b = binary.LittleEndian.AppendUint32(append(b, 'X'), uint32(len(text)))
	return append(b, text...)
}

// cutText reads a pickled string.
func cutText(b []byte) (text, rest []byte, ok bool) {
	if len(b) < 5 || b[0] != 'X' {
		return nil, nil, false
	}
	n := binary.LittleEndian.Uint32(b[1:])
	if b = b[5:]; uint64(n) > uint64(len(b)) {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}

func (p Payload) resultType() (string, error) {
	switch p.Kind {
	case PerRow:
		return `"binary"`, nil
	case MapInArrow:
		var t struct{ Type string }
		if err := json.Unmarshal([]byte(p.Schema), &t); err != nil || t.Type != "struct" {
			return "", fmt.Errorf("a worker's schema must be a struct in Spark's JSON, not %.40q", p.Schema)
		}
		return p.Schema, nil
	default:
		return "", fmt.Errorf("a worker's command of kind %d: only MapInArrow and PerRow are known", p.Kind)
	}
}

// isCommand tells if Command made the bytes.
func isCommand(command []byte) bool {
	_, err := message(command)
	return err == nil
}

// message reads the message of a command. Its errors do not show it.
func message(command []byte) (json.RawMessage, error) {
	rest, ok := bytes.CutPrefix(command, []byte(pickleHead))
	if ok {
		_, rest, ok = cutText(rest)
	}
	if ok {
		rest, ok = bytes.CutPrefix(rest, []byte(pickleMiddle))
	}
	var text []byte
	if ok {
		text, _, ok = cutText(rest)
	}
	if !ok || !json.Valid(text) {
		return nil, errForeign
	}
	return text, nil
}
