package main

import "syscall"

// sigstop is no signal that Windows has.
const sigstop = syscall.Signal(0)
