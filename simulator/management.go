package simulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Management webhooks: what Meta tells about accounts and numbers rather than
// messages (WhatsApp Business Platform, "Webhooks"). They go to the app's callback
// only, are signed with the app's secret, and are delivered again until they are
// taken: Meta goes on for seven days, the simulator a bounded number of times.

const (
	whatsappObject = "whatsapp_business_account"
	managementPath = "/webhooks/whatsapp"
)

// Change is one thing that a management webhook tells.
type Change struct {
	WABA  *WABA
	Field string
	Value any
	// Entry is the id of the entry when it is not the account's: events about
	// partners come under the portfolio of the app's owner.
	Entry string
	// Beside are keys that come beside field and value, where Meta misplaces them.
	Beside map[string]any
}

// Portfolio is the business portfolio that owns the app.
func (s *Simulator) Portfolio() string { return fmt.Sprintf("8800%06d000000", s.run%1_000_000) }

// NoticeOption changes how a management webhook is delivered.
type NoticeOption func(*noticeOptions)

type noticeOptions struct {
	silent       bool
	copies       int
	held         bool
	age          time.Duration
	stringTime   bool
	misplaced    Misplaced
	number       *Number
	forged       bool
	ifSubscribed bool
}

// Silently keeps Meta from telling anything.
func Silently() NoticeOption { return func(o *noticeOptions) { o.silent = true } }

// Twice delivers the same bytes two times.
func Twice() NoticeOption { return func(o *noticeOptions) { o.copies = 2 } }

// Held keeps the webhook back until Notice.Release.
func Held() NoticeOption { return func(o *noticeOptions) { o.held = true } }

// Older says in the webhook that it happened so long ago.
func Older(age time.Duration) NoticeOption { return func(o *noticeOptions) { o.age = age } }

// StringTime writes the time as text.
func StringTime() NoticeOption { return func(o *noticeOptions) { o.stringTime = true } }

// Misplaced is where the field of a change stands when it is not beside its value.
type Misplaced int

// The places.
const (
	FieldInPlace Misplaced = iota
	FieldInValue
	FieldMissing
	FieldAtEntry // field and value stand in the entry, without a list of changes
)

// Misplace puts the field elsewhere.
func Misplace(where Misplaced) NoticeOption { return func(o *noticeOptions) { o.misplaced = where } }

// ToNumber delivers to the callback of the number, as the app of a manually
// connected inbox does whose owner entered that address in Meta's console.
func ToNumber(n *Number) NoticeOption { return func(o *noticeOptions) { o.number = n } }

// Forged spoils the signature.
func Forged() NoticeOption { return func(o *noticeOptions) { o.forged = true } }

// IfSubscribed tells nothing unless the program subscribed its app to the account,
// and, if it subscribed the app's own callback, to the field. Without it a test
// need not wait for the subscription.
func IfSubscribed() NoticeOption { return func(o *noticeOptions) { o.ifSubscribed = true } }

// Notice is a management webhook on its way.
type Notice struct {
	// Delivery is the request; nil when nothing is told.
	Delivery *Delivery

	sim     *Simulator
	copies  int
	release chan struct{}
	done    chan struct{}
	tries   int
	err     error
}

// ErrNotTaken says that the program never answered a webhook with 2xx.
var ErrNotTaken = errors.New("simulator: the program did not take the webhook")

// Wait returns when the program has taken the webhook, or never will.
func (n *Notice) Wait(ctx context.Context) error {
	select {
	case <-n.done:
		return n.err
	case <-ctx.Done():
		return fmt.Errorf("simulator: wait for a webhook: %w", ctx.Err())
	}
}

// Tries is how often the webhook was offered. Call it after Wait.
func (n *Notice) Tries() int { return n.tries }

// Release lets a webhook go that was Held. Call it once.
func (n *Notice) Release() { close(n.release) }

// LostNotices counts the management webhooks that the program did not take in spite
// of repeated delivery.
func (s *Simulator) LostNotices() int64 { return s.meta.lost.Load() }

// Management tells the program of a change, in the background.
func (s *Simulator) Management(c Change, options ...NoticeOption) *Notice {
	return s.ManagementBatch([]Change{c}, options...)
}

// ManagementBatch tells of several changes in one webhook; those of one account that
// follow each other share an entry.
func (s *Simulator) ManagementBatch(changes []Change, options ...NoticeOption) *Notice {
	o := noticeOptions{copies: 1}
	for _, set := range options {
		set(&o)
	}
	n := &Notice{sim: s, copies: o.copies, release: make(chan struct{}), done: make(chan struct{})}
	if !o.held {
		close(n.release)
	}
	if o.silent || o.ifSubscribed && !s.listens(changes) || s.target.Load().base == "" {
		close(n.done)
		return n
	}
	n.Delivery, n.err = s.BuildManagement(changes, options...)
	if n.err != nil || !s.begin() {
		close(n.done)
		return n
	}
	go func() {
		defer s.work.Done()
		defer close(n.done)
		if n.err = n.deliver(); n.err != nil && s.ctx.Err() == nil {
			s.meta.lost.Add(1)
			s.log.Warn("management webhook not delivered", "error", n.err)
		}
	}()
	return n
}

