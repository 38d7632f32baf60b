package storage

import (
	"context"
	"net"
	"time"
)

const (
	dialTimeout = 20 * time.Second
	// idleTimeout is how long a connection may stay without a byte while one is
	// waited for.
	idleTimeout = 60 * time.Second
)

// dial connects with a deadline; so has every later wait on the connection.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &idleConn{c}, nil
}

// idleConn fails when nothing has moved for idleTimeout.
type idleConn struct{ net.Conn }

func (c *idleConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(idleTimeout)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// Write puts off the reader's deadline too: a server answers after a request's end.
func (c *idleConn) Write(p []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(idleTimeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}
