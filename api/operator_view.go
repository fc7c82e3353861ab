package api

import (
	"encoding/json"
	"time"

	"tributary/api/route"
	"tributary/operator"
)

// operatorReasonOut says why a part is in its state. Code names the reason, Text says
// it in English, Detail is in the words of what failed.
type operatorReasonOut struct {
	Code   string             `json:"code"`
	State  string             `json:"state" enum:"bad,warning,unknown,good"`
	Text   string             `json:"text"`
	Values map[string]float64 `json:"values"`
	Detail *string            `json:"detail"`
}

// operatorPartOut is a part of the installation. Unknown is what another process
// knows; a figure that is null is unknown.
type operatorPartOut struct {
	Name    string              `json:"name" enum:"edge,spool,queue,workers,relay,database,realtime"`
	State   string              `json:"state" enum:"bad,warning,unknown,good"`
	Scope   string              `json:"scope" enum:"installation,process"`
	Reasons []operatorReasonOut `json:"reasons"`
	Figures map[string]*float64 `json:"figures"`
}

// operatorFiguresOut are the numbers at the top; null is unknown.
type operatorFiguresOut struct {
	Depth            *float64 `json:"depth"`
	OldestSeconds    *float64 `json:"oldest_seconds"`
	VisibleP99       *float64 `json:"visible_p99_seconds"`
	EventsPerSecond  *float64 `json:"events_per_second"`
	RefusedPerMinute *float64 `json:"refused_per_minute"`
}

// operatorMomentOut is a point of the last hour.
type operatorMomentOut struct {
	At route.ISO `json:"at"`
	operatorFiguresOut
}

// operatorProcessOut is the process that answers.
type operatorProcessOut struct {
	Instance string   `json:"instance"`
	Roles    []string `json:"roles"`
	// Alone tells that there is no other process to know of.
	Alone bool `json:"alone"`
}

type operatorOverviewOut struct {
	At              route.ISO           `json:"at"`
	State           string              `json:"state" enum:"bad,warning,good"`
	Process         operatorProcessOut  `json:"process"`
	Parts           []operatorPartOut   `json:"parts"`
	Figures         operatorFiguresOut  `json:"figures"`
	Dead            *int64              `json:"dead"`
	IntervalSeconds int                 `json:"interval_seconds"`
	History         []operatorMomentOut `json:"history"`
}

func (a *API) newOperatorOverviewOut(o operator.Overview) operatorOverviewOut {
	here := a.Operator.Here
	out := operatorOverviewOut{
		At: route.ISO(o.At), State: o.State, Process: operatorProcessOut{here.Instance, append([]string{}, here.Roles...), here.Embedded},
		Figures: operatorFiguresOut(o.Figures), Dead: o.Dead, IntervalSeconds: int(operator.SampleEvery / time.Second),
		History: make([]operatorMomentOut, len(o.History)),
	}
	for _, p := range o.Parts {
		part := operatorPartOut{Name: p.Name, State: p.State, Scope: p.Scope, Figures: p.Figures}
		for _, r := range p.Reasons {
			part.Reasons = append(part.Reasons, operatorReasonOut{r.Code, r.State, r.Text, r.Values, given(r.Detail)})
		}
		out.Parts = append(out.Parts, part)
	}
	for i, m := range o.History {
		out.History[i] = operatorMomentOut{route.ISO(m.At), operatorFiguresOut(m.Figures)}
	}
	return out
}

type operatorPartitionOut struct {
	Partition     int     `json:"partition"`
	Waiting       int64   `json:"waiting"`
	Pending       int64   `json:"pending"`
	Delayed       int64   `json:"delayed"`
	OldestSeconds float64 `json:"oldest_seconds"`
	Owner         *string `json:"owner"`
	OwnedHere     bool    `json:"owned_here"`
	Stalled       bool    `json:"stalled"`
}

// operatorLaneOut is a lane of deferred work; counts end at 10,000.
type operatorLaneOut struct {
	Lane      string    `json:"lane"`
	Due       int64     `json:"due"`
	Running   int64     `json:"running"`
	Later     int64     `json:"later"`
	Dead      int64     `json:"dead"`
	OldestDue route.ISO `json:"oldest_due_at"`
}

type operatorQueueOut struct {
	At         route.ISO              `json:"at"`
	Partitions []operatorPartitionOut `json:"partitions"`
	Lanes      []operatorLaneOut      `json:"lanes"`
	Dead       map[string]int64       `json:"dead"`
	Bytes      int64                  `json:"bytes"`
}

func newOperatorQueueOut(q operator.QueueState) operatorQueueOut {
	out := operatorQueueOut{At: route.ISO(q.At), Partitions: []operatorPartitionOut{}, Lanes: []operatorLaneOut{}, Dead: q.Dead, Bytes: q.Bytes}
	for _, p := range q.Partitions {
		out.Partitions = append(out.Partitions, operatorPartitionOut{
			p.Partition, p.Waiting, p.Pending, p.Delayed, p.OldestAge.Seconds(), given(p.Owner), p.Here, p.Stalled,
		})
	}
	for _, l := range q.Lanes {
		out.Lanes = append(out.Lanes, operatorLaneOut{l.Lane, l.Due, l.Running, l.Later, l.Dead, route.ISO(l.OldestDue)})
	}
	return out
}

