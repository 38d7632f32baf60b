package comm

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
)

// hostPrefix begins the address of a Unix socket.
const hostPrefix = "unix:"

// ListenHost opens a socket that processes of this host alone can dial, and
// returns its address for [TCP.Addresses]: a Unix socket with a random name in
// Linux's abstract namespace, which leaves no file behind. Members move numbers
// through it in about two thirds of the time of loopback's TCP, and need no TLS.
// Other systems have no such names; the error is [errors.ErrUnsupported] there.
func ListenHost() (l net.Listener, address string, err error) {
	if runtime.GOOS != "linux" {
		return nil, "", fmt.Errorf("sockets with abstract names on %s: %w", runtime.GOOS, errors.ErrUnsupported)
	}
	name := "@ember-" + rand.Text()
	l, err = net.Listen("unix", name)
	return l, hostPrefix + name, err
}

// within tells whether an address is a Unix socket's.
func within(address string) bool { return strings.HasPrefix(address, hostPrefix) }

// dialAddress connects to an address of either form, within helloTime.
func dialAddress(ctx context.Context, address string) (net.Conn, error) {
	network := "tcp"
	if within(address) {
		network, address = "unix", strings.TrimPrefix(address, hostPrefix)
	}
	return (&net.Dialer{Timeout: helloTime}).DialContext(ctx, network, address)
}

// nearest are the addresses at which to meet a member: where a socket of this
// host takes connections, that one alone, else those of networks. The sockets of
// another host, or of a container with a network of its own, are not there.
func nearest(ctx context.Context, addresses []string) []string {
	for i, a := range addresses {
		if within(a) {
			if conn, err := dialAddress(ctx, a); err == nil {
				_ = conn.Close()
				return addresses[i : i+1]
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(addresses), within)
}

// hostBuffer is how much the socket of a plain connection may hold, in bytes.
// Left to itself the system gives a Unix socket less, and lets one of loopback
// grow to several MiB, as far networks need; then what is on its way has left the
// caches before it arrives.
const hostBuffer = 256 << 10

// hold sets the buffers of a plain connection. Over TLS deep ones do no harm: the
// caches are not what bounds it.
func hold(conn net.Conn) {
	if socket, ok := conn.(interface {
		SetReadBuffer(bytes int) error
		SetWriteBuffer(bytes int) error
	}); ok {
		_ = socket.SetReadBuffer(hostBuffer) // where it can't be, numbers move more slowly
		_ = socket.SetWriteBuffer(hostBuffer)
	}
}
