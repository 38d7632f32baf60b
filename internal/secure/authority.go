package secure

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"time"
)

var errNoToken = errors.New("there is no job token")

// A certificate is valid from before it was made, since hosts' clocks differ,
// and for longer than any job.
const (
	backdated = 24 * time.Hour
	lifetime  = 366 * 24 * time.Hour
)

// Authority signs the certificates of one job. Its key stays in the process
// that made it.
type Authority struct {
	token Token
	cert  *x509.Certificate
	key   func() ed25519.PrivateKey // a function does not print
}

// NewAuthority makes an authority and its token.
func NewAuthority() (*Authority, error) {
	template := certificate("ember job")
	template.IsCA, template.BasicConstraintsValid, template.MaxPathLenZero = true, true, true
	template.KeyUsage = x509.KeyUsageCertSign
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("the job's certificate authority: %w", err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, key)
	if err != nil {
		return nil, fmt.Errorf("the job's certificate authority: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("the job's certificate authority: %w", err)
	}
	return &Authority{token: NewToken(), cert: cert, key: func() ed25519.PrivateKey { return key }}, nil
}

// Token is the job's token, which every identity holds.
func (a *Authority) Token() Token { return a.token }

// Issue makes the identity of one process of the job; the name ("worker 3") is
// what a person reads in its certificate. It serves as client and as server.
func (a *Authority) Issue(name string) (*Identity, error) {
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", name, err)
	}
	template := certificate(name)
	template.DNSNames = []string{serverName}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, public, a.key())
	if err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", name, err)
	}
	return newIdentity(a.token, a.cert.Raw, der, key)
}

// certificate is what all certificates of a job have in common.
func certificate(name string) *x509.Certificate {
	serial := make([]byte, 16)
	_, _ = rand.Read(serial) // never fails: it ends the process instead
	serial[0] &= 0x7f        // RFC 5280, 4.1.2.2: a positive number
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-backdated),
		NotAfter:     now.Add(lifetime),
	}
}
