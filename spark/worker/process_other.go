//go:build !linux

package worker

import (
	"context"
	"net"
	"os/exec"
)

// command prepares a process.
func command(path string, args ...string) *exec.Cmd { return exec.Command(path, args...) }

// wakeAlone does nothing: executors that are not Linux keep a stopped process.
func wakeAlone() error { return nil }

// watchClosed does nothing: executors that are not Linux notice a closed
// connection when they read from it.
func watchClosed(context.Context, context.CancelCauseFunc, net.Conn) {}

// addressSpace is the limit of this process's address space in bytes: none.
func addressSpace() int64 { return 0 }
