package worker

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
)

// writer writes headers for tests, after the layout in Spark's own writer and not after the decoders.
type writer struct {
	bytes.Buffer
	s sender
}

func newWriter() *writer {
	w := &writer{}
	w.s = sender{bufio.NewWriter(&w.Buffer)}
	return w
}

func (w *writer) put(fields ...any) *writer {
	for _, f := range fields {
		switch f := f.(type) {
		case int:
			w.s.int32(f)
		case int64:
			w.s.int64(f)
		case bool:
			b := byte(0)
			if f {
				b = 1
			}
			_ = w.s.WriteByte(b)
		case string:
			w.s.text(f)
		case []byte:
			w.s.text(string(f))
		}
	}
	_ = w.s.Flush()
	return w
}

// sample is a task as every version of Spark would tell it.
var sample = Context{
	Stage: 3, Partition: 1, Attempt: 2, TaskAttemptID: 1 << 40, CPUs: 4, Barrier: true,
	Addresses: []string{"h0:1", "h1:2"}, Properties: map[string]string{"addresses": "h0:1,h1:2", "spark.x": "y"}, FilesDir: "/files",
}

func ember(t testing.TB) []byte {
	command, err := Command(Payload{Message: json.RawMessage(`{"do":"sum"}`), Schema: schemaJSON})
	if err != nil {
		t.Fatal(err)
	}
	return command
}

// headerOf writes the sample's header as a version of Spark does.
func headerOf(t testing.TB, version string, evalType int, profiled bool, command []byte) []byte {
	w := newWriter()
	w.put(1, "ember/1;spark="+version)
	flat := func() {
		w.put(3, 1, 2, int64(1<<40), 4)
		w.put(1, "gpu", "gpu", 2, "0", "1")
		w.put(2, "addresses", "h0:1,h1:2", "spark.x", "y")
	}
	minor := version[:3]
	switch minor {
	case "3.5", "4.0":
		w.put(true, 4040, "hush")
		flat()
	case "4.1":
		w.put(true, -1, "/socket")
		flat()
	default:
		w.put(`{"isBarrier":true,"connInfo":4040,"secret":"hush","stageId":3,"partitionId":1,"attemptNumber":2,"taskAttemptId":1099511627776,"cpus":4,"resources":{"gpu":{"name":"gpu","addresses":["0","1"]}},"localProperties":{"addresses":"h0:1,h1:2","spark.x":"y"}}`)
	}
	w.put("/files", 1, "lib.zip")                      // includes
	w.put(false, 2, int64(7), "/broadcast", int64(-3)) // one added, one removed
	w.put(evalType, 1, "spark.sql.session.timeZone", "UTC")
	switch minor {
	case "4.0", "4.1":
		if w.put(profiled); profiled {
			w.put("perf")
		}
		w.put(1, 1, 0, 1, command)
		if profiled {
			w.put(int64(9))
		}
	case "3.5":
		w.put(1, 1, 0, 1, command)
	default:
		w.put(1, "eval.conf", "z")
		w.put(1, 2, 0, false, 1, true, "named", 1, command, int64(9))
	}
	if minor != "4.3" {
		return w.Bytes()
	}
	framed := newWriter()
	return framed.put(framedHeader, w.Bytes()).Bytes()
}

var allVersions = []string{"3.5.9", "4.0.5", "4.1.4", "4.2.1", "4.3.0"}

func readAll(b []byte, path string) (*header, io.Reader, error) {
	r := bytes.NewReader(b)
	first := (&wire{r: r}).int32()
	h, err := readHeader(r, first, path)
	return h, r, err
}

