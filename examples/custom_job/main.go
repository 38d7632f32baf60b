// Command custom_job runs a function of its own on several workers, which sum what
// they find with an all-reduce: an estimate of π from the points of a lattice that
// lie in a circle.
//
//	go run ./examples/custom_job                               # in this process
//	go run ./examples/custom_job --cluster local:4 -- 4000     # in 4 processes
//
// With --cluster sc://host:15002 the same program runs on the executors of a Spark
// cluster.
package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/emberml/ember/cluster"
	"github.com/emberml/ember/comm"
)

func main() { cluster.Main(jobs) }

var jobs = cluster.Jobs{"pi": pi}

// pi counts the points (x+½, y+½)/n of a quarter circle: worker r of N takes the
// rows r, r+N, r+2N…
func pi(ctx context.Context, w *cluster.Worker) error {
	var args []string
	if err := w.Decode(&args); err != nil {
		return err
	}
	n := 1000
	if len(args) > 0 {
		var err error
		if n, err = strconv.Atoi(args[0]); err != nil || n < 1 || n > 1<<20 {
			return fmt.Errorf("%q: want a number of rows from 1 to %d", args[0], 1<<20)
		}
	}

	inside := []int64{0}
	for y := w.Group.Rank(); y < n; y += w.Group.Size() {
		for x := range n {
			if a, b := 2*int64(x)+1, 2*int64(y)+1; a*a+b*b <= 4*int64(n)*int64(n) {
				inside[0]++
			}
		}
	}
	if err := comm.AllReduce(ctx, w.Group, inside); err != nil {
		return err
	}
	// The log of the first worker is the one that is heard.
	fmt.Fprintf(w.Log, "π ≈ %.6f, from %d×%d points on %d worker(s)\n", 4*float64(inside[0])/float64(n)/float64(n), n, n, w.Group.Size())
	return nil
}
