package cluster

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/emberml/ember/spark/connect"
)

// The words by which Spark, and the starter in its Python workers, tell what failed.
var (
	failedTask   = regexp.MustCompile(`barrier task \w+\(\d+, (\d+)\)|Task (\d+) in stage \S+ failed`)
	lostExecutor = regexp.MustCompile(`ExecutorLostFailure \(executor (\S+) [^)]*\) Reason: ([^\n]*)`)
	endedWorker  = regexp.MustCompile(`ember worker on (\S+) ([^;\n]+); its last log lines:\n`)
	sqlState     = regexp.MustCompile(`\s*SQLSTATE: \w+\s*$`)
)

// endOf says which worker ended a Spark job, how, and whether another generation would
// end in the same way, together with the end of that worker's log.
func endOf(err error) (e exit, log []string) {
	e = exit{index: -1, cause: oneLine(err.Error())}
	var spark *connect.Error
	if !errors.As(err, &spark) {
		return e, nil
	}
	if remedy := spark.Remedy; remedy != "" {
		bare := *spark
		bare.Remedy = ""
		e.cause = oneLine(bare.Error()) + "; " + remedy
	}
	text := spark.Message
	if m := failedTask.FindStringSubmatch(text); m != nil {
		e.index, _ = strconv.Atoi(m[1] + m[2])
	}
	switch lost, worker := lostExecutor.FindStringSubmatch(text), endedWorker.FindStringSubmatchIndex(text); {
	case lost != nil:
		e.cause = "executor " + lost[1] + " is lost: " + lost[2]
	case worker != nil:
		e.cause = "the worker on " + text[worker[2]:worker[3]] + " " + text[worker[4]:worker[5]]
		if tail := strings.TrimSpace(sqlState.ReplaceAllString(text[worker[1]:], "")); tail != "" {
			log = strings.Split(tail, "\n")
			if at := strings.Index(tail, unreachable); at >= 0 { // as it would be from the next one
				e.cause, _, _ = strings.Cut("the worker on "+text[worker[2]:worker[3]]+": "+tail[at:], "\n")
				e.final, e.hint = true, reachHint
			}
		}
	case strings.Contains(text, "Python worker exited unexpectedly"):
		e.cause = "its process crashed or was killed"
	case strings.Contains(text, "Could not recover from a failed barrier"):
	default:
		e.final = true
	}
	return e, log
}
