package cluster

import (
	"context"
	"strings"
)

// launcher starts the workers of a job, generation after generation.
type launcher interface {
	// workers is their number.
	workers() int
	// local tells whether all are processes of this machine.
	local() bool
	// launch starts a generation. It returns at once: who does not come up is
	// found by exits or by the join deadline.
	launch(ctx context.Context, b bootstrap, identity func(index int) (secret, error)) (fleet, error)
	// close ends what the launcher keeps between generations.
	close() error
}

// fleet is the workers of one generation.
type fleet interface {
	// where tells a person where a worker was placed, and what is known of it.
	where(index int) string
	// busy tells what the cluster does for the job before it starts the workers, and
	// how far it is; empty: nothing.
	busy() string
	// exits tells of workers that have ended, in whatever way.
	exits() <-chan exit
	// log is the end of what a worker wrote to its standard error.
	log(index int) []string
	// kill ends all workers, and returns when none is left.
	kill()
}

// exit is the end of a worker.
type exit struct {
	index int    // -1: of all
	cause string // "exit status 1", "signal: killed"
	final bool   // another generation would end in the same way
	hint  string // what to do against that; may be empty
}

// newLauncher chooses how to start workers.
func newLauncher(ctx context.Context, o Options) (launcher, error) {
	if count, ok := strings.CutPrefix(o.Cluster, processes); ok {
		n, err := parseCount(count)
		if err != nil {
			return nil, err
		}
		return newLocal(n, o)
	}
	if strings.HasPrefix(o.Cluster, sparkConnect) {
		return newSpark(ctx, o)
	}
	return nil, CheckAddress(o.Cluster)
}
