package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/emberml/ember/cluster"
	"github.com/emberml/ember/engine/cpu"
)

// groups are the headings of flags in help texts.
var groups = []kong.Group{
	{Key: "data", Title: "Data:"},
	{Key: "training", Title: "Training (each overrides the net file):"},
	{Key: "run", Title: "Run:"},
	{Key: "cluster", Title: "Cluster:"},
	{Key: "output", Title: "Output:"},
}

// computing are the flags of all commands that compute.
type computing struct {
	Threads int   `group:"run" placeholder:"N" help:"Threads to compute with; all processors by default. Their number changes no bit of a result."`
	Memory  size  `group:"run" placeholder:"SIZE" help:"Compute in no more memory than this, such as 4GiB."`
	Cluster place `group:"run" default:"local" placeholder:"C" help:"Where to compute: local, in this process; to train, also local:N, in N processes of this machine, or sc://host:port, on Spark."`
}

// backend starts the threads.
func (c *computing) backend() (*cpu.Backend, error) {
	if c.Threads < 0 {
		return nil, usageError{fmt.Errorf("--threads %d: want 1 or more", c.Threads)}
	}
	return cpu.New(cpu.Options{Threads: c.Threads}), nil
}

// backendHere is the backend of a command that computes in this process only.
func (c *computing) backendHere() (*cpu.Backend, error) {
	if c.Cluster != here {
		return nil, usageError{fmt.Errorf("--cluster %s: only training runs on several workers in this version; leave the flag out", c.Cluster)}
	}
	return c.backend()
}

// place is a value of --cluster.
type place string

// here is the place of one process alone.
const here place = "local"

// String shows no token.
func (p place) String() string { return cluster.WithoutToken([]string{string(p)}, io.Discard)[0] }

// spark tells whether it is a cluster of Spark's.
func (p place) spark() bool { return strings.HasPrefix(string(p), "sc://") }

// UnmarshalText accepts what clusters there are.
func (p *place) UnmarshalText(text []byte) error {
	*p = place(text)
	return cluster.CheckAddress(string(text))
}

// fractions are the parts of a --split: to train, to validate and perhaps to test
// on.
type fractions []float64

// UnmarshalText reads 0.8,0.1,0.1.
func (f *fractions) UnmarshalText(text []byte) error {
	sum := 0.0
	for part := range strings.SplitSeq(string(text), ",") {
		v, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil || v <= 0 || v >= 1 {
			return fmt.Errorf("%q is not a fraction between 0 and 1", part)
		}
		*f = append(*f, v)
		sum += v
	}
	if n := len(*f); n != 2 && n != 3 {
		return fmt.Errorf("%d fractions, want two (train, validate) or three (and test)", n)
	}
	if sum > 1+1e-9 {
		return fmt.Errorf("the fractions sum to %v, more than 1", sum)
	}
	return nil
}

// size is a number of bytes on the command line: 4GiB, 512MiB, 1.5GB, 1000000.
type size int

// units are the suffixes of a size; the longer ones come first.
var units = []struct {
	suffix string
	bytes  float64
}{
	{"KiB", 1 << 10},
	{"MiB", 1 << 20},
	{"GiB", 1 << 30},
	{"TiB", 1 << 40},
	{"KB", 1e3},
	{"MB", 1e6},
	{"GB", 1e9},
	{"TB", 1e12},
	{"B", 1},
	{"", 1},
}

// UnmarshalText reads a number and a unit.
func (s *size) UnmarshalText(text []byte) error {
	for _, u := range units {
		number, ok := cutSuffixFold(strings.TrimSpace(string(text)), u.suffix)
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err == nil && v > 0 && v*u.bytes <= math.MaxInt {
			*s = size(v * u.bytes)
			return nil
		}
		break
	}
	return fmt.Errorf("%q is not a size: want a number and a unit, such as 512MiB, 4GiB or 1.5GB", text)
}

func cutSuffixFold(s, suffix string) (before string, found bool) {
	at := len(s) - len(suffix)
	if at < 0 || !strings.EqualFold(s[at:], suffix) {
		return s, false
	}
	return s[:at], true
}
