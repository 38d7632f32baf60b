// Package low imports what stands above it.
package low

import (
	"time"

	"example.com/broken/clock"
	tm "time"
)

var start = time.Now()

var again = tm.Now()

var other = clock.Ticks
