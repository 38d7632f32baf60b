package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
)

// Encode writes an event as the line of JSON that [JSON] writes, for another
// process to [Decode].
func Encode(e Event) ([]byte, error) { return eventLine(e) }

// decoders read the fields of an event by its kind.
var decoders = map[string]func([]byte) (Event, error){
	Start{}.Kind():      decode[Start],
	Step{}.Kind():       decode[Step],
	Epoch{}.Kind():      decode[Epoch],
	Histograms{}.Kind(): decode[Histograms],
	Checkpoint{}.Kind(): decode[Checkpoint],
	Warning{}.Kind():    decode[Warning],
	EarlyStop{}.Kind():  decode[EarlyStop],
	Diverged{}.Kind():   decode[Diverged],
	Test{}.Kind():       decode[Test],
	Saved{}.Kind():      decode[Saved],
}

func decode[E Event](line []byte) (Event, error) {
	var e E
	err := json.Unmarshal(line, &e)
	return e, err
}

// Decode reads an event that [Encode] wrote. Numbers that JSON does not have come
// back as NaN. A kind that this version does not know is an error.
func Decode(line []byte) (Event, error) {
	var head struct {
		Event string `json:"event"`
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return nil, fmt.Errorf("an event of a run: %w", err)
	}
	read, ok := decoders[head.Event]
	if !ok {
		return nil, fmt.Errorf("an event of a run: there is no kind %q", head.Event)
	}
	e, err := read(line)
	if err != nil {
		return nil, fmt.Errorf("an event of a run: %w", err)
	}
	return e, nil
}

// UnmarshalJSON implements [json.Unmarshaler]: null is NaN.
func (n *Number) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*n = Number(math.NaN())
		return nil
	}
	return json.Unmarshal(text, (*float64)(n))
}

// UnmarshalJSON implements [json.Unmarshaler]: the scores of an object, in its
// order.
func (s *Scores) UnmarshalJSON(text []byte) error {
	*s = nil
	if string(text) == "null" {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return fmt.Errorf("scores are an object, not %.20q", text)
	}
	*s = Scores{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var value Number
		if err := d.Decode(&value); err != nil {
			return err
		}
		*s = append(*s, Score{name.(string), float64(value)})
	}
	return nil
}
