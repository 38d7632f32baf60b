package connect

import "testing"

func TestTokenFor(t *testing.T) {
	for _, c := range []struct{ remote, from, want string }{
		{"sc://host", "sc://host:15002/;token=a%2Bb", "a+b"},
		{"sc://host:15002/;use_ssl=true", "sc://host/;user_id=me;token=t", "t"},
		{"sc://host", "sc://other/;token=t", ""},
		{"sc://host:1", "sc://host:2/;token=t", ""},
		{"sc://host", "sc://host", ""},
		{"sc://host", "", ""},
		{"", "sc://host/;token=t", ""},
	} {
		if got := TokenFor(c.remote, c.from); got != c.want {
			t.Errorf("TokenFor(%q, %q) is %q, want %q", c.remote, c.from, got, c.want)
		}
	}
}
