//go:build amd64 && !purego

package kernel

// variants lists the implementations of this build, the slowest first.
var variants = []Variant{plain}
