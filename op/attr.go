package op

import "fmt"

// Opt is an attribute for which zero is a legal value but not the default. The
// zero Opt is not set and stands for the default that the field's tag names.
type Opt[T int | float64 | bool] struct {
	value T
	set   bool
}

// Set is the attribute set to v.
func Set[T int | float64 | bool](v T) Opt[T] { return Opt[T]{v, true} }

// Or is the value that was set, or the given default.
func (a Opt[T]) Or(def T) T {
	if a.set {
		return a.value
	}
	return def
}

// String prints the value that was set, else "default".
func (a Opt[T]) String() string {
	if a.set {
		return fmt.Sprint(a.value)
	}
	return "default"
}

// or is v, or the default where v is zero.
func or[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}
