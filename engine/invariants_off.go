//go:build !invariants

package engine

// invariants turns assertions on: graphs are verified after each pass, and the
// arena is poisoned before each run.
const invariants = false
