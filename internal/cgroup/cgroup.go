// Package cgroup tells how much memory the kernel lets this process have.
//
//	limit, err := cgroup.Memory(cgroup.Root) // limit.Bytes is 0 without one
//
// It reads control groups of versions 1 and 2, where a container, a Spark executor on
// Kubernetes or YARN, or systemd puts a limit. Other systems than Linux have none.
//
// Sources: Linux kernel, Documentation/admin-guide/cgroup-v1/memory.rst and
// cgroup-v2.rst; proc(5) for mountinfo.
package cgroup

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
)

// Root is the file system of this machine.
var Root = os.DirFS("/")

// Limit is the tightest limit on the memory of a process.
type Limit struct {
	Bytes int64  // 0: there is no limit
	Used  int64  // of that group: bytes in use now, without file pages that are given back first
	File  string // that tells the limit, as a path from the root
}

// noLimit is from where on version 1 means that there is none: it writes the largest
// multiple of a page.
const noLimit = 1 << 60

// version is how one version of control groups names things.
type version struct {
	limit, usage string // files
	inactive     string // the line of memory.stat with file pages that are given back first
}

var (
	v1 = version{"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"}
	v2 = version{"memory.max", "memory.current", "inactive_file"}
)

// Memory returns the limit of the calling process. Of nested groups the tightest
// counts. A machine without control groups has no limit; one whose files cannot be
// understood is an error.
func Memory(root fs.FS) (Limit, error) {
	groups, err := fs.ReadFile(root, "proc/self/cgroup")
	if errors.Is(err, fs.ErrNotExist) {
		return Limit{}, nil
	}
	if err != nil {
		return Limit{}, fmt.Errorf("control groups: %w", err)
	}
	mounts, err := fs.ReadFile(root, "proc/self/mountinfo")
	if err != nil {
		return Limit{}, fmt.Errorf("control groups: %w", err)
	}
	var tightest Limit
	for line := range strings.Lines(string(groups)) {
		id, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		controllers, group, ok := strings.Cut(rest, ":")
		if !ok {
			continue
		}
		v := v1
		switch {
		case id == "0" && controllers == "":
			v = v2
		case !contains(controllers, "memory"):
			continue
		}
		m, ok := findMount(mounts, v)
		if !ok {
			continue
		}
		l, err := v.climb(root, m, group)
		if err != nil {
			return Limit{}, err
		}
		if l.Bytes > 0 && (tightest.Bytes == 0 || l.Bytes < tightest.Bytes) {
			tightest = l
		}
	}
	return tightest, nil
}

func contains(list, word string) bool {
	for w := range strings.SplitSeq(list, ",") {
		if w == word {
			return true
		}
	}
	return false
}

// mount is where groups are seen as folders.
type mount struct {
	root  string // the group that the folder itself is
	point string // the folder, without the leading slash
}

// findMount returns the mount of a version's memory controller.
func findMount(info []byte, v version) (mount, bool) {
	lines := bufio.NewScanner(bytes.NewReader(info))
	for lines.Scan() {
		head, tail, _ := strings.Cut(lines.Text(), " - ")
		where, what := strings.Fields(head), strings.Fields(tail)
		if len(where) < 5 || len(what) < 3 {
			continue
		}
		if v == v2 && what[0] == "cgroup2" || v == v1 && what[0] == "cgroup" && contains(what[2], "memory") {
			return mount{unescape(where[3]), strings.TrimPrefix(unescape(where[4]), "/")}, true
		}
	}
	return mount{}, false
}

// unescape undoes the octal escapes of mountinfo.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// climb returns the tightest limit of a group and of those around it, as far as they
// can be seen. A group outside the mount is that of the mount itself, as containers
// see theirs.
func (v version) climb(root fs.FS, m mount, group string) (Limit, error) {
	inside, ok := strings.CutPrefix(group, strings.TrimSuffix(m.root, "/"))
	if !ok || strings.Contains(inside, "..") || inside != "" && inside[0] != '/' {
		inside = ""
	}
	var tightest Limit
	for at := path.Join("/", inside); ; at = path.Dir(at) {
		folder := path.Join(m.point, at)
		l, err := v.read(root, folder)
		if err != nil {
			return Limit{}, err
		}
		if l.Bytes > 0 && (tightest.Bytes == 0 || l.Bytes < tightest.Bytes) {
			tightest = l
		}
		if at == "/" {
			return tightest, nil
		}
	}
}

// read returns the limit of the group of a folder; none if the folder has no such
// file, as the outermost one of version 2, and one that this process does not see.
func (v version) read(root fs.FS, folder string) (Limit, error) {
	file := path.Join(folder, v.limit)
	bytes, err := readNumber(root, file)
	if err != nil || bytes == 0 || bytes >= noLimit {
		return Limit{}, err
	}
	used, err := readNumber(root, path.Join(folder, v.usage))
	if err != nil {
		return Limit{}, err
	}
	stat, err := fs.ReadFile(root, path.Join(folder, "memory.stat"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Limit{}, err
	}
	for line := range strings.Lines(string(stat)) {
		if n, ok := strings.CutPrefix(line, v.inactive+" "); ok {
			inactive, err := strconv.ParseInt(strings.TrimSpace(n), 10, 64)
			if err != nil {
				return Limit{}, fmt.Errorf("/%s/memory.stat: %w", folder, err)
			}
			used = max(0, used-inactive)
		}
	}
	return Limit{bytes, used, "/" + file}, nil
}

// readNumber returns the number in a file; 0 if there is no such file, or if it says
// "max".
func readNumber(root fs.FS, file string) (int64, error) {
	b, err := fs.ReadFile(root, file)
	text := strings.TrimSpace(string(b))
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || err == nil && text == "max":
		return 0, nil
	case err != nil:
		return 0, err
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("/%s: %w", file, err)
	}
	return int64(min(n, noLimit)), nil
}