// operatorEventOut is an entry of the queue. Group is the reason that it shares with
// others; what its event would tell is null where it cannot be decoded.
type operatorEventOut struct {
	ID         string    `json:"id"`
	State      string    `json:"state" enum:"dead,pending,delayed,waiting,done"`
	Partition  int       `json:"partition"`
	Channel    string    `json:"channel"`
	AppendedAt route.ISO `json:"appended_at"`
	Due        route.ISO `json:"due_at"`
	DiedAt     route.ISO `json:"died_at"`
	Attempts   int       `json:"attempts"`
	Reason     *string   `json:"reason"`
	Group      *string   `json:"group"`
	AccountID  *int64    `json:"account_id"`
	InboxID    *int64    `json:"inbox_id"`
	InboxName  *string   `json:"inbox_name"`
	Kind       *string   `json:"kind"`
	Summary    *string   `json:"summary"`
}

func newOperatorEventOut(e operator.Event) operatorEventOut {
	return operatorEventOut{
		ID: e.ID, State: e.State, Partition: e.Partition, Channel: e.Channel, AppendedAt: route.ISO(e.AppendedAt), Due: route.ISO(e.Due),
		DiedAt: route.ISO(e.DiedAt), Attempts: e.Attempts, Reason: given(e.Reason), Group: given(e.Group), AccountID: numbered(e.AccountID),
		InboxID: numbered(e.InboxID), InboxName: given(e.InboxName), Kind: given(e.Kind), Summary: given(e.Summary),
	}
}

// numbered is a record's number, nil when it is 0.
func numbered(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}

// operatorGroupOut is dead letters of a channel that died of the same.
type operatorGroupOut struct {
	Channel string    `json:"channel"`
	Reason  string    `json:"reason"`
	Example string    `json:"example"`
	Count   int       `json:"count"`
	FirstAt route.ISO `json:"first_at"`
	LastAt  route.ISO `json:"last_at"`
}

type operatorEventsOut struct {
	Events []operatorEventOut `json:"events"`
	Groups []operatorGroupOut `json:"groups"`
	Total  *int               `json:"total"`
	More   bool               `json:"more"`
	// Partial tells that only the newest dead letters were looked through.
	Partial bool `json:"partial"`
	Page    int  `json:"page"`
	PerPage int  `json:"per_page"`
}

func newOperatorEventsOut(p operator.EventPage) operatorEventsOut {
	out := operatorEventsOut{
		Events: []operatorEventOut{}, Groups: []operatorGroupOut{}, Total: p.Total, More: p.More, Partial: p.Partial, PerPage: operator.PerPage,
	}
	for _, e := range p.Events {
		out.Events = append(out.Events, newOperatorEventOut(e))
	}
	for _, g := range p.Groups {
		out.Groups = append(out.Groups, operatorGroupOut{g.Channel, g.Reason, g.Example, g.Count, route.ISO(g.First), route.ISO(g.Last)})
	}
	return out
}

// operatorEventDetailOut is an event with what it holds. Secrets read [FILTERED].
type operatorEventDetailOut struct {
	operatorEventOut
	Event     json.RawMessage `json:"event" schema:"object,null"`
	Damaged   *string         `json:"damaged"`
	Body      *string         `json:"body"`
	BodyBytes int             `json:"body_bytes"`
	BodyCut   bool            `json:"body_cut"`
}

func newOperatorEventDetailOut(e operator.EventDetail) operatorEventDetailOut {
	out := operatorEventDetailOut{newOperatorEventOut(e.Event), e.Decoded, given(e.Damaged), e.Body, e.BodyBytes, e.Cut}
	if e.Decoded == nil {
		out.Event = json.RawMessage("null")
	}
	return out
}

// operatorReplayedOut is what came of a replay. With the same Before the next call goes
// on with what is left.
type operatorReplayedOut struct {
	Matched  int    `json:"matched"`
	Replayed int    `json:"replayed"`
	Left     int    `json:"left"`
	Partial  bool   `json:"partial"`
	Before   string `json:"before"`
	DryRun   bool   `json:"dry_run"`
}

// operatorDeliveryOut is a reply on its way. What another process knows is null.
type operatorDeliveryOut struct {
	MessageID      int64     `json:"message_id"`
	AccountID      int64     `json:"account_id"`
	InboxID        int64     `json:"inbox_id"`
	InboxName      *string   `json:"inbox_name"`
	Channel        string    `json:"channel"`
	ConversationID *int64    `json:"conversation_id"`
	Verdict        string    `json:"verdict"`
	Class          *string   `json:"class"`
	Code           *string   `json:"code"`
	Error          *string   `json:"error"`
	Attempts       *int      `json:"attempts"`
	At             route.ISO `json:"at"`
	NextAt         route.ISO `json:"next_at"`
	Deadline       route.ISO `json:"deadline_at"`
	Breaker        *string   `json:"breaker"`
}

