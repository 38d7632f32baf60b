package connect

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	pb "github.com/emberml/ember/spark/connect/internal/sparkpb"
)

// farewell is how long the last words to a server may take: interrupting, releasing, closing.
const farewell = 2 * time.Second

// Session is a session on a Spark Connect server. It may be used by many goroutines.
type Session struct {
	conn     *grpc.ClientConn
	rpc      pb.SparkConnectServiceClient
	remote   *remote
	patience time.Duration
	id       string
	shared   bool                   // somebody else's session, too
	side     atomic.Pointer[string] // what the server calls its side of the session; a restarted server has another name for it
	version  string

	mu      sync.Mutex
	shipped map[string][sha256.Size]byte // what the session has of ours, by name
}

// Dial connects to the server, begins a session there and asks for Spark's version. The error of a server that does not
// answer, or not as expected, says what to do.
func Dial(ctx context.Context, o Options) (*Session, error) {
	o, r, err := o.resolve()
	if err != nil {
		return nil, err
	}
	conn, err := newConn(r, o)
	if err != nil {
		return nil, err
	}
	s := &Session{
		conn:     conn,
		rpc:      pb.NewSparkConnectServiceClient(conn),
		remote:   r,
		patience: o.Patience,
		id:       r.session,
		shared:   r.session != "",
		shipped:  map[string][sha256.Size]byte{},
	}
	if !s.shared {
		s.id = newUUID()
	}
	within, cancel := context.WithTimeoutCause(ctx, o.Timeout, &Error{
		Op: "connect to " + r.address(), Message: fmt.Sprintf("no answer within %v (the connect timeout)", o.Timeout),
		Remedy: "is the address right, does a firewall drop packets, is the server overloaded?",
	})
	defer cancel()
	if s.version, err = s.sparkVersion(within); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return s, nil
}

func (s *Session) sparkVersion(ctx context.Context) (string, error) {
	req := s.analysis()
	req.Analyze = &pb.AnalyzePlanRequest_SparkVersion_{SparkVersion: &pb.AnalyzePlanRequest_SparkVersion{}}
	resp, err := s.rpc.AnalyzePlan(ctx, req)
	if err != nil {
		return "", s.fail(ctx, "connect to "+s.remote.address(), err)
	}
	return resp.GetSparkVersion().GetVersion(), s.observe(resp.GetServerSideSessionId())
}

// Close ends the session on the server, unless it was joined by its id, and the connection.
func (s *Session) Close() error {
	if !s.shared {
		ctx, cancel := context.WithTimeout(context.Background(), farewell)
		defer cancel()
		// A server that is gone has no session to release, and drops those of clients that do not come back.
		_, _ = s.rpc.ReleaseSession(ctx, &pb.ReleaseSessionRequest{SessionId: s.id, UserContext: s.user(), ClientType: s.agent()})
	}
	return s.conn.Close()
}

// Version is Spark's version, such as "4.3.0".
func (s *Session) Version() string { return s.version }

// ID is the session's id; another client of the same user that gives it shares views, configuration and artifacts.
func (s *Session) ID() string { return s.id }

// UserID is the user that the session belongs to.
func (s *Session) UserID() string { return s.remote.user }

// String names the server and the session.
func (s *Session) String() string { return "sc://" + s.remote.address() + " session " + s.id }

// Address is the server's host and port.
func (s *Session) Address() string { return s.remote.address() }

// Warning says what is unsafe about the connection, or nothing. It is to be shown to the user.
func (s *Session) Warning() string {
	if s.remote.token != "" && !s.remote.secure() && !s.remote.loopback() {
		return fmt.Sprintf("the Spark Connect token travels to %s unencrypted: put a TLS proxy before the server, and use_ssl=true into the address",
			s.remote.host)
	}
	return ""
}

// atLeast reports whether Spark is of that version or newer.
func (s *Session) atLeast(major, minor int) bool {
	parts := strings.SplitN(s.version+".0", ".", 3)
	x, errX := strconv.Atoi(parts[0])
	y, errY := strconv.Atoi(parts[1])
	return errX != nil || errY != nil || x > major || x == major && y >= minor
}

// user, agent and observed are part of every request.
func (s *Session) user() *pb.UserContext { return &pb.UserContext{UserId: s.remote.user} }

func (s *Session) agent() *string { return &s.remote.agent }

func (s *Session) observed() *string { return s.side.Load() }

// observe remembers the name of the server's side of the session, and says when it has changed.
func (s *Session) observe(side string) error {
	if side == "" { // 3.5 does not tell
		return nil
	}
	if s.side.CompareAndSwap(nil, &side) || *s.side.Load() == side {
		return nil
	}
	return &Error{
		Op: "speak to " + s.remote.address(), Class: "INVALID_HANDLE.SESSION_CHANGED",
		Message: "the server was restarted", Remedy: restarted,
	}
}
