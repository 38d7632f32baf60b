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
	if len(addresses) == 0 {
		return nil, errors.New("it has no address")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type outcome struct {
		conn net.Conn
		err  error
	}
	outcomes := make(chan outcome, len(addresses))
	for _, a := range addresses {
		go func() {
			conn, err := dialOne(ctx, a, identity)
			outcomes <- outcome{conn, err}
		}()
	}
	var errs []error
	for i := range addresses {
		o := <-outcomes // soon after the context's end
		if o.err != nil {
			errs = append(errs, o.err)
			continue
		}
		go func() { // nobody wants a second connection
			for range addresses[i+1:] {
				if o := <-outcomes; o.err == nil {
					_ = o.conn.Close()
				}
			}
		}()
		return o.conn, nil
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