func TestHeaders(t *testing.T) {
	for _, version := range allVersions {
		for _, profiled := range []bool{false, true} {
			const rows = "rows follow"
			h, rest, err := readAll(append(headerOf(t, version, mapInArrow, profiled, ember(t)), rows...), "")
			if err != nil {
				t.Errorf("Spark %s: %v", version, err)
				continue
			}
			want := sample
			want.Spark = version
			if !reflect.DeepEqual(h.Context, want) {
				t.Errorf("Spark %s: context %+v, want %+v", version, h.Context, want)
			}
			server := connection{port: 4040, secret: "hush"}
			if version == "4.1.4" {
				server = connection{port: -1, path: "/socket"}
			}
			if h.connection != server {
				t.Errorf("Spark %s: the barrier's server is %+v", version, h.connection)
			}
			if left, _ := io.ReadAll(rest); string(left) != rows {
				t.Errorf("Spark %s: %q is left, want %q", version, left, rows)
			}
		}
	}
}

func TestHeaderErrors(t *testing.T) {
	foreign := []byte("\x80\x05\x95 by cloudpickle")
	for _, version := range allVersions {
		whole := headerOf(t, version, mapInArrow, false, ember(t))
		for n := 4; n < len(whole); n += 13 {
			if _, _, err := readAll(whole[:n], ""); err == nil || errors.Is(err, errForeign) || !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
				t.Fatalf("Spark %s cut at byte %d of %d: %v", version, n, len(whole), err)
			}
		}
		if _, _, err := readAll(headerOf(t, version, mapInArrow, false, foreign), ""); !errors.Is(err, errForeign) {
			t.Errorf("Spark %s, a foreign command: %v", version, err)
		}
		if _, _, err := readAll(headerOf(t, version, 100, false, foreign), ""); !errors.Is(err, errForeign) {
			t.Errorf("Spark %s, another kind of function: %v", version, err)
		}
	}
	if _, _, err := readAll(newWriter().put(0, "ember/1;spark=2.4.0", 0, 0).Bytes(), ""); err == nil || !strings.Contains(err.Error(), `"2.4.0"`) {
		t.Errorf("an old Spark: %v", err)
	}
	if _, _, err := readAll(newWriter().put(0, "3.11", 0, 0).Bytes(), ""); !errors.Is(err, errForeign) {
		t.Errorf("a Python of an unknown Spark: %v", err)
	}
}

// The version comes from what the client sent, else from the jars.
func TestVersionFromJar(t *testing.T) {
	b := headerOf(t, "4.2.1", mapInArrow, false, ember(t))
	b = bytes.Replace(b, newWriter().put("ember/1;spark=4.2.1").Bytes(), newWriter().put("3.11").Bytes(), 1)
	h, _, err := readAll(b, "/x/python.zip:/jars/spark-core_2.13-4.2.7.jar")
	if err != nil || h.Spark != "4.2.7" {
		t.Errorf("version %+v, %v", h, err)
	}
}

func TestEncryptedBroadcasts(t *testing.T) {
	w := newWriter().put("/files", 0, true, 1, 5050, "hush", int64(4))
	h := &header{}
	r := &wire{r: w}
	h.files(r)
	h.broadcasts(r, func(w *wire) { socketOrPort(w) })
	if r.err != nil || !h.encrypted || w.Len() != 0 {
		t.Errorf("encrypted %v, %v, %d bytes are left", h.encrypted, r.err, w.Len())
	}
}

func fuzzHeader(f *testing.F, version string) {
	for _, profiled := range []bool{false, true} {
		b := headerOf(f, version, mapInArrow, profiled, ember(f))
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
	path := fmt.Sprintf("spark-core_2.13-%s.jar", version)
	f.Fuzz(func(t *testing.T, b []byte) {
		h, _, err := readAll(b, path)
		if err == nil && !isCommand(h.commands[0]) {
			t.Error("a header without a command")
		}
	})
}

func FuzzHeader35(f *testing.F) { fuzzHeader(f, "3.5.9") }
func FuzzHeader40(f *testing.F) { fuzzHeader(f, "4.0.5") }
func FuzzHeader41(f *testing.F) { fuzzHeader(f, "4.1.4") }
func FuzzHeader42(f *testing.F) { fuzzHeader(f, "4.2.1") }
func FuzzHeader43(f *testing.F) { fuzzHeader(f, "4.3.0") }
