package channels_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"tributary/channels"
	"tributary/chat"
)

// tin is a provider made up for these tests: the body is one event per line,
// "<address> <key>", the header X-Proof is the channel's secret (of the
// installation on the shared hook).
type tin struct {
	direct bool
	shared string // secret of the installation
}

func (d tin) Info() channels.Info                         { return channels.Info{Slug: "tin"} }
func (d tin) Parse(settings json.RawMessage) (any, error) { return string(settings), nil }
func (d tin) Addresses(*channels.Channel) []channels.Binding {
	return nil
}

func (d tin) Locate(r *channels.Request) (chat.Address, bool) {
	return at(r.Param("id")), d.direct
}

func (d tin) Verify(r *channels.Request, ch *channels.Channel) channels.Proof {
	secret := d.shared
	if ch != nil {
		secret, _ = ch.Config.(string)
	}
	switch got := r.Header("X-Proof"); {
	case secret == "":
		return channels.Proof{Result: channels.ProofNoSecret, Detail: "no secret is set"}
	case got == "":
		return channels.Proof{Result: channels.ProofMissing}
	case !channels.Equal(got, secret):
		return channels.Proof{Result: channels.ProofBad}
	}
	return channels.Proof{Result: channels.ProofOK}
}

func (d tin) Decode(r *channels.Request) ([]chat.Event, error) {
	switch string(r.Body) {
	case "format":
		return nil, channels.ErrFormat
	case "refusal":
		return nil, &channels.Refusal{Response: channels.Response{Status: 422, Body: "no"}, Reason: "wrong_object"}
	case "panic":
		panic(errors.New("decoder"))
	}
	var out []chat.Event
	for line := range strings.Lines(string(r.Body)) {
		address, key, _ := strings.Cut(strings.TrimSpace(line), " ")
		out = append(out, chat.Event{Key: key, Kind: chat.KindMessage, Address: at(address)})
	}
	return out, nil
}

// worded answers refusals in its own words and keeps events from inbox 3.
type worded struct{ tin }

func (worded) Refuse(p channels.Proof) channels.Response {
	return channels.Response{Status: 400, Body: p.Result}
}

func (worded) Choose(candidates []*channels.Channel, _ *chat.Event, _ channels.Proof) []*channels.Channel {
	var out []*channels.Channel
	for _, ch := range candidates {
		if ch.InboxID != 3 {
			out = append(out, ch)
		}
	}
	return out
}

type book map[chat.Address][]*channels.Channel

func (b book) Find(a chat.Address) []*channels.Channel { return b[a] }

func at(value string) chat.Address { return chat.Address{Kind: "tin", Value: value} }

func channel(inbox int64, secret, mode string, active bool) *channels.Channel {
	return &channels.Channel{InboxID: inbox, AccountID: 10 * inbox, Config: secret, SignatureMode: mode, AccountActive: active}
}

