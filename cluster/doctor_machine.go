package cluster

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/internal/cgroup"
	"github.com/emberml/ember/internal/kernel"
)

// What a host should have, for a worker to do its work with some room.
const (
	enoughMemory = 1 << 30
	enoughDisk   = 2 << 30
	enoughFiles  = 1024
)

// trialJob is the reserved name of the job by which the doctor tries local:N.
const trialJob = "ember doctor: trial"

// trial is met by workers that have met: it has them wait for each other once.
func trial(ctx context.Context, w *Worker) error { return w.Group.Barrier(ctx) }

// trialWorkers is how many processes it takes to meet.
const trialWorkers = 2

func (d *doctor) examineMachine(ctx context.Context) {
	d.ok("system", "%s/%s, %s, %s in use", runtime.GOOS, runtime.GOARCH, plural(runtime.NumCPU(), "processor"), plural(runtime.GOMAXPROCS(0), "thread"))
	d.tell(programFinding())
	selected, err := kernel.Selected()
	d.tell(kernelFinding(variantNames(), selected.Name, os.Getenv("EMBER_KERNEL"), err))
	limit, err := cgroup.Memory(cgroup.Root)
	if err != nil {
		d.failed("memory", err)
	} else {
		total, available := machineMemory(cgroup.Root)
		d.tell(memoryFinding(total, available, limit))
	}
	d.folder("temporary files", os.TempDir(), "set TMPDIR to a folder that can be written to")
	if cache, err := data.CacheDir(); err != nil {
		d.failed("data cache", err)
	} else {
		d.folder("data cache", cache, "set EMBER_DATA to a folder that can be written to")
	}
	if n, err := openFiles(); err == nil {
		d.tell(filesFinding(n))
	}
	d.tryLocal(ctx)
}

// tryLocal lets processes of this program meet.
func (d *doctor) tryLocal(ctx context.Context) {
	o := d.Options
	o.Restarts = 0
	if !strings.HasPrefix(o.Cluster, processes) {
		o.Cluster = fmt.Sprint(processes, trialWorkers)
	}
	if err := Run(ctx, Jobs{trialJob: trial}, o, trialJob, nil); err != nil {
		d.failed(o.Cluster, err)
		return
	}
	d.ok(o.Cluster, "processes of this program start, and meet on loopback")
}

// programFinding tells which build of which program this is.
func programFinding() Finding {
	f := Finding{Level: OK, Check: "program", Text: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return f
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	f.Text = fmt.Sprintf("%s %s, built by %s", filepath.Base(info.Path), info.Main.Version, info.GoVersion)
	if commit := settings["vcs.revision"]; commit != "" {
		f.Text += " from " + commit[:min(12, len(commit))]
		if settings["vcs.modified"] == "true" {
			f.Text += " with changes"
		}
	}
	if settings["CGO_ENABLED"] == "1" {
		f.Level, f.Remedy = Warning, "build it with CGO_ENABLED=0"
		f.Text += ", linked to C libraries, which executors need, too"
	}
	return f
}

func variantNames() []string {
	var names []string
	for _, v := range kernel.Variants() {
		names = append(names, v.Name)
	}
	return names
}

// kernelFinding judges the kernels in use; names are those that this processor can
// run, the slowest first.
func kernelFinding(names []string, selected, forced string, err error) Finding {
	f := Finding{Level: OK, Check: "kernels"}
	fastest := names[len(names)-1]
	switch {
	case err != nil:
		f = failedFinding(f.Check, err)
		f.Remedy = "set EMBER_KERNEL to one of " + strings.Join(names, ", ") + ", or unset it"
	case selected != fastest:
		f.Level, f.Remedy = Warning, "unset EMBER_KERNEL"
		f.Text = fmt.Sprintf("%s, as EMBER_KERNEL=%s says; this processor has the faster %s", selected, forced, fastest)
	case forced != "":
		f.Text = fmt.Sprintf("%s, as EMBER_KERNEL says, and the fastest that this processor has", selected)
	case len(names) == 1:
		f.Text = selected + ", the only one for this processor"
	default:
		f.Text = fmt.Sprintf("%s, the fastest that this processor has (of %s)", selected, strings.Join(names, ", "))
	}
	return f
}

// machineMemory is the memory of this machine, and how much of it is free; 0 where the
// system does not tell.
func machineMemory(root fs.FS) (total, available int64) {
	f, err := root.Open("proc/meminfo")
	if err != nil {
		return 0, 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) < 2 {
			continue
		}
		n, _ := strconv.ParseInt(words[1], 10, 54) // KiB
		switch words[0] {
		case "MemTotal:":
			total = n << 10
		case "MemAvailable:":
			available = n << 10
		}
	}
	return total, available
}

