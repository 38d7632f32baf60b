package connect

import (
	"context"

	pb "github.com/emberml/ember/spark/connect/internal/sparkpb"
)

// Progress is how far an execution has come, in tasks of Spark. Stages that have not
// begun do not count yet.
type Progress struct{ Done, Running, Tasks int64 }

type progressKey struct{}

// WithProgress returns a context whose executions tell how far they have come, every
// few seconds, one call after the other. Spark up to 3.5 does not tell.
func WithProgress(ctx context.Context, tell func(Progress)) context.Context {
	return context.WithValue(ctx, progressKey{}, tell)
}

// tellProgress passes on what the server says to whom the context names.
func tellProgress(ctx context.Context, p *pb.ExecutePlanResponse_ExecutionProgress) {
	tell, ok := ctx.Value(progressKey{}).(func(Progress))
	if p == nil || !ok {
		return
	}
	told := Progress{Running: p.NumInflightTasks}
	for _, s := range p.Stages {
		told.Done += s.NumCompletedTasks
		told.Tasks += s.NumTasks
	}
	tell(told)
}
