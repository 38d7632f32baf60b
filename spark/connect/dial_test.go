package connect

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// TestUnreachable connects to what is no Spark Connect server and wants to be told what to do.
func TestUnreachable(t *testing.T) {
	listen := func(t *testing.T, serve func(net.Conn)) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go serve(c)
			}
		}()
		return "sc://" + l.Addr().String()
	}
	refused, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused.Close()
	web := func(c net.Conn) {
		defer c.Close()
		io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
		io.Copy(io.Discard, c)
	}
	for name, test := range map[string]struct {
		remote string
		want   string
	}{
		"nobody listens":   {"sc://" + refused.Addr().String(), "start-connect-server.sh"},
		"no TLS":           {listen(t, web) + "/;use_ssl=true;token=tOkEn", "leave out use_ssl=true"},
		"another protocol": {listen(t, web), "no Spark Connect server"},
		"hangs up":         {listen(t, func(c net.Conn) { c.Close() }), "try use_ssl=true"},
		"never answers":    {listen(t, func(c net.Conn) { io.Copy(io.Discard, c) }), "no answer within"},
		"no such machine":  {"sc://no-such-machine.invalid", "no machine has the name"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Dial(t.Context(), Options{Remote: test.remote, Timeout: time.Second})
			if err == nil {
				s.Close()
				t.Fatal("connected")
			}
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "tOkEn") {
				t.Errorf("%v; want %q in it", err, test.want)
			}
		})
	}
	t.Run("canceled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := Dial(ctx, Options{Remote: "sc://" + refused.Addr().String()}); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
