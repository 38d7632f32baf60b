package connect

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"time"
)

// Options say which server to speak to, and as whom.
type Options struct {
	Remote    string        // sc://host[:port][/;name=value…]: Spark's connection string
	Token     string        // bearer token; "" is the one in Remote, if any
	UserID    string        // "" is the one in Remote, else the user of this process
	SessionID string        // a UUID, to share the session of another client of the same user; "" is the one in Remote, else a new session
	UserAgent string        // what the server's UI and log call this client; "" is the one in Remote, else "ember"
	Timeout   time.Duration // for the server's first answer; 0 is 20 seconds
	Patience  time.Duration // for how long a server that stopped answering is called again; 0 is two minutes
	TLS       *tls.Config   // certificate authorities and the like; nil is the system's. Whether TLS is spoken says Remote's use_ssl
}

// Format prints the options without what may be secret, for every verb.
func (o Options) Format(s fmt.State, _ rune) { _, _ = fmt.Fprint(s, o.String()) }

// String names the server, never the token.
func (o Options) String() string {
	r, err := parseRemote(o.Remote)
	if err != nil {
		return "[connect options]"
	}
	return "sc://" + r.address()
}

// MarshalText returns what String does, so that the token stays out of JSON and of structured logs, too.
func (o Options) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// resolve merges the options with their connection string and fills in the defaults.
func (o Options) resolve() (Options, *remote, error) {
	r, err := parseRemote(o.Remote)
	if err != nil {
		return o, nil, err
	}
	first := func(values ...string) string {
		for _, v := range values {
			if v != "" {
				return v
			}
		}
		return ""
	}
	r.token = first(o.Token, r.token)
	r.user = first(o.UserID, r.user, os.Getenv("USER"), os.Getenv("USERNAME"), "ember")
	r.agent = first(o.UserAgent, r.agent, "ember")
	r.session = first(o.SessionID, r.session)
	switch {
	case !isUUID(r.session) && r.session != "":
		return o, nil, fmt.Errorf("spark connect: session id %q is not a UUID", r.session)
	case !printable(r.token):
		return o, nil, errors.New("spark connect: the token has characters that no token has: was it read from the wrong file?")
	}
	if o.Timeout == 0 {
		o.Timeout = 20 * time.Second
	}
	if o.Patience == 0 {
		o.Patience = 2 * time.Minute
	}
	return o, r, nil
}
