// Package clock may read the clock, and serves nobody.
package clock

import (
	"net/http"
	"time"

	_ "example.com/broken/low"
)

// Ticks counts.
var Ticks = time.Now().Unix()

var client http.Client

func init() { Ticks++ }
