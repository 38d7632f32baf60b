package worker

import "strconv"

// memoryLimit is the number of bytes that a worker should stay within, 0 for no
// bound: what spark.executor.pyspark.memory gives to each Python worker, which
// Spark tells by the environment.
func memoryLimit(env func(string) string) int64 {
	mebibytes, err := strconv.ParseInt(env("PYSPARK_EXECUTOR_MEMORY_MB"), 10, 43)
	if err != nil || mebibytes <= 0 {
		return 0
	}
	return mebibytes << 20
}