// memoryFinding judges the memory that this process may use.
func memoryFinding(total, available int64, limit cgroup.Limit) Finding {
	f := Finding{Level: OK, Check: "memory"}
	if total == 0 && limit.Bytes == 0 {
		f.Text = "no limit on this process; how much there is this system does not tell"
		return f
	}
	var parts []string
	free := available
	if total > 0 {
		parts = append(parts, fmt.Sprintf("%s, of which %s are free", bytesText(total), bytesText(available)))
	}
	if limit.Bytes > 0 {
		left := max(0, limit.Bytes-limit.Used)
		parts = append(parts, fmt.Sprintf("this process may use %s (%s), of which %s are free", bytesText(limit.Bytes), limit.File, bytesText(left)))
		if total == 0 || left < free {
			free = left
		}
	} else {
		parts = append(parts, "no limit on this process")
	}
	f.Text = strings.Join(parts, "; ")
	if free < enoughMemory {
		f.Level, f.Remedy = Warning, "end other programs or raise the limit; --memory keeps Ember within a size"
	}
	return f
}

// folder tries to write to a folder, and looks at the space of its disk.
func (d *doctor) folder(check, folder, remedy string) {
	free, err := tryFolder(folder)
	d.tell(folderFinding(check, folder, remedy, free, err))
}

// tryFolder writes a file to a folder, or where that would be made, and tells the free
// space; -1 where the system does not.
func tryFolder(folder string) (free int64, err error) {
	for {
		info, err := os.Stat(folder)
		if err == nil && !info.IsDir() {
			return 0, fmt.Errorf("%s is no folder", folder)
		}
		above := filepath.Dir(folder)
		if !errors.Is(err, fs.ErrNotExist) || above == folder {
			break // what is wrong shows when the file is made
		}
		folder = above
	}
	f, err := os.CreateTemp(folder, ".ember-doctor-*")
	if err != nil {
		return 0, err
	}
	if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
		return 0, err
	}
	free, err = freeSpace(folder)
	if errors.Is(err, errors.ErrUnsupported) {
		return -1, nil
	}
	return free, err
}

func folderFinding(check, folder, remedy string, free int64, err error) Finding {
	switch {
	case err != nil:
		return Finding{Problem, check, oneLine(err.Error()), remedy}
	case free < 0:
		return Finding{OK, check, fmt.Sprintf("%s can be written to", folder), ""}
	case free < enoughDisk:
		return Finding{Warning, check, fmt.Sprintf("%s has only %s free", folder, bytesText(free)), "make room there, or " + remedy}
	}
	return Finding{OK, check, fmt.Sprintf("%s has %s free", folder, bytesText(free)), ""}
}

func filesFinding(n uint64) Finding {
	f := Finding{Level: OK, Check: "open files", Text: fmt.Sprintf("%d files and connections may be open at once", n)}
	switch {
	case n >= 1<<40:
		f.Text = "no limit on files and connections that are open at once"
	case n < enoughFiles:
		f.Level, f.Remedy = Warning, fmt.Sprintf("raise the limit: ulimit -n %d", enoughFiles)
	}
	return f
}
