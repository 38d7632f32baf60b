package cluster

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/emberml/ember/internal/cgroup"
	"github.com/emberml/ember/storage"
)

// sound are the checkups of two hosts, one with two tasks, on which nothing is wrong.
func sound() []*checkup {
	var all []*checkup
	for i, host := range []string{"node-1", "node-1", "node-2"} {
		c := &checkup{
			Index: i, Host: host, Executor: "/work/" + host, System: "linux/amd64", CPUs: 2, Kernel: "avx2",
			Memory: 4 << 30, Limit: 8 << 30, Disks: []disk{{Folder: "/spill", Free: 100 << 30}},
			Addresses: []string{host + ":7000"}, Driver: contact{Address: "10.0.0.9:4000"},
			Clock: &ticking{Ahead: time.Millisecond, Within: time.Millisecond}, Peers: make([]contact, 3),
		}
		for j := range c.Peers {
			if j != i {
				c.Peers[j].Address = "10.0.0.1:7000"
			}
		}
		all = append(all, c)
	}
	return all
}

func TestJudge(t *testing.T) {
	for _, test := range []struct {
		name    string
		harm    func([]*checkup)
		barrier bool
		options Options
		want    []Finding // besides those that are ok: parts of their texts and remedies
	}{
		{name: "sound", harm: func([]*checkup) {}, barrier: true},
		{
			"a task that told nothing", func(all []*checkup) { all[2] = nil }, true,
			Options{},
			[]Finding{{Problem, "tasks", "of 3 tasks, 2 ran this program, on 1 executor of 1 host", "logs"}},
		},
		{
			"the driver is out of reach of one host", func(all []*checkup) { all[2].Driver = contact{Error: "10.0.0.9:4000: no route to host"} }, true,
			Options{Host: "here"},
			[]Finding{{Problem, "driver", "node-2 cannot reach this driver: 10.0.0.9:4000: no route", "see whether here, which stands for this host, is right"}},
		},
		{
			"nobody reaches the driver", func(all []*checkup) {
				for _, c := range all {
					c.Driver, c.Apart, c.Peers = contact{Error: "refused"}, "the driver cannot be reached", nil
				}
			}, false,
			Options{},
			[]Finding{
				{Problem, "driver", "node-1 cannot", "--meeting"},
				{Problem, "driver", "node-2 cannot", "--meeting"},
				{Problem, "meeting", "no place to meet", "--meeting"},
				{Problem, "ports", "node-1, node-2: the tasks there did not meet", "mend"},
			},
		},
		{
			"one host talks by the folder", func(all []*checkup) { all[1].Detour = "refused" }, true,
			Options{Folder: "s3://b/x"},
			[]Finding{{Warning, "driver", "node-1 cannot reach this driver, and talks with it by s3://b/x: refused", "let the hosts"}},
		},
		{
			"a way that is closed on one side", func(all []*checkup) {
				all[0].Peers[2] = contact{Error: "timed out"}
				all[1].Peers[2] = contact{Error: "timed out"}
			}, true,
			Options{},
			[]Finding{{Problem, "ports", "node-1 cannot reach node-2 (at node-2:7000): timed out; the other way it can be reached", "open the ports of node-2 to node-1"}},
		},
		{
			"a way that is closed on both sides", func(all []*checkup) {
				for i := range 2 {
					all[i].Peers[2], all[2].Peers[i] = contact{Error: "timed out"}, contact{Error: "refused"}
				}
			}, true,
			Options{},
			[]Finding{
				{Problem, "ports", "node-1 cannot reach node-2 (at node-2:7000): timed out", "node-2 to node-1"},
				{Problem, "ports", "node-2 cannot reach node-1 (at node-1:7000): refused", "node-1 to node-2"},
			},
		},
		{
			"clocks apart", func(all []*checkup) { all[0].Clock = &ticking{Ahead: -5 * time.Second, Within: time.Millisecond} }, true,
			Options{},
			[]Finding{{Warning, "clocks", "node-1 is 5s behind this driver's, ± 1ms", "NTP"}},
		},
		{
			"clocks that cannot be compared well", func(all []*checkup) { all[0].Clock = &ticking{Ahead: 5 * time.Second, Within: 6 * time.Second} }, true, Options{}, nil,
		},
		{
			"clocks days apart", func(all []*checkup) { all[2].Clock = &ticking{Ahead: 48 * time.Hour, Within: time.Second} }, true,
			Options{},
			[]Finding{{Problem, "clocks", "certificates", "NTP"}},
		},
		{
			"different kernels", func(all []*checkup) { all[2].Kernel = "avx512" }, true,
			Options{},
			[]Finding{{Warning, "kernels", "avx2 on node-1, avx512 on node-2", "slower"}},
		},
		{
			"little memory", func(all []*checkup) { all[1].Memory = 100 << 20 }, true,
			Options{},
			[]Finding{{Warning, "host node-1", "100.0 MiB of memory for a worker", "spark.executor.memoryOverhead"}},
		},
		{
			"disks", func(all []*checkup) {
				all[0].Disks = []disk{{Folder: "/full", Free: 1 << 20}}
				all[1].InMemory = "/dev/shm"
				all[2].Disks = []disk{{Folder: "/sealed", Error: "open /sealed: permission denied"}}
			}, true,
			Options{},
			[]Finding{
				{Warning, "host node-1", "go to /dev/shm, which is in memory itself", "spark.local.dir"},
				{Warning, "host node-1", "/full has only 1.0 MiB free", "spark.local.dir"},
				{Problem, "host node-2", "/sealed: permission denied", "spark.local.dir"},
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			all := sound()
			test.harm(all)
			wantFindings(t, judge(all, test.barrier, test.options), test.want)
		})
	}
	if got := judge(make([]*checkup, 3), true, Options{}); len(got) != 0 {
		t.Errorf("of tasks that told nothing: %v", got)
	}
}

