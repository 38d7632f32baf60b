package cluster

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/emberml/ember/internal/secure"
)

// redial is the pause before an address that does not answer is dialed again.
const redial = 100 * time.Millisecond

// dial connects a worker with the driver, at the first of the addresses that
// answers, until the context's end.
func dial(ctx context.Context, addresses []string, identity *secure.Identity) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type outcome struct {
		conn net.Conn
		err  error
	}
	outcomes := make(chan outcome)
	for _, a := range addresses {
		go func() {
			conn, err := dialOne(ctx, a, identity)
			select {
			case outcomes <- outcome{conn, err}:
			case <-ctx.Done():
				if err == nil {
					_ = conn.Close()
				}
			}
		}()
	}
	var errs []error
	for range addresses {
		select {
		case o := <-outcomes:
			if o.err == nil {
				return o.conn, nil
			}
			errs = append(errs, o.err)
		case <-ctx.Done():
			return nil, errors.Join(append(errs, ctx.Err())...)
		}
	}
	return nil, errors.Join(errs...)
}

// dialOne tries one address until the context's end, and returns the last error.
func dialOne(ctx context.Context, address string, identity *secure.Identity) (net.Conn, error) {
	for {
		raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			conn := tls.Client(raw, identity.Client())
			if err = prove(ctx, conn, identity.Token(), "worker", "driver"); err == nil {
				return conn, nil
			}
			_ = conn.Close()
		}
		select {
		case <-time.After(redial):
		case <-ctx.Done():
			return nil, fmt.Errorf("%s: %w", address, err)
		}
	}
}
