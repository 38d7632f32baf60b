//go:build unix && !linux

package cluster

import "syscall"

// workerAttributes puts a worker into a process group of its own, which Ctrl-C on
// the terminal does not reach.
func workerAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