func TestAccept(t *testing.T) {
	t.Parallel()
	dir := book{
		at("a"):      {channel(1, "sa", "", true)},
		at("b"):      {channel(2, "sb", "", true)},
		at("same"):   {channel(6, "sa", "", true)},
		at("two"):    {channel(3, "", "", true), channel(4, "", "", true)},
		at("bare"):   {channel(5, "", "", true)},
		at("lax"):    {channel(7, "sl", channels.Observe, true)},
		at("strict"): {channel(8, "ss", channels.Enforce, true)},
		at("off"):    {channel(9, "sa", "", false)},
	}
	inPath := channels.Hook{Path: "/webhooks/tin/{id}", Success: channels.Response{Status: 200, Body: "ok"}}
	inBody := channels.Hook{Path: "/webhooks/tin", Success: channels.Response{Status: 204}}
	direct, shared := tin{direct: true}, tin{shared: "app"}
	for _, c := range []struct {
		name     string
		driver   channels.Driver
		hook     channels.Hook
		id       string
		proof    string
		body     string
		mode     string
		status   int
		rejected string
		inboxes  []int64
		unrouted int
	}{
		{"proven", direct, inPath, "a", "sa", "a k", channels.Enforce, 200, "", []int64{1}, 0},
		{"nothing happened", direct, inPath, "a", "sa", "", channels.Enforce, 200, "", nil, 0},
		{"wrong proof", direct, inPath, "a", "x", "a k", channels.Enforce, 401, channels.ProofBad, nil, 0},
		{"no proof", direct, inPath, "a", "", "a k", channels.Enforce, 401, channels.ProofMissing, nil, 0},
		{"no secret", direct, inPath, "bare", "", "bare k", channels.Enforce, 401, channels.ProofNoSecret, nil, 0},
		{"unknown in the path", direct, inPath, "z", "sa", "z k", channels.Enforce, 404, channels.RejectUnknown, nil, 0},
		{"unknown in the body", direct, inBody, "z", "sa", "z k", channels.Enforce, 204, channels.RejectUnknown, nil, 0},
		{"another's event", direct, inPath, "a", "sa", "b k1\na k2", channels.Enforce, 200, "", []int64{1}, 1},
		{"another's event with the same secret", direct, inPath, "a", "sa", "same k1\na k2", channels.Enforce, 200, "", []int64{6, 1}, 0},
		{"only another's event", direct, inPath, "a", "sa", "b k1", channels.Enforce, 200, channels.RejectUnknown, nil, 1},
		{"not the format", direct, inPath, "a", "sa", "format", channels.Enforce, 400, channels.RejectFormat, nil, 0},
		{"not the format, unproven", direct, inPath, "a", "x", "format", channels.Enforce, 401, channels.ProofBad, nil, 0},
		{"refusal of the driver", direct, inPath, "a", "sa", "refusal", channels.Enforce, 422, "wrong_object", nil, 0},
		{"refusal is not shown to strangers", direct, inPath, "a", "x", "refusal", channels.Enforce, 401, channels.ProofBad, nil, 0},
		{"inactive account", direct, inPath, "off", "sa", "off k", channels.Enforce, 200, channels.RejectInactive, nil, 1},
		{"installation observes", direct, inPath, "a", "x", "a k", channels.Observe, 200, "", []int64{1}, 0},
		{"installation observes, nothing happened", direct, inPath, "a", "x", "", channels.Observe, 200, "", nil, 0},
		{"inbox observes", direct, inPath, "lax", "x", "lax k", channels.Enforce, 200, "", []int64{7}, 0},
		{"inbox enforces", direct, inPath, "strict", "x", "strict k", channels.Observe, 401, channels.ProofBad, nil, 0},
		{"observing opens no other inbox", direct, inPath, "lax", "x", "b k1\nlax k2", channels.Enforce, 200, "", []int64{7}, 1},

		{"shared: fan out", shared, inBody, "", "app", "two k1\na k2\nz k3", channels.Enforce, 204, "", []int64{3, 4, 1}, 1},
		{"shared: nobody's", shared, inBody, "", "app", "z k", channels.Enforce, 204, channels.RejectUnknown, nil, 1},
		{"shared: wrong proof", shared, inBody, "", "x", "a k", channels.Enforce, 401, channels.ProofBad, nil, 1},
		{"shared: wrong proof, nothing happened", shared, inBody, "", "x", "", channels.Enforce, 401, channels.ProofBad, nil, 0},
		{"shared: not the format, unproven", shared, inBody, "", "x", "format", channels.Enforce, 401, channels.ProofBad, nil, 0},
		{"shared: one inbox observes", shared, inBody, "", "x", "a k1\nlax k2", channels.Enforce, 204, "", []int64{7}, 1},
		{"shared: one inbox enforces", shared, inBody, "", "x", "strict k1\na k2", channels.Observe, 204, "", []int64{1}, 1},
		{"shared: all enforce", shared, inBody, "", "x", "strict k1", channels.Observe, 401, channels.ProofBad, nil, 1},
		{"shared: observed and nobody's", shared, inBody, "", "x", "z k1", channels.Observe, 204, channels.RejectUnknown, nil, 1},

		{"own words", worded{direct}, inPath, "a", "x", "a k", channels.Enforce, 400, channels.ProofBad, nil, 0},
		{"chosen", worded{shared}, inBody, "", "app", "two k", channels.Enforce, 204, "", []int64{4}, 0},
	} {
		v := channels.Accept(c.driver, c.hook, request(c.id, c.proof, c.body), dir, c.mode)
		if v.Response.Status != c.status || v.Rejected != c.rejected {
			t.Errorf("%s: got %d %q, want %d %q", c.name, v.Response.Status, v.Rejected, c.status, c.rejected)
		}
		if refused := v.Response.Status != c.hook.Success.Status; !refused && v.Unrouted != c.unrouted {
			t.Errorf("%s: got %d unrouted events, want %d", c.name, v.Unrouted, c.unrouted)
		}
		var got []int64
		for _, ev := range v.Events {
			got = append(got, ev.InboxID)
			if ev.AccountID != 10*ev.InboxID || ev.ReceivedAt == 0 || ev.OccurredAt != ev.ReceivedAt {
				t.Errorf("%s: event %+v is not addressed or has no times", c.name, ev)
			}
			wantProof := channels.ProofOK
			if v.Observed {
				wantProof = channels.ProofBad
			}
			if ev.Proof != wantProof {
				t.Errorf("%s: event of inbox %d has proof %q, want %q", c.name, ev.InboxID, ev.Proof, wantProof)
			}
		}
		if len(got) != len(c.inboxes) {
			t.Errorf("%s: got inboxes %v, want %v", c.name, got, c.inboxes)
			continue
		}
		for i := range got {
			if got[i] != c.inboxes[i] {
				t.Errorf("%s: got inboxes %v, want %v", c.name, got, c.inboxes)
			}
		}
	}
}

// A decoder that panics costs neither the process nor the body.
func TestAcceptPanic(t *testing.T) {
	t.Parallel()
	dir := book{at("a"): {channel(1, "sa", "", true)}}
	hook := channels.Hook{Path: "/webhooks/tin/{id}", Success: channels.Response{Status: 200}}
	v := channels.Accept(tin{direct: true}, hook, request("a", "sa", "panic"), dir, channels.Enforce)
	if v.Panic == nil || v.Response.Status != 200 || len(v.Events) != 1 {
		t.Fatalf("got %+v, want the panic, 200 and one event", v)
	}
	if ev := v.Events[0]; ev.Kind != chat.KindProviderError || ev.InboxID != 1 || ev.Key == "" || ev.Reason == "" {
		t.Errorf("got %+v, want a provider error of inbox 1 with key and reason", ev)
	}
	unproven := channels.Accept(tin{direct: true}, hook, request("a", "x", "panic"), dir, channels.Enforce)
	if unproven.Response.Status != 401 || unproven.Panic != nil {
		t.Errorf("unproven: got %+v, want 401 without decoding", unproven)
	}
}

func request(id, proof, body string) *channels.Request {
	return &channels.Request{
		Method: "POST",
		Param: func(name string) string {
			if name == "id" {
				return id
			}
			return ""
		},
		Query: func(string) string { return "" },
		Header: func(name string) string {
			if name == "X-Proof" {
				return proof
			}
			return ""
		},
		Body: []byte(body), ReceivedAt: time.UnixMilli(1760300000000),
	}
}