// listens tells whether Meta would deliver the changes.
func (s *Simulator) listens(changes []Change) bool {
	app, chosen := s.Subscription()
	for _, c := range changes {
		if c.WABA != nil {
			if ok, _ := c.WABA.Subscribed(); !ok {
				return false
			}
		}
		if chosen && !slices.Contains(app.Fields, c.Field) {
			return false
		}
	}
	return true
}

// BuildManagement makes a signed management webhook without delivering it.
func (s *Simulator) BuildManagement(changes []Change, options ...NoticeOption) (*Delivery, error) {
	o := noticeOptions{}
	for _, set := range options {
		set(&o)
	}
	var at any = s.now().Add(-o.age).Unix()
	if o.stringTime {
		at = strconv.FormatInt(s.now().Add(-o.age).Unix(), 10)
	}
	type entry struct {
		ID      string           `json:"id"`
		Time    any              `json:"time"`
		Changes []map[string]any `json:"changes,omitempty"`
		Value   any              `json:"value,omitempty"`
		Field   string           `json:"field,omitempty"`
	}
	var entries []*entry
	for _, c := range changes {
		id := c.Entry
		if id == "" && c.WABA != nil {
			id = c.WABA.ID
		}
		if o.misplaced == FieldAtEntry {
			entries = append(entries, &entry{ID: id, Time: at, Value: c.Value, Field: c.Field})
			continue
		}
		if len(entries) == 0 || entries[len(entries)-1].ID != id {
			entries = append(entries, &entry{ID: id, Time: at})
		}
		last := entries[len(entries)-1]
		change, err := c.json(o.misplaced)
		if err != nil {
			return nil, err
		}
		last.Changes = append(last.Changes, change)
	}
	body, err := json.Marshal(map[string]any{"object": whatsappObject, "entry": entries})
	if err != nil {
		return nil, fmt.Errorf("simulator: management webhook: %w", err)
	}
	h := jsonHeader(1)
	signature := hubSignature(s.settings["WHATSAPP_APP_SECRET"], body)
	if o.forged {
		signature = forge(signature)
	}
	h["X-Hub-Signature-256"] = []string{signature}
	d := &Delivery{Method: http.MethodPost, Path: managementPath, Header: h, Body: body}
	if o.number != nil {
		d.Path += "/" + o.number.Phone
	}
	return d, nil
}

func (c *Change) json(where Misplaced) (map[string]any, error) {
	out := map[string]any{"value": c.Value}
	maps.Copy(out, c.Beside)
	switch where {
	case FieldInValue:
		raw, err := json.Marshal(c.Value)
		if err != nil {
			return nil, fmt.Errorf("simulator: management webhook: %w", err)
		}
		value := map[string]any{}
		if err := json.Unmarshal(raw, &value); err != nil {
			return nil, fmt.Errorf("simulator: management webhook: the value is no object: %w", err)
		}
		value["field"] = c.Field
		out["value"] = value
	case FieldMissing:
	case FieldInPlace, FieldAtEntry:
		out["field"] = c.Field
	}
	return out, nil
}

// noticeTries is how often a webhook is offered by default to a program that does
// not take it: for about half a minute.
const noticeTries = 20

func (n *Notice) deliver() error {
	s := n.sim
	select {
	case <-n.release:
	case <-s.ctx.Done():
		return fmt.Errorf("simulator: webhook: %w", s.ctx.Err())
	}
	for range n.copies {
		if err := n.offer(); err != nil {
			return err
		}
	}
	return nil
}

// offer posts the webhook until it is taken.
func (n *Notice) offer() error {
	s := n.sim
	tries := s.options.NoticeTries
	if tries <= 0 {
		tries = noticeTries
	}
	wait := 50 * time.Millisecond
	for {
		n.tries++
		s.meta.posts <- struct{}{}
		a, err := s.Post(s.ctx, s.target.Load().base, n.Delivery)
		<-s.meta.posts
		if err == nil && a.OK() {
			return nil
		}
		if err == nil {
			err = fmt.Errorf("%w: it answered %d", ErrNotTaken, a.Status)
		}
		if tries--; tries == 0 {
			return err
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
			wait = min(2*wait, 2*time.Second)
		case <-s.ctx.Done():
			t.Stop()
			return err
		}
	}
}
