//go:build unix

package cluster

import (
	"errors"
	"os"
	"syscall"
)

// killGroup kills a worker and what it has started.
func killGroup(p *os.Process) error {
	err := syscall.Kill(-p.Pid, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}
