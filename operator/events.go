package operator

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"tributary/desk"
	"tributary/queue"
)

const (
	// PerPage is the size of a page of events, deliveries and channels.
	PerPage = 25
	// looked is how many dead letters are looked through, the newest.
	looked = 5000
	// replayed is how many letters one call replays at most.
	replayed = 200
	// patience is how long one call replays.
	patience = 8 * time.Second
)

// blurred are the parts of a reason that differ from letter to letter.
var blurred = regexp.MustCompile(`\d+`)

// longestReason is how long a group's reason may be, in bytes.
const longestReason = 300

// GroupOf is the reason that letters share which died of the same.
func GroupOf(reason string) string {
	group := blurred.ReplaceAllString(reason, "#")
	for len(group) > longestReason {
		group = string([]rune(group)[:len([]rune(group))*longestReason/len(group)])
	}
	return group
}

// Match chooses dead letters. Empty fields match all.
type Match struct {
	Channel string
	Group   string // as GroupOf names it
	// Before leaves letters out that died later: what dies again is for a person to
	// look at. Zero: all.
	Before time.Time
}

func (m Match) takes(e *queue.Entry) bool {
	return (m.Group == "" || GroupOf(e.Reason) == m.Group) && (m.Before.IsZero() || !e.DiedAt.After(m.Before))
}

// matching are the dead letters that a match takes, oldest first, of those that are
// looked through.
func matching(ctx context.Context, q Queue, m Match) ([]queue.Entry, error) {
	list, err := q.List(ctx, queue.Filter{State: queue.StateDead, Channel: m.Channel, Limit: looked, Brief: true})
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(e queue.Entry) bool { return !m.takes(&e) })
	slices.Reverse(list)
	return list, nil
}

// ReplayDead replays dead letters, oldest first, so that what belongs together comes
// in its order. each is told of every one before it is replayed; an error of it ends
// the round. It gives how many were replayed, and how many that match are left.
func ReplayDead(ctx context.Context, q Queue, m Match, limit int, each func(queue.Entry) error) (done, left int, err error) {
	list, err := matching(ctx, q, m)
	if err != nil {
		return 0, 0, err
	}
	for i, e := range list {
		if i == limit {
			break
		}
		if each != nil {
			if err := each(e); err != nil {
				return done, len(list) - i, err
			}
		}
		// One that is gone was replayed or discarded by somebody else.
		if err := q.Replay(ctx, e.ID); err != nil && !errors.Is(err, queue.ErrNotFound) {
			return done, len(list) - i, err
		}
		done++
	}
	return done, len(list) - done, nil
}

// ReplayAll replays all letters that were dead when it began.
func ReplayAll(ctx context.Context, q Queue, now time.Time) (int, error) {
	total := 0
	for {
		done, _, err := ReplayDead(ctx, q, Match{Before: now}, looked, nil)
		total += done
		if err != nil || done == 0 {
			return total, err
		}
	}
}

// Event is an entry of the queue.
type Event struct {
	queue.Entry // without its payload
	// Group is the reason that it shares with others.
	Group     string
	AccountID int64
	InboxID   int64
	InboxName string
	Kind      string
	Summary   string // the beginning of a message
}

// Group is dead letters of a channel that died of the same.
type Group struct {
	Channel string
	Reason  string // of GroupOf
	Example string
	Count   int
	First   time.Time
	Last    time.Time
}

// EventFilter chooses a page of events.
type EventFilter struct {
	State   string
	Channel string
	Group   string // of dead letters
	Page    int    // from 1
}

// EventPage is a page of events.
type EventPage struct {
	Events []Event
	Groups []Group // of all dead letters, the largest first; none for other states
	// Total is how many match; nil: unknown.
	Total *int
	More  bool
	// Partial tells that not all dead letters were looked through.
	Partial bool
}

