package worker

import (
	"context"
	"errors"
	"net"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// command prepares a process that ends when this one does.
func command(path string, args ...string) *exec.Cmd {
	cmd := exec.Command(path, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// wakeAlone has this process continue, if something has stopped it, when its parent
// ends: it can then find its pipes closed, and end, too.
func wakeAlone() error { return unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGCONT), 0, 0, 0) }

// addressSpace is the limit of this process's address space in bytes, 0 for none.
func addressSpace() int64 {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_AS, &limit); err != nil || limit.Cur > 1<<60 {
		return 0
	}
	return int64(limit.Cur)
}

var errSparkGone = errors.New("the worker's connection was closed by Spark")

// watchClosed cancels a task when the other end of its connection is closed,
// which reading would show only behind the rows that nobody has read yet.
func watchClosed(ctx context.Context, cancel context.CancelCauseFunc, conn net.Conn) {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	const millis = 250
	for closed := false; ctx.Err() == nil && !closed; {
		err := raw.Control(func(fd uintptr) {
			fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
			n, _ := unix.Poll(fds, millis)
			closed = n > 0
		})
		if err != nil {
			return // closed on this side
		}
		if closed {
			cancel(errSparkGone)
		}
	}
}
