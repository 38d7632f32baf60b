package worker

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"testing"
)

// A claimed length costs no memory before as many bytes have come.
func TestWireAllocatesWhatCame(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	w := &wire{r: bytes.NewReader([]byte{0x3f, 0xff, 0xff, 0xff, 'a', 'b'})}
	if b := w.bytes(maxBytes); b != nil || !errors.Is(w.err, io.ErrUnexpectedEOF) {
		t.Errorf("bytes = %q, %v", b, w.err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("%d bytes were allocated for a claim of a gibibyte", n)
	}
}

func TestWireRefusesLengths(t *testing.T) {
	for _, b := range [][]byte{{0xff, 0xff, 0xff, 0xff}, {0x04, 0, 0, 1}} {
		w := &wire{r: bytes.NewReader(b)}
		if w.text(); w.err == nil {
			t.Errorf("the length % x was taken", b)
		}
	}
}

func TestWireErrorSticks(t *testing.T) {
	w := &wire{r: bytes.NewReader([]byte{0, 0, 0, 7, 0})}
	if n := w.int32(); n != 7 {
		t.Fatalf("int32 = %d", n)
	}
	first := w.int64()
	err := w.err
	if second := w.text(); first != 0 || second != "" || err == nil || w.err != err {
		t.Errorf("after an error: %d, %q, %v", first, second, w.err)
	}
}
