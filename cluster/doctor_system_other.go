//go:build !linux && !darwin

package cluster

import "errors"

// freeSpace is not known here.
func freeSpace(string) (int64, error) { return 0, errors.ErrUnsupported }

// openFiles is not known here.
func openFiles() (uint64, error) { return 0, errors.ErrUnsupported }
