package secure_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/emberml/ember/internal/secure"
)

func TestTokenRoundTrip(t *testing.T) {
	token := secure.NewToken()
	var pipe bytes.Buffer
	if n, err := token.WriteTo(&pipe); n != secure.TokenSize || err != nil {
		t.Fatalf("wrote %d bytes, %v", n, err)
	}
	read, err := secure.ReadToken(&pipe)
	if err != nil || !read.Equal(token) {
		t.Errorf("read another token, %v", err)
	}
	if secure.NewToken().Equal(token) {
		t.Error("two new tokens are equal")
	}
	if _, err := secure.ReadToken(strings.NewReader("short")); err == nil {
		t.Error("five bytes are a token")
	}
}

func TestNoToken(t *testing.T) {
	var none secure.Token
	if none.Equal(none) || none.Equal(secure.NewToken()) || none.Proves([32]byte{}, "client", nil) {
		t.Error("no token counts as one")
	}
	if _, err := none.WriteTo(&bytes.Buffer{}); err == nil {
		t.Error("no token can be written")
	}
}

func TestProof(t *testing.T) {
	token := secure.NewToken()
	proof := token.Proof("client", []byte("hello"))
	if !token.Proves(proof, "client", []byte("hello")) {
		t.Error("the proof does not hold")
	}
	for _, other := range []bool{
		token.Proves(proof, "server", []byte("hello")),
		token.Proves(proof, "client", []byte("hallo")),
		token.Proves(proof, "clienth", []byte("ello")),
		secure.NewToken().Proves(proof, "client", []byte("hello")),
	} {
		if other {
			t.Error("the proof serves for something else, too")
		}
	}
}

// TestSecretsDoNotPrint looks for the token's bytes in all that may reach a log.
func TestSecretsDoNotPrint(t *testing.T) {
	token := secure.NewToken()
	var raw bytes.Buffer
	if _, err := token.WriteTo(&raw); err != nil {
		t.Fatal(err)
	}
	a, err := secure.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	id, err := a.Issue("worker 0")
	if err != nil {
		t.Fatal(err)
	}
	holder := struct {
		hidden secure.Token
		Shown  secure.Token
	}{token, token}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "%q", "%d"} {
		fmt.Fprintf(&out, verb+"\n", token)
		fmt.Fprintf(&out, verb+"\n", holder)
		fmt.Fprintf(&out, verb+"\n", &holder)
		if s := fmt.Sprintf(verb, id); s != "[identity]" {
			t.Errorf("%s of an identity prints %s", verb, s)
		}
	}
	text, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(text)
	slog.New(slog.NewTextHandler(&out, nil)).Info("started", "token", token, "holder", holder)
	for _, secret := range []string{
		raw.String(), hex.EncodeToString(raw.Bytes()), strings.ToUpper(hex.EncodeToString(raw.Bytes())),
		fmt.Sprint(raw.Bytes()), strings.Trim(fmt.Sprintf("%#v", raw.Bytes()), "[]byte{}"),
	} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("the token is printed in\n%s", out.String())
		}
	}
}
