// Package facebook is the driver of Facebook pages: Messenger, and the replies
// of the Instagram account that is linked to the page. Webhooks of that account
// arrive at package instagram, which addresses them to the page's inbox.
package facebook

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"tributary/channels"
	"tributary/channels/meta"
	"tributary/chat"
)

const (
	slug        = "facebook"
	channelType = "Channel::FacebookPage"
	// direct is the conversation type of the linked Instagram account.
	direct = "instagram_direct_message"
)

// driver implements channels.Driver.
type driver struct{ env *channels.Env }

var (
	_ channels.Driver     = driver{}
	_ channels.Challenger = driver{}
	_ channels.Refuser    = driver{}
	_ channels.Sender     = driver{}
	_ channels.Creator    = driver{}
	_ channels.Registrar  = driver{}
	_ channels.Presenter  = driver{}
	_ channels.Windowed   = driver{}
	_ channels.Profiler   = driver{}
	_ channels.Inspector  = driver{}
	_ channels.Enricher   = driver{}
)

// New makes the driver of an installation.
func New(env *channels.Env) channels.Driver { return driver{env: env} }

// settings are what is stored of a page. Instagram is the account linked to it,
// empty when there is none.
type settings struct {
	PageID    meta.ID `json:"page_id"`
	PageToken string  `json:"page_access_token"`
	UserToken string  `json:"user_access_token"`
	Instagram meta.ID `json:"instagram_id,omitempty"`
}

func config(ch *channels.Channel) settings {
	s, _ := ch.Config.(settings)
	return s
}

// Info implements channels.Driver. The rate is that of the Send API for text
// ("Rate limits", Messenger Platform): 300 calls a second and page.
func (driver) Info() channels.Info {
	return channels.Info{
		Slug: slug, ChannelType: channelType, Title: "Facebook",
		Hooks: []channels.Hook{
			{Name: "verify", Method: http.MethodGet, Path: "/bot", Success: channels.Response{Status: http.StatusOK}},
			{Name: "webhook", Method: http.MethodPost, Path: "/bot", Success: channels.Response{Status: http.StatusOK}},
		},
		Rate:      channels.Rate{PerSecond: 300, Burst: 300},
		Threshold: 2,
		Secrets:   []string{"page_access_token", "user_access_token"},
	}
}

// Parse implements channels.Driver.
func (driver) Parse(raw json.RawMessage) (any, error) {
	var s settings
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, fmt.Errorf("facebook: settings: %w", err)
	}
	return s, nil
}

// Addresses implements channels.Driver: a page may be connected in several
// accounts.
func (driver) Addresses(ch *channels.Channel) []channels.Binding {
	s := config(ch)
	var out []channels.Binding
	if s.PageID != "" {
		out = append(out, channels.Binding{Address: chat.Address{Kind: slug, Value: string(s.PageID)}, PerAccount: true})
	}
	if s.Instagram != "" {
		out = append(out, channels.Binding{Address: chat.Address{Kind: "instagram", Value: string(s.Instagram)}, PerAccount: true})
	}
	return out
}

// Locate implements channels.Driver: all pages share one hook.
func (driver) Locate(*channels.Request) (chat.Address, bool) { return chat.Address{}, false }

// Verify implements channels.Driver.
func (d driver) Verify(r *channels.Request, _ *channels.Channel) channels.Proof {
	p := meta.Prove(d.env.Setting("FB_APP_SECRET"), r, true)
	if p.Result == channels.ProofNoSecret {
		p.Detail = "FB_APP_SECRET is not set"
	}
	return p
}

// Refuse implements channels.Refuser.
func (driver) Refuse(p channels.Proof) channels.Response {
	if p.Result == channels.ProofMissing {
		return plain(http.StatusBadRequest, "Error getting integrity signature")
	}
	return plain(http.StatusBadRequest, "Error checking message integrity")
}

// Challenge implements channels.Challenger.
func (d driver) Challenge(r *channels.Request, _ *channels.Channel) channels.Response {
	if !meta.Subscribes(r, d.env.Setting("FB_VERIFY_TOKEN")) {
		return plain(http.StatusUnauthorized, "Error; wrong verify token")
	}
	return plain(http.StatusOK, r.Query("hub.challenge"))
}

func plain(status int, text string) channels.Response {
	return channels.Response{Status: status, ContentType: "text/plain; charset=utf-8", Body: text}
}

// Decode implements channels.Driver.
func (d driver) Decode(r *channels.Request) ([]chat.Event, error) {
	envelope, err := meta.Open(r.Body)
	if err != nil {
		return nil, &channels.Refusal{
			Response: plain(http.StatusBadRequest, "Error parsing request body format"), Reason: channels.RejectFormat,
		}
	}
	decoder := meta.Decoder{Channel: slug, Transport: meta.Messenger().Name, OwnApp: d.env.Setting("FB_APP_ID")}
	var events []chat.Event
	for i := range envelope.Entry {
		entry := &envelope.Entry[i]
		if envelope.Object != "page" {
			events = append(events, decoder.Ignored(entry, i, "not_a_page"))
			continue
		}
		events = append(events, decoder.Entry(i, entry)...)
		events = append(events, decoder.Changes(i, entry, "page_feed")...)
	}
	return events, nil
}

// route is the transport of a conversation.
func route(m *chat.Outbound) meta.Transport {
	if m.ThreadType == direct {
		return meta.PageDirect()
	}
	return meta.Messenger()
}

// Plan implements channels.Sender.
func (d driver) Plan(_ *channels.Channel, m *chat.Outbound) ([]chat.Part, error) {
	return route(m).Plan(d.env, m)
}

// SendPart implements channels.Sender.
func (d driver) SendPart(ctx context.Context, ch *channels.Channel, m *chat.Outbound, p chat.Part) (channels.Receipt, error) {
	return route(m).Send(ctx, d.env, meta.Page(d.env, config(ch).PageToken), "/me/messages", m, p)
}

// Window implements channels.Windowed.
func (d driver) Window(*channels.Channel) time.Duration { return meta.Messenger().Window(d.env) }

// Present implements channels.Presenter.
func (driver) Present(ch *channels.Channel, _ bool) map[string]any {
	s := config(ch)
	out := map[string]any{
		"page_id":                  string(s.PageID),
		"reauthorization_required": ch.ReauthorizationRequired,
	}
	if s.Instagram != "" {
		out["instagram_id"] = string(s.Instagram)
	}
	return out
}
