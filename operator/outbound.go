package operator

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"tributary/store"
)

// Kinds of deliveries.
const (
	Waiting  = "waiting"  // for their provider
	Failed   = "failed"   // not sent, or not delivered
	Attempts = "attempts" // the last tries of this process
)

// Delivery is a reply on its way to a provider, or one that did not get there.
type Delivery struct {
	MessageID int64
	AccountID int64
	InboxID   int64
	InboxName string
	Channel   string
	DisplayID int64 // of the conversation in its account; 0: it is gone
	// Verdict is waiting, sending, retrying, sent, failed, held or breaker_open, or the
	// class of the provider's refusal.
	Verdict  string
	Class    string // of the refusal; empty: unknown
	Code     string // the provider's; empty: unknown
	Error    string
	Attempts int
	At       time.Time // of the try, or when it was accepted
	NextAt   time.Time // zero: it is not tried again
	Deadline time.Time // zero: past, or unknown
	Breaker  string    // empty: unknown
}

// DeliveryFilter chooses a page of deliveries.
type DeliveryFilter struct {
	Kind    string
	InboxID int64 // 0: all
	Page    int   // from 1
}

// DeliveryPage is a page of deliveries.
type DeliveryPage struct {
	Deliveries []Delivery
	More       bool
	// Known tells that this process sends: verdicts and codes of tries, and breakers, are
	// those of the process that made them.
	Known bool
}

// Deliveries gives a page.
func (s *Service) Deliveries(ctx context.Context, f DeliveryFilter) (DeliveryPage, error) {
	out := DeliveryPage{Known: s.Here.Attempts != nil}
	var list []Delivery
	var err error
	first := (max(f.Page, 1) - 1) * PerPage
	switch f.Kind {
	case Failed:
		list, err = s.failed(ctx, f.InboxID, PerPage+1, first)
	case Attempts:
		list, err = s.attempts(ctx, f.InboxID, first)
	default:
		list, err = s.waiting(ctx, f.InboxID, PerPage+1, first)
	}
	if err != nil {
		return out, fmt.Errorf("operator: deliveries: %w", err)
	}
	out.More = len(list) > PerPage
	out.Deliveries = list[:min(len(list), PerPage)]
	breakers := s.breakers()
	for i := range out.Deliveries {
		d := &out.Deliveries[i]
		if row, ok := s.Desk.Directory.Row(d.InboxID); ok {
			d.InboxName = row.InboxName
			if driver, ok := s.Desk.Directory.DriverOf(row.Type); ok && d.Channel == "" {
				d.Channel = driver.Info().Slug
			}
		}
		d.Breaker = s.breakerOf(breakers, d.InboxID)
	}
	return out, nil
}

// lastAttempts are the last tries of messages, by message.
func (s *Service) lastAttempts() map[int64]Attempt {
	out := map[int64]Attempt{}
	if s.Here.Attempts == nil {
		return out
	}
	for _, a := range s.Here.Attempts() { // newest first
		if _, there := out[a.MessageID]; !there {
			out[a.MessageID] = a
		}
	}
	return out
}

func (s *Service) waiting(ctx context.Context, inboxID int64, limit, offset int) ([]Delivery, error) {
	var channelID int64
	if inboxID != 0 {
		row, ok := s.Desk.Directory.Row(inboxID)
		if !ok {
			return nil, nil
		}
		channelID = row.ID
	}
	list, err := s.Store.OpenDeliveries(ctx, channelID, limit, offset)
	if err != nil {
		return nil, err
	}
	tried := s.lastAttempts()
	out := make([]Delivery, len(list))
	for i, d := range list {
		out[i] = Delivery{
			MessageID: d.MessageID, AccountID: d.AccountID, InboxID: d.InboxID, DisplayID: d.DisplayID, Verdict: "waiting", Error: d.LastError,
			Attempts: d.Attempts, At: d.CreatedAt, NextAt: d.NextAt, Deadline: d.Deadline,
		}
		last, known := tried[d.MessageID]
		switch {
		case d.Owner != "":
			out[i].Verdict = "sending"
		case known && (last.Verdict == "held" || last.Verdict == "breaker_open"):
			out[i].Verdict = last.Verdict
		case d.Attempts > 0 || d.LastError != "":
			out[i].Verdict = "retrying"
		}
		if known {
			out[i].Class, out[i].Code = last.Class, last.Code
		}
	}
	return out, nil
}

