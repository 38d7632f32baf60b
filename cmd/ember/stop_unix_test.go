//go:build unix

package main

import "syscall"

// sigstop stops a process without asking it.
const sigstop = syscall.SIGSTOP
