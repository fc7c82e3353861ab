package channeltest

import (
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/channels"
	"tributary/chat"
)

const frontend = "https://desk.example.test"

// now is the clock of every case: after the moments that the case files name.
func now() time.Time { return time.Date(2025, time.October, 13, 9, 0, 0, 0, time.UTC) }

// world is the installation of one case: settings, channels and a directory.
type world struct {
	env      *channels.Env
	driver   channels.Driver
	drivers  map[string]channels.Driver // by channel type, the others' included
	channels []*channels.Channel        // all inboxes of the case, in order
	dir      directory
}

// directory finds channels by address, as the cache of the edge does.
type directory map[chat.Address][]*channels.Channel

// Find implements channels.Directory.
func (d directory) Find(a chat.Address) []*channels.Channel { return d[a] }

// refuseCalls is the transport of tests in which nothing may be called.
type refuseCalls struct{ tb testing.TB }

// RoundTrip implements http.RoundTripper.
func (r refuseCalls) RoundTrip(req *http.Request) (*http.Response, error) {
	r.tb.Errorf("unexpected call of %s %s", req.Method, req.URL.Host)
	return nil, http.ErrServerClosed
}

func newEnv(config map[string]string, transport http.RoundTripper) *channels.Env {
	public := config["FRONTEND_URL"]
	if public == "" {
		public = frontend
	}
	client := &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &channels.Env{
		Setting:   func(name string) string { return config[name] },
		PublicURL: public, HTTP: client, Guarded: client,
		Now: now, Log: slog.New(slog.DiscardHandler),
	}
}

// newWorld builds the installation that c describes.
func (s *suite) newWorld(tb testing.TB, c *testCase, transport http.RoundTripper) *world {
	tb.Helper()
	w := &world{env: newEnv(c.Given.Config, transport), dir: directory{}}
	w.driver = s.build(w.env)
	w.drivers = map[string]channels.Driver{}
	for _, build := range s.others {
		d := build(w.env)
		w.drivers[d.Info().ChannelType] = d
	}
	w.drivers[w.driver.Info().ChannelType] = w.driver
	for i, raw := range c.Given.Inboxes {
		if i == 0 {
			raw = merge(tb, raw, c.Given.rest)
		}
		ch := newChannel(tb, raw)
		if d := w.drivers[ch.Type]; d != nil {
			w.add(tb, d, ch)
		}
		w.channels = append(w.channels, ch)
	}
	return w
}

func newChannel(tb testing.TB, settings json.RawMessage) *channels.Channel {
	tb.Helper()
	var in struct {
		InboxID   int64  `json:"inbox_id"`
		AccountID int64  `json:"account_id"`
		Type      string `json:"channel_type"`
		Name      string `json:"name"`
		Mode      string `json:"signature_mode"`
		Inactive  bool   `json:"account_inactive"`
	}
	if err := json.Unmarshal(settings, &in); err != nil {
		tb.Fatalf("channeltest: inbox: %v", err)
	}
	return &channels.Channel{
		ID: in.InboxID, InboxID: in.InboxID, AccountID: in.AccountID, Type: in.Type, Name: in.Name,
		Settings: settings, SignatureMode: in.Mode, AccountActive: !in.Inactive,
	}
}

// add loads ch with its driver and enters its addresses.
func (w *world) add(tb testing.TB, d channels.Driver, ch *channels.Channel) {
	tb.Helper()
	config, err := d.Parse(ch.Settings)
	if err != nil {
		tb.Fatalf("Parse(settings of inbox %d): %v", ch.InboxID, err)
	}
	ch.Config = config
	for _, b := range d.Addresses(ch) {
		for _, other := range w.dir[b.Address] {
			if other.Type == ch.Type && (!b.PerAccount || other.AccountID == ch.AccountID) {
				tb.Fatalf("inboxes %d and %d both have the address %+v", other.InboxID, ch.InboxID, b.Address)
			}
		}
		w.dir[b.Address] = append(w.dir[b.Address], ch)
	}
}

