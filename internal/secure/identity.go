package secure

import (
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// serverName is the name in every certificate of a job. Whom a process reaches
// is decided by the job's own authority, not by a host's name, which many
// clusters do not know from inside.
const serverName = "member.ember"

// maxPart bounds a certificate or key in an identity's bytes.
const maxPart = 4 << 10

// Identity is what one process of a job shows to the others: the token, its
// certificate with the key, and the authority by which it knows theirs. It is a
// secret, and prints as one.
type Identity struct {
	token     Token
	authority []byte                    // DER
	cert      []byte                    // DER
	key       func() ed25519.PrivateKey // a function does not print
	roots     *x509.CertPool
}

func newIdentity(token Token, authority, cert []byte, key ed25519.PrivateKey) (*Identity, error) {
	root, err := x509.ParseCertificate(authority)
	if err != nil {
		return nil, fmt.Errorf("the job's authority: %w", err)
	}
	leaf, err := x509.ParseCertificate(cert)
	if err != nil {
		return nil, fmt.Errorf("the job's certificate: %w", err)
	}
	if public, ok := leaf.PublicKey.(ed25519.PublicKey); !ok || !public.Equal(key.Public()) {
		return nil, errors.New("the job's certificate and its key do not belong together")
	}
	roots := x509.NewCertPool()
	roots.AddCert(root)
	return &Identity{token: token, authority: authority, cert: cert, key: func() ed25519.PrivateKey { return key }, roots: roots}, nil
}

// Token is the job's token.
func (id *Identity) Token() Token { return id.token }

// Server is TLS for a port: version 1.3, only with clients of the same job.
func (id *Identity) Server() *tls.Config {
	c := id.config()
	c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, id.roots
	c.SessionTicketsDisabled = true // connections are few and long
	return c
}

// Client is TLS for dialing: version 1.3, only to servers of the same job, at
// any address.
func (id *Identity) Client() *tls.Config {
	c := id.config()
	c.RootCAs, c.ServerName = id.roots, serverName
	return c
}

func (id *Identity) config() *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{{Certificate: [][]byte{id.cert}, PrivateKey: id.key()}},
	}
}

// WriteTo writes the identity for the process that it is for, by pipe: the
// token, then authority, certificate and key, each after its length as a
// little-endian uint32.
func (id *Identity) WriteTo(w io.Writer) (int64, error) {
	n, err := id.token.WriteTo(w)
	for _, part := range [][]byte{id.authority, id.cert, id.key()} {
		if err != nil {
			return n, err
		}
		var m int
		m, err = w.Write(append(binary.LittleEndian.AppendUint32(nil, uint32(len(part))), part...))
		n += int64(m)
	}
	return n, err
}

// ReadIdentity reads what WriteTo wrote, and nothing after it.
func ReadIdentity(r io.Reader) (*Identity, error) {
	token, err := ReadToken(r)
	if err != nil {
		return nil, err
	}
	var parts [3][]byte // authority, certificate, key
	for i := range parts {
		if parts[i], err = readPart(r); err != nil {
			return nil, fmt.Errorf("the job's identity: %w", err)
		}
	}
	if n := len(parts[2]); n != ed25519.PrivateKeySize {
		return nil, fmt.Errorf("the job's identity: the key has %d bytes, not %d", n, ed25519.PrivateKeySize)
	}
	return newIdentity(token, parts[0], parts[1], parts[2])
}

func readPart(r io.Reader) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(length[:])
	if n > maxPart {
		return nil, fmt.Errorf("a part of %d bytes, more than %d", n, maxPart)
	}
	part := make([]byte, n)
	_, err := io.ReadFull(r, part)
	return part, err
}

// Format prints "[identity]" for every verb.
func (id *Identity) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, id.String()) }

// String is "[identity]", whosever it is.
func (id *Identity) String() string { return "[identity]" }
