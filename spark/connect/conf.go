package connect

import (
	"context"
	"strings"

	pb "github.com/emberml/ember/spark/connect/internal/sparkpb"
)

// Conf returns the value of a configuration key in the session, its default where none was set, and whether there is one.
func (s *Session) Conf(ctx context.Context, key string) (value string, ok bool, err error) {
	set, err := s.Confs(ctx, key)
	value, ok = set[key]
	return value, ok, err
}

// Confs reads several configuration keys at once, and returns those that are set.
func (s *Session) Confs(ctx context.Context, keys ...string) (map[string]string, error) {
	resp, err := s.config(ctx, "read "+strings.Join(keys, ", "), &pb.ConfigRequest_Operation{
		OpType: &pb.ConfigRequest_Operation_GetOption{GetOption: &pb.ConfigRequest_GetOption{Keys: keys}},
	})
	set := map[string]string{}
	for _, pair := range resp.GetPairs() {
		if pair.Value != nil {
			set[pair.GetKey()] = pair.GetValue()
		}
	}
	return set, err
}

// SetConf sets a configuration key for the session. Static ones, which only the server's start sets, are an [Error].
func (s *Session) SetConf(ctx context.Context, key, value string) error {
	_, err := s.config(ctx, "set "+key, &pb.ConfigRequest_Operation{
		OpType: &pb.ConfigRequest_Operation_Set{Set: &pb.ConfigRequest_Set{Pairs: []*pb.KeyValue{{Key: key, Value: &value}}}},
	})
	return err
}

func (s *Session) config(ctx context.Context, what string, op *pb.ConfigRequest_Operation) (resp *pb.ConfigResponse, err error) {
	err = s.retry(ctx, what, func(ctx context.Context) error {
		resp, err = s.rpc.Config(ctx, &pb.ConfigRequest{
			SessionId: s.id, ClientObservedServerSideSessionId: s.observed(), UserContext: s.user(), ClientType: s.agent(), Operation: op,
		})
		if err != nil {
			return err
		}
		return s.observe(resp.GetServerSideSessionId())
	})
	return resp, err
}
