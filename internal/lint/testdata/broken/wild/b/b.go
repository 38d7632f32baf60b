// Package b imports its sibling.
package b

import (
	_ "example.com/broken/low"
	_ "example.com/broken/wild/a"
)
