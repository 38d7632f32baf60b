package report

import (
	"encoding/json"
	"math"
	"strings"
)

// Number is a number that may be NaN or infinite, which JSON writes as null.
type Number float64

// MarshalJSON implements [json.Marshaler].
func (n Number) MarshalJSON() ([]byte, error) {
	if f := float64(n); math.IsNaN(f) || math.IsInf(f, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// Score is the value of one metric.
type Score struct {
	Name  string
	Value float64
}

// Scores are metrics in the order in which they are shown; JSON writes them as
// one object.
type Scores []Score

// Get is the value of the metric of the name.
func (s Scores) Get(name string) (value float64, ok bool) {
	for _, score := range s {
		if score.Name == name {
			return score.Value, true
		}
	}
	return 0, false
}

// MarshalJSON implements [json.Marshaler].
func (s Scores) MarshalJSON() ([]byte, error) {
	var b strings.Builder
	b.WriteByte('{')
	for i, score := range s {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(score.Name)
		if err != nil {
			return nil, err
		}
		value, err := Number(score.Value).MarshalJSON()
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return []byte(b.String()), nil
}
