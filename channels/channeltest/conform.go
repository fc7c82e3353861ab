package channeltest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"maps"
	"net/http"
	neturl "net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tributary/channels"
	"tributary/chat"
)

var slug = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// conform checks the rules that hold for every driver.
func (s *suite) conform(t *testing.T) {
	t.Helper()
	t.Run("conformance/info", s.checkInfo)
	for _, c := range s.cases {
		if c.outbound() || c.Request.Method != http.MethodPost {
			continue
		}
		t.Run("conformance/webhook/"+c.name(), func(t *testing.T) {
			t.Run("proof", func(t *testing.T) { s.checkProof(t, c) })
			t.Run("no secret", func(t *testing.T) { s.checkNoSecret(t, c) })
			t.Run("decode", func(t *testing.T) { s.checkDecode(t, c) })
			t.Run("truncated", func(t *testing.T) { s.checkTruncated(t, c) })
		})
	}
	s.conformSender(t)
	s.conformProfiler(t)
}

func (s *suite) checkInfo(t *testing.T) {
	d := s.build(newEnv(nil, refuseCalls{t}))
	info := d.Info()
	if !slug.MatchString(info.Slug) {
		t.Errorf("slug %q: want lower-case letters, digits and _", info.Slug)
	}
	if !strings.HasPrefix(info.ChannelType, "Channel::") {
		t.Errorf("channel type %q: want Channel::Name", info.ChannelType)
	}
	if info.Title == "" {
		t.Errorf("the driver has no title")
	}
	names, paths := map[string]bool{}, map[string]bool{}
	for _, h := range info.Hooks {
		if h.Name == "" || !strings.HasPrefix(h.Path, "/") || h.Method != http.MethodGet && h.Method != http.MethodPost {
			t.Errorf("hook %+v: want a name, GET or POST, and a path from /", h)
		}
		if h.Method == http.MethodPost && (h.Success.Status < 200 || h.Success.Status > 299) {
			t.Errorf("hook %s: success is %d, want 2xx", h.Name, h.Success.Status)
		}
		if key := h.Method + " " + h.Path; paths[key] {
			t.Errorf("two hooks are %s", key)
		} else {
			paths[key] = true
		}
		if key := h.Method + " " + h.Name; names[key] {
			t.Errorf("two hooks are named %s", key)
		} else {
			names[key] = true
		}
	}
}

// proven tells whether the driver believes in.
func (w *world) proven(in *input) bool {
	r := in.request(w.env)
	return w.driver.Verify(r, w.located(r)).OK()
}

// checkProof damages an authentic request in every way that a proof must notice.
func (s *suite) checkProof(t *testing.T, c *testCase) {
	w := s.newWorld(t, c, refuseCalls{t})
	in := w.input(t, c)
	if !w.proven(in) {
		return // a case of a refused request
	}
	damaged := func(change func(string) string) *input {
		out := *in
		out.headers = map[string]string{}
		for k, v := range in.headers {
			out.headers[k] = change(v)
		}
		return &out
	}
	for name, change := range map[string]func(string) string{
		"absent":    func(string) string { return "" },
		"truncated": func(v string) string { return v[:max(0, len(v)-2)] },
		"half":      func(v string) string { return v[:len(v)/2] },
		"wrong":     flip,
		"longer":    func(v string) string { return v + "AA" },
	} {
		if w.proven(damaged(change)) {
			t.Errorf("a request with %s headers is believed", name)
		}
	}
	r := in.request(w.env)
	if w.driver.Verify(r, nil).OK() && w.located(r) != nil {
		t.Errorf("a request that names a channel is believed without the channel")
	}
	if signed(in.headers) {
		out := *in
		out.body = slices.Concat(in.body, []byte("&tampered=1"))
		if w.proven(&out) {
			t.Errorf("a request with a changed body is believed in spite of its signature")
		}
	}
}

// flip changes a character in the middle, where base64 has no padding bits.
func flip(v string) string {
	if v == "" {
		return "x"
	}
	b := []byte(v)
	if i := len(b) / 2; b[i] == 'A' {
		b[i] = 'B'
	} else {
		b[i] = 'A'
	}
	return string(b)
}

// signed tells whether a header carries a signature over the body.
func signed(headers map[string]string) bool {
	for k := range headers {
		if strings.Contains(strings.ToLower(k), "signature") {
			return true
		}
	}
	return false
}

// checkNoSecret takes all secrets away: then nothing may be believed.
func (s *suite) checkNoSecret(t *testing.T, c *testCase) {
	for name, strip := range map[string]func(map[string]any, string){
		"unset": func(m map[string]any, k string) { delete(m, k) },
		"empty": func(m map[string]any, k string) { m[k] = "" },
	} {
		bare := *c
		bare.Given.Config = map[string]string{"FRONTEND_URL": c.Given.Config["FRONTEND_URL"]}
		bare.Given.Inboxes = nil
		bare.Given.rest = nil
		w := s.newWorld(t, &bare, refuseCalls{t})
		secrets := secretNames(w.driver)
		for _, raw := range c.Given.Inboxes {
			settings := decodeJSON(t, raw)
			stripSecrets(settings, secrets, strip)
			out, err := json.Marshal(settings)
			if err != nil {
				t.Fatalf("settings: %v", err)
			}
			ch := newChannel(t, out)
			if ch.Type != w.driver.Info().ChannelType {
				continue
			}
			if _, err := w.driver.Parse(ch.Settings); err != nil {
				continue // cannot be loaded: cannot be believed
			}
			w.add(t, w.driver, ch)
			w.channels = append(w.channels, ch)
		}
		in := w.input(t, c)
		for _, ch := range append(w.channels, nil) {
			if p := w.driver.Verify(in.request(w.env), ch); p.OK() {
				t.Errorf("with %s secrets the request is believed", name)
			} else if ch != nil && p.Result != channels.ProofNoSecret {
				t.Errorf("with %s secrets the result is %q, want %q", name, p.Result, channels.ProofNoSecret)
			}
			for _, forged := range in.forgeries(w.env) {
				if p := w.driver.Verify(forged.request(w.env), ch); p.OK() {
					t.Errorf("with %s secrets a request with headers %v is believed", name, forged.headers)
				}
			}
		}
	}
}

