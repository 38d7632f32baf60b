package kernel

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
)

// Variant is one implementation of the kernels.
type Variant struct {
	// Name is what EMBER_KERNEL calls it: "go", "avx2" or "avx512".
	Name string

	available bool
	loops32   *loops[float32]
	loops64   *loops[float64]
	pairs     *tile[int32] // of two int16 each
	limit     limitLoop
}

// plain is the definition of every kernel. It runs everywhere.
var plain = Variant{Name: "go", available: true, loops32: &goLoops32, loops64: &goLoops64, pairs: &goPairs, limit: goLimit}

// current is the variant in use.
var current, selectedErr = choose(os.Getenv("EMBER_KERNEL"))

// Variants returns the variants that this processor can run, the slowest first.
func Variants() []Variant {
	var out []Variant
	for _, v := range variants {
		if v.available {
			out = append(out, v)
		}
	}
	return out
}

// VariantNames returns the names of all variants of this build, the slowest
// first, whether or not this processor can run them.
func VariantNames() []string {
	names := make([]string, len(variants))
	for i, v := range variants {
		names[i] = v.Name
	}
	return names
}

// Selected returns the variant in use: the fastest available, or the one that
// the environment variable EMBER_KERNEL names. The error says that the variable
// names a variant which does not exist or cannot run here; the fastest is in
// use then.
func Selected() (Variant, error) { return *current.Load(), selectedErr }

// Use makes v the variant in use until restore is called. Kernels that run
// meanwhile may use either; results differ between variants in rounding only.
func Use(v Variant) (restore func()) {
	before := current.Swap(&v)
	return func() { current.Store(before) }
}

// choose returns the variant called name, or the fastest one if name is empty
// or cannot be had.
func choose(name string) (*atomic.Pointer[Variant], error) {
	chosen := new(atomic.Pointer[Variant])
	var names []string
	for i := range variants {
		v := &variants[i]
		names = append(names, v.Name)
		if v.available {
			chosen.Store(v)
		}
	}
	if name == "" {
		return chosen, nil
	}
	for i := range variants {
		v := &variants[i]
		if v.Name != name {
			continue
		}
		if !v.available {
			return chosen, fmt.Errorf("EMBER_KERNEL=%s: this processor cannot run it", name)
		}
		chosen.Store(v)
		return chosen, nil
	}
	return chosen, fmt.Errorf("EMBER_KERNEL=%s: no such kernel variant, have %s", name, strings.Join(names, ", "))
}
