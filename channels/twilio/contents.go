package twilio

import (
	"context"
	"log/slog"
	"sync"
	"time"

	contentapi "github.com/twilio/twilio-go/rest/content/v1"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

const (
	// patience is how long a reply waits for its template before it goes out as
	// text. It leaves most of the time of a call to the message itself.
	patience = 6 * time.Second
	// pause is how long an account's Content API is left alone after it failed.
	pause = time.Minute
	// staleContent is Twilio's code for a template that is not there (any more).
	staleContent = "21655"
)

// contentBook remembers which templates of choices the accounts have. It is a
// memory only: a process that knows nothing looks at Twilio's list, where the names
// are always the same. There are few of them, see choice.
type contentBook struct {
	mu       sync.Mutex
	accounts map[string]*contentShelf // by account SID
}

// contentShelf is what is known of one account; contentBook.mu guards it.
type contentShelf struct {
	turn     chan struct{}     // holds one: who looks up and makes a template
	sids     map[string]string // by friendly name
	idle     time.Time         // not to be asked before
	reported bool              // that it fails
}

func (b *contentBook) shelf(account string) *contentShelf {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.accounts[account]
	if s == nil {
		s = &contentShelf{turn: make(chan struct{}, 1), sids: map[string]string{}}
		if b.accounts == nil {
			b.accounts = map[string]*contentShelf{}
		}
		b.accounts[account] = s
	}
	return s
}

// known gives the template, or whether to ask Twilio for it.
func (b *contentBook) known(s *contentShelf, name string, now time.Time) (sid string, ask bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	sid = s.sids[name]
	return sid, sid == "" && !now.Before(s.idle)
}

func (b *contentBook) put(s *contentShelf, name, sid string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.sids[name], s.reported = sid, false
}

// drop forgets a template that Twilio does not know.
func (b *contentBook) drop(s *contentShelf, name, sid string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.sids[name] == sid {
		delete(s.sids, name)
	}
}

// failed notes a failure; first: nobody was told yet.
func (b *contentBook) failed(s *contentShelf, until time.Time) (first bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.idle = until
	first, s.reported = !s.reported, true
	return first
}

// sendChoice sends a question with buttons or a list, or as text where Twilio does
// not take it like that: the contact shall read it in any case. Only a refusal leads
// on to the text, so that nothing is sent twice; what went unanswered or shall be
// tried later is the relay's, which starts over.
func (d *Driver) sendChoice(ctx context.Context, ch *channels.Channel, m *chat.Outbound, p chat.Part) (channels.Receipt, error) {
	cfg, c := config(ch), newChoice(ch, p)
	var refused error
	for range 2 { // once more with a new template when the known one was deleted
		sid := d.template(ctx, ch, c)
		variables, err := c.variables()
		if sid == "" || err != nil {
			break
		}
		receipt, err := d.send(ctx, cfg, d.params(cfg, m).SetContentSid(sid).SetContentVariables(variables))
		if err == nil {
			return receipt, nil
		}
		e := channels.AsSendError(err)
		if e.Class != chat.Permanent {
			return channels.Receipt{}, err
		}
		refused = err
		if e.Code != staleContent {
			break
		}
		d.contents.drop(d.contents.shelf(cfg.AccountSID), c.name(), sid)
	}
	receipt, err := d.send(ctx, cfg, d.params(cfg, m).SetBody(c.text()))
	if err == nil && refused != nil { // it was about the options, not about the recipient
		d.env.Log.Warn("twilio: a question was refused with its options as buttons and went out as text",
			slog.Int64("inbox_id", ch.InboxID), slog.Int64("message_id", m.MessageID), slog.Any("error", refused))
	}
	return receipt, err
}

// template gives the SID of the template of c, which it makes if the account has
// none; empty: the Content API does not serve, which is logged once until it does
// again. Its failures are no verdict on the message, and do not count for the
// breaker of a channel whose texts go through.
func (d *Driver) template(ctx context.Context, ch *channels.Channel, c *choice) string {
	cfg, name := config(ch), c.name()
	shelf := d.contents.shelf(cfg.AccountSID)
	if sid, ask := d.contents.known(shelf, name, d.env.Now()); !ask {
		return sid
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select { // two questions at once need one template
	case shelf.turn <- struct{}{}:
		defer func() { <-shelf.turn }()
	case <-ctx.Done():
		return ""
	}
	if sid, ask := d.contents.known(shelf, name, d.env.Now()); !ask {
		return sid
	}
	sid, err := d.findContent(ctx, cfg, c)
	if err == nil && sid == "" {
		sid, err = d.createContent(ctx, cfg, c)
	}
	if err != nil {
		e := channels.AsSendError(err)
		if d.contents.failed(shelf, d.env.Now().Add(max(pause, e.RetryAfter))) {
			d.env.Log.Warn("twilio: the Content API fails, options go out as text until it serves",
				slog.Int64("inbox_id", ch.InboxID), slog.String("class", string(e.Class)), slog.Any("error", e))
		}
		return ""
	}
	d.contents.put(shelf, name, sid)
	return sid
}

// findContent looks for the template by name; empty: there is none. It always comes
// before making one, so that an answer that got lost leads to no second template.
func (d *Driver) findContent(ctx context.Context, cfg *Config, c *choice) (sid string, err error) {
	name, seen := c.name(), 0
	err = d.eachContent(ctx, cfg, func(r *remoteContent) bool {
		if _, ok := r.Types[c.form()]; ok && r.Name == name {
			sid = r.SID
		}
		seen++
		return sid == "" && seen < maxTemplates
	})
	return sid, err
}

func (d *Driver) createContent(ctx context.Context, cfg *Config, c *choice) (sid string, err error) {
	handler, s := d.handler(ctx, cfg)
	_, err = contentapi.NewApiService(handler).CreateContent((&contentapi.CreateContentParams{}).SetContentCreateRequest(c.request()))
	if s.last != nil && s.last.OK() { // whatever the library made of the answer
		if sid = sidOf(s.last.Body); sid != "" {
			return sid, nil
		}
		return "", &channels.SendError{Class: chat.Retryable, Code: "answer", Say: wording.FailureUnreadable.Text()}
	}
	return "", verdict(err)
}
