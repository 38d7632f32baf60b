package connect

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/emberml/ember/spark/connect/internal/sparkpb"
)

// Error is what Spark, or the way to it, refused.
type Error struct {
	Op         string            // what was asked for, such as "run SELECT 1"
	Class      string            // Spark's error class, such as "TABLE_OR_VIEW_NOT_FOUND"; "" if it named none
	SQLState   string            // such as "42P01"
	Message    string            // Spark's, without the noise of stack traces
	Parameters map[string]string // what Message was made of, such as "relationName"
	Remedy     string            // what to do; "" if the message says it
	err        error             // of gRPC
}

// Error names the request, Spark's message and the remedy, in one line or, where Spark has more to say, in several.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("spark connect: " + e.Op + ": ")
	if e.Class != "" && !strings.Contains(e.Message, "["+e.Class+"]") {
		b.WriteString("[" + e.Class + "] ")
	}
	b.WriteString(e.Message)
	if e.Remedy != "" {
		b.WriteString("\n" + e.Remedy)
	}
	return b.String()
}

// Unwrap returns the error of gRPC, for status.Code; nil where none came.
func (e *Error) Unwrap() error { return e.err }

// fail makes an Error of what gRPC returned, or returns ctx's own.
func (s *Session) fail(ctx context.Context, op string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var known *Error
	if errors.As(err, &known) {
		return err
	}
	st, ok := status.FromError(err)
	if !ok {
		return fmt.Errorf("spark connect: %s: %w", op, err)
	}
	e := &Error{Op: op, Message: plain(st.Message()), err: err}
	for _, detail := range st.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			e.read(info)
			s.fetch(ctx, e, info.GetMetadata()["errorId"])
		}
	}
	e.classify()
	e.Message = trimTrace(e.Message)
	e.Remedy = s.remedy(st, e)
	return e
}

// plain takes the wrapping of gRPC off a message: connection error: desc = "transport: …".
func plain(message string) string {
	if _, inner, ok := strings.Cut(message, `desc = "`); ok {
		message = strings.TrimPrefix(strings.TrimSuffix(inner, `"`), "transport: ")
	}
	return strings.TrimSpace(message)
}

// read takes what the status itself tells.
func (e *Error) read(info *errdetails.ErrorInfo) {
	e.Class = info.GetMetadata()["errorClass"]
	e.SQLState = info.GetMetadata()["sqlState"]
	if m := info.GetMetadata()["message"]; len(m) > len(e.Message) {
		e.Message = m
	}
}

// fetch asks for the whole of an error whose message the server has cut to fit into a header.
func (s *Session) fetch(ctx context.Context, e *Error, id string) {
	if id == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, farewell)
	defer cancel()
	resp, err := s.rpc.FetchErrorDetails(ctx, &pb.FetchErrorDetailsRequest{
		SessionId: s.id, ClientObservedServerSideSessionId: s.observed(), UserContext: s.user(), ClientType: s.agent(), ErrorId: id,
	})
	if err != nil || resp.RootErrorIdx == nil || int(resp.GetRootErrorIdx()) >= len(resp.Errors) {
		return // the short message is good enough
	}
	// A failed job tells why in the cause of its cause.
	for i, seen := int(resp.GetRootErrorIdx()), 0; i >= 0 && i < len(resp.Errors) && seen < len(resp.Errors); seen++ {
		root := resp.Errors[i]
		message := strings.TrimSpace(root.GetMessage())
		switch {
		case strings.Contains(e.Message, message):
		case strings.HasPrefix(message, strings.TrimSuffix(e.Message, "...")):
			e.Message = message
		default:
			e.Message += "\n" + message
		}
		if t := root.GetSparkThrowable(); t != nil {
			if e.Class == "" {
				e.Class = t.GetErrorClass()
			}
			if e.SQLState == "" {
				e.SQLState = t.GetSqlState()
			}
			if e.Parameters == nil {
				e.Parameters = t.GetMessageParameters()
			}
		}
		if root.CauseIdx == nil {
			return
		}
		i = int(root.GetCauseIdx())
	}
}

