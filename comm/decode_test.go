package comm

import (
	"bufio"
	"bytes"
	"math"
	"testing"

	"github.com/emberml/ember/internal/kernel"
)

func FuzzMessage(f *testing.F) {
	f.Add(appendMessage(nil, Message{Kind: Lost, From: 1, To: 2, Generation: 3, Suspect: -4, Progress: 5, Cause: "why"}))
	f.Add(appendMessage(nil, Message{Kind: Missed}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		if m, err := parseMessage(raw); err == nil && !bytes.Equal(appendMessage(nil, m), raw) {
			t.Errorf("%v does not come back as it was", m)
		}
	})
}

func FuzzHello(f *testing.F) {
	f.Add(hello{1, 2, 3, 1, 4, [fingerprintSize]byte{'v', '1'}}.append(nil))
	f.Add([]byte("ember02<"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if h, err := parseHello(raw); err == nil && !bytes.Equal(h.append(nil), raw) {
			t.Errorf("%v does not come back as it was", h)
		}
	})
}

func FuzzFrame(f *testing.F) {
	f.Add([]byte{2, 0, 0, 0, 8, 9})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 8, 9})
	f.Fuzz(func(t *testing.T, raw []byte) {
		buf := make([]byte, 16)
		n, err := readFrame(bufio.NewReader(bytes.NewReader(raw)), buf)
		if err == nil && !bytes.Equal(buf[:n], raw[4:4+n]) {
			t.Errorf("read %v", buf[:n])
		}
	})
}

func TestLongCauseIsCut(t *testing.T) {
	raw := appendMessage(nil, Message{Kind: Lost, Cause: string(make([]byte, 10_000))})
	if _, err := parseMessage(raw); err != nil {
		t.Error(err)
	}
}

// TestHalves goes through all values of the short formats, and the values
// halfway between neighbors, which go to the even one.
func TestHalves(t *testing.T) {
	round := func(f func(dst []uint16, src []float32)) func(float32) uint16 {
		return func(x float32) uint16 {
			var h [1]uint16
			f(h[:], []float32{x})
			return h[0]
		}
	}
	widen := func(f func(dst []float32, src []uint16)) func(uint16) float32 {
		return func(h uint16) float32 {
			var x [1]float32
			f(x[:], []uint16{h})
			return x[0]
		}
	}
	for _, f := range []struct {
		name  string
		round func(float32) uint16
		widen func(uint16) float32
		inf   uint16
	}{
		{"float16", round(kernel.ToFloat16), widen(kernel.FromFloat16), 0x7c00},
		{"bfloat16", round(kernel.ToBFloat16), widen(kernel.FromBFloat16), 0x7f80},
	} {
		for h := range f.inf {
			x, next := f.widen(h), f.widen(h+1)
			if f.round(x) != h || f.round(-x) != h|0x8000 {
				t.Fatalf("%s: %v becomes %#x, want %#x", f.name, x, f.round(x), h)
			}
			middle := float32((float64(x) + float64(next)) / 2)
			if h+1 == f.inf {
				continue
			}
			if got, want := f.round(middle), h+h&1; got != want {
				t.Fatalf("%s: %v becomes %#x, want %#x", f.name, middle, got, want)
			}
			if up := math.Nextafter32(middle, next); up < next && f.round(up) != h+1 {
				t.Fatalf("%s: %v becomes %#x, want %#x", f.name, up, f.round(up), h+1)
			}
		}
		if got := f.round(float32(math.Inf(-1))); got != f.inf|0x8000 {
			t.Errorf("%s: -∞ becomes %#x", f.name, got)
		}
		if got := f.round(math.MaxFloat32); got != f.inf {
			t.Errorf("%s: the largest float32 becomes %#x", f.name, got)
		}
		if x := f.widen(f.round(float32(math.NaN()))); x == x {
			t.Errorf("%s: NaN becomes %v", f.name, x)
		}
	}
}
