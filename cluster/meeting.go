package cluster

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
)

// introduceAll is what workers that have introduced themselves, by rank, need to
// know of each other. Workers of different programs do not meet.
func introduceAll(all []*hello) (*meeting, error) {
	m := &meeting{}
	for i, h := range all {
		if h == nil || len(h.Kernels) == 0 {
			return nil, fmt.Errorf("worker %d did not introduce itself", i)
		}
		if h.Version != all[0].Version {
			return nil, fmt.Errorf("worker %d on %s is %s, worker 0 on %s is %s: all must be the same program", i, h.Host, h.Version, all[0].Host, all[0].Version)
		}
		m.Addresses = append(m.Addresses, h.Addresses)
	}
	for _, v := range all[0].Kernels { // the slowest first
		if !slices.ContainsFunc(all, func(h *hello) bool { return !slices.Contains(h.Kernels, v) }) {
			m.Kernel = v
		}
	}
	if m.Kernel == "" {
		return nil, fmt.Errorf("no kernel variant runs on all workers: worker 0 has %v", all[0].Kernels)
	}
	return m, nil
}

// programVersion tells programs apart: their module's version and commit, and Go's.
func programVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return runtime.Version()
	}
	version := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			version += " " + s.Value
		}
	}
	return version + " " + runtime.Version()
}

// fingerprint is what members of a group must have in common.
func fingerprint(version, kernel string) string {
	return kernel + " " + version[:min(len(version), 48)]
}
