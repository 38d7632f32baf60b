package secure

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
)

// TokenSize is the number of random bytes of a token.
const TokenSize = 32

// ProofSize is the number of bytes of a proof.
const ProofSize = sha256.Size

// Token is the secret of a job. Its zero value is no token: it equals nothing
// and proves nothing.
//
// A token does not print: every verb of package fmt gives "[token]", and JSON an
// empty object. The bytes are a function's, so that printing a struct that holds
// a token in an unexported field does not show them either.
type Token struct {
	secret func() []byte // nil: no token
}

func tokenOf(secret []byte) Token { return Token{func() []byte { return secret }} }

// NewToken draws a token from the system's secure source.
func NewToken() Token {
	secret := make([]byte, TokenSize)
	_, _ = rand.Read(secret) // never fails: it ends the process instead
	return tokenOf(secret)
}

// ReadToken reads a token that WriteTo wrote.
func ReadToken(r io.Reader) (Token, error) {
	secret := make([]byte, TokenSize)
	if _, err := io.ReadFull(r, secret); err != nil {
		return Token{}, fmt.Errorf("the job's token has %d bytes: %w", TokenSize, err)
	}
	return tokenOf(secret), nil
}

// WriteTo writes the token's bytes, for a pipe to a child.
func (t Token) WriteTo(w io.Writer) (int64, error) {
	if t.IsZero() {
		return 0, errNoToken
	}
	n, err := w.Write(t.secret())
	return int64(n), err
}

// IsZero reports whether there is no token.
func (t Token) IsZero() bool { return t.secret == nil }

// Equal compares two tokens in a time that does not depend on their bytes. No
// token equals none.
func (t Token) Equal(other Token) bool {
	return !t.IsZero() && !other.IsZero() && hmac.Equal(t.secret(), other.secret())
}

// Proof shows that its maker has the token without telling it:
// HMAC-SHA256(token, role ‖ 0 ‖ statement), after RFC 2104. The role keeps the
// proof of one side of a conversation from serving the other; the statement
// holds what both have said, with a random number of each, so that no proof
// serves twice. It panics if there is no token.
func (t Token) Proof(role string, statement []byte) [ProofSize]byte {
	if t.IsZero() {
		panic(errNoToken)
	}
	h := hmac.New(sha256.New, t.secret())
	h.Write(append([]byte(role), 0))
	h.Write(statement)
	return [ProofSize]byte(h.Sum(nil))
}

// Proves checks another's Proof in constant time. Without a token it is false.
func (t Token) Proves(proof [ProofSize]byte, role string, statement []byte) bool {
	if t.IsZero() {
		return false
	}
	want := t.Proof(role, statement)
	return hmac.Equal(want[:], proof[:])
}

// Format prints "[token]" for every verb.
func (t Token) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, t.String()) }

// String is "[token]", whatever the token.
func (t Token) String() string { return "[token]" }
