package cluster

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// judge makes findings of what the tasks of all workers found; nil ones told nothing.
func judge(all []*checkup, barrier bool, o Options) []Finding {
	told := slices.DeleteFunc(slices.Clone(all), func(c *checkup) bool { return c == nil })
	if len(told) == 0 {
		return nil // that no task ran is told already
	}
	findings := []Finding{tasksFinding(all, told)}
	for _, host := range hostsOf(told) {
		findings = append(findings, hostFindings(host)...)
	}
	findings = append(findings, variantsFinding(told))
	findings = append(findings, driverFindings(told, barrier, o)...)
	if f, ok := clockFinding(told); ok {
		findings = append(findings, f)
	}
	return append(findings, reachFindings(all, told)...)
}

// hostsOf are the tasks of each host, in the order of names.
func hostsOf(told []*checkup) [][]*checkup {
	byName := map[string][]*checkup{}
	for _, c := range told {
		byName[c.Host] = append(byName[c.Host], c)
	}
	var hosts [][]*checkup
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		hosts = append(hosts, byName[name])
	}
	return hosts
}

func namesOf(tasks []*checkup) string {
	names := map[string]bool{}
	for _, c := range tasks {
		names[c.Host] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(names)), ", ")
}

func countExecutors(tasks []*checkup) int {
	executors := map[[2]string]bool{}
	for _, c := range tasks {
		executors[[2]string{c.Host, c.Executor}] = true
	}
	return len(executors)
}

func tasksFinding(all, told []*checkup) Finding {
	text := fmt.Sprintf("of %s, %d ran this program, on %s of %s", plural(len(all), "task"), len(told),
		plural(countExecutors(told), "executor"), plural(len(hostsOf(told)), "host"))
	if len(told) < len(all) {
		return Finding{Problem, "tasks", text, "look into the executors' logs (stderr) for the others"}
	}
	return Finding{OK, "tasks", text, ""}
}

// leastTaskMemory is what a worker needs to be of use.
const leastTaskMemory = 512 << 20

// hostFindings tell what one host has for its tasks.
func hostFindings(tasks []*checkup) []Finding {
	first := tasks[0]
	check := "host " + first.Host
	f := Finding{Level: OK, Check: check}
	memory, limit := "no limit on memory", ""
	if least := slices.MinFunc(tasks, compareMemory); least.Memory > 0 {
		memory = bytesText(least.Memory) + " of memory for a worker"
		if least.Memory < leastTaskMemory {
			f.Level, f.Remedy = Warning, "raise spark.executor.memoryOverhead, or spark.executor.pyspark.memory where it is set"
		}
	}
	if first.Limit > 0 {
		limit = fmt.Sprintf(", of the %s of its container", bytesText(first.Limit))
	}
	f.Text = fmt.Sprintf("%s of %s of %s, %s%s", plural(len(tasks), "task"), plural(countExecutors(tasks), "executor"), first.System, memory, limit)
	if first.CPUs > 0 {
		f.Text += fmt.Sprintf(", %s a task", plural(first.CPUs, "core"))
	}
	return append([]Finding{f}, diskFindings(check, tasks)...)
}

// diskFindings tell which folders of a host cannot be written to or are no help, and
// which of the others has the least space.
func diskFindings(check string, tasks []*checkup) []Finding {
	const remedy = "name a folder on a larger disk by spark.local.dir (SPARK_LOCAL_DIRS)"
	var findings []Finding
	var least *disk
	inMemory := ""
	for _, c := range tasks {
		if c.InMemory != "" {
			inMemory = c.InMemory
		}
		for i, d := range c.Disks {
			switch {
			case d.Error != "":
				findings = append(findings, folderFinding(check, d.Folder, remedy, 0, errors.New(d.Error)))
			case least == nil || d.Free < least.Free:
				least = &c.Disks[i]
			}
		}
	}
	if inMemory != "" {
		text := fmt.Sprintf("rows that do not fit into memory go to %s, which is in memory itself", inMemory)
		findings = append(findings, Finding{Warning, check, text, remedy})
	}
	if least != nil {
		findings = append(findings, folderFinding(check, least.Folder, remedy, least.Free, nil))
	}
	return findings
}

