// Package commtest tests what package comm promises: a [Network] of state
// machines without sockets or a clock, a language of [Scripts] with golden traces
// for it, and [Faulty], a transport that fails where a test wants it.
package commtest
