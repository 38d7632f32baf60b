package connect

import (
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

// maxMessage is the largest answer that is taken, in bytes; it is what PySpark takes.
const maxMessage = 128 << 20

// newConn prepares the connection; gRPC opens it with the first request, and again whenever it is lost.
func newConn(r *remote, o Options) (*grpc.ClientConn, error) {
	transport := insecure.NewCredentials()
	if r.secure() {
		config := &tls.Config{}
		if o.TLS != nil {
			config = o.TLS.Clone()
		}
		config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
		transport = credentials.NewTLS(config)
	}
	conn, err := grpc.NewClient(r.address(),
		grpc.WithTransportCredentials(transport),
		grpc.WithPerRPCCredentials(headersOf(r)),
		grpc.WithUserAgent(r.agent),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: time.Minute, Timeout: 20 * time.Second}),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: firstPause, Multiplier: 2, Jitter: 0.2, MaxDelay: longestPause},
			MinConnectTimeout: o.Timeout,
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("spark connect: prepare a connection to %s: %w", r.address(), err)
	}
	return conn, nil
}

// headers are sent with each request: the token and the options of the address that Spark does not know. They are given as
// credentials, which gRPC's own logs leave out.
type headers struct{ values map[string]string }

func headersOf(r *remote) headers {
	values := maps.Clone(r.metadata)
	if r.token != "" {
		values["authorization"] = "Bearer " + r.token
	}
	return headers{values}
}

// GetRequestMetadata returns the headers of a request.
func (h headers) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return h.values, nil
}

// RequireTransportSecurity is false: a server on loopback speaks none; [Session.Warning] tells of the others.
func (headers) RequireTransportSecurity() bool { return false }

// Format prints no secret, for every verb.
func (headers) Format(s fmt.State, _ rune) { _, _ = fmt.Fprint(s, "[headers]") }