// compareMemory orders tasks by the bound on their memory; none comes last.
func compareMemory(a, b *checkup) int {
	switch {
	case a.Memory == b.Memory:
		return 0
	case b.Memory == 0 || a.Memory != 0 && a.Memory < b.Memory:
		return -1
	}
	return 1
}

// variantsFinding tells on which kernels the workers meet.
func variantsFinding(told []*checkup) Finding {
	byKernel := map[string][]*checkup{}
	for _, c := range told {
		byKernel[c.Kernel] = append(byKernel[c.Kernel], c)
	}
	names := slices.Sorted(maps.Keys(byKernel))
	if len(names) == 1 {
		return Finding{OK, "kernels", names[0] + " on all", ""}
	}
	var parts []string
	for _, name := range names {
		parts = append(parts, fmt.Sprintf("%s on %s", name, namesOf(byKernel[name])))
	}
	return Finding{Warning, "kernels", strings.Join(parts, ", ") + ": all workers compute with the slowest", "leave out the slower hosts"}
}

// driverFindings tell from which hosts this driver can be reached.
func driverFindings(told []*checkup, barrier bool, o Options) []Finding {
	var findings []Finding
	reached, detours := 0, 0
	for _, host := range hostsOf(told) {
		c := slices.MaxFunc(host, func(a, b *checkup) int { return a.trouble() - b.trouble() })
		switch {
		case c.Driver.Error != "":
			findings = append(findings, Finding{Problem, "driver", fmt.Sprintf("%s cannot reach this driver: %s", c.Host, c.Driver.Error), driverRemedy(o)})
		case c.Detour != "":
			detours++
			findings = append(findings, Finding{
				Warning, "driver", fmt.Sprintf("%s cannot reach this driver, and talks with it by %s: %s", c.Host, o.Folder, c.Detour),
				"let the hosts of executors connect to this one; by a folder, what happens is known some seconds later",
			})
		default:
			reached++
		}
	}
	if len(findings) == 0 {
		findings = append(findings, Finding{OK, "driver", fmt.Sprintf("%s can reach this driver, at %s", allOf(reached, "host"), told[0].Driver.Address), ""})
	}
	if barrier || detours+reached > 0 {
		return findings
	}
	return append(findings, Finding{Problem, "meeting", "workers have no place to meet: neither Spark's barrier nor this driver", driverRemedy(o)})
}

// trouble is how hard it was to reach the driver.
func (c *checkup) trouble() int {
	switch {
	case c.Driver.Error != "":
		return 2
	case c.Detour != "":
		return 1
	}
	return 0
}

func driverRemedy(o Options) string {
	remedy := "open this host's ports to the hosts of executors (firewall, container network), or run the command on a host that they reach"
	if o.Host != "" {
		remedy = fmt.Sprintf("see whether %s, which stands for this host, is right; else ", o.Host) + remedy
	}
	if o.Folder == "" {
		remedy += ", or name a folder of shared storage by --meeting"
	}
	return remedy
}

// allOf is "the host" or "all 3 hosts".
func allOf(n int, noun string) string {
	if n == 1 {
		return "the " + noun
	}
	return fmt.Sprintf("all %ss (%d)", noun, n)
}

// What clocks may be apart: certificates are valid from a day before, and logs of
// several hosts are hard to read beyond seconds.
const (
	clocksApart     = 2 * time.Second
	certificateSlip = 23 * time.Hour
)

// clockFinding tells of the clock that is farthest from the driver's.
func clockFinding(told []*checkup) (f Finding, ok bool) {
	var worst *checkup
	for _, c := range told {
		if c.Clock != nil && (worst == nil || c.Clock.Ahead.Abs() > worst.Clock.Ahead.Abs()) {
			worst = c
		}
	}
	if worst == nil {
		return f, false
	}
	word, ahead := "ahead of", worst.Clock.Ahead
	if ahead < 0 {
		word, ahead = "behind", -ahead
	}
	within := worst.Clock.Within
	text := fmt.Sprintf("that of %s is %v %s this driver's, ± %v", worst.Host, readable(ahead), word, readable(within))
	const remedy = "set the clocks of all hosts by the same time server (NTP)"
	switch apart := ahead - within; {
	case apart > certificateSlip:
		return Finding{Problem, "clocks", text + ": the certificates of jobs are not valid there", remedy}, true
	case apart > clocksApart:
		return Finding{Warning, "clocks", text, remedy}, true
	}
	return Finding{OK, "clocks", "the farthest, " + text, ""}, true
}

