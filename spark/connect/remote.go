package connect

import (
	"crypto/rand"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// DefaultPort is where a Spark Connect server listens if nobody says otherwise.
const DefaultPort = 15002

// remote is what a connection string says.
type remote struct {
	host     string
	port     int
	ssl      *bool // nil: not said
	token    string
	user     string
	agent    string
	session  string
	metadata map[string]string // sent with every request
}

// parseRemote reads a connection string by Spark's rules: sc://host[:port][/;name=value;…], values percent-encoded;
// names that Spark does not reserve are gRPC metadata. No error repeats a value: it may be the token.
func parseRemote(s string) (*remote, error) {
	const form = `the form is "sc://host:port/;use_ssl=true;user_id=me"`
	if s == "" {
		return nil, fmt.Errorf("spark connect: no address: %s", form)
	}
	rest, ok := strings.CutPrefix(s, "sc://")
	if !ok {
		scheme, _, found := strings.Cut(s, "://")
		if !found {
			return nil, fmt.Errorf("spark connect: an address begins with sc://: %s", form)
		}
		return nil, fmt.Errorf("spark connect: the scheme of the address is %q, not sc: %s", scheme, form)
	}
	authority, params, slash := strings.Cut(rest, "/")
	if i := strings.IndexAny(authority, ";?#@"); i >= 0 {
		return nil, fmt.Errorf("spark connect: %q in the host: options begin with /; after host and port: %s", authority[i], form)
	}
	if slash && params != "" && params[0] != ';' {
		return nil, fmt.Errorf("spark connect: the address has a path: options begin with /; after host and port: %s", form)
	}
	r := &remote{metadata: map[string]string{}}
	if err := r.setAuthority(authority); err != nil {
		return nil, err
	}
	for option := range strings.SplitSeq(params, ";") {
		if option == "" {
			continue
		}
		name, value, ok := strings.Cut(option, "=")
		if !ok {
			return nil, fmt.Errorf("spark connect: an option of the address has no \"=\": %s", form)
		}
		value, err := url.PathUnescape(value)
		if err != nil {
			return nil, fmt.Errorf("spark connect: option %s of the address: a percent sign is not followed by two hexadecimal digits", name)
		}
		if err := r.setOption(name, value); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *remote) setAuthority(s string) error {
	r.host, r.port = s, DefaultPort
	if !strings.HasPrefix(s, "[") && strings.Count(s, ":") > 1 {
		return fmt.Errorf("spark connect: write the IPv6 address in brackets: sc://[%s]:%d", s, DefaultPort)
	}
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		r.host = s[1 : len(s)-1]
	} else if strings.Contains(s, ":") {
		host, port, err := net.SplitHostPort(s)
		if err != nil {
			return fmt.Errorf("spark connect: host and port %q: %w", s, err)
		}
		r.host = host
		if r.port, err = strconv.Atoi(port); err != nil || r.port < 1 || r.port > 65535 {
			return fmt.Errorf("spark connect: port %q is not a number from 1 to 65535", port)
		}
	}
	if r.host == "" {
		return fmt.Errorf("spark connect: the address has no host: sc://host:%d", DefaultPort)
	}
	return nil
}

func (r *remote) setOption(name, value string) error {
	switch name {
	case "use_ssl":
		ssl, err := strconv.ParseBool(strings.ToLower(value))
		if err != nil {
			return fmt.Errorf("spark connect: use_ssl in the address is true or false")
		}
		r.ssl = &ssl
	case "token":
		r.token = value
	case "user_id":
		r.user = value
	case "user_agent":
		r.agent = value
	case "session_id":
		if !isUUID(value) {
			return fmt.Errorf("spark connect: session_id in the address is not a UUID such as %s", newUUID())
		}
		r.session = value
	default:
		key := strings.ToLower(name)
		if key == "" || strings.HasPrefix(key, "grpc-") || !headerName(key) {
			return fmt.Errorf("spark connect: option %q of the address is no option, and no name of gRPC metadata", name)
		}
		r.metadata[key] = value
	}
	return nil
}

// address is host and port as the dialer wants them.
func (r *remote) address() string { return net.JoinHostPort(r.host, strconv.Itoa(r.port)) }

// loopback reports whether the bytes stay on this machine.
func (r *remote) loopback() bool {
	ip := net.ParseIP(r.host)
	return r.host == "localhost" || ip != nil && ip.IsLoopback()
}

// secure reports whether to speak TLS: as use_ssl says, else, as PySpark does, whenever a token would leave the machine.
func (r *remote) secure() bool {
	if r.ssl != nil {
		return *r.ssl
	}
	return r.token != "" && !r.loopback()
}

func headerName(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.'
	}) < 0
}

// printable reports whether s can be the value of a header.
func printable(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return c <= ' ' || c > '~' }) < 0
}

// newUUID returns a random UUID (version 4), the only name that Spark takes for sessions and operations.
func newUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, c := range s {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (c == '-') || !dash && !strings.ContainsRune("0123456789abcdefABCDEF", c) {
			return false
		}
	}
	return true
}

// TokenFor returns the token of a connection string, such as SPARK_REMOTE has, if that is for the same host and port as
// another one; "" otherwise: a token is for one server only.
func TokenFor(remote, from string) string {
	r, err := parseRemote(remote)
	if err != nil {
		return ""
	}
	f, err := parseRemote(from)
	if err != nil || f.address() != r.address() {
		return ""
	}
	return f.token
}

// WithoutToken returns a connection string, or what was meant for one, without its token: to be shown and logged.
func WithoutToken(remote string) string {
	options := strings.Split(remote, ";")
	return strings.Join(slices.DeleteFunc(options, func(option string) bool {
		name, _, _ := strings.Cut(option, "=")
		return strings.EqualFold(strings.TrimSpace(name), "token")
	}), ";")
}
