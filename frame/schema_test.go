package frame_test

import (
	"errors"
	"testing"

	"github.com/emberml/ember/frame"
)

// sparkSchema is what Spark 4.3.0 prints as the JSON of
//
//	id bigint NOT NULL, x array<float>, d decimal(10,2), t timestamp_ntz,
//	s struct<a: int NOT NULL, b: array<string>>
const sparkSchema = `{"type":"struct","fields":[` +
	`{"name":"id","type":"long","nullable":false,"metadata":{}},` +
	`{"name":"x","type":{"type":"array","elementType":"float","containsNull":true},"nullable":true,"metadata":{}},` +
	`{"name":"d","type":"decimal(10,2)","nullable":true,"metadata":{}},` +
	`{"name":"t","type":"timestamp_ntz","nullable":true,"metadata":{}},` +
	`{"name":"s","type":{"type":"struct","fields":[` +
	`{"name":"a","type":"integer","nullable":false,"metadata":{}},` +
	`{"name":"b","type":{"type":"array","elementType":"string","containsNull":true},"nullable":true,"metadata":{}}` +
	`]},"nullable":true,"metadata":{}}]}`

func TestSparkJSON(t *testing.T) {
	s, err := frame.ParseSparkJSON(sparkSchema)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.SparkJSON()
	if err != nil || got != sparkSchema {
		t.Errorf("JSON %s (%v), want %s", got, err, sparkSchema)
	}
	const ddl = "`id` bigint NOT NULL, `x` array<float>, `d` decimal(10,2), `t` timestamp_ntz, `s` struct<`a`: int NOT NULL, `b`: array<string>>"
	if s.String() != ddl {
		t.Errorf("DDL %s, want %s", s, ddl)
	}
}

func TestSparkJSONErrors(t *testing.T) {
	if _, err := (frame.Schema{{Name: "a", Type: frame.ListOf(frame.Uint8)}}).SparkJSON(); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("unsigned numbers: %v", err)
	}
	for text, unsupported := range map[string]bool{
		`{"type":"struct","fields":[{"name":"m","type":{"type":"map","keyType":"string","valueType":"string","valueContainsNull":true},"nullable":true}]}`: true,
		`{"type":"struct","fields":[{"name":"m","type":"interval","nullable":true}]}`:                                                                      true,
		`"long"`:                       false,
		`{"type":"struct","fields":3}`: false,
		`{`:                            false,
	} {
		if _, err := frame.ParseSparkJSON(text); err == nil || errors.Is(err, errors.ErrUnsupported) != unsupported {
			t.Errorf("%s: error %v", text, err)
		}
	}
}
