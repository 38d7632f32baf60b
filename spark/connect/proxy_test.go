//go:build spark

package connect_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy stands between client and server, and cuts connections.
type proxy struct {
	Remote string
	target atomic.Pointer[string]
	every  atomic.Int64 // bytes from the server after which a connection is cut
	cuts   atomic.Int64 // that are still to be made

	mu   sync.Mutex
	open []net.Conn
}

// cut ends the connections that are open.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.open {
		c.Close()
	}
	p.open = nil
}

// startProxy listens for a server; with a config it speaks TLS.
func startProxy(t *testing.T, remote string, config *tls.Config) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Remote: "sc://" + l.Addr().String()}
	p.to(remote)
	if config != nil {
		l = tls.NewListener(l, config)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
	return p
}

// to names the server of the connections to come.
func (p *proxy) to(remote string) {
	address := strings.TrimPrefix(remote, "sc://")
	p.target.Store(&address)
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", *p.target.Load())
	if err != nil {
		return
	}
	defer server.Close()
	p.mu.Lock()
	p.open = append(p.open, client)
	p.mu.Unlock()
	go func() {
		io.Copy(server, client)
		server.Close()
	}()
	if p.cuts.Load() > 0 {
		io.CopyN(client, server, p.every.Load())
		if p.cuts.Add(-1) >= 0 {
			return
		}
	}
	io.Copy(client, server)
}

// certificate returns a server's TLS for 127.0.0.1 and a client's that trusts it.
func certificate(t *testing.T) (server, client *tls.Config) {
	web := httptest.NewTLSServer(nil)
	t.Cleanup(web.Close)
	trusted := x509.NewCertPool()
	trusted.AddCert(web.Certificate())
	return &tls.Config{Certificates: web.TLS.Certificates, NextProtos: []string{"h2"}}, &tls.Config{RootCAs: trusted}
}