// Events gives a page: dead letters newest first, others oldest first.
func (s *Service) Events(ctx context.Context, f EventFilter) (EventPage, error) {
	var out EventPage
	first := (max(f.Page, 1) - 1) * PerPage
	limit := first + PerPage + 1
	if f.State == queue.StateDead {
		limit = looked
	}
	if first > looked {
		return out, nil
	}
	channel := f.Channel
	if f.State == queue.StateDead {
		channel = "" // groups are of all channels
	}
	list, err := s.Queue.List(ctx, queue.Filter{State: f.State, Channel: channel, Limit: limit, Brief: true})
	if err != nil {
		return out, fmt.Errorf("operator: list events: %w", err)
	}
	if f.State == queue.StateDead {
		out.Groups, out.Partial = groups(list), len(list) == looked
		match := Match{Group: f.Group}
		list = slices.DeleteFunc(list, func(e queue.Entry) bool { return f.Channel != "" && e.Channel != f.Channel || !match.takes(&e) })
		out.Total = new(len(list))
	}
	out.More = len(list) > first+PerPage
	list = list[min(first, len(list)):min(first+PerPage, len(list))]
	for _, e := range list {
		event, err := s.summary(ctx, e)
		if err != nil {
			return out, err
		}
		out.Events = append(out.Events, event)
	}
	return out, nil
}

// groups puts letters together that died of the same.
func groups(list []queue.Entry) []Group {
	type key struct{ channel, reason string }
	found := map[key]*Group{}
	for _, e := range list { // newest first
		k := key{e.Channel, GroupOf(e.Reason)}
		g := found[k]
		if g == nil {
			g = &Group{Channel: e.Channel, Reason: k.reason, Example: e.Reason, Last: e.DiedAt}
			found[k] = g
		}
		g.Count++
		g.First = e.DiedAt
	}
	out := make([]Group, 0, len(found))
	for _, g := range found {
		out = append(out, *g)
	}
	slices.SortFunc(out, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Reason, b.Reason))
	})
	return out
}

// summary adds what the event of an entry says in short. An entry that went on
// meanwhile has none.
func (s *Service) summary(ctx context.Context, e queue.Entry) (Event, error) {
	whole, err := s.Queue.Show(ctx, e.ID)
	if errors.Is(err, queue.ErrNotFound) {
		return s.eventOf(e), nil
	}
	if err != nil {
		return Event{}, fmt.Errorf("operator: show event: %w", err)
	}
	e.Payload = whole.Payload
	return s.eventOf(e), nil
}

// summaryLength is how much of a message a list shows, in characters.
const summaryLength = 120

func (s *Service) eventOf(e queue.Entry) Event {
	out := Event{Entry: e}
	out.Payload = nil
	if e.State == queue.StateDead {
		out.Group = GroupOf(e.Reason)
	}
	event, _, err := s.Open(e.Payload)
	if err != nil {
		return out
	}
	out.AccountID, out.InboxID, out.Kind = event.AccountID, event.InboxID, string(event.Kind)
	if event.Message != nil {
		text := []rune(event.Message.Content)
		out.Summary = string(text[:min(len(text), summaryLength)])
	}
	if row, ok := s.Desk.Directory.Row(out.InboxID); ok {
		out.InboxName, out.AccountID = row.InboxName, row.AccountID
	}
	return out
}

// EventDetail is an event with what it holds, without secrets.
type EventDetail struct {
	Event
	Decoded json.RawMessage // nil: it cannot be decoded, Damaged says why
	Damaged string
	// Body is the webhook as it came, of the first event of a delivery; nil: none.
	Body *string
	// BodyBytes is how long it is; what is longer than it is shown is cut.
	BodyBytes int
	Cut       bool
}

// shownBody is how much of a body is shown, in bytes.
const shownBody = 256 << 10

// Event shows one; queue.ErrNotFound when it is gone.
func (s *Service) Event(ctx context.Context, id string) (EventDetail, error) {
	e, err := s.Queue.Show(ctx, id)
	if err != nil {
		return EventDetail{}, err
	}
	out := EventDetail{Event: s.eventOf(e)}
	event, body, err := s.Open(e.Payload)
	if err != nil {
		out.Damaged = err.Error()
		return out, nil //nolint:nilerr // an event that cannot be opened is shown with the reason
	}
	m := s.maskOf(out.InboxID)
	decoded, err := json.Marshal(&event)
	if err == nil {
		out.Decoded, err = m.json(decoded)
	}
	if err != nil {
		return out, fmt.Errorf("operator: show event: %w", err)
	}
	if len(body) > 0 {
		text := m.body(body)
		out.BodyBytes, out.Cut = len(body), len(text) > shownBody
		if out.Cut {
			text = cut(text, shownBody)
		}
		out.Body = &text
	}
	return out, nil
}