// forgeries are what somebody sends who guesses that the secret is empty: no
// header, an empty one, empty credentials, and every signature in use, made with
// an empty key.
func (in *input) forgeries(env *channels.Env) []*input {
	sum := func(h func() hash.Hash, data []byte) []byte {
		mac := hmac.New(h, nil)
		mac.Write(data)
		return mac.Sum(nil)
	}
	r := in.request(env)
	url := []byte(r.PublicURL)
	if form, err := neturl.ParseQuery(string(in.body)); err == nil {
		for _, k := range slices.Sorted(maps.Keys(form)) {
			url = append(url, k+strings.Join(form[k], "")...)
		}
	}
	values := []string{
		"", "Basic Og==", "Bearer ", "Bearer",
		base64.StdEncoding.EncodeToString(sum(sha1.New, url)),
	}
	for _, h := range []struct {
		prefix string
		new    func() hash.Hash
	}{{"sha256=", sha256.New}, {"sha1=", sha1.New}} {
		mac := sum(h.new, in.body)
		for _, text := range []string{hex.EncodeToString(mac), base64.StdEncoding.EncodeToString(mac)} {
			values = append(values, text, h.prefix+text)
		}
	}
	out := []*input{{
		hook: in.hook, params: in.params, method: in.method, path: in.path, query: in.query, body: in.body,
	}}
	for _, v := range values {
		forged := *in
		forged.headers = maps.Clone(in.headers)
		for k := range in.headers {
			if looksSecret(k) {
				forged.headers[k] = v
			}
		}
		out = append(out, &forged)
	}
	return out
}

// secretNames are the last elements of Info.Secrets.
func secretNames(d channels.Driver) map[string]bool {
	names := map[string]bool{}
	for _, s := range d.Info().Secrets {
		names[s[strings.LastIndexByte(s, '.')+1:]] = true
	}
	return names
}

func stripSecrets(v any, names map[string]bool, strip func(map[string]any, string)) {
	m, ok := v.(map[string]any)
	if !ok {
		return
	}
	for _, k := range slices.Collect(maps.Keys(m)) {
		if names[k] {
			strip(m, k)
		} else {
			stripSecrets(m[k], names, strip)
		}
	}
}

// checkDecode decodes twice and looks whether the events are the same, complete,
// and independent of the request's memory.
func (s *suite) checkDecode(t *testing.T, c *testCase) {
	w := s.newWorld(t, c, refuseCalls{t})
	in := w.input(t, c)
	decode := func() ([]chat.Event, []byte, *channels.Request) {
		r := in.request(w.env)
		events, err := w.driver.Decode(r)
		if err != nil {
			checkDecodeError(t, err)
		}
		raw, err := json.Marshal(events)
		if err != nil {
			t.Fatalf("the events cannot be stored: %v", err)
		}
		return events, raw, r
	}
	events, first, r := decode()
	for i := range events {
		checkEvent(t, &events[i])
	}
	for i := range r.Body {
		r.Body[i] = 'X'
	}
	after, err := json.Marshal(events)
	if err != nil || !bytes.Equal(after, first) {
		t.Errorf("the events share memory with the request body")
	}
	if _, second, _ := decode(); !bytes.Equal(first, second) {
		t.Errorf("decoding twice differs:\n%s\n%s", first, second)
	}
}

// checkDecodeError holds an error of Decode to the contract.
func checkDecodeError(t testing.TB, err error) {
	t.Helper()
	var refusal *channels.Refusal
	if !errors.Is(err, channels.ErrFormat) && !errors.As(err, &refusal) {
		t.Errorf("Decode fails with neither ErrFormat nor *Refusal: %v", err)
	}
}

// checkTruncated cuts the body at many places.
func (s *suite) checkTruncated(t *testing.T, c *testCase) {
	w := s.newWorld(t, c, refuseCalls{t})
	in := w.input(t, c)
	step := max(1, len(in.body)/97)
	for n := 0; n < len(in.body); n += step {
		cut := *in
		cut.body = in.body[:n]
		events, err := w.driver.Decode(cut.request(w.env))
		if err != nil {
			checkDecodeError(t, err)
			continue
		}
		for i := range events {
			if c.Request.Form == nil && events[i].Kind != chat.KindIgnored {
				t.Errorf("the first %d bytes give an event of kind %s", n, events[i].Kind)
			}
			checkEvent(t, &events[i])
		}
		if t.Failed() {
			return
		}
	}
}
