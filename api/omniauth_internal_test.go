package api

import (
	"net/url"
	"strings"
	"testing"

	"tributary/desk"
)

// FuzzProviderURL: whatever the query, the start of a sign-in stays on this host, keeps
// every parameter, and is one line.
func FuzzProviderURL(f *testing.F) {
	for _, seed := range []string{"", "account_id=1", "a=b&c=%2B&d", "&&", "#x", "a=b#c", "?", "%", "a=%zz", "account_id=1&resource_class=Admin"} {
		f.Add(desk.ServiceSAML, seed)
		f.Add(desk.ServiceGoogle, seed)
	}
	f.Add("/evil.example", "")
	f.Add("..", "a=b")
	f.Fuzz(func(t *testing.T, provider, query string) {
		if strings.ContainsAny(query, "#\r\n\x00 \t\x7f") || !printable(query) {
			return // no query that comes has these as they are
		}
		got := providerURL(provider, query)
		u, err := url.Parse(got)
		if err != nil {
			t.Fatalf("%q: %v", got, err)
		}
		if u.Host != "" || u.Scheme != "" || !strings.HasPrefix(u.EscapedPath(), "/omniauth/") || strings.ContainsAny(got, "\r\n") {
			t.Fatalf("leads to %q", got)
		}
		if rest, ok := strings.CutSuffix(u.RawQuery, "resource_class=User"); !ok || strings.TrimSuffix(rest, "&") != strings.TrimSuffix(query, "&") && rest != query+"&" {
			t.Fatalf("query %q of %q", u.RawQuery, query)
		}
	})
}

func printable(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// FuzzCookie: nothing makes it panic, and what is there is found.
func FuzzCookie(f *testing.F) {
	for _, seed := range []string{"", "a=b", "a=b; c=d", ";;;=;", "a", "c=1; c=2", " c = x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if value := cookie(header, "c"); strings.Contains(value, ";") {
			t.Fatalf("%q gives %q", header, value)
		}
		if strings.Contains(header, "c") {
			return // it may be there already
		}
		if got := cookie(header+"; c=value", "c"); got != "value" {
			t.Fatalf("%q gives %q", header, got)
		}
	})
}

func TestWithout(t *testing.T) {
	t.Parallel()
	list := []desk.SignInRequest{{Provider: "saml", ID: "a"}, {Provider: "google_oauth2", ID: "g"}, {Provider: "saml", ID: "b"}}
	rest, answered := without(list, "saml", "a")
	if !answered || len(rest) != 2 || rest[1].ID != "b" {
		t.Errorf("got %v %t", rest, answered)
	}
	rest, answered = without(list, "google_oauth2", "x")
	if answered || len(rest) != 2 || len(list) != 3 {
		t.Errorf("got %v %t", rest, answered)
	}
}
