package worker

import (
	"io/fs"
	"testing"
	"testing/fstest"
)

func TestMemoryLimit(t *testing.T) {
	const mi = 1 << 20
	group := func(limit, used string) fs.FS {
		file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text + "\n")} }
		return fstest.MapFS{
			"proc/self/cgroup":             file("0::/job"),
			"proc/self/mountinfo":          file("30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw"),
			"sys/fs/cgroup/job/memory.max": file(limit), "sys/fs/cgroup/job/memory.current": file(used),
			"sys/fs/cgroup/job/memory.stat": file("inactive_file 0"),
		}
	}
	none := fstest.MapFS{}
	for _, c := range []struct {
		name    string
		conf    string
		root    fs.FS
		address int64
		want    int64
	}{
		{"nothing", "", none, 0, 0},
		{"conf", "512", none, 0, 512 * mi},
		{"group", "", group("1073741824", "268435456"), 0, 576 * mi},
		{"the least of both", "256", group("1073741824", "0"), 0, 256 * mi},
		{"a full group", "", group("1000", "2000"), 0, 1},
		{"address space", "2048", none, 2048 * mi, 1280 * mi},
		{"small address space", "", none, 100 * mi, 96 * mi},
		{"no number", "lots", none, 0, 0},
	} {
		got, err := memoryLimit(func(string) string { return c.conf }, c.root, c.address)
		if err != nil || got != c.want {
			t.Errorf("%s: %d, %v, want %d", c.name, got, err, c.want)
		}
	}
}
