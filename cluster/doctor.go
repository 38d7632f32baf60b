package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/emberml/ember/spark/connect"
)

// Level is how much a [Finding] matters.
type Level string

// The levels.
const (
	OK      Level = "ok"
	Warning Level = "warning" // it works, but not as well as it could
	Problem Level = "problem" // it does not work
)

// Finding is one thing that [Diagnose] found.
type Finding struct {
	Level  Level  `json:"level"`
	Check  string `json:"check"`   // what was looked at, in a word: "clock"
	Text   string `json:"finding"` // one line
	Remedy string `json:"remedy,omitempty"`
}

// Diagnose finds out what this machine can do, or the Spark cluster that the options
// name, and tells each finding as soon as it is known. On Spark it connects, ships and
// starts this program as [Run] does, with tasks that look at their hosts and reach for
// the driver and for each other. A check that fails does not stop others that do not
// need it; each has a deadline. The error is the context's, or that of the options.
func Diagnose(ctx context.Context, o Options, tell func(Finding)) error {
	if err := CheckAddress(o.Cluster); err != nil {
		return err
	}
	o = o.withDefaults()
	o.Stderr = nobody{} // what would be said there is found
	d := doctor{Options: o, tell: func(f Finding) {
		if ctx.Err() == nil { // else what fails is the context's end
			tell(f)
		}
	}}
	if strings.HasPrefix(o.Cluster, sparkConnect) {
		d.examineSpark(ctx)
	} else {
		d.examineMachine(ctx)
	}
	return context.Cause(ctx)
}

// doctor is an examination.
type doctor struct {
	Options
	tell func(Finding)
}

func (d *doctor) ok(check, format string, args ...any) {
	d.tell(Finding{Level: OK, Check: check, Text: fmt.Sprintf(format, args...)})
}

// failed tells of an error that says itself what to do, if anybody knows.
func (d *doctor) failed(check string, err error) { d.tell(failedFinding(check, err)) }

func failedFinding(check string, err error) Finding {
	f := Finding{Level: Problem, Check: check, Text: oneLine(err.Error())}
	var own *Error
	var spark *connect.Error
	switch {
	case errors.As(err, &own):
		f.Text, f.Remedy = oneLine(own.Cause), oneLine(own.Hint)
	case errors.As(err, &spark):
		bare := *spark
		bare.Remedy = ""
		f.Text, f.Remedy = oneLine(bare.Error()), oneLine(spark.Remedy)
	}
	return f
}

// bytesText is a number of bytes for people.
func bytesText(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	size, prefix := float64(n)/unit, 0
	for size >= unit && prefix < 4 {
		size /= unit
		prefix++
	}
	return fmt.Sprintf("%.1f %ciB", size, "KMGTP"[prefix])
}

// plural is a count with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
