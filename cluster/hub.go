package cluster

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/emberml/ember/internal/secure"
)

const (
	// strangers is how many connections may be between accepting and proof.
	strangers = 64
	// greetTime is how long the other side may take until its hello.
	greetTime = 10 * time.Second
)

// hub is the driver's port, where workers come in.
type hub struct {
	listener net.Listener
	identity *secure.Identity
	silence  time.Duration
	arrived  chan arrival
}

// arrival is a worker that has proved that it belongs to the job.
type arrival struct {
	link  *link
	hello hello
}

// openHub listens: on loopback, or on all addresses of this host.
func openHub(local bool, identity *secure.Identity, silence time.Duration) (*hub, error) {
	address := ":0"
	if local {
		address = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("the driver's port: %w", err)
	}
	return &hub{listener: listener, identity: identity, silence: silence, arrived: make(chan arrival)}, nil
}

// addresses are those at which workers may reach the hub: of the host by that name,
// else of this host.
func (h *hub) addresses(host string) ([]string, error) {
	if host == "" {
		return reachable(h.listener)
	}
	_, port, err := net.SplitHostPort(h.listener.Addr().String())
	return []string{net.JoinHostPort(host, port)}, err
}

// serve lets workers in until the context's end.
func (h *hub) serve(ctx context.Context) {
	defer context.AfterFunc(ctx, func() { _ = h.listener.Close() })()
	places := make(chan struct{}, strangers)
	for {
		conn, err := h.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of file descriptors, say: workers come again
			select {
			case <-time.After(redial):
				continue
			case <-ctx.Done():
				return
			}
		}
		select {
		case places <- struct{}{}:
		default: // strangers keep all places: this one comes again
			_ = conn.Close()
			continue
		}
		go func() {
			defer func() { <-places }()
			h.admit(ctx, conn)
		}()
	}
}

// admit hears a connection's hello, if it proves to be one of the job.
func (h *hub) admit(ctx context.Context, raw net.Conn) {
	conn := tls.Server(raw, h.identity.Server())
	if err := prove(ctx, conn, h.identity.Token(), "driver", "worker"); err != nil {
		_ = conn.Close()
		return
	}
	h.greet(ctx, newLink(conn, h.silence))
}

// greet takes the hello of a link whose other side has the token.
func (h *hub) greet(ctx context.Context, l *link) {
	release := l.endWith(ctx)
	m, err := l.recv()
	if err == nil && m.Kind != greet {
		err = fmt.Errorf("%w: %s before a hello", errFrame, m.Kind)
	}
	if err != nil {
		l.end(err)
		return
	}
	select {
	case h.arrived <- arrival{l, *m.Hello}:
		release()
	case <-ctx.Done():
		l.end(context.Cause(ctx))
	}
}

// prove is the handshake of both sides: TLS, in which each shows a certificate of
// the job, then a proof of the job's token that holds for this connection alone.
func prove(ctx context.Context, conn *tls.Conn, token secure.Token, own, other string) error {
	ctx, cancel := context.WithTimeout(ctx, greetTime)
	defer cancel()
	over := context.AfterFunc(ctx, func() { _ = conn.NetConn().Close() })
	defer over()
	if err := conn.HandshakeContext(ctx); err != nil {
		return err
	}
	state := conn.ConnectionState()
	session, err := state.ExportKeyingMaterial("EXPORTER-ember-link", nil, secure.ProofSize) // RFC 9266, in its way
	if err != nil {
		return err
	}
	proof := token.Proof(own, session)
	if _, err := conn.Write(proof[:]); err != nil {
		return err
	}
	if _, err := io.ReadFull(conn, proof[:]); err != nil {
		return fmt.Errorf("it did not prove that it belongs to the job: %w", err)
	}
	if !token.Proves(proof, other, session) {
		return errors.New("it has not the job's token")
	}
	if !over() {
		return ctx.Err()
	}
	return nil
}

// reachable are the addresses at which a listener may be reached from other
// hosts; that of a loopback listener from this one.
func reachable(l net.Listener) ([]string, error) {
	at := l.Addr().(*net.TCPAddr)
	if !at.IP.IsUnspecified() {
		return []string{at.String()}, nil
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("this host's addresses: %w", err)
	}
	var ips []net.IP
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && !n.IP.IsLinkLocalUnicast() {
			ips = append(ips, n.IP)
		}
	}
	slices.SortStableFunc(ips, func(a, b net.IP) int { return bytes.Compare(order(a), order(b)) })
	var out []string
	for _, ip := range ips {
		out = append(out, (&net.TCPAddr{IP: ip, Port: at.Port}).String())
	}
	return out, nil
}

// order sorts addresses: loopback last, version 4 before 6.
func order(ip net.IP) []byte {
	var key [2]byte
	if ip.IsLoopback() {
		key[0] = 1
	}
	if ip.To4() == nil {
		key[1] = 1
	}
	return key[:]
}
