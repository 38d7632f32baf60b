package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/emberml/ember/internal/kernel"
)

// version is set by the linker in releases: -ldflags "-X main.version=v0.1.0".
var version string

type versionCmd struct {
	JSON bool `name:"json" help:"Print one JSON object."`
}

// Help is shown by ember version --help.
func (versionCmd) Help() string {
	return `EMBER_KERNEL=avx512, avx2 or go forces a variant of the kernels; results of different variants differ in rounding only.`
}

// build is what is known of this binary and of the machine.
type build struct {
	Version  string   `json:"version"`
	Commit   string   `json:"commit"`
	Modified bool     `json:"modified"` // the working tree had changes
	Go       string   `json:"go"`
	OS       string   `json:"os"`
	Arch     string   `json:"arch"`
	Kernel   string   `json:"kernel"`
	Kernels  []string `json:"kernels"` // that this machine can run
	Threads  int      `json:"threads"` // by default
}

// Run prints them.
func (c *versionCmd) Run(e *env) error {
	b := buildOf()
	if c.JSON {
		return json.NewEncoder(e.stdout).Encode(b)
	}
	commit := ""
	if b.Commit != "" {
		commit = " (" + b.Commit[:min(12, len(b.Commit))]
		if b.Modified {
			commit += ", modified"
		}
		commit += ")"
	}
	_, err := fmt.Fprintf(e.stdout, "ember %s%s, %s, %s/%s, kernel %s (of %s), %d threads\n",
		b.Version, commit, b.Go, b.OS, b.Arch, b.Kernel, strings.Join(b.Kernels, ", "), b.Threads)
	return err
}

func buildOf() build {
	selected, _ := kernel.Selected() // an error ended the program before
	b := build{
		Version: version, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		Kernel: selected.Name, Kernels: kernelNames(), Threads: runtime.GOMAXPROCS(0),
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	if b.Version == "" {
		b.Version = strings.Trim(info.Main.Version, "()")
	}
	return b
}

// kernelNames are the variants that this machine can run.
func kernelNames() []string {
	var names []string
	for _, v := range kernel.Variants() {
		names = append(names, v.Name)
	}
	return names
}
