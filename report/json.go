package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// JSON writes each event as one line of JSON whose first key, event, is its
// kind. Steps and histograms are left out unless Verbose.
type JSON struct {
	Verbose bool

	w   io.Writer
	err error
}

// NewJSON is a sink that writes JSON lines to w, each at once.
func NewJSON(w io.Writer) *JSON { return &JSON{w: w} }

// Event implements [Sink].
func (j *JSON) Event(e Event) {
	switch e.(type) {
	case Step, Histograms:
		if !j.Verbose {
			return
		}
	}
	line, err := eventLine(e)
	if err == nil && j.err == nil {
		_, err = j.w.Write(line)
	}
	if j.err == nil {
		j.err = err
	}
}

// eventLine is {"event":"kind", and the event's own fields.
func eventLine(e Event) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"event":%q`, e.Kind())
	var fields bytes.Buffer
	encoder := json.NewEncoder(&fields)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(e); err != nil {
		return nil, fmt.Errorf("report %s as JSON: %w", e.Kind(), err)
	}
	if rest := fields.Bytes()[1:]; rest[0] != '}' {
		b.WriteByte(',')
		b.Write(rest)
	} else {
		b.Write(rest)
	}
	return b.Bytes(), nil
}

func (j *JSON) Close() error { return j.err }
