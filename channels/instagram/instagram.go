// Package instagram is the driver of Instagram messaging. Two transports share
// its webhook: accounts connected by Instagram Login (Channel::Instagram,
// "ig_login"), and accounts linked to a Facebook page (Channel::FacebookPage
// with an instagram_id, "ig_page"), whose replies package facebook sends. Each
// has an app of its own, so the secret that proves a request tells which of
// them it may speak for.
package instagram

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tributary/channels"
	"tributary/channels/meta"
	"tributary/chat"
)

const (
	slug        = "instagram"
	channelType = "Channel::Instagram"
	pageType    = "Channel::FacebookPage"
)

// Names of the app secrets; Proof.SecretID is one of them, or both joined by a
// comma when both match.
const (
	pageSecret  = "FB_APP_SECRET"
	loginSecret = "INSTAGRAM_APP_SECRET"
	bothSecrets = pageSecret + "," + loginSecret
)

// driver implements channels.Driver.
type driver struct{ env *channels.Env }

var (
	_ channels.Driver      = driver{}
	_ channels.Challenger  = driver{}
	_ channels.Chooser     = driver{}
	_ channels.Tailor      = driver{}
	_ channels.Sender      = driver{}
	_ channels.Creator     = driver{}
	_ channels.Registrar   = driver{}
	_ channels.Presenter   = driver{}
	_ channels.Windowed    = driver{}
	_ channels.Profiler    = driver{}
	_ channels.Inspector   = driver{}
	_ channels.Enricher    = driver{}
	_ channels.Placeholder = driver{}
)

// New makes the driver of an installation.
func New(env *channels.Env) channels.Driver { return driver{env: env} }

// settings are what is stored of an account. ExpiresAt is when the token dies
// (60 days after it was made or refreshed); zero: unknown.
type settings struct {
	InstagramID meta.ID   `json:"instagram_id"`
	Token       string    `json:"access_token"`
	ExpiresAt   time.Time `json:"expires_at,omitzero"`
}

func config(ch *channels.Channel) settings {
	s, _ := ch.Config.(settings)
	return s
}

