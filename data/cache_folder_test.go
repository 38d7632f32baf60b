package data

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestScratch(t *testing.T) {
	disk := t.TempDir()
	if inMemory(disk) {
		t.Setenv("TMPDIR", diskFolder)
		disk = t.TempDir()
	}
	if got, ok := Scratch(filepath.Join(disk, "missing"), "", disk); got != disk || !ok {
		t.Errorf("got %s, %v, want %s", got, ok, disk)
	}
	file := filepath.Join(disk, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, _ := Scratch(file); got == file {
		t.Error("a file is no folder")
	}
	const memory = "/dev/shm"
	if runtime.GOOS != "linux" || !inMemory(memory) {
		return
	}
	if got, ok := Scratch(memory, disk); got != disk || !ok {
		t.Errorf("got %s, %v: a folder in memory, where another was to be had", got, ok)
	}
	t.Setenv("TMPDIR", memory)
	if got, _ := Scratch(); got == memory {
		t.Errorf("got %s: the folder of temporary files is in memory", got)
	}
}
