package channeltest

import (
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"testing"

	"tributary/channels"
)

// seed is an inbound case of a fuzz run.
type seed struct {
	world *world
	in    *input
	// proof are the headers without which the request is not believed.
	proof []string
	// signed: a changed body is not believed.
	signed bool
	form   bool
	ok     bool
}

// Fuzz mutates the bodies, headers and queries of the inbound cases. Whatever
// comes, no hook may panic, and a request may be believed only with the proof of
// a case.
func Fuzz(f *testing.F, build func(env *channels.Env) channels.Driver, options ...Option) {
	f.Helper()
	s := newSuite(f, build, options)
	var seeds []seed
	for _, c := range s.cases {
		if c.outbound() {
			continue
		}
		w := s.newWorld(f, c, refuseCalls{f})
		sd := newSeed(w, w.input(f, c))
		f.Add(len(seeds), sd.in.body, headerBlock(sd.in.headers), w.rawQuery(sd.in))
		seeds = append(seeds, sd)
	}
	if len(seeds) == 0 {
		f.Fatal("channeltest: no case has a request")
	}
	proveElsewhere(seeds)
	f.Fuzz(func(t *testing.T, n int, body []byte, headers, query string) {
		sd := &seeds[uint(n)%uint(len(seeds))]
		in := *sd.in
		in.body, in.headers, in.query = body, parseHeaders(headers), parseQuery(query)
		w := sd.world
		if in.method == http.MethodGet {
			if c, ok := w.driver.(channels.Challenger); ok {
				r := in.request(w.env)
				c.Challenge(r, w.located(r))
			}
			return
		}
		v := channels.Accept(w.driver, in.hook, in.request(w.env), w.dir, channels.Enforce)
		if v.Panic != nil {
			t.Fatalf("the decoder panicked: %v", v.Panic)
		}
		for i := range v.Events {
			if channels.Panicked(&v.Events[i]) {
				t.Fatalf("%s", v.Events[i].Reason)
			}
		}
		// Decode must stand any body, whether it is believed or not.
		if _, err := w.driver.Decode(in.request(w.env)); err != nil {
			checkDecodeError(t, err)
		}
		if w.proven(&in) && !slices.ContainsFunc(seeds, func(o seed) bool { return o.allows(&in) }) {
			t.Fatalf("a forged request is believed: headers %q", headers)
		}
	})
}

func newSeed(w *world, in *input) seed {
	sd := seed{world: w, in: in, form: strings.Contains(in.headers["Content-Type"], "form-urlencoded")}
	if in.method == http.MethodGet || !w.proven(in) {
		return sd
	}
	sd.ok = true
	for k := range in.headers {
		without := *in
		without.headers = map[string]string{}
		for other, v := range in.headers {
			if other != k {
				without.headers[other] = v
			}
		}
		if !w.proven(&without) || looksSecret(k) {
			sd.proof = append(sd.proof, k)
		}
	}
	changed := *in
	changed.body = slices.Concat(in.body, []byte("&tampered=1"))
	sd.signed = !w.proven(&changed)
	return sd
}

// proveElsewhere finds the requests that their own case refuses, for want of a secret,
// and that are genuine in the world of another case: a signature is valid wherever
// its secret is.
func proveElsewhere(seeds []seed) {
	for i := range seeds {
		for j := range seeds {
			if seeds[i].ok || i == j {
				continue
			}
			if there := newSeed(seeds[j].world, seeds[i].in); there.ok {
				seeds[i].ok, seeds[i].proof, seeds[i].signed = true, there.proof, there.signed
			}
		}
	}
}

func looksSecret(header string) bool {
	h := strings.ToLower(header)
	return strings.Contains(h, "signature") || strings.Contains(h, "token") || h == "authorization"
}

// allows tells whether in may be believed because it carries the seed's proof.
func (s *seed) allows(in *input) bool {
	if !s.ok || s.in.path != in.path {
		return false
	}
	if s.signed && string(s.in.body) != string(in.body) && (!s.form || !sameForm(s.in.body, in.body)) {
		return false
	}
	headers := http.Header{}
	for k, v := range in.headers {
		headers.Set(k, v)
	}
	return len(s.proof) == 0 || slices.ContainsFunc(s.proof, func(k string) bool {
		return strings.EqualFold(strings.TrimSpace(headers.Get(k)), strings.TrimSpace(s.in.headers[k]))
	})
}

// sameForm tells whether two bodies are the same form, differently escaped.
func sameForm(a, b []byte) bool {
	x, _ := url.ParseQuery(string(a))
	y, _ := url.ParseQuery(string(b))
	return x.Encode() == y.Encode()
}

func headerBlock(headers map[string]string) string {
	var lines []string
	for k, v := range headers {
		lines = append(lines, k+": "+v)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func parseHeaders(block string) map[string]string {
	out := map[string]string{}
	for line := range strings.SplitSeq(block, "\n") {
		if k, v, ok := strings.Cut(line, ":"); ok {
			out[textproto.CanonicalMIMEHeaderKey(k)] = strings.TrimPrefix(v, " ")
		}
	}
	return out
}

func parseQuery(raw string) map[string]string {
	values, _ := url.ParseQuery(raw)
	out := map[string]string{}
	for k := range values {
		out[k] = values.Get(k)
	}
	return out
}

func (w *world) rawQuery(in *input) string { return in.request(w.env).RawQuery }
