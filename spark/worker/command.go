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
	Binary Binary
}

// Format prints no message, for every verb.
func (p Payload) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[worker payload]") }

// starterSource is the program that an ordinary Python worker runs.
//
//go:embed starter.py
var starterSource string

const (
	messageMark = "ember/1 "
	pickleHead  = "\x80\x04X" // protocol 4; a string with its length in 4 bytes follows
)

var errNoMessage = errors.New("a worker's payload needs a message in JSON")

// Command makes the bytes of a payload, the command of Spark's PythonUDF. They
// are a pickle that Python unpickles to the pair (function, type of its rows),
// and whose first string is Ember's message, so that a worker which is Ember
// reads that and never looks at the rest:
//
//	80 04 | X <u32 LE length> "ember/1 {…}" | memoize, pop |
//	eval(<expression>, {"message": <memo>}) .
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
		"gzip": p.Binary.Gzip, "schema": result,
	})
	if err != nil {
		return nil, err
	}
	// Base64 needs no escapes, and the program's text stays out of tracebacks.
	expression := fmt.Sprintf(`(lambda b, scope: (exec(compile(b(%q), "ember-starter", "exec"), scope), scope["start"](message, b(%q)))[1])(__import__("base64").b64decode, {})`,
		base64.StdEncoding.EncodeToString([]byte(starterSource)), base64.StdEncoding.EncodeToString(settings))

	var b bytes.Buffer
	text := func(s string) {
		b.WriteByte('X')
		_ = binary.Write(&b, binary.LittleEndian, uint32(len(s)))
		b.WriteString(s)
	}
	b.WriteString(pickleHead[:2])
	text(messageMark + string(p.Message))
	b.WriteString("\x940")             // MEMOIZE as number 0, POP
	b.WriteString("cbuiltins\neval\n") // GLOBAL
	text(expression)                   //
	b.WriteByte('}')                   // EMPTY_DICT: the expression's globals
	text("message")                    //
	b.WriteString("h\x00s")            // BINGET 0, SETITEM
	b.WriteString("\x86R.")            // TUPLE2, REDUCE, STOP
	return b.Bytes(), nil
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
	if !ok || len(rest) < 4 {
		return nil, errForeign
	}
	n := binary.LittleEndian.Uint32(rest)
	if rest = rest[4:]; uint64(n) > uint64(len(rest)) {
		return nil, errForeign
	}
	text, ok := bytes.CutPrefix(rest[:n], []byte(messageMark))
	if !ok || !json.Valid(text) {
		return nil, errForeign
	}
	return text, nil
}
