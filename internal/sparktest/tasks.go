//go:build linux

package sparktest

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
)

// What the scheduler logs of its tasks, the same in all versions.
var (
	taskStarted = regexp.MustCompile(`Starting task \S+ in stage \S+ \(TID (\d+)\)`)
	taskEnded   = regexp.MustCompile(`(?:Finished|Lost) task \S+ in stage \S+ \(TID (\d+)\)`)
)

// RunningTasks returns the numbers of the tasks that Spark has started and not seen end.
func (c *Cluster) RunningTasks() []int { return runningTasks(c.Log()) }

func runningTasks(log string) []int {
	running := map[int]bool{}
	for _, m := range taskStarted.FindAllStringSubmatch(log, -1) {
		id, _ := strconv.Atoi(m[1])
		running[id] = true
	}
	for _, m := range taskEnded.FindAllStringSubmatch(log, -1) {
		id, _ := strconv.Atoi(m[1])
		delete(running, id)
	}
	return slices.Sorted(maps.Keys(running))
}
