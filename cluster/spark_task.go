package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/data"
	"github.com/emberml/ember/spark/worker"
)

// sparkTask is the worker that a Spark task is.
func sparkTask(jobs Jobs) worker.Handler {
	return func(ctx context.Context, t *worker.Task) error {
		var b bootstrap
		if err := json.Unmarshal(t.Message(), &b); err != nil {
			return errors.New("the driver's message cannot be read: is it of the same version of Ember?") // without its secrets
		}
		if b.Job == "" {
			return nil // a question whether tasks start
		}
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		s := seat{index: t.Partition, host: t.Host, orphaned: func() { cancel(errors.New("the driver is lost")) }}
		if t.Context.Barrier {
			s.gather = t.AllGather
			s.advertised, _, _ = net.SplitHostPort(t.Addresses[t.Partition])
		}
		if b.Job == checkupJob {
			return examineTask(ctx, t, &b, s)
		}
		s.scratch = localFolders()[0]
		if b.Threads < 0 {
			b.Threads = max(1, t.CPUs)
		}
		if b.Fed {
			rows, err := readRows(ctx, t, &b)
			if err != nil {
				return err
			}
			defer rows.close()
			s.rows = rows
		}
		err := work(ctx, &b, jobs, s)
		if told := (*toldError)(nil); errors.As(err, &told) {
			// A failed task would have Spark kill the others, one of which may
			// have a checkpoint to write.
			fmt.Fprintln(os.Stderr, told)
			return nil
		}
		return err
	}
}

// localFolders is the executor's folders for files, which Spark removes; "" if it
// names none.
func localFolders() []string { return strings.Split(os.Getenv("SPARK_LOCAL_DIRS"), ",") }

// fedRows is the rows that Spark feeds to a worker. They are read while the workers
// meet.
type fedRows struct {
	feed *data.Feed
	read chan struct{} // closed when all have come, or err is set
	err  error
	stop context.CancelFunc
}

func readRows(ctx context.Context, t *worker.Task, b *bootstrap) (*fedRows, error) {
	folder, disk := data.Scratch(localFolders()...)
	if !disk {
		fmt.Fprintf(os.Stderr, "warning: rows that do not fit into memory go to %s, which is in memory itself: name a folder on a disk in spark.local.dir\n", folder)
	}
	feed, err := data.NewFeed(data.FeedOptions{
		Name: "the rows of Spark", Rank: t.Partition, Ranks: b.Workers, Parts: b.Parts,
		Cache: data.CacheOptions{Memory: t.Memory / 4, Folder: folder}, Memory: t.Memory,
	})
	if err != nil {
		return nil, err
	}
	r := &fedRows{feed: feed, read: make(chan struct{})}
	ctx, r.stop = context.WithCancel(ctx)
	go func() {
		defer close(r.read)
		for ctx.Err() == nil {
			f, err := t.Next()
			if err == io.EOF {
				return
			}
			if err == nil {
				err = r.feed.Add(f)
			}
			if err != nil {
				r.err = err
				return
			}
		}
		r.err = context.Cause(ctx)
	}()
	return r, nil
}

func (r *fedRows) close() {
	r.stop()
	<-r.read
	_ = r.feed.Close()
}

// Rows returns what Spark feeds to the workers by [Options].Queries: each a source
// that is spread over them, or nil where there is no such query. All workers call
// it together, once. It waits until all rows have come to this worker; where Spark
// feeds none, the error is errors.ErrUnsupported.
func (w *Worker) Rows(ctx context.Context, o data.Options) (train, valid, test data.Source, err error) {
	if w.rows == nil {
		return nil, nil, nil, fmt.Errorf("no rows are fed: a spark: source needs a Spark cluster, --cluster sc://host:port: %w", errors.ErrUnsupported)
	}
	err = w.rows.feed.Use(o)
	if err == nil {
		select {
		case <-w.rows.read:
			err = w.rows.err
		case <-ctx.Done():
			return nil, nil, nil, context.Cause(ctx)
		}
	}
	if err != nil {
		w.Group.Abort(err)
		return nil, nil, nil, err
	}
	return w.rows.feed.Sources(func(msg []byte) ([][]byte, error) { return comm.Exchange(ctx, w.Group, msg) }, o)
}