// wantFindings compares findings with those wanted, which may say parts of the texts.
// Findings that are ok are not compared.
func wantFindings(t *testing.T, got, want []Finding) {
	t.Helper()
	got = slices.DeleteFunc(got, func(f Finding) bool { return f.Level == OK })
	if len(got) != len(want) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
	for i, f := range got {
		w := want[i]
		if f.Level != w.Level || f.Check != w.Check || !strings.Contains(f.Text, w.Text) || !strings.Contains(f.Remedy, w.Remedy) {
			t.Errorf("got %+v, want %+v", f, w)
		}
		if f.Remedy == "" || strings.Contains(f.Text, "\n") {
			t.Errorf("%+v: no remedy, or several lines", f)
		}
	}
}

func TestSingleFindings(t *testing.T) {
	for name, test := range map[string]struct {
		got  Finding
		want []Finding
	}{
		"version":          {versionFinding("3.5.9"), nil},
		"last version":     {versionFinding("4.3.0-SNAPSHOT"), nil},
		"old version":      {versionFinding("3.4.1"), []Finding{{Problem, "spark", "3.4.1", "3.5 or newer"}}},
		"new version":      {versionFinding("4.10.0"), []Finding{{Warning, "spark", "4.10.0", "newer Ember"}}},
		"strange version":  {versionFinding("trunk"), []Finding{{Warning, "spark", "trunk", "3.5"}}},
		"slots":            {slotsFinding(4, 2, false), nil},
		"slots to come":    {slotsFinding(1, 2, true), nil},
		"too few slots":    {slotsFinding(1, 2, false), []Finding{{Problem, "slots", "place for 1 task, but 2 workers are wanted", "--workers 1"}}},
		"hidden slots":     {hiddenSlotsFinding(parallelismKey, 2), nil},
		"unknown slots":    {hiddenSlotsFinding(parallelismKey, 0), []Finding{{Problem, "slots", "how many workers? The cluster sets spark.default.parallelism, which hides", "--workers"}}},
		"no pyarrow":       {arrowFinding(false), []Finding{{Warning, "pyarrow", "spark: sources cannot be read", "install pyarrow"}}},
		"kernels":          {kernelFinding([]string{"go", "avx2"}, "avx2", "", nil), nil},
		"one kernel":       {kernelFinding([]string{"go"}, "go", "", nil), nil},
		"forced kernel":    {kernelFinding([]string{"go", "avx2"}, "avx2", "avx2", nil), nil},
		"slow kernel":      {kernelFinding([]string{"go", "avx2"}, "go", "go", nil), []Finding{{Warning, "kernels", "faster avx2", "unset"}}},
		"no such kernel":   {kernelFinding([]string{"go"}, "go", "neon", errors.New("neon?")), []Finding{{Problem, "kernels", "neon?", "one of go"}}},
		"memory":           {memoryFinding(8<<30, 4<<30, cgroup.Limit{Bytes: 4 << 30, Used: 1 << 30, File: "/f"}), nil},
		"unknown memory":   {memoryFinding(0, 0, cgroup.Limit{}), nil},
		"used memory":      {memoryFinding(8<<30, 1<<20, cgroup.Limit{}), []Finding{{Warning, "memory", "1.0 MiB are free", "raise"}}},
		"small limit":      {memoryFinding(8<<30, 4<<30, cgroup.Limit{Bytes: 1 << 30, Used: 1 << 29, File: "/f"}), []Finding{{Warning, "memory", "may use 1.0 GiB (/f)", "--memory"}}},
		"files":            {filesFinding(1 << 20), nil},
		"few files":        {filesFinding(256), []Finding{{Warning, "open files", "256", "ulimit -n"}}},
		"folder of all":    {sharingFinding("hdfs://x", sound(), nil), nil},
		"folder of nobody": {sharingFinding("hdfs://x", make([]*checkup, 2), nil), []Finding{{Warning, "folder", "no task", "tasks"}}},
		"sealed folder":    {sharingFinding("hdfs://x", sound(), errors.New("no permission")), []Finding{{Problem, "folder", "no permission", "--meeting"}}},
		"an error with its remedy": {
			failedFinding("python", &Error{Rank: -1, Cause: "there\nis none", Hint: "install it"}), []Finding{{Problem, "python", "there is none", "install it"}},
		},
	} {
		t.Run(name, func(t *testing.T) { wantFindings(t, []Finding{test.got}, test.want) })
	}
	if other := sound(); true {
		other[1].Folder = "not there"
		wantFindings(t, []Finding{sharingFinding("file:///x", other, nil)}, []Finding{{Problem, "folder", "task 1 on node-1: not there", "--meeting"}})
	}
}