type operatorDeliveriesOut struct {
	Deliveries []operatorDeliveryOut `json:"deliveries"`
	More       bool                  `json:"more"`
	// AttemptsKnown tells that this process sends replies.
	AttemptsKnown bool `json:"attempts_known"`
	Page          int  `json:"page"`
	PerPage       int  `json:"per_page"`
}

func newOperatorDeliveriesOut(p operator.DeliveryPage) operatorDeliveriesOut {
	out := operatorDeliveriesOut{Deliveries: []operatorDeliveryOut{}, More: p.More, AttemptsKnown: p.Known, PerPage: operator.PerPage}
	for _, d := range p.Deliveries {
		one := operatorDeliveryOut{
			MessageID: d.MessageID, AccountID: d.AccountID, InboxID: d.InboxID, InboxName: given(d.InboxName), Channel: d.Channel,
			ConversationID: numbered(d.DisplayID), Verdict: d.Verdict, Class: given(d.Class), Code: given(d.Code), Error: given(d.Error),
			At: route.ISO(d.At), NextAt: route.ISO(d.NextAt), Deadline: route.ISO(d.Deadline), Breaker: given(d.Breaker),
		}
		if d.Attempts > 0 || d.Verdict != operator.Failed {
			one.Attempts = &d.Attempts
		}
		out.Deliveries = append(out.Deliveries, one)
	}
	return out
}

// operatorNumberOut is what Meta says of a WhatsApp number.
type operatorNumberOut struct {
	State          string    `json:"state"`
	RequiredAction *string   `json:"required_action"`
	Status         *string   `json:"status"`
	Quality        *string   `json:"quality"`
	CheckedAt      route.ISO `json:"checked_at"`
	ReadFailed     bool      `json:"read_failed"`
}

// operatorChannelOut is an inbox and how its provider and it get on. What another
// process knows is null.
type operatorChannelOut struct {
	InboxID       int64              `json:"inbox_id"`
	AccountID     int64              `json:"account_id"`
	Name          string             `json:"name"`
	Channel       string             `json:"channel"`
	Title         string             `json:"title"`
	State         string             `json:"state" enum:"bad,warning,good"`
	Problems      []string           `json:"problems"`
	LastInAt      route.ISO          `json:"last_in_at"`
	LastOutAt     route.ISO          `json:"last_out_at"`
	VerifiedAt    route.ISO          `json:"verified_at"`
	Rejected24h   map[string]int64   `json:"rejected_24h"`
	Breaker       *string            `json:"breaker"`
	PausedUntil   route.ISO          `json:"paused_until"`
	Token         string             `json:"token" enum:"ok,errors,reauthorization_required"`
	Registration  *string            `json:"registration"`
	RegisterError *string            `json:"registration_error"`
	SendHold      *string            `json:"send_hold"`
	SignatureMode *string            `json:"signature_mode"`
	WhatsApp      *operatorNumberOut `json:"whatsapp"`
}

type operatorChannelsOut struct {
	Channels []operatorChannelOut `json:"channels"`
	Total    int                  `json:"total"`
	More     bool                 `json:"more"`
	Page     int                  `json:"page"`
	PerPage  int                  `json:"per_page"`
}

func newOperatorChannelsOut(p operator.ChannelPage) operatorChannelsOut {
	out := operatorChannelsOut{Channels: []operatorChannelOut{}, Total: p.Total, More: p.More, PerPage: operator.PerPage}
	for _, c := range p.Channels {
		out.Channels = append(out.Channels, newOperatorChannelOut(c))
	}
	return out
}

func newOperatorChannelOut(c operator.Channel) operatorChannelOut {
	out := operatorChannelOut{
		InboxID: c.InboxID, AccountID: c.AccountID, Name: c.InboxName, Channel: c.Slug, Title: c.Title, State: c.State, Problems: append([]string{}, c.Problems...),
		LastInAt: moment(c.Traffic.LastIn), LastOutAt: moment(c.Traffic.LastOut), VerifiedAt: moment(c.Traffic.VerifiedAt), Rejected24h: c.Refused,
		Breaker: given(c.Breaker), PausedUntil: route.ISO(c.Paused), Token: "ok", Registration: given(c.Registration),
		RegisterError: given(c.RegistrationError), SendHold: given(c.SendHold), SignatureMode: given(c.SignatureMode),
	}
	if out.Rejected24h == nil {
		out.Rejected24h = map[string]int64{}
	}
	switch {
	case c.ReauthorizationRequired:
		out.Token = "reauthorization_required"
	case c.AuthorizationErrors > 0:
		out.Token = "errors"
	}
	if n := c.WhatsApp; n != nil {
		out.WhatsApp = &operatorNumberOut{n.State, given(n.Action), given(n.Status), given(n.Quality), route.ISO(n.CheckedAt), n.ReadFailed}
	}
	return out
}