func (s *Service) failed(ctx context.Context, inboxID int64, limit, offset int) ([]Delivery, error) {
	list, err := s.Store.FailedMessages(ctx, inboxID, limit, offset)
	if err != nil {
		return nil, err
	}
	tried := s.lastAttempts()
	out := make([]Delivery, len(list))
	for i, m := range list {
		out[i] = Delivery{
			MessageID: m.MessageID, AccountID: m.AccountID, InboxID: m.InboxID, DisplayID: m.DisplayID, Verdict: Failed, Error: m.Error,
			At: time.UnixMicro(m.UpdatedAt).UTC(),
		}
		if last, known := tried[m.MessageID]; known {
			out[i].Class, out[i].Code, out[i].Attempts = last.Class, last.Code, last.Number
		}
	}
	return out, nil
}

// attempts are the tries of this process from the first on, and one more than a page.
func (s *Service) attempts(ctx context.Context, inboxID int64, first int) ([]Delivery, error) {
	if s.Here.Attempts == nil {
		return nil, nil
	}
	list := slices.DeleteFunc(s.Here.Attempts(), func(a Attempt) bool { return inboxID != 0 && a.InboxID != inboxID })
	list = list[min(first, len(list)):min(first+PerPage+1, len(list))]
	conversations := map[int64][]int64{} // by account
	for _, a := range list {
		conversations[a.AccountID] = append(conversations[a.AccountID], a.ConversationID)
	}
	numbers := map[int64]int64{}
	for account, ids := range conversations {
		found, err := s.Store.DisplayIDs(ctx, account, ids)
		if err != nil {
			return nil, err
		}
		maps.Copy(numbers, found)
	}
	out := make([]Delivery, len(list))
	for i, a := range list {
		out[i] = Delivery{
			MessageID: a.MessageID, AccountID: a.AccountID, InboxID: a.InboxID, Channel: a.Channel, DisplayID: numbers[a.ConversationID],
			Verdict: a.Verdict, Class: a.Class, Code: a.Code, Error: a.Error, Attempts: a.Number, At: a.At, NextAt: a.NextAt,
		}
	}
	return out, nil
}

// breakers are the lanes of this process by inbox.
func (s *Service) breakers() map[int64]Lane {
	out := map[int64]Lane{}
	if s.Here.Lanes == nil {
		return out
	}
	for _, l := range s.Here.Lanes() {
		out[l.InboxID] = l
	}
	return out
}

// breakerOf is the state of an inbox's breaker: one that was never used here is closed
// where there are no other processes.
func (s *Service) breakerOf(lanes map[int64]Lane, inboxID int64) string {
	if l, ok := lanes[inboxID]; ok {
		return l.Breaker
	}
	if s.Here.Embedded && s.Here.Lanes != nil {
		return "closed"
	}
	return ""
}

// Problems of a channel, the worst first.
const (
	ProblemToken        = "token"        // the provider does not take our credentials any more
	ProblemRegistration = "registration" // our webhook, or the number, is not registered
	ProblemHold         = "hold"         // replies are held or blocked
	ProblemBreaker      = "breaker"      // the provider does not answer
	ProblemRefusals     = "refusals"     // webhooks are refused
	ProblemSuspended    = "suspended"    // the account is suspended
)

// Channel is an inbox and how its provider and it get on.
type Channel struct {
	store.ChannelRow
	Slug, Title string
	Traffic     store.InboxTraffic
	Refused     map[string]int64 // in the last day, by cause
	Breaker     string           // empty: unknown
	Paused      time.Time        // zero: it is not paused, as far as is known
	WhatsApp    *WhatsApp        // nil: it is none, or unknown yet
	State       string
	Problems    []string
}

// WhatsApp is what Meta says of a number.
type WhatsApp struct {
	State      string
	Action     string // what it waits for
	Status     string // Meta's word: CONNECTED, …; empty: unknown
	Quality    string // GREEN, YELLOW, RED; empty: unknown
	CheckedAt  time.Time
	ReadFailed bool
}

