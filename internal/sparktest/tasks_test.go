//go:build linux

package sparktest

import (
	"slices"
	"testing"
)

func TestRunningTasks(t *testing.T) {
	const log = `26/11/24 14:13:57 INFO TaskSetManager: Starting task 0.0 in stage 79.0 (TID 189) (127.0.0.1,executor 1, partition 0, PROCESS_LOCAL, 10212 bytes)
26/11/24 14:13:57 INFO TaskSetManager: Starting task 1.0 in stage 79.0 (TID 190) (127.0.0.1,executor 0, partition 1, PROCESS_LOCAL, 10212 bytes)
26/11/24 14:13:57 INFO TaskSetManager: Starting task 0.0 in stage 80.0 (TID 191) (127.0.0.1,executor 0, partition 1, PROCESS_LOCAL, 10212 bytes)
26/11/24 14:14:04 WARN TaskSetManager: Lost task 1.0 in stage 79.0 (TID 190) (127.0.0.1 executor 0): TaskKilled (Stage cancelled)
26/11/24 14:14:04 INFO TaskSetManager: Finished task 0.0 in stage 80.0 (TID 191) in 12 ms on 127.0.0.1 (executor 0) (1/1)`
	if got := runningTasks(log); !slices.Equal(got, []int{189}) {
		t.Errorf("running tasks %v, want 189", got)
	}
}
