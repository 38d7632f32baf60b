package connect

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
)

func yes(b bool) *bool { return &b }

func TestParseRemote(t *testing.T) {
	const id = "8a2b0f8e-3f0b-4f65-9bd5-0d1c2b3a4f5e"
	for in, want := range map[string]remote{
		"sc://host":                             {host: "host", port: 15002},
		"sc://host/":                            {host: "host", port: 15002},
		"sc://host:443/;use_ssl=true":           {host: "host", port: 443, ssl: yes(true)},
		"sc://host/;use_ssl=False;":             {host: "host", port: 15002, ssl: yes(false)},
		"sc://[::1]:99":                         {host: "::1", port: 99},
		"sc://[fe80::1]/;token=t":               {host: "fe80::1", port: 15002, token: "t"},
		"sc://h/;user_id=a%20b;user_agent=x":    {host: "h", port: 15002, user: "a b", agent: "x"},
		"sc://h/;token=a%3Bb=;session_id=" + id: {host: "h", port: 15002, token: "a;b=", session: id},
		"sc://h/;X-Cluster-Id=7":                {host: "h", port: 15002, metadata: map[string]string{"x-cluster-id": "7"}},
	} {
		if want.metadata == nil {
			want.metadata = map[string]string{}
		}
		if got, err := parseRemote(in); err != nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("%s: %+v, %v; want %+v", in, got, err, want)
		}
	}
}

func TestParseRemoteMistakes(t *testing.T) {
	for in, want := range map[string]string{
		"":                          "no address",
		"host:15002":                "begins with sc://",
		"spark://host:7077":         `scheme of the address is "spark"`,
		"sc://":                     "no host",
		"sc://:15002":               "no host",
		"sc://host:port":            `port "port"`,
		"sc://host:0":               "from 1 to 65535",
		"sc://::1":                  "in brackets: sc://[::1]:15002",
		"sc://host;use_ssl=true":    "options begin with /;",
		"sc://me@host":              "'@' in the host",
		"sc://host/path":            "a path",
		"sc://host/;secret":         `no "="`,
		"sc://host/;token=%secret":  "option token",
		"sc://host/;use_ssl=secret": "true or false",
		"sc://host/;session_id=1":   "not a UUID such as",
		"sc://host/;a b=secret":     `"a b"`,
		"sc://host/;grpc-x=secret":  `"grpc-x"`,
	} {
		_, err := parseRemote(in)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v; want %q in it", in, err, want)
		}
	}
}

func FuzzParseRemote(f *testing.F) {
	f.Add("sc://host:1/;use_ssl=true;token=%41")
	f.Add("sc://[::1]:2/;;a=b")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := parseRemote(s)
		if err != nil {
			return
		}
		again, err := parseRemote("sc://" + r.address())
		if err != nil || again.host != r.host || again.port != r.port {
			t.Fatalf("%q: the address %q reads as %+v, %v", s, r.address(), again, err)
		}
	})
}

func TestSecure(t *testing.T) {
	for in, want := range map[string]struct{ tls, warns bool }{
		"sc://host":                           {false, false},
		"sc://host/;token=t":                  {true, false},
		"sc://host/;token=t;use_ssl=false":    {false, true},
		"sc://localhost/;token=t":             {false, false},
		"sc://127.0.0.5/;token=t":             {false, false},
		"sc://[::1]/;token=t;use_ssl=true":    {true, false},
		"sc://localhost.example.org/;token=t": {true, false},
	} {
		r, err := parseRemote(in)
		if err != nil {
			t.Fatal(err)
		}
		warning := (&Session{remote: r}).Warning()
		if r.secure() != want.tls || (warning != "") != want.warns {
			t.Errorf("%s: TLS %v, warning %q; want %v", in, r.secure(), warning, want)
		}
	}
}

// TestTokenIsNeverPrinted prints whatever holds a token, in every way that is usual.
func TestTokenIsNeverPrinted(t *testing.T) {
	const token = "tOkEn"
	_, r, err := Options{Remote: "sc://h/;token=" + token}.resolve()
	if err != nil || r.token != token {
		t.Fatal(r, err)
	}
	options := Options{Remote: "sc://h/;token=" + token, Token: token}
	var log strings.Builder
	for _, v := range []any{options, &options, struct{ O Options }{options}, headersOf(r)} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			fmt.Fprintf(&log, verb+"\n", v)
		}
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
	}
	text, err := json.Marshal(options)
	if err != nil {
		t.Fatal(err)
	}
	log.Write(text)
	if strings.Contains(log.String(), token) || strings.Contains(log.String(), fmt.Sprintf("%x", token)) {
		t.Errorf("the token is in:\n%s", log.String())
	}
}

func TestResolve(t *testing.T) {
	o, r, err := Options{Remote: "sc://h/;token=url;user_id=a", Token: "given", UserAgent: "me"}.resolve()
	if err != nil || r.token != "given" || r.user != "a" || r.agent != "me" || o.Timeout == 0 || o.Patience == 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, _, err := (Options{Remote: "sc://h", Token: "two\nlines"}).resolve(); err == nil || strings.Contains(err.Error(), "lines") {
		t.Errorf("a token of two lines: %v", err)
	}
	if _, _, err := (Options{Remote: "sc://h", SessionID: "x"}).resolve(); err == nil {
		t.Error("a session id that is no UUID")
	}
}

func TestUUID(t *testing.T) {
	a, b := newUUID(), newUUID()
	if a == b || !isUUID(a) || a[14] != '4' || !strings.ContainsRune("89ab", rune(a[19])) {
		t.Errorf("%s, %s", a, b)
	}
	for _, s := range []string{"", a[1:], strings.ToUpper(a)[:35] + "G", strings.Replace(a, "-", "0", 1)} {
		if isUUID(s) {
			t.Errorf("%q is a UUID", s)
		}
	}
}

func TestWithoutToken(t *testing.T) {
	for in, want := range map[string]string{
		"sc://h:1/;token=secret":                "sc://h:1/",
		"sc://h/;use_ssl=true;token=a%3Bb;x=1":  "sc://h/;use_ssl=true;x=1",
		"sc://h/;Token=secret;token=secret":     "sc://h/",
		"--cluster=sc://h/; token = secret;a=b": "--cluster=sc://h/;a=b",
		"sc://h/;user_id=token":                 "sc://h/;user_id=token",
		"local:2":                               "local:2",
		"":                                      "",
	} {
		if got := WithoutToken(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
