package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/emberml/ember/cluster"
	"github.com/emberml/ember/frame"
)

// functions are what Spark's tasks do in these tests.
var functions = cluster.Functions{
	"scale": scale,
	"same":  same,
	"fail":  failFunction,
	"panic": func(context.Context, *cluster.Partition) error { panic("no map") },
	"wait":  waitFunction,
}

// scaled is the rows of scale.
var scaled = frame.Schema{
	{Name: "id", Type: frame.Type{Kind: frame.Int64}},
	{Name: "place", Type: frame.Type{Kind: frame.String}},
	{Name: "scaled", Type: frame.ListOf(frame.Float32), Nullable: true},
}

// scale multiplies ids, and tells where.
func scale(_ context.Context, p *cluster.Partition) error {
	var args struct{ Factor float32 }
	if err := p.Decode(&args); err != nil {
		return err
	}
	for f, err := range p.Rows {
		if err != nil {
			return err
		}
		ids := frame.Values[int64](f.ByName("id"))
		products, places := make([]float32, len(ids)), make([]string, len(ids))
		for i, id := range ids {
			products[i] = args.Factor * float32(id)
			places[i] = fmt.Sprintf("%d of %d thread(s) on %s", p.Number, p.Threads, p.Host)
		}
		// Not in the order of the schema.
		out, err := frame.New(frame.Schema{scaled[1], scaled[0], scaled[2]},
			frame.Strings(places), f.ByName("id"), frame.FixedLists(1, frame.Of(products)))
		if err != nil {
			return err
		}
		if err := p.Write(out); err != nil {
			return err
		}
	}
	return nil
}

// same gives what it gets.
func same(_ context.Context, p *cluster.Partition) error {
	for f, err := range p.Rows {
		if err != nil {
			return err
		}
		if err := p.Write(f); err != nil {
			return err
		}
	}
	return nil
}

// failFunction fails in partition 1, after rows.
func failFunction(ctx context.Context, p *cluster.Partition) error {
	if err := same(ctx, p); err != nil || p.Number != 1 {
		return err
	}
	return errors.New("no such word: lenett")
}

// waitFunction makes a file that says which process it is, and waits.
func waitFunction(ctx context.Context, p *cluster.Partition) error {
	var file string
	if err := p.Decode(&file); err != nil {
		return err
	}
	if err := os.WriteFile(file, fmt.Append(nil, os.Getpid()), 0o600); err != nil {
		return err
	}
	<-ctx.Done()
	return context.Cause(ctx)
}