// read decodes settings and parameters; expires_at may be RFC 3339 or unix
// seconds.
func read(raw json.RawMessage) (settings, error) {
	var in struct {
		InstagramID meta.ID `json:"instagram_id"`
		Token       string  `json:"access_token"`
		ExpiresAt   meta.ID `json:"expires_at"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return settings{}, err
	}
	return settings{InstagramID: in.InstagramID, Token: in.Token, ExpiresAt: chat.ProviderTime(string(in.ExpiresAt)).Time()}, nil
}

// Info implements channels.Driver. The rate is that of the Send API for text
// ("Rate limiting", Instagram Platform): 100 calls a second and account.
func (driver) Info() channels.Info {
	return channels.Info{
		Slug: slug, ChannelType: channelType, Title: "Instagram",
		Hooks: []channels.Hook{
			{Name: "verify", Method: http.MethodGet, Path: "/webhooks/instagram", Success: channels.Response{Status: http.StatusOK}},
			{Name: "webhook", Method: http.MethodPost, Path: "/webhooks/instagram", Success: answer(http.StatusOK, `"ok"`)},
		},
		Rate:      channels.Rate{PerSecond: 100, Burst: 100},
		Threshold: 1,
		Secrets:   []string{"access_token"},
	}
}

func answer(status int, body string) channels.Response {
	return channels.Response{Status: status, ContentType: "application/json; charset=utf-8", Body: body}
}

// Parse implements channels.Driver.
func (driver) Parse(raw json.RawMessage) (any, error) {
	s, err := read(raw)
	if err != nil {
		return nil, fmt.Errorf("instagram: settings: %w", err)
	}
	return s, nil
}

// Addresses implements channels.Driver: an account belongs to one inbox of the
// installation.
func (driver) Addresses(ch *channels.Channel) []channels.Binding {
	if id := config(ch).InstagramID; id != "" {
		return []channels.Binding{{Address: chat.Address{Kind: slug, Value: string(id)}}}
	}
	return nil
}

// Locate implements channels.Driver: all accounts share one hook.
func (driver) Locate(*channels.Request) (chat.Address, bool) { return chat.Address{}, false }

// Verify implements channels.Driver.
func (d driver) Verify(r *channels.Request, _ *channels.Channel) channels.Proof {
	byPage := meta.Prove(d.env.Setting(pageSecret), r, false)
	byLogin := meta.Prove(d.env.Setting(loginSecret), r, false)
	switch {
	case byPage.OK() && byLogin.OK():
		byPage.SecretID = bothSecrets
		return byPage
	case byPage.OK():
		byPage.SecretID = pageSecret
		return byPage
	case byLogin.OK():
		byLogin.SecretID = loginSecret
		return byLogin
	case byLogin.Result != channels.ProofNoSecret:
		return byLogin
	case byPage.Result != channels.ProofNoSecret:
		return byPage
	}
	return channels.Proof{Result: channels.ProofNoSecret, Detail: "neither " + loginSecret + " nor " + pageSecret + " is set"}
}

// Challenge implements channels.Challenger. Either app's verify token will do.
func (d driver) Challenge(r *channels.Request, _ *channels.Channel) channels.Response {
	if !meta.Subscribes(r, d.env.Setting("IG_VERIFY_TOKEN"), d.env.Setting("INSTAGRAM_VERIFY_TOKEN")) {
		return answer(http.StatusUnauthorized, `{"error":"Error; wrong verify token"}`)
	}
	return answer(http.StatusOK, r.Query("hub.challenge"))
}

// Decode implements channels.Driver.
func (driver) Decode(r *channels.Request) ([]chat.Event, error) {
	envelope, err := meta.Open(r.Body)
	if err != nil {
		return nil, err
	}
	if !strings.EqualFold(envelope.Object, slug) {
		return nil, &channels.Refusal{Response: channels.Response{Status: http.StatusUnprocessableEntity}, Reason: "wrong_object"}
	}
	decoder := meta.Decoder{Channel: slug}
	var events []chat.Event
	for i := range envelope.Entry {
		entry := &envelope.Entry[i]
		events = append(events, decoder.Entry(i, entry)...)
		events = append(events, changes(decoder, i, entry)...)
	}
	return events, nil
}

// changes decodes entry[].changes: comments and mentions, which are no
// messages, and the test of Meta's app dashboard, which wraps an invented
// message with fixed ids that belong to nobody.
func changes(decoder meta.Decoder, index int, entry *meta.Entry) []chat.Event {
	events := decoder.Changes(index, entry, "not_a_message")
	for i := range events {
		var change struct {
			Field string `json:"field"`
			Value struct {
				Recipient struct {
					ID meta.ID `json:"id"`
				} `json:"recipient"`
			} `json:"value"`
		}
		// A change of another shape stays ignored.
		if json.Unmarshal(events[i].Raw, &change) != nil || !strings.HasPrefix(change.Field, "messag") {
			continue
		}
		events[i].Kind, events[i].Reason = chat.KindTest, ""
		events[i].Key = "test:" + strconv.Itoa(index) + ":" + events[i].Key
		if id := change.Value.Recipient.ID; id != "" {
			events[i].Address.Value = string(id)
		}
	}
	return events
}

// Choose implements channels.Chooser. The app secret that proved the request
// limits the transports; where both transports carry the account, Instagram
// Login has it alone. A request that was let in without proof is not limited.
func (driver) Choose(candidates []*channels.Channel, _ *chat.Event, p channels.Proof) []*channels.Channel {
	var login, pages []*channels.Channel
	for _, ch := range candidates {
		switch {
		case ch.Type == channelType && p.SecretID != pageSecret:
			login = append(login, ch)
		case ch.Type == pageType && p.SecretID != loginSecret:
			pages = append(pages, ch)
		}
	}
	if len(login) > 0 {
		return login
	}
	return pages
}

// Tailor implements channels.Tailor: the transport is that of the channel, and
// conversations of a page's linked account are marked, because Messenger
// conversations live in the same inbox.
func (driver) Tailor(ev *chat.Event, ch *channels.Channel) {
	if ch.Type == channelType {
		ev.Transport = meta.LoginDirect().Name
		return
	}
	ev.Transport = meta.PageDirect().Name
	if ev.Contact == nil {
		return
	}
	var thread chat.Thread
	if ev.Thread != nil {
		thread = *ev.Thread
	}
	thread.Attributes = map[string]any{"type": "instagram_direct_message"}
	ev.Thread = &thread
}

// Plan implements channels.Sender.
func (d driver) Plan(_ *channels.Channel, m *chat.Outbound) ([]chat.Part, error) {
	return meta.LoginDirect().Plan(d.env, m)
}

// SendPart implements channels.Sender.
func (d driver) SendPart(ctx context.Context, ch *channels.Channel, m *chat.Outbound, p chat.Part) (channels.Receipt, error) {
	g, err := d.graph(ch)
	if err != nil {
		return channels.Receipt{}, err
	}
	path := "/" + url.PathEscape(string(config(ch).InstagramID)) + "/messages"
	return meta.LoginDirect().Send(ctx, d.env, g, path, m, p)
}

// Window implements channels.Windowed.
func (d driver) Window(*channels.Channel) time.Duration { return meta.LoginDirect().Window(d.env) }

// Present implements channels.Presenter.
func (driver) Present(ch *channels.Channel, _ bool) map[string]any {
	return map[string]any{
		"instagram_id":             string(config(ch).InstagramID),
		"reauthorization_required": ch.ReauthorizationRequired,
	}
}
