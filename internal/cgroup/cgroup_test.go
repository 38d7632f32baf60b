package cgroup_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/emberml/ember/internal/cgroup"
)

// machine is a file system of the given contents by name.
func machine(files map[string]string) fs.FS {
	m := fstest.MapFS{}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

const (
	mountsV1 = "22 1 0:20 / /proc rw - proc proc rw\n35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:1 - cgroup cgroup rw,memory\n"
	mountsV2 = "30 23 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n"
	none     = "9223372036854771712\n"
)

func TestMemory(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  cgroup.Limit
	}{
		"no control groups": {nil, cgroup.Limit{}},
		"v1, the outer group is tighter": {map[string]string{
			"proc/self/cgroup": "9:name=systemd:/\n4:memory:/yarn/app\n0::/\n", "proc/self/mountinfo": mountsV1,
			"sys/fs/cgroup/memory/memory.limit_in_bytes":          none,
			"sys/fs/cgroup/memory/yarn/memory.limit_in_bytes":     "1000\n",
			"sys/fs/cgroup/memory/yarn/memory.usage_in_bytes":     "700\n",
			"sys/fs/cgroup/memory/yarn/memory.stat":               "cache 500\ntotal_inactive_file 300\n",
			"sys/fs/cgroup/memory/yarn/app/memory.limit_in_bytes": "2000\n",
			"sys/fs/cgroup/memory/yarn/app/memory.usage_in_bytes": "10\n",
		}, cgroup.Limit{Bytes: 1000, Used: 400, File: "/sys/fs/cgroup/memory/yarn/memory.limit_in_bytes"}},
		"v1 without a limit": {map[string]string{
			"proc/self/cgroup": "4:cpu,memory:/\n", "proc/self/mountinfo": mountsV1,
			"sys/fs/cgroup/memory/memory.limit_in_bytes": none,
		}, cgroup.Limit{}},
		"v2": {map[string]string{
			"proc/self/cgroup": "0::/a.slice/b.scope\n", "proc/self/mountinfo": mountsV2,
			"sys/fs/cgroup/a.slice/memory.max":             "max\n",
			"sys/fs/cgroup/a.slice/b.scope/memory.max":     "1073741824\n",
			"sys/fs/cgroup/a.slice/b.scope/memory.current": "5000\n",
			"sys/fs/cgroup/a.slice/b.scope/memory.stat":    "inactive_file 9000\n",
		}, cgroup.Limit{Bytes: 1 << 30, Used: 0, File: "/sys/fs/cgroup/a.slice/b.scope/memory.max"}},
		"v2 without a limit": {map[string]string{
			"proc/self/cgroup": "0::/a\n", "proc/self/mountinfo": mountsV2, "sys/fs/cgroup/a/memory.max": "max\n",
		}, cgroup.Limit{}},
		"a container sees its group as the mount": {map[string]string{
			"proc/self/cgroup":                            "4:memory:/docker/ab12\n",
			"proc/self/mountinfo":                         strings.Replace(mountsV1, "0:32 /", "0:32 /docker/ab12", 1),
			"sys/fs/cgroup/memory/memory.limit_in_bytes":  "512\n",
			"sys/fs/cgroup/memory/memory.usage_in_bytes":  "100\n",
			"sys/fs/cgroup/memory/docker/ab12/irrelevant": "",
		}, cgroup.Limit{Bytes: 512, Used: 100, File: "/sys/fs/cgroup/memory/memory.limit_in_bytes"}},
		"a name space hides the path": {map[string]string{
			"proc/self/cgroup": "0::/../../elsewhere\n", "proc/self/mountinfo": mountsV2,
			"sys/fs/cgroup/memory.max": "64\n", "sys/fs/cgroup/memory.current": "32\n",
		}, cgroup.Limit{Bytes: 64, Used: 32, File: "/sys/fs/cgroup/memory.max"}},
		"v1 and v2 side by side": {map[string]string{
			"proc/self/cgroup": "4:memory:/job\n0::/job\n", "proc/self/mountinfo": mountsV1 + strings.ReplaceAll(mountsV2, "/sys/fs/cgroup", `/sys/fs/cgroup/uni\040fied`),
			"sys/fs/cgroup/memory/job/memory.limit_in_bytes": "300\n",
			"sys/fs/cgroup/memory/job/memory.usage_in_bytes": "1\n",
			"sys/fs/cgroup/uni fied/job/memory.max":          "200\n",
			"sys/fs/cgroup/uni fied/job/memory.current":      "2\n",
		}, cgroup.Limit{Bytes: 200, Used: 2, File: "/sys/fs/cgroup/uni fied/job/memory.max"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := cgroup.Memory(machine(c.files))
			if err != nil || got != c.want {
				t.Errorf("got %+v (%v), want %+v", got, err, c.want)
			}
		})
	}
}

func TestMemoryErrors(t *testing.T) {
	_, err := cgroup.Memory(machine(map[string]string{
		"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": mountsV2, "sys/fs/cgroup/memory.max": "much\n",
	}))
	if err == nil || !strings.Contains(err.Error(), "/sys/fs/cgroup/memory.max") {
		t.Errorf("got %v, want an error that names the file", err)
	}
}

// Whatever machine the test runs on, its own files are understood.
func TestThisMachine(t *testing.T) {
	l, err := cgroup.Memory(cgroup.Root)
	if err != nil || l.Bytes < 0 || l.Used < 0 {
		t.Errorf("got %+v (%v)", l, err)
	}
}
