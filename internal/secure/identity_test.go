package secure_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/emberml/ember/internal/secure"
)

func identity(t testing.TB, a *secure.Authority, name string) *secure.Identity {
	t.Helper()
	id, err := a.Issue(name)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func authority(t testing.TB) *secure.Authority {
	t.Helper()
	a, err := secure.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// handshake lets a client send a byte to a server and read it back: in TLS 1.3 a
// client learns only by reading that it was refused.
func handshake(t *testing.T, client, server *tls.Config) error {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.CopyN(conn, conn, 1)
	}()
	conn, err := tls.Dial("tcp", l.Addr().String(), client)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte{1}); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 1))
	return err
}

func TestMembersMeet(t *testing.T) {
	a := authority(t)
	driver := identity(t, a, "driver")
	var pipe bytes.Buffer
	worker := identity(t, a, "worker 0")
	if n, err := worker.WriteTo(&pipe); err != nil || n != int64(pipe.Len()) {
		t.Fatalf("wrote %d of %d bytes, %v", n, pipe.Len(), err)
	}
	pipe.WriteString("more")
	worker, err := secure.ReadIdentity(&pipe)
	if err != nil {
		t.Fatal(err)
	}
	if pipe.String() != "more" {
		t.Errorf("reading left %q", pipe.String())
	}
	if !worker.Token().Equal(a.Token()) {
		t.Error("the worker has another token")
	}
	for _, c := range []struct{ client, server *secure.Identity }{{worker, driver}, {driver, worker}} {
		if err := handshake(t, c.client.Client(), c.server.Server()); err != nil {
			t.Error(err)
		}
	}
}

func TestStrangersAreRefused(t *testing.T) {
	a := authority(t)
	member, stranger := identity(t, a, "worker 0"), identity(t, authority(t), "worker 0")
	bare := member.Client()
	bare.Certificates = nil
	old := member.Client()
	old.MinVersion, old.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	for _, c := range []struct {
		name           string
		client, server *tls.Config
	}{
		{"client of another job", stranger.Client(), member.Server()},
		{"server of another job", member.Client(), stranger.Server()},
		{"client without a certificate", bare, member.Server()},
		{"TLS 1.2", old, member.Server()},
	} {
		if err := handshake(t, c.client, c.server); err == nil {
			t.Errorf("%s: was let in", c.name)
		}
	}
}

// TestKeysDoNotPrint prints what holds keys, also where a struct hides it from
// its own Format.
func TestKeysDoNotPrint(t *testing.T) {
	a := authority(t)
	id := identity(t, a, "worker 0")
	var pipe bytes.Buffer
	if _, err := id.WriteTo(&pipe); err != nil {
		t.Fatal(err)
	}
	key := pipe.Bytes()[pipe.Len()-64:]
	holder := struct{ id *secure.Identity }{id}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q"} {
		text := fmt.Sprintf(strings.Repeat(verb+" ", 4), a, *a, id, holder)
		for _, secret := range []string{fmt.Sprint(key[:8]), fmt.Sprintf("%x", key[:8]), string(key[:8]), strings.Trim(fmt.Sprintf("%#v", key[:8]), "[]byte{}")} {
			if strings.Contains(text, strings.Trim(secret, "[]")) {
				t.Errorf("%s prints a key: %s", verb, text)
			}
		}
	}
}

func FuzzReadIdentity(f *testing.F) {
	var whole bytes.Buffer
	if _, err := identity(f, authority(f), "worker 0").WriteTo(&whole); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.Bytes())
	f.Add(whole.Bytes()[:whole.Len()-1])
	f.Add(bytes.Repeat([]byte{0xff}, 40))
	f.Fuzz(func(t *testing.T, raw []byte) {
		id, err := secure.ReadIdentity(bytes.NewReader(raw))
		if err != nil {
			return
		}
		var again bytes.Buffer
		if _, err := id.WriteTo(&again); err != nil || !bytes.HasPrefix(raw, again.Bytes()) {
			t.Errorf("an identity does not come back as it was, %v", err)
		}
	})
}

func ExampleToken() {
	fmt.Println(secure.NewToken())
	// Output: [token]
}
