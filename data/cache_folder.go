package data

import "os"

// diskFolder is where a system keeps temporary files that are too large for memory,
// if it keeps others in memory.
const diskFolder = "/var/tmp"

// Scratch returns a folder for temporary files that are to save memory: the first of
// folders, or else of the system's, that is there and on a disk. A folder in memory,
// as /tmp often is, would save none: files in it count as memory of the control group.
// If all are such, ok is false and the folder is the first one that is there; it is
// the system's if none is.
func Scratch(folders ...string) (folder string, ok bool) {
	for _, f := range append(folders, os.TempDir(), diskFolder) {
		if info, err := os.Stat(f); err != nil || !info.IsDir() {
			continue
		}
		if !inMemory(f) {
			return f, true
		}
		if folder == "" {
			folder = f
		}
	}
	if folder == "" {
		folder = os.TempDir() // fails with a message that names it
	}
	return folder, false
}