// readable drops digits that nobody reads.
func readable(d time.Duration) time.Duration {
	if d > time.Second {
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(10 * time.Microsecond)
}

// reachFindings tell which host cannot be reached from which.
func reachFindings(all, told []*checkup) []Finding {
	tried := 0
	apart := map[string][]*checkup{}          // by reason
	failed := map[[2]string]string{}          // from, to: error
	reaches := map[[2]string]bool{}           // from, to
	addresses := map[string]map[string]bool{} // of a host
	for _, c := range told {
		if c.Apart != "" {
			apart[c.Apart] = append(apart[c.Apart], c)
		}
		for i, p := range c.Peers {
			if i >= len(all) || all[i] == nil || p == (contact{}) {
				continue
			}
			tried++
			to := all[i].Host
			way := [2]string{c.Host, to}
			if p.Error == "" {
				reaches[way] = true
				continue
			}
			failed[way] = p.Error
			if addresses[to] == nil {
				addresses[to] = map[string]bool{}
			}
			for _, a := range all[i].Addresses {
				addresses[to][a] = true
			}
		}
	}
	var findings []Finding
	for _, reason := range slices.Sorted(maps.Keys(apart)) {
		findings = append(findings, Finding{
			Problem, "ports", fmt.Sprintf("%s: the tasks there did not meet the others: %s", namesOf(apart[reason]), reason),
			"mend what is said of the driver and of tasks, then look again",
		})
	}
	for _, way := range slices.SortedFunc(maps.Keys(failed), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		findings = append(findings, wayFinding(way, failed[way], reaches, slices.Sorted(maps.Keys(addresses[way[1]]))))
	}
	switch {
	case len(findings) > 0 || tried == 0 && len(all) > 1:
	case tried == 0:
		findings = append(findings, Finding{OK, "ports", "a worker alone needs none", ""})
	default:
		who := "every worker reaches every other"
		if len(all)-1 > maxDials {
			who = fmt.Sprintf("every worker reaches each of the %d others that it tried, of %d", maxDials, len(all)-1)
		}
		findings = append(findings, Finding{OK, "ports", fmt.Sprintf("%s: %s, %s", who, plural(tried, "connection"), plural(len(hostsOf(told)), "host")), ""})
	}
	return findings
}

// wayFinding tells that one host cannot be reached from another.
func wayFinding(way [2]string, cause string, reaches map[[2]string]bool, addresses []string) Finding {
	back := [2]string{way[1], way[0]}
	text := fmt.Sprintf("%s cannot reach %s (at %s): %s", way[0], way[1], strings.Join(addresses, ", "), cause)
	if way[0] != way[1] && reaches[back] {
		text += "; the other way it can be reached"
	}
	return Finding{
		Problem, "ports", text,
		fmt.Sprintf("open the ports of %s to %s (firewall, container network): workers listen where the system lets them, on TCP", way[1], way[0]),
	}
}

// sharingFinding tells whether driver and tasks see the same folder.
func sharingFinding(folder string, all []*checkup, driver error) Finding {
	const remedy = "name a folder that this host and all hosts of executors see by the same URL, and may write to, by --meeting"
	if driver != nil {
		return Finding{Problem, "folder", oneLine(driver.Error()), remedy}
	}
	tasks := 0
	for i, c := range all {
		if c == nil {
			continue
		}
		tasks++
		if c.Folder != "" {
			return Finding{Problem, "folder", fmt.Sprintf("task %d on %s: %s", i, c.Host, c.Folder), remedy}
		}
	}
	if tasks == 0 {
		return Finding{Warning, "folder", fmt.Sprintf("%s can be written to from here; no task could look", folder), "mend what is said of tasks, then look again"}
	}
	return Finding{OK, "folder", fmt.Sprintf("%s is seen by this driver and %s", folder, allOf(tasks, "task")), ""}
}
