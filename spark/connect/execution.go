package connect

import (
	"context"
	"io"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/emberml/ember/spark/connect/internal/sparkpb"
)

// execution is one operation on the server. It runs there whether anybody listens or not: a stream of its responses that
// ends without ResultComplete, by a cut connection or because the server lets no stream live for more than two minutes, is
// replaced by another one, which begins behind the last response that was seen.
type execution struct {
	s      *Session
	what   string // for errors
	req    *pb.ExecutePlanRequest
	stream grpc.ServerStreamingClient[pb.ExecutePlanResponse] // nil: to be opened
	sent   bool                                               // the server may know the operation
	opened time.Time                                          // when the stream began
	last   *string                                            // id of the last response; nil: none yet
	done   bool                                               // nothing is left on the server
	pause  pause                                              // since the last contact
}

// execute prepares a plan; the first call of next sends it.
func (s *Session) execute(what string, plan *pb.Plan) *execution {
	id, chunk := newUUID(), int64(maxMessage/4)
	return &execution{s: s, what: what, req: &pb.ExecutePlanRequest{
		SessionId:   s.id,
		UserContext: s.user(),
		ClientType:  s.agent(),
		OperationId: &id,
		Plan:        plan,
		RequestOptions: []*pb.ExecutePlanRequest_RequestOption{
			{RequestOption: &pb.ExecutePlanRequest_RequestOption_ReattachOptions{ReattachOptions: &pb.ReattachOptions{Reattachable: true}}},
			{RequestOption: &pb.ExecutePlanRequest_RequestOption_ResultChunkingOptions{
				// A single row may be larger than a message. Spark up to 4.0 knows no chunks, and ignores this.
				ResultChunkingOptions: &pb.ResultChunkingOptions{AllowArrowBatchChunking: true, PreferredArrowChunkSize: &chunk},
			}},
		},
	}}
}

// next returns the next response, io.EOF behind the last one. When ctx is done the operation is interrupted. After any
// error, io.EOF too, the server keeps nothing of the operation.
func (e *execution) next(ctx context.Context) (*pb.ExecutePlanResponse, error) {
	for {
		resp, err := e.receive(ctx)
		switch {
		case err == nil:
			e.pause = pause{}
			e.last = &resp.ResponseId
			if err := e.s.observe(resp.ServerSideSessionId); err != nil {
				e.done = true // the operation died with the server
				return nil, err
			}
			tellProgress(ctx, resp.GetExecutionProgress())
			if resp.GetResultComplete() == nil {
				return resp, nil
			}
			e.release()
			return nil, io.EOF
		case ctx.Err() != nil:
			e.interrupt()
			return nil, context.Cause(ctx)
		}
		if e.stream != nil && time.Since(e.opened) > time.Second {
			e.pause = pause{} // there was a connection, silent while the cluster worked
		}
		e.stream = nil
		switch lost := unknownOperation(err); {
		case lost && e.last == nil:
			e.sent = false // the request never arrived
		case err == io.EOF || transient(err):
		default:
			e.done = lost
			e.release()
			return nil, e.s.fail(ctx, e.what, err)
		}
		if !e.pause.wait(ctx, e.s.patience) && ctx.Err() == nil {
			e.release()
			if err == io.EOF {
				err = status.Error(codes.Unavailable, "the server ends every stream without an answer")
			}
			return nil, e.s.fail(ctx, e.what, err)
		}
	}
}

// receive reads one response, from a new stream where there is none.
func (e *execution) receive(ctx context.Context) (*pb.ExecutePlanResponse, error) {
	if e.stream == nil {
		var err error
		if e.sent {
			e.stream, err = e.s.rpc.ReattachExecute(ctx, &pb.ReattachExecuteRequest{
				SessionId:                         e.s.id,
				ClientObservedServerSideSessionId: e.s.observed(),
				UserContext:                       e.s.user(),
				ClientType:                        e.s.agent(),
				OperationId:                       e.req.GetOperationId(),
				LastResponseId:                    e.last,
			})
		} else {
			e.req.ClientObservedServerSideSessionId = e.s.observed()
			e.stream, err = e.s.rpc.ExecutePlan(ctx, e.req)
			e.sent = true
		}
		if err != nil {
			e.stream = nil
			return nil, err
		}
		e.opened = time.Now()
	}
	return e.stream.Recv()
}

// unknownOperation reports whether the server does not know the operation: it never heard of it, or has dropped it.
func unknownOperation(err error) bool {
	s := err.Error()
	return strings.Contains(s, "INVALID_HANDLE.OPERATION_NOT_FOUND") || strings.Contains(s, "INVALID_HANDLE.SESSION_NOT_FOUND")
}

// interrupt ends the operation, which may still run, and its Spark jobs.
func (e *execution) interrupt() {
	e.leave(func(ctx context.Context) {
		// The server may be gone: it drops by itself what nobody asks for.
		_, _ = e.s.rpc.Interrupt(ctx, &pb.InterruptRequest{
			SessionId:                         e.s.id,
			ClientObservedServerSideSessionId: e.s.observed(),
			UserContext:                       e.s.user(),
			ClientType:                        e.s.agent(),
			InterruptType:                     pb.InterruptRequest_INTERRUPT_TYPE_OPERATION_ID,
			Interrupt:                         &pb.InterruptRequest_OperationId{OperationId: e.req.GetOperationId()},
		})
	})
}

// release tells the server to forget an operation that has ended.
func (e *execution) release() { e.leave(func(context.Context) {}) }

// leave makes the server forget the operation, once, after what is to be done first. Both together are bounded in time.
func (e *execution) leave(first func(context.Context)) {
	if e.done || !e.sent {
		return
	}
	e.done = true
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	first(ctx)
	_, _ = e.s.rpc.ReleaseExecute(ctx, &pb.ReleaseExecuteRequest{
		SessionId:                         e.s.id,
		ClientObservedServerSideSessionId: e.s.observed(),
		UserContext:                       e.s.user(),
		ClientType:                        e.s.agent(),
		OperationId:                       e.req.GetOperationId(),
		Release:                           &pb.ReleaseExecuteRequest_ReleaseAll_{ReleaseAll: &pb.ReleaseExecuteRequest_ReleaseAll{}},
	})
}

// run executes a plan of which nothing but its success is of interest.
func (s *Session) run(ctx context.Context, what string, command *pb.Command) error {
	e := s.execute(what, &pb.Plan{OpType: &pb.Plan_Command{Command: command}})
	for {
		if _, err := e.next(ctx); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// Interrupt ends all that runs in the session, on behalf of whichever client.
func (s *Session) Interrupt(ctx context.Context) error {
	return s.retry(ctx, "interrupt the session", func(ctx context.Context) error {
		_, err := s.rpc.Interrupt(ctx, &pb.InterruptRequest{
			SessionId:                         s.id,
			ClientObservedServerSideSessionId: s.observed(),
			UserContext:                       s.user(),
			ClientType:                        s.agent(),
			InterruptType:                     pb.InterruptRequest_INTERRUPT_TYPE_ALL,
		})
		return err
	})
}
