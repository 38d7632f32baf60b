//go:build unix

package cluster_test

import "syscall"

// sigstop stops a process without asking it.
const sigstop = syscall.SIGSTOP
