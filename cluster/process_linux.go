package cluster

import "syscall"

// workerAttributes puts a worker into a process group of its own, which Ctrl-C on
// the terminal does not reach, and has it killed when this process dies.
func workerAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
