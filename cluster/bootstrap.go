package cluster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/emberml/ember/internal/secure"
)

// bootstrap is all that a worker is told when it is started. It holds the job's
// secrets: it goes by pipe, or inside Spark's own message, and never into arguments,
// the environment or a log.
type bootstrap struct {
	Job        string          `json:"job"`
	Args       json.RawMessage `json:"args"`
	Generation int             `json:"generation"`
	Workers    int             `json:"workers"`
	Index      int             `json:"index"` // of a local worker; others are told by their cluster
	Local      bool            `json:"local"` // all are processes of this machine
	Threads    int             `json:"threads"`
	Checkpoint string          `json:"checkpoint,omitempty"`
	Fed        bool            `json:"fed,omitempty"`   // Spark sends rows
	Parts      int             `json:"parts,omitempty"` // virtual workers; 0: one for each

	Driver   []string `json:"driver"` // its addresses
	Folder   string   `json:"folder,omitempty"`
	Identity secret   `json:"identity"`

	Join    time.Duration `json:"join"`
	Peer    time.Duration `json:"peer"`
	Connect time.Duration `json:"connect"`
}

// encode is the message as bytes, secrets and all.
func (b *bootstrap) encode() ([]byte, error) { return json.Marshal(b) }

// secret is bytes that do not print.
type secret []byte

// Format prints "[secret]" for every verb.
func (secret) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[secret]") }

// issue makes the identity of a worker as bytes.
func issue(a *secure.Authority, name string) (secret, error) {
	id, err := a.Issue(name)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	_, err = id.WriteTo(&b)
	return b.Bytes(), err
}

func (b *bootstrap) identity() (*secure.Identity, error) {
	return secure.ReadIdentity(bytes.NewReader(b.Identity))
}
