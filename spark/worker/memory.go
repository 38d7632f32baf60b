package worker

import (
	"fmt"
	"io/fs"
	"net"
	"strconv"

	"github.com/emberml/ember/internal/cgroup"
)

const (
	// reserved is how much of its address space a Go program reserves and never
	// uses: spark.executor.pyspark.memory bounds that of Python's children.
	reserved = 768 << 20
	// Of what the control group has left, the executor's JVM and the kernel get
	// the rest.
	shareOfFree = 0.75
	// A group may be full of files that the kernel lets go of: this part of it a
	// worker may have in any case.
	leastShare = 8
)

// memoryLimit is the number of bytes that a worker should stay within, 0 for no
// bound: the least of
//
//   - what spark.executor.pyspark.memory gives to each worker, which Spark tells
//     by the environment and, to Python's children, by a limit of the address
//     space;
//   - three quarters of what the control group has left, and no less than an
//     eighth of it all: for so many workers in it, who share alike.
func memoryLimit(env func(string) string, root fs.FS, addressSpace int64, workers int) (int64, error) {
	limit := int64(0)
	least := func(n int64) {
		if n > 0 && (limit == 0 || n < limit) {
			limit = n
		}
	}
	if mebibytes, err := strconv.ParseInt(env("PYSPARK_EXECUTOR_MEMORY_MB"), 10, 43); err == nil {
		least(mebibytes << 20)
	}
	if addressSpace > 0 {
		least(max(addressSpace-reserved, reserved/8))
	}
	group, err := cgroup.Memory(root)
	if err != nil {
		return limit, fmt.Errorf("the worker's memory limit: %w", err)
	}
	if group.Bytes > 0 {
		free := max(int64(shareOfFree*float64(group.Bytes-group.Used)), group.Bytes/leastShare)
		least(max(free/int64(workers), 1))
	}
	return limit, nil
}

// executorCores is the local property in which Spark tells a task how many cores its
// executor has, where the configuration says so.
const executorCores = "resource.executor.cores"

// neighbors is how many workers may run in the executor of a task, itself included:
// as many as its cores have room for, but no more than a barrier stage has on its
// host. Where Spark tells neither, the worker takes itself for the only one.
func (c *Context) neighbors() int {
	slots, here := 0, 0
	if cores, err := strconv.Atoi(c.Properties[executorCores]); err == nil {
		slots = cores / max(c.CPUs, 1)
	}
	if c.Partition < len(c.Addresses) {
		for _, address := range c.Addresses {
			if hostOf(address) == hostOf(c.Addresses[c.Partition]) {
				here++
			}
		}
	}
	switch {
	case slots == 0:
		return max(here, 1)
	case here == 0:
		return slots
	}
	return min(slots, here)
}

func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}
