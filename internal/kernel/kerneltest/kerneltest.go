// Package kerneltest runs tests under every variant of the kernels and guards
// their buffers.
package kerneltest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/emberml/ember/internal/kernel"
)

// require is the environment variable that lists variants, separated by
// commas, which must not be skipped.
const require = "EMBER_REQUIRE_VARIANTS"

// Each runs f as a subtest per variant of this build, with that variant in
// use. A variant that this processor cannot run is skipped and logged, or
// fails if EMBER_REQUIRE_VARIANTS lists it.
func Each(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	available := kernel.Variants()
	names := kernel.VariantNames()
	for _, name := range strings.Split(os.Getenv(require), ",") {
		if name != "" && !slices.Contains(names, name) {
			t.Errorf("%s lists %q, which this build does not have", require, name)
		}
	}
	skipped := 0
	for _, name := range names {
		i := slices.IndexFunc(available, func(v kernel.Variant) bool { return v.Name == name })
		if i < 0 {
			skipped++
			if slices.Contains(strings.Split(os.Getenv(require), ","), name) {
				t.Errorf("variant %s is required, and this processor cannot run it", name)
			}
			t.Run(name, func(t *testing.T) { t.Skip("this processor cannot run it") })
			continue
		}
		t.Run(name, func(t *testing.T) {
			defer kernel.Use(available[i])()
			f(t)
		})
	}
	t.Logf("%d of %d kernel variants ran", len(names)-skipped, len(names))
}

// guard is the number of guard words on each side of a buffer.
const guard = 64

// Buffer is a slice with guard words on both sides, which notice writes that a
// kernel makes outside it.
type Buffer[T kernel.Number] struct {
	Data []T
	all  []T
}

// guardWord is what a guard word holds; no kernel computes it by chance.
const guardWord = 113

// New returns a buffer of n zeros whose end is the end of its capacity.
func New[T kernel.Number](n int) *Buffer[T] {
	all := make([]T, n+2*guard)
	for i := range guard {
		all[i], all[guard+n+i] = guardWord, guardWord
	}
	return &Buffer[T]{all[guard : guard+n : guard+n], all}
}

// Random returns a buffer of n numbers uniform in [-1, 1).
func Random[T kernel.Float](n int, rng *rand.Rand) *Buffer[T] {
	b := New[T](n)
	for i := range b.Data {
		b.Data[i] = T(2*rng.Float64() - 1)
	}
	return b
}

// NaN returns a buffer of n NaNs, for results that must be overwritten.
func NaN[T kernel.Float](n int) *Buffer[T] {
	b := New[T](n)
	for i := range b.Data {
		b.Data[i] = T(math.NaN())
	}
	return b
}

// Check fails the test if a guard word has changed.
func (b *Buffer[T]) Check(t *testing.T) {
	t.Helper()
	n := len(b.Data)
	for i := range guard {
		if b.all[i] != guardWord {
			t.Fatalf("kernel wrote %d elements before its buffer of %d", guard-i, n)
		}
		if b.all[guard+n+i] != guardWord {
			t.Fatalf("kernel wrote %d elements past its buffer of %d", i+1, n)
		}
	}
}

// Close fails the test unless got and want agree within an absolute tolerance
// of tol times the greatest magnitude in want; NaN and infinities must match.
func Close[T kernel.Float](t *testing.T, what string, got, want []T, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d elements, want %d", what, len(got), len(want))
	}
	top := 1.0
	for _, w := range want {
		if a := math.Abs(float64(w)); a > top && !math.IsInf(a, 0) {
			top = a
		}
	}
	for i, w := range want {
		g, w := float64(got[i]), float64(w)
		if g == w || math.IsNaN(g) && math.IsNaN(w) {
			continue
		}
		if !(math.Abs(g-w) <= tol*top) {
			t.Fatalf("%s: element %d of %d is %v, want %v", what, i, len(want), g, w)
		}
	}
}

// Identical fails the test unless got and want have the same bits, all NaNs
// being the same.
func Identical[T kernel.Number](t *testing.T, what string, got, want []T) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d elements, want %d", what, len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] && !(got[i] != got[i] && want[i] != want[i]) {
			t.Fatalf("%s: element %d of %d is %v, want the same bits as %v", what, i, len(want), got[i], want[i])
		}
	}
}

// ULP returns the distance of got from the exact value want in units of the
// last place of want as a float32.
func ULP(got float32, want float64) float64 {
	w := float32(want)
	switch {
	case got == w, got != got && want != want:
		return 0
	case math.IsInf(float64(w), 0) || math.IsInf(float64(got), 0) || got != got || want != want:
		return math.Inf(1)
	}
	a := math.Float32frombits(math.Float32bits(w) &^ (1 << 31))
	next := math.Float32frombits(math.Float32bits(a) + 1)
	ulp := float64(next) - float64(a)
	if math.IsInf(ulp, 0) {
		ulp = 0x1p104
	}
	return math.Abs(float64(got)-want) / ulp
}

// Name joins values to a short name of a subtest or case.
func Name(values ...any) string { return strings.TrimSuffix(fmt.Sprintln(values...), "\n") }
