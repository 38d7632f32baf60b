// Package secure makes what the processes of one job need to trust each other
// and nobody else: a [Token] that proves who belongs to the job, and an
// [Authority] whose certificates serve TLS between hosts.
//
// The driver makes an Authority, issues an [Identity] for every process that it
// starts, and hands it over by pipe: never in arguments, the environment or a
// log. Both live as long as the job; nothing is written to disk.
package secure
