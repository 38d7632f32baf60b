package cluster

import (
	"os"
	"syscall"
)

// workerAttributes puts a worker into a process group of its own, which Ctrl-C on
// the terminal does not reach.
func workerAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// killGroup kills a worker.
func killGroup(p *os.Process) error { return p.Kill() }
