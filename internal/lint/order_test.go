package lint

import (
	"strings"
	"testing"
)

func TestOrder(t *testing.T) {
	o, err := ParseOrder(`
		# comment < ignored;
		NONE < a < b, c < d;  a < e;
		b, e <
			learn < learn/*;  learn < learn/own;
		e !< d;
	`)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"b", "a", true},
		{"a", "b", false},
		{"d", "a", true}, // transitively
		{"d", "c", true},
		{"b", "c", false},
		{"d", "e", false},
		{"learn/glm", "learn", true},
		{"learn/glm/deep", "e", true}, // any depth
		{"learn/glm", "learn/gbm", false},
		{"learn/own", "learn/glm", false},
		{"learn", "learn/glm", false},
		{"unknown", "a", false},
		{"d", "unknown", false},
	} {
		if got := o.Allows(c.from, c.to); got != c.want {
			t.Errorf("Allows(%s, %s) = %v, want %v", c.from, c.to, got, c.want)
		}
	}
}

func TestOrderErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"NONE < a;\nb < c;", "line 2: b is used before it is defined"},
		{"NONE < a < b;\na < b;", "line 2: b is defined twice"},
		{"NONE < a;\nc;", `line 2: "c": want a < b`},
		{"NONE < a", "no semicolon"},
		{"NONE < a b;", "want names separated by commas"},
		{"NONE < a,;", "want names separated by commas"},
		{"NONE < a < b < c;\na !< c;", "line 2: promised a !< c, but the rules imply it"},
	} {
		if _, err := ParseOrder(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("ParseOrder(%q) = %v, want %s", c.text, err, c.want)
		}
	}
}