// ChannelPage is a page of channels.
type ChannelPage struct {
	Channels []Channel // the worst first
	Total    int
	More     bool
}

// Channels gives a page of all inboxes; inboxID: of that one alone.
func (s *Service) Channels(ctx context.Context, inboxID int64, page int) (ChannelPage, error) {
	var out ChannelPage
	refusals, err := s.Store.AllRefusals(ctx)
	if err != nil {
		return out, fmt.Errorf("operator: channels: %w", err)
	}
	refused := map[int64]map[string]int64{}
	for _, r := range refusals {
		if refused[r.InboxID] == nil {
			refused[r.InboxID] = map[string]int64{}
		}
		refused[r.InboxID][r.Cause] = r.Count
	}
	gauges, err := s.Store.WhatsAppGauges(ctx)
	if err != nil {
		return out, fmt.Errorf("operator: channels: %w", err)
	}
	numbers := map[int64]store.WhatsAppGauge{}
	for _, g := range gauges {
		numbers[g.InboxID] = g
	}
	lanes := s.breakers()
	var list []Channel
	for _, ch := range s.Desk.Directory.All() {
		row, ok := s.Desk.Directory.Row(ch.InboxID)
		if !ok || inboxID != 0 && ch.InboxID != inboxID {
			continue
		}
		c := Channel{ChannelRow: row, Refused: refused[row.InboxID], Breaker: s.breakerOf(lanes, row.InboxID), Paused: lanes[row.InboxID].Paused}
		if driver, ok := s.Desk.Directory.DriverOf(row.Type); ok {
			c.Slug, c.Title = driver.Info().Slug, driver.Info().Title
		}
		if g, ok := numbers[row.InboxID]; ok {
			c.WhatsApp = whatsAppOf(g)
		}
		c.judge()
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b Channel) int {
		return cmp.Or(cmp.Compare(severity(a.State), severity(b.State)), cmp.Compare(b.refusals(), a.refusals()), cmp.Compare(a.InboxID, b.InboxID))
	})
	first := (max(page, 1) - 1) * PerPage
	out.Total = len(list)
	out.More = len(list)-PerPage > first
	if first < 0 || first > len(list) {
		return out, nil
	}
	out.Channels = list[first:min(len(list), first+PerPage)]
	return out, s.traffic(ctx, out.Channels)
}

// traffic adds when something came and went.
func (s *Service) traffic(ctx context.Context, list []Channel) error {
	inboxes := make([]int64, len(list))
	for i, c := range list {
		inboxes[i] = c.InboxID
	}
	traffic, err := s.Store.InboxTraffic(ctx, inboxes)
	if err != nil {
		return fmt.Errorf("operator: channels: %w", err)
	}
	for i := range list {
		list[i].Traffic = traffic[list[i].InboxID]
	}
	return nil
}

func (c *Channel) refusals() (n int64) {
	for _, count := range c.Refused {
		n += count
	}
	return n
}

// judge names what is wrong.
func (c *Channel) judge() {
	c.State = Good
	for _, p := range []struct {
		is           bool
		state, named string
	}{
		{c.ReauthorizationRequired, Bad, ProblemToken},
		{c.Registration == "failed" || c.RegistrationIncomplete, Bad, ProblemRegistration},
		{c.SendHold != "", Bad, ProblemHold},
		{c.Breaker == breakerOpen, Warning, ProblemBreaker},
		{c.refusals() > 0, Warning, ProblemRefusals},
		{!c.AccountActive, Warning, ProblemSuspended},
	} {
		if !p.is {
			continue
		}
		c.Problems = append(c.Problems, p.named)
		if severity(p.state) < severity(c.State) {
			c.State = p.state
		}
	}
}

func whatsAppOf(g store.WhatsAppGauge) *WhatsApp {
	var said struct {
		Status  *string `json:"status"`
		Quality *string `json:"quality_rating"`
	}
	_ = json.Unmarshal(g.Snapshot, &said) // never heard, or unreadable: unknown
	out := &WhatsApp{State: g.State, Action: g.Action, CheckedAt: g.SnapshotAt, ReadFailed: g.ReadFailed}
	if said.Status != nil {
		out.Status = *said.Status
	}
	if said.Quality != nil {
		out.Quality = *said.Quality
	}
	return out
}