// own is the first channel of the driver's type.
func (w *world) own() *channels.Channel {
	for _, ch := range w.channels {
		if ch.Type == w.driver.Info().ChannelType {
			return ch
		}
	}
	return nil
}

// merge adds keys to a JSON object; those that it has stay.
func merge(tb testing.TB, object json.RawMessage, extra map[string]json.RawMessage) json.RawMessage {
	tb.Helper()
	if len(extra) == 0 {
		return object
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(object, &fields); err != nil {
		tb.Fatalf("channeltest: inbox: %v", err)
	}
	for key, value := range extra {
		if _, ok := fields[key]; !ok {
			fields[key] = value
		}
	}
	out, err := json.Marshal(fields)
	if err != nil {
		tb.Fatalf("channeltest: inbox: %v", err)
	}
	return out
}

// match finds the hook of a request and its path parameters, as the router of
// the edge does.
func match(hooks []channels.Hook, method, path string) (channels.Hook, map[string]string, bool) {
	got := strings.Split(path, "/")
	for _, h := range hooks {
		want := strings.Split(h.Path, "/")
		if h.Method != method || len(want) != len(got) {
			continue
		}
		params := map[string]string{}
		ok := true
		for i, segment := range want {
			if strings.HasPrefix(segment, "{") && strings.HasSuffix(segment, "}") {
				value, err := url.PathUnescape(got[i])
				ok = ok && err == nil && value != ""
				params[segment[1:len(segment)-1]] = value
			} else {
				ok = ok && segment == got[i]
			}
		}
		if ok {
			return h, params, true
		}
	}
	return channels.Hook{}, nil, false
}

// input is a webhook request before it becomes a channels.Request.
type input struct {
	hook    channels.Hook
	params  map[string]string
	method  string
	path    string
	query   map[string]string
	headers map[string]string
	body    []byte
}

// request builds what the edge hands to a driver, from copies: drivers may not
// keep the body.
func (in *input) request(env *channels.Env) *channels.Request {
	values := url.Values{}
	for k, v := range in.query {
		values.Set(k, v)
	}
	public := env.PublicURL + in.path
	if len(values) > 0 {
		public += "?" + values.Encode()
	}
	headers := http.Header{}
	for k, v := range in.headers {
		headers.Set(k, v)
	}
	return &channels.Request{
		Hook: in.hook.Name, Method: in.method, Path: in.path,
		Param:    func(name string) string { return in.params[name] },
		Query:    func(name string) string { return in.query[name] },
		RawQuery: values.Encode(),
		Header:   headers.Get,
		Body:     slices.Clone(in.body), PublicURL: public, ReceivedAt: env.Now(),
	}
}

// input reads the request of a case.
func (w *world) input(tb testing.TB, c *testCase) *input {
	tb.Helper()
	hook, params, ok := match(w.driver.Info().Hooks, c.Request.Method, c.Request.Path)
	if !ok {
		tb.Fatalf("no hook of the driver matches %s %s", c.Request.Method, c.Request.Path)
	}
	in := &input{
		hook: hook, params: params, method: c.Request.Method, path: c.Request.Path,
		query: c.Request.Query, headers: map[string]string{}, body: c.Request.bytes(tb),
	}
	if c.Request.Form != nil {
		in.headers["Content-Type"] = "application/x-www-form-urlencoded"
	}
	maps.Copy(in.headers, c.Request.Headers)
	return in
}

// located is the channel that the driver finds for r, nil when none.
func (w *world) located(r *channels.Request) *channels.Channel {
	a, ok := w.driver.Locate(r)
	if !ok {
		return nil
	}
	candidates := []chat.Address{a}
	if other, ok := w.driver.(channels.Alternates); ok {
		candidates = append(candidates, other.Alternates(r)...)
	}
	for _, a := range candidates {
		if found := w.dir.Find(a); len(found) > 0 {
			return found[0]
		}
	}
	return nil
}
