package connect

import (
	"context"

	pb "github.com/emberml/ember/spark/connect/internal/sparkpb"
)

// analysis is a request to analyze, without what it asks for.
func (s *Session) analysis() *pb.AnalyzePlanRequest {
	return &pb.AnalyzePlanRequest{
		SessionId: s.id, ClientObservedServerSideSessionId: s.observed(), UserContext: s.user(), ClientType: s.agent(),
	}
}

func (s *Session) analyze(ctx context.Context, what string, req *pb.AnalyzePlanRequest) (resp *pb.AnalyzePlanResponse, err error) {
	err = s.retry(ctx, what, func(ctx context.Context) error {
		if resp, err = s.rpc.AnalyzePlan(ctx, req); err != nil {
			return err
		}
		return s.observe(resp.GetServerSideSessionId())
	})
	return resp, err
}

// Explain returns Spark's own account of the plan, logical and physical.
func (d *DataFrame) Explain(ctx context.Context) (string, error) {
	req := d.s.analysis()
	req.Analyze = &pb.AnalyzePlanRequest_Explain_{Explain: &pb.AnalyzePlanRequest_Explain{
		Plan: d.root(), ExplainMode: pb.AnalyzePlanRequest_Explain_EXPLAIN_MODE_EXTENDED,
	}}
	resp, err := d.s.analyze(ctx, "explain the plan", req)
	return resp.GetExplain().GetExplainString(), err
}
