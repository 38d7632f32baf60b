//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package storage

import (
	"errors"
	"os"
	"runtime"
	"syscall"
)

// mapFile reads the file: memory maps are used on Unix only.
func mapFile(f *os.File, size int64) (*Mapping, error) {
	return readWhole(&localFile{f, size})
}

// tryLock always succeeds: here, processes do not wait for one another.
func tryLock(*os.File) (ok bool, err error) { return true, nil }

// syncDir does nothing: folders cannot be flushed here.
func syncDir(string) error { return nil }

// isDiskFull knows Windows' ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL.
func isDiskFull(err error) bool {
	var code syscall.Errno
	if runtime.GOOS == "windows" && errors.As(err, &code) {
		return code == 112 || code == 39
	}
	return errors.Is(err, syscall.ENOSPC)
}
