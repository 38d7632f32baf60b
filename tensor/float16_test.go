package tensor

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestHalvesRoundTrip(t *testing.T) {
	for i := range 1 << 16 {
		h, b := F16(i), BF16(i)
		wantH, wantB := h, b
		if v := h.Float32(); v != v {
			wantH |= 0x200 // hardware makes every NaN a quiet one
		}
		if v := b.Float32(); v != v {
			wantB |= 0x40
		}
		if got := F16From(h.Float32()); got != wantH {
			t.Fatalf("F16 %#04x becomes %v becomes %#04x", i, h.Float32(), got)
		}
		if got := BF16From(b.Float32()); got != wantB {
			t.Fatalf("BF16 %#04x becomes %v becomes %#04x", i, b.Float32(), got)
		}
	}
}

// TestHalvesRoundToNearestEven compares with the two neighbors of each number.
func TestHalvesRoundToNearestEven(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 100_000 {
		lo := F16(rng.IntN(0x7bff)) // below the largest
		a, b := lo.float64(), (lo + 1).float64()
		v := a + (b-a)*float64(rng.IntN(9))/8 // with ties
		want := lo
		if v-a > b-v || v-a == b-v && lo&1 == 1 {
			want = lo + 1
		}
		if got := F16From(float32(v)); got != want {
			t.Fatalf("%v becomes %#04x, want %#04x", v, got, want)
		}
		if got := F16From(float32(-v)); got != want|0x8000 {
			t.Fatalf("%v becomes %#04x, want %#04x", -v, got, want|0x8000)
		}
		w := math.Float32frombits(rng.Uint32() &^ (1 << 30)) // no NaN
		bits := math.Float32bits(w)
		if got, want := BF16From(w), BF16((bits+0x7fff+bits>>16&1)>>16); got != want {
			t.Fatalf("%v becomes %#04x, want %#04x", w, got, want)
		}
	}
}

func TestHalvesAtTheEdges(t *testing.T) {
	for _, c := range []struct {
		v    float64
		want F16
	}{
		{65504, 0x7bff},
		{65519.99, 0x7bff},
		{65520, 0x7c00},
		{math.Inf(-1), 0xfc00},
		{0x1p-24, 1},
		{0x1p-25, 0},
		{0x1.000001p-25, 1},
		{math.Copysign(0, -1), 0x8000},
		{math.NaN(), 0x7e00},
	} {
		if got := f16Of(c.v); got != c.want {
			t.Errorf("%v becomes %#04x, want %#04x", c.v, got, c.want)
		}
	}
	// Once from float64: through float32 this tie would go the other way.
	if got := f16Of(1 + 0x1p-11 + 0x1p-40); got != 0x3c01 {
		t.Errorf("got %#04x", got)
	}
}