// cut is the beginning of a text, whole characters of it.
func cut(text string, bytes int) string {
	for bytes > 0 && text[bytes]&0xC0 == 0x80 {
		bytes--
	}
	return text[:bytes]
}

// maskOf knows the secrets of an inbox, when it is there.
func (s *Service) maskOf(inboxID int64) mask {
	row, ok := s.Desk.Directory.Row(inboxID)
	if !ok {
		return mask{}
	}
	driver, ok := s.Desk.Directory.DriverOf(row.Type)
	if !ok {
		return mask{}
	}
	return newMask(row.Settings, driver.Info().Secrets)
}

// Replay puts a dead letter, or what was applied, back into the queue.
func (s *Service) Replay(ctx context.Context, by desk.Actor, id string) error {
	e, err := s.Queue.Show(ctx, id)
	if err != nil {
		return err
	}
	if err := s.Queue.Replay(ctx, id); err != nil {
		return err
	}
	s.tell(ctx, by, desk.AuditReplay, "", []Event{s.eventOf(e)})
	return nil
}

// Discard removes a dead letter for good.
func (s *Service) Discard(ctx context.Context, by desk.Actor, id, reason string) error {
	e, err := s.Queue.Show(ctx, id)
	if err != nil {
		return err
	}
	if err := s.Queue.Discard(ctx, id); err != nil {
		return err
	}
	s.tell(ctx, by, desk.AuditDiscard, reason, []Event{s.eventOf(e)})
	return nil
}

// Replayed is what came of ReplayMatching.
type Replayed struct {
	Matched  int // before anything was replayed
	Replayed int
	Left     int
	Partial  bool // there may be more that match
	Before   time.Time
}

var errPatience = errors.New("operator: enough for one call")

// ReplayMatching replays the dead letters that match, up to some hundreds: with the
// same Before the next call goes on. dry: it only counts.
func (s *Service) ReplayMatching(ctx context.Context, by desk.Actor, m Match, dry bool) (Replayed, error) {
	if m.Before.IsZero() {
		m.Before = s.Now()
	}
	out := Replayed{Before: m.Before}
	if dry {
		list, err := matching(ctx, s.Queue, m)
		if err != nil {
			return out, fmt.Errorf("operator: count dead letters: %w", err)
		}
		out.Matched, out.Left, out.Partial = len(list), len(list), len(list) == looked
		return out, nil
	}
	until := time.Now().Add(patience)
	var told []Event
	done, left, err := ReplayDead(ctx, s.Queue, m, replayed, func(e queue.Entry) error {
		if time.Now().After(until) {
			return errPatience
		}
		event, err := s.summary(ctx, e)
		told = append(told, event)
		return err
	})
	s.tell(ctx, by, desk.AuditReplay, "", told[:done])
	if err != nil && !errors.Is(err, errPatience) {
		return out, fmt.Errorf("operator: replay dead letters: %w", err)
	}
	out.Replayed, out.Left, out.Matched = done, left, done+left
	return out, nil
}

// tell writes down what an operator did: in the log, and in the audit logs of the
// accounts whose events these were. What was done is done, so it does not fail.
func (s *Service) tell(ctx context.Context, by desk.Actor, action, reason string, list []Event) {
	entries := make([]desk.QueuedEvent, 0, len(list))
	for _, e := range list {
		s.Log.Info("operator: queue entry "+action, "entry", e.ID, "channel", e.Channel, "inbox_id", e.InboxID, "by", by.UserID, "reason", reason)
		entries = append(entries, desk.QueuedEvent{ID: e.ID, InboxID: e.InboxID})
	}
	if err := s.Desk.AuditQueue(context.WithoutCancel(ctx), by, action, reason, entries); err != nil {
		s.Log.Error("what an operator did is not in the audit log", "action", action, "entries", len(list), "by", by.UserID, "error", err)
	}
}