// classify reads class and state from the message, "[CLASS] text … SQLSTATE: 42P01", where nothing else told them.
func (e *Error) classify() {
	if e.Class == "" {
		if _, rest, ok := strings.Cut(e.Message, "["); ok {
			if class, _, ok := strings.Cut(rest, "]"); ok && isClass(class) {
				e.Class = class
			}
		}
	}
	if e.SQLState == "" {
		if i := strings.LastIndex(e.Message, "SQLSTATE: "); i >= 0 {
			state := e.Message[i+len("SQLSTATE: "):]
			e.SQLState = state[:min(5, len(state))]
		}
	}
}

// isClass reports whether s is an error class, such as "INVALID_HANDLE.SESSION_CHANGED" or "SPARK-24819".
func isClass(s string) bool {
	return s != "" && strings.IndexFunc(s, func(c rune) bool {
		return (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '.' && c != '-'
	}) < 0
}

const (
	hungUp    = "the server at %s closed the connection: it died (see its log), or it wants TLS: try use_ssl=true"
	restarted = "views, configuration and artifacts of the session are gone: connect anew, and run the program again"
)

// A hint is a remedy for errors of one code whose message or class has one of these words.
type hint struct {
	code   codes.Code // codes.OK: any
	words  string
	remedy string
}

// hints are tried in their order. %s is the server's address.
var hints = []hint{
	{codes.OK, "INVALID_HANDLE.SESSION_CHANGED", restarted},
	{codes.OK, "INVALID_HANDLE.SESSION_CLOSED", "the session was closed: connect anew"},
	{codes.OK, "INVALID_HANDLE.OPERATION_NOT_FOUND", "nobody asked for the results for a while and Spark dropped them, or the server was restarted: run it again"},
	{codes.OK, "INVALID_HANDLE.OPERATION_ABANDONED", "nobody asked for the results for a while and Spark dropped them: run it again"},
	{codes.OK, "SPARK-24942", "dynamic allocation allows no barrier stage: workers must be plain tasks"},
	{codes.OK, "SPARK-24819", "fewer workers, or more executor cores (spark.cores.max, spark.executor.instances, spark.executor.cores)"},
	{codes.Unavailable, "first record does not look like a TLS handshake", "the server at %s speaks no TLS: leave out use_ssl=true, or say use_ssl=false if you want the token to travel unencrypted; a TLS proxy before the server is better"},
	{codes.Unavailable, "x509:", "the certificate of %s is signed by nobody whom this machine trusts, or for another name: SSL_CERT_FILE names a file of authorities to trust"},
	{codes.Unavailable, "tls:", "TLS with %s failed: is it a Spark Connect server behind a TLS proxy?"},
	{codes.Unavailable, "connection refused", "is Spark Connect running at %s? On the cluster: $SPARK_HOME/sbin/start-connect-server.sh (Spark 3.5 wants --packages org.apache.spark:spark-connect_2.12:3.5.7, too); its port is 15002 unless spark.connect.grpc.binding.port says otherwise"},
	{codes.Unavailable, "no such host", "no machine has the name in %s: check it, or give the IP address"},
	{codes.Unavailable, "produced zero addresses", "no machine has the name in %s: check it, or give the IP address"},
	{codes.Unavailable, "server preface", "what listens at %s is no Spark Connect server, or it wants TLS: try use_ssl=true, and check the port (7077 is the master's, 15002 is Spark Connect's)"},
	{codes.Unavailable, "error reading from server", hungUp},
	{codes.Unavailable, "broken pipe", hungUp},
	{codes.Unavailable, "connection reset", hungUp},
	{codes.Unavailable, "", "the server at %s cannot be reached"},
	{codes.Unauthenticated, "", "the server at %s wants a token, or another one: it is the value of spark.connect.authenticate.token, or what your provider gives"},
	{codes.PermissionDenied, "", "the token is valid, but its user may not do this"},
	{codes.Unimplemented, "", "what listens at %s is no Spark Connect server, or one older than 3.5"},
	{codes.ResourceExhausted, "larger than max", "a row, or a batch of rows, is larger than 128 MiB: fewer rows in a batch (spark.sql.execution.arrow.maxRecordsPerBatch)"},
}

func (s *Session) remedy(st *status.Status, e *Error) string {
	for _, h := range hints {
		if (h.code == codes.OK || h.code == st.Code()) && strings.Contains(e.Class+" "+st.Message(), h.words) {
			return strings.ReplaceAll(h.remedy, "%s", s.remote.address())
		}
	}
	return ""
}
