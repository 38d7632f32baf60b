//go:build linux

package sparktest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// shipped are the names of the program where it lies on executors, packed and unpacked, for as long as Spark keeps a session's
// files.
var shipped = regexp.MustCompile(`^(ember(-[0-9a-f]+)?(\.gz)?|\.ember-[0-9a-f]{64}(\.lock)?)$`)

// Leftover returns what Ember has left on the cluster: files with its name in the folders that Spark and the system have for
// temporary files, but for the program itself, and TCP ports on which processes listen beside Spark's and Python's daemon.
func (c *Cluster) Leftover() []string {
	var left []string
	// What cannot be looked at has just been removed.
	_ = filepath.WalkDir(c.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && path != c.dir && strings.Contains(d.Name(), "ember") && !shipped.MatchString(d.Name()) {
			left = append(left, path)
		}
		return nil
	})
	for _, p := range c.Workers() {
		if slices.Contains(p.Args, "pyspark.daemon") {
			continue
		}
		for _, port := range p.Ports() {
			left = append(left, fmt.Sprintf("port %s of %v", port, p))
		}
	}
	return left
}

// Ports are the local addresses, in hexadecimal, at which the process listens for TCP, on its own host.
func (p Process) Ports() []string {
	const listen = "0A"
	listening := map[string]string{} // by the name that a socket has in /proc
	for _, file := range []string{"tcp", "tcp6"} {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", p.PID, file)) // there may be no IPv6, or no process any more
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); len(f) > 9 && f[3] == listen {
				listening["socket:["+f[9]+"]"] = f[1]
			}
		}
	}
	var ports []string
	fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", p.PID))
	for _, fd := range fds {
		to, _ := os.Readlink(fd)
		if at, ok := listening[to]; ok {
			ports = append(ports, at)
		}
	}
	return ports
}