func TestMachineMemory(t *testing.T) {
	root := fstest.MapFS{"proc/meminfo": {Data: []byte("MemTotal:  2048 kB\nMemFree: 1 kB\nMemAvailable:   1024 kB\n\n")}}
	if total, available := machineMemory(root); total != 2<<20 || available != 1<<20 {
		t.Errorf("%d and %d bytes", total, available)
	}
	if total, available := machineMemory(fstest.MapFS{}); total != 0 || available != 0 {
		t.Errorf("%d and %d bytes of a system that does not tell", total, available)
	}
}

func TestTryFolder(t *testing.T) {
	top := t.TempDir()
	folder := filepath.Join(top, "new", "folder")
	if free, err := tryFolder(folder); err != nil || free == 0 {
		t.Errorf("%d bytes free, %v", free, err)
	}
	if left, err := filepath.Glob(filepath.Join(top, "*")); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// consult runs tasks of the doctor in this process: want of them, of which those come
// that are told. They have no barrier.
func consult(t *testing.T, o Options, want int, come ...int) []*checkup {
	t.Helper()
	d := &driver{Options: o.withDefaults(), launcher: &localLauncher{n: want}, boot: bootstrap{Job: checkupJob, Generation: 1}}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	authority, err := d.open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer d.clean(ctx)
	if d.boot.Identity, err = issue(authority, "tasks"); err != nil {
		t.Fatal(err)
	}
	if o.Folder != "" {
		d.boot.Driver = []string{"127.0.0.1:1"} // where nobody listens: the folder has to do
		if err := storage.WriteFile(ctx, storage.Join(d.boot.Folder, driverFile), []byte(sharedText)); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.watchFolder(ctx, 1, &running); err != nil {
		t.Fatal(err)
	}
	running.Go(func() { newReception(d.hub, want, d.Connect, leaveWithin*d.Connect).serve(ctx) })
	all := make([]*checkup, want)
	var tasks sync.WaitGroup
	for _, i := range come {
		tasks.Go(func() {
			c := &checkup{Index: i, Host: "here", Kernel: "go"}
			if err := c.meet(ctx, nil, &d.boot, seat{index: i, host: "here"}); err != nil {
				c.Apart = err.Error()
			}
			all[i] = c
		})
	}
	tasks.Wait()
	return all
}

func TestTasksMeet(t *testing.T) {
	all := consult(t, Options{}, 3, 0, 1, 2)
	wantFindings(t, judge(all, false, Options{}), nil)
	for i, c := range all {
		if c.Driver.Address == "" || c.Clock == nil || c.Clock.Ahead.Abs() > c.Clock.Within {
			t.Errorf("task %d: %+v, clock %+v", i, c, c.Clock) // one clock cannot be apart
		}
		for j, p := range c.Peers {
			if (p.Address == "") != (i == j) || p.Error != "" {
				t.Errorf("task %d reaches task %d at %+v", i, j, p)
			}
		}
	}
}

func TestTasksMeetWithoutOne(t *testing.T) {
	all := consult(t, Options{Connect: 300 * time.Millisecond}, 3, 0, 2)
	for _, i := range []int{0, 2} {
		c := all[i]
		if c.Apart != "" || c.Peers[2-i].Address == "" || c.Peers[1].Error == "" {
			t.Errorf("task %d: %+v", i, c)
		}
	}
	wantFindings(t, judge(all, false, Options{}), []Finding{{Problem, "tasks", "of 3 tasks, 2 ran", "logs"}})
}

func TestTasksMeetByFolder(t *testing.T) {
	o := Options{Folder: t.TempDir(), Connect: time.Second}
	all := consult(t, o, 2, 0, 1)
	want := []Finding{{Warning, "driver", "here cannot reach this driver, and talks with it by", "let the hosts"}}
	wantFindings(t, judge(all, false, o), want)
	wantFindings(t, []Finding{sharingFinding(o.Folder, all, nil)}, nil)
}

func TestDialed(t *testing.T) {
	for _, n := range []int{1, 2, 3, maxDials, maxDials + 1, maxDials + 2, 200, 1000} {
		dials := make([]int, n) // that a task gets
		for i := range n {
			others := dialed(i, n)
			seen := map[int]bool{i: true}
			for _, o := range others {
				if seen[o] {
					t.Fatalf("of %d, %d dials %v: itself, or one twice", n, i, others)
				}
				seen[o] = true
				dials[o]++
			}
			if len(others) != min(n-1, maxDials) || n > 1 && others[0] != (i+1)%n {
				t.Fatalf("of %d, %d dials %v", n, i, others)
			}
		}
		if least, most := slices.Min(dials), slices.Max(dials); least != most {
			t.Errorf("of %d, one is dialed %d times and one %d times", n, least, most)
		}
	}
}

func TestReachOfMany(t *testing.T) {
	const n = 100
	all := make([]*checkup, n)
	for i := range all {
		all[i] = &checkup{Index: i, Host: "node", Peers: make([]contact, n)}
		for _, j := range dialed(i, n) {
			all[i].Peers[j].Address = "10.0.0.1:7000"
		}
	}
	got := reachFindings(all, all)
	if want := "every worker reaches each of the 64 others that it tried, of 99: 6400 connections, 1 host"; len(got) != 1 || got[0].Text != want {
		t.Errorf("got %+v, want %q", got, want)
	}
}

// An end of the context is told by the error alone.
func TestDiagnoseEnded(t *testing.T) {
	why := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	told := 0
	err := Diagnose(ctx, Options{}, func(Finding) {
		told++
		cancel(why)
	})
	if err != why || told != 1 {
		t.Errorf("%v, and %d findings, want one", err, told)
	}
}
