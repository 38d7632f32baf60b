package worker

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

const schemaJSON = `{"type":"struct","fields":[{"name":"n","type":"long","nullable":true,"metadata":{}}]}`

func TestCommandHoldsMessage(t *testing.T) {
	for _, want := range []string{`{}`, `{"token":"grüße 😀"}`, `"` + strings.Repeat("x", 100_000) + `"`} {
		command, err := Command(Payload{Message: json.RawMessage(want), Schema: schemaJSON, Binary: Binary{Name: "ember"}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := message(command)
		if err != nil || string(got) != want {
			t.Errorf("message = %.40q, %v, want %.40q", got, err, want)
		}
		// Spark 3.5 shows the beginning of a request in its UI.
		if where := bytes.Index(command, appendText(nil, want)); where < 4096 {
			t.Errorf("the message is at byte %d, where people see it", where)
		}
		if n := bytes.Count(command, []byte(want)); want != `{}` && n != 1 {
			t.Errorf("the message is %d times in the command", n)
		}
	}
}

func TestCommandRefuses(t *testing.T) {
	for name, p := range map[string]Payload{
		"no message":      {Schema: schemaJSON},
		"message no JSON": {Message: json.RawMessage(`{"token": "hush`), Schema: schemaJSON},
		"no schema":       {Message: json.RawMessage(`{}`)},
		"schema no struct": {
			Message: json.RawMessage(`{}`),
			Schema:  `{"type":"array"}`,
		},
		"other kind": {Message: json.RawMessage(`{}`), Schema: schemaJSON, Kind: 205},
	} {
		if _, err := Command(p); err == nil {
			t.Errorf("%s: no error", name)
		} else if strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: the error tells the message: %v", name, err)
		}
	}
}

func TestPrintsNoMessage(t *testing.T) {
	p := Payload{Message: json.RawMessage(`"hush-hush"`)}
	j, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	task := &Task{message: p.Message}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v", p, p, p), string(j), fmt.Sprintf("%v %+v %#v", task, task, task)} {
		if strings.Contains(text, "hush") || strings.Contains(text, "104 117 115 104") {
			t.Errorf("printed: %s", text)
		}
	}
}

func FuzzMessage(f *testing.F) {
	command, err := Command(Payload{Message: json.RawMessage(`{"a":1}`), Schema: schemaJSON})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(command)
	f.Add(command[:20])
	f.Add([]byte(pickleHead + "X\xff\xff\xff\xff{}"))
	f.Add([]byte(pickleHead + "X\x00\x00\x00\x00" + pickleMiddle + "X\x02\x00\x00\x00{}"))
	f.Add([]byte("\x80\x05\x95pickled by cloudpickle"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := message(b)
		if err == nil && !json.Valid(m) {
			t.Errorf("message %q", m)
		}
		if err != nil && !errors.Is(err, errForeign) {
			t.Errorf("error %v", err)
		}
	})
}
