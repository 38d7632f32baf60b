package worker

import (
	"bufio"
	"io"
	"net"
	"testing"
)

// TestStrangersAtTheProxy: who does not know the secret is dropped, and the Python
// that does is still let in.
func TestStrangersAtTheProxy(t *testing.T) {
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	guess, greedy, python := dial(), dial(), dial()
	say := func(conn net.Conn, values ...any) { _, _ = conn.Write(newWriter().put(values...).Bytes()) }
	say(guess, "a guess", 1)
	say(greedy, 1<<30)
	say(python, "secret", 42)
	conn, err := acceptPython(l, "secret")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if answer := (&wire{r: bufio.NewReader(python)}).text(); answer != "ok" {
		t.Errorf("Python is answered %q", answer)
	}
	for _, stranger := range []net.Conn{guess, greedy} {
		if n, _ := io.Copy(io.Discard, stranger); n > 0 {
			t.Errorf("a stranger got %d bytes", n)
		}
	}
}
