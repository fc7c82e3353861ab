package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"tributary/chat"
	"tributary/chat/filter"
	"tributary/store"
)

// Jobs of automation rules: the first finds which rules run on what happened in an
// account, the second carries out what they do in one conversation.
const (
	JobRulesFind = "rules.find"
	JobRulesRun  = "rules.run"
)

// Events of automation rules by the kinds of the outbox.
var ruleEvents = map[string]string{
	"conversation.created":  "conversation_created",
	"conversation.updated":  "conversation_updated",
	"conversation.opened":   "conversation_opened",
	"conversation.resolved": "conversation_resolved",
	"message.created":       "message_created",
}

// RuleEvents are the events on which automation rules run.
var RuleEvents = []string{"conversation_created", "conversation_updated", "conversation_opened", "conversation_resolved", "message_created"}

// ruleFailures is how often conditions may fail before their rule is switched off.
const ruleFailures = 2

// ruleEvent is something that happened, in the payload of JobRulesFind.
type ruleEvent struct {
	Key            string          `json:"key"`
	Event          string          `json:"event"`
	ConversationID int64           `json:"conversation_id"`
	MessageID      int64           `json:"message_id,omitempty"`
	Changed        json.RawMessage `json:"changed,omitempty"` // changed_attributes
}

type rulesFind struct {
	Events []ruleEvent `json:"events"`
}

// rulesRun is the payload of JobRulesRun.
type rulesRun struct {
	ConversationID int64     `json:"conversation_id"`
	Runs           []ruleRun `json:"runs"`
	Run            int       `json:"run"`  // the one that it has come to
	Step           int       `json:"step"` // and its action
}

// ruleRun is a rule that runs.
type ruleRun struct {
	RuleID int64  `json:"rule_id"`
	Event  string `json:"event"`
	Key    string `json:"key"` // of the event
}

// orderRules orders a look at the rules of each account of which there are some for what
// happened. What rules did themselves starts none.
func (d *Desk) orderRules(ctx context.Context, tx *store.Tx, rows []store.OutboxRow) (bool, error) {
	byAccount := map[int64][]ruleEvent{}
	var accounts []int64
	for _, row := range rows {
		event := ruleEvents[row.Kind]
		if event == "" || row.ConversationID == 0 {
			continue
		}
		var payload struct {
			RuleID  json.RawMessage `json:"rule_id"`
			Changed json.RawMessage `json:"changed_attributes"`
		}
		_ = json.Unmarshal([]byte(row.Payload), &payload) // ours; empty of most
		if payload.RuleID != nil {
			continue
		}
		if byAccount[row.AccountID] == nil {
			accounts = append(accounts, row.AccountID)
		}
		byAccount[row.AccountID] = append(byAccount[row.AccountID], ruleEvent{
			// The moment belongs to it: where a database is restored, numbers come again.
			Key:   strconv.FormatInt(row.ID, 36) + "." + strconv.FormatInt(row.CreatedAt, 36),
			Event: event, ConversationID: row.ConversationID, MessageID: row.MessageID, Changed: payload.Changed,
		})
	}
	if len(accounts) == 0 {
		return false, nil
	}
	wanted, err := tx.RuledEvents(ctx, accounts)
	if err != nil {
		return false, err
	}
	var jobs []store.Job
	for _, account := range accounts {
		list := slices.DeleteFunc(byAccount[account], func(e ruleEvent) bool { return !slices.Contains(wanted[account], e.Event) })
		if len(list) == 0 {
			continue
		}
		payload, err := json.Marshal(rulesFind{list})
		if err != nil {
			return false, fmt.Errorf("desk: rules: %w", err)
		}
		jobs = append(jobs, store.Job{
			Kind: JobRulesFind, Lane: store.LaneRules, AccountID: account, Payload: payload,
			UniqueKey: JobRulesFind + ":" + strconv.FormatInt(account, 10) + ":" + list[0].Key,
		})
	}
	return len(jobs) > 0, tx.OrderJobs(ctx, jobs, 0)
}

// findRules carries out JobRulesFind.
func (d *Desk) findRules(ctx context.Context, j store.Job) error {
	var in rulesFind
	if err := readJob(j, &in); err != nil {
		return err
	}
	s, err := d.ruleSearch(ctx, j.AccountID, in.Events)
	if err != nil {
		return err
	}
	if err := s.messages(ctx); err != nil {
		return err
	}
	runs, err := s.jobs(j)
	if err != nil {
		return err
	}
	admins, err := d.adminsToTell(ctx, j.AccountID, s.failed)
	if err != nil {
		return err
	}
	err = d.again(ctx, func(tx *store.Tx) error {
		// With the job goes the chance to do it again.
		if err := tx.SpendJob(ctx, j.ID); err != nil {
			return err
		}
		for _, r := range s.rules {
			if n := s.failed[r.ID]; n > 0 {
				if err := failRule(ctx, tx, r, n, admins); err != nil {
					return err
				}
			}
		}
		return tx.OrderJobs(ctx, runs, 0)
	})
	if err == nil {
		d.WakeJobs()
	}
	return gone(err)
}

// adminsToTell are those who hear of rules that are switched off.
func (d *Desk) adminsToTell(ctx context.Context, accountID int64, failed map[int64]int) ([]int64, error) {
	if len(failed) == 0 {
		return nil, nil
	}
	list, err := d.Store.AccountAdmins(ctx, accountID)
	out := make([]int64, len(list))
	for i, a := range list {
		out[i] = a.UserID
	}
	return out, err
}

// failRule counts failures of a rule, and tells when it is switched off.
func failRule(ctx context.Context, tx *store.Tx, r store.RuleRow, n int, admins []int64) error {
	off, err := tx.FailRule(ctx, r.ID, n, ruleFailures)
	if err != nil || !off {
		return err
	}
	if err := insertAudit(ctx, tx, Actor{}, r.AccountID, "AutomationRule", r.ID, auditUpdate, map[string]any{"active": [2]bool{true, false}}); err != nil {
		return err
	}
	key := "off:" + strconv.FormatInt(r.ID, 10) + ":" + strconv.FormatInt(tx.Now.UnixMicro(), 36)
	return orderRuleMails(ctx, tx, r.AccountID, key, admins, ruleMail{Rule: r.Name})
}

// ruleSearch finds which rules run on events of an account: what they are about is read
// at once, whatever the number of rules and events.
type ruleSearch struct {
	desk     *Desk
	events   []ruleEvent
	rules    []store.RuleRow
	parsed   map[int64]filter.Rule
	broken   map[int64]bool // rules whose conditions mean nothing
	subjects map[int64]store.RuleSubject
	written  map[int64]store.RuleMessage // those that events are about
	found    map[[2]int]bool             // [event, rule], by index
	failed   map[int64]int               // how often the conditions of a rule failed, by its id
}

func (d *Desk) ruleSearch(ctx context.Context, accountID int64, events []ruleEvent) (*ruleSearch, error) {
	s := &ruleSearch{
		desk: d, events: events, parsed: map[int64]filter.Rule{}, broken: map[int64]bool{}, found: map[[2]int]bool{}, failed: map[int64]int{},
	}
	var names []string
	var conversations, messages []int64
	for _, e := range events {
		names, conversations = append(names, e.Event), append(conversations, e.ConversationID)
		if e.MessageID != 0 {
			messages = append(messages, e.MessageID)
		}
	}
	slices.Sort(names)
	var err error
	if s.rules, err = d.Store.ActiveRules(ctx, accountID, slices.Compact(names)); err != nil || len(s.rules) == 0 {
		return s, err
	}
	slices.Sort(conversations)
	if s.subjects, err = d.Store.RuleSubjects(ctx, accountID, slices.Compact(conversations)); err != nil {
		return nil, err
	}
	if s.written, err = d.Store.RuleMessages(ctx, messages); err != nil {
		return nil, err
	}
	defined, err := d.Store.FilterDefinitions(ctx, accountID)
	if err != nil {
		return nil, err
	}
	for _, r := range s.rules {
		rule, err := filter.ParseRule([]byte(r.Conditions), defined, d.Now())
		if err != nil {
			d.Log.Info("the conditions of a rule cannot be evaluated", "rule_id", r.ID, "error", err)
			s.broken[r.ID] = true
		}
		s.parsed[r.ID] = rule
	}
	s.match()
	return s, nil
}

// heard tells whether rules hear of an event at all. What an out-of-office mail began is
// nobody's wish.
func (s *ruleSearch) heard(e ruleEvent) (store.RuleSubject, bool) {
	c, there := s.subjects[e.ConversationID]
	if !there {
		return c, false
	}
	switch e.Event {
	case "conversation_created", "conversation_opened":
		return c, parse(c.Additional)["auto_reply"] != true
	case "message_created":
		m, there := s.written[e.MessageID]
		if !there || m.Type == int(chat.Activity) {
			return c, false
		}
		email, _ := parse(m.Attributes)["email"].(map[string]any)
		return c, email["auto_reply"] != true
	}
	return c, true
}

// match holds the rules against the events, but for what needs all messages of a
// conversation.
func (s *ruleSearch) match() {
	for i, e := range s.events {
		c, ok := s.heard(e)
		if !ok {
			continue
		}
		record := recordOf(c)
		if m, ok := s.written[e.MessageID]; ok && e.Event == "message_created" {
			record[filter.Message] = rowOf(m)
		}
		changes := changesOf(e.Changed)
		for k, r := range s.rules {
			if r.EventName != e.Event {
				continue
			}
			if s.broken[r.ID] {
				s.failed[r.ID]++
				continue
			}
			if s.parsed[r.ID].Match(record, changes) {
				s.found[[2]int{i, k}] = true
			}
		}
	}
}

// messages holds rules that ask about messages against each message of the conversations
// to which something else happened.
func (s *ruleSearch) messages(ctx context.Context) error {
	open := map[int64][][2]int{} // by conversation
	var list []int64
	for i, e := range s.events {
		if _, ok := s.heard(e); !ok || e.Event == "message_created" {
			continue
		}
		for k, r := range s.rules {
			at := [2]int{i, k}
			if r.EventName != e.Event || s.found[at] || s.broken[r.ID] || !s.parsed[r.ID].AboutMessages() {
				continue
			}
			if open[e.ConversationID] == nil {
				list = append(list, e.ConversationID)
			}
			open[e.ConversationID] = append(open[e.ConversationID], at)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return s.desk.Store.EachRuleMessage(ctx, list, func(m store.RuleMessage) {
		waiting := open[m.ConversationID]
		if len(waiting) == 0 {
			return
		}
		record := recordOf(s.subjects[m.ConversationID])
		record[filter.Message] = rowOf(m)
		open[m.ConversationID] = slices.DeleteFunc(waiting, func(at [2]int) bool {
			if !s.parsed[s.rules[at[1]].ID].Match(record, changesOf(s.events[at[0]].Changed)) {
				return false
			}
			s.found[at] = true
			return true
		})
	})
}

// jobs are the jobs in which the rules run: one for each conversation, in the order of
// events and rules.
func (s *ruleSearch) jobs(j store.Job) ([]store.Job, error) {
	runs := map[int64]*rulesRun{}
	var order []int64
	for i, e := range s.events {
		for k, r := range s.rules {
			if !s.found[[2]int{i, k}] {
				continue
			}
			if runs[e.ConversationID] == nil {
				runs[e.ConversationID] = &rulesRun{ConversationID: e.ConversationID}
				order = append(order, e.ConversationID)
			}
			in := runs[e.ConversationID]
			in.Runs = append(in.Runs, ruleRun{RuleID: r.ID, Event: e.Event, Key: e.Key})
		}
	}
	list := make([]store.Job, len(order))
	for i, id := range order {
		payload, err := json.Marshal(runs[id])
		if err != nil {
			return nil, fmt.Errorf("desk: rules: %w", err)
		}
		list[i] = store.Job{
			Kind: JobRulesRun, Lane: store.LaneRules, AccountID: j.AccountID, Payload: payload,
			UniqueKey: JobRulesRun + ":" + strconv.FormatInt(id, 10) + ":" + runs[id].Runs[0].Key,
		}
	}
	return list, nil
}

// recordOf is a conversation with its contact for conditions.
func recordOf(c store.RuleSubject) filter.Record {
	columns := map[string]any{"status": int64(c.Status), "inbox_id": c.InboxID}
	for name, id := range map[string]*int64{"priority": c.Priority, "assignee_id": c.AssigneeID, "team_id": c.TeamID} {
		if id != nil {
			columns[name] = *id
		}
	}
	contact := map[string]any{}
	for name, text := range map[string]*string{"email": c.ContactEmail, "phone_number": c.ContactPhone} {
		if text != nil {
			contact[name] = *text
		}
	}
	return filter.Record{
		filter.Conversation: {Columns: columns, Additional: c.Additional, Custom: c.Custom, Labels: c.Labels},
		filter.Contact:      {Columns: contact, Additional: c.ContactAdditional, Custom: c.ContactCustom},
	}
}

// rowOf is a message for conditions.
func rowOf(m store.RuleMessage) filter.Row {
	columns := map[string]any{"message_type": int64(m.Type)}
	if text := processed(m); text != nil {
		columns["content"] = *text
	}
	return filter.Row{Columns: columns}
}

// processed is what the sender wrote themself: of a mail the part that quotes nothing.
func processed(m store.RuleMessage) *string {
	email, _ := parse(m.Attributes)["email"].(map[string]any)
	for _, part := range []string{"text_content", "html_content"} {
		content, _ := email[part].(map[string]any)
		if text, _ := content["quoted"].(string); text != "" {
			return &text
		}
	}
	return m.Content
}

// changesOf reads changed_attributes.
func changesOf(changed json.RawMessage) []filter.Change {
	var list []map[string]struct {
		Before json.RawMessage `json:"previous_value"`
		After  json.RawMessage `json:"current_value"`
	}
	_ = json.Unmarshal(changed, &list) // ours; empty of events without
	var out []filter.Change
	for _, one := range list {
		for key, x := range one {
			out = append(out, filter.Change{Key: key, Before: x.Before, After: x.After})
		}
	}
	return out
}

// runRules carries out JobRulesRun.
func (d *Desk) runRules(ctx context.Context, j store.Job) error {
	var in rulesRun
	if err := readJob(j, &in); err != nil {
		return err
	}
	keys := make([]int64, len(in.Runs))
	for i, r := range in.Runs {
		keys[i] = r.RuleID
	}
	list, err := d.Store.RulesByID(ctx, j.AccountID, keys)
	if err != nil {
		return err
	}
	rules := map[int64]store.RuleRow{}
	for _, r := range list {
		rules[r.ID] = r
	}
	at := &progress{j, j.Payload}
	for ; in.Run < len(in.Runs); in.Run, in.Step = in.Run+1, 0 {
		run := in.Runs[in.Run]
		rule, ok := rules[run.RuleID]
		if !ok || !rule.Active {
			continue // deleted, or switched off, meanwhile
		}
		if err := d.runRule(ctx, at, in, rule); err != nil {
			return leave(err)
		}
	}
	return nil
}

// leave gives a job up that somebody else goes on with.
func leave(err error) error {
	if err == errOvertaken { //nolint:errorlint // as it is
		return nil
	}
	return gone(err)
}

func (d *Desk) runRule(ctx context.Context, at *progress, in rulesRun, rule store.RuleRow) error {
	var actions []Action
	if err := json.Unmarshal([]byte(rule.Actions), &actions); err != nil {
		d.Log.Warn("a rule has no actions that can be read", "rule_id", rule.ID, "error", err)
		return nil
	}
	// As the actions before left it.
	subjects, err := d.Store.RuleSubjects(ctx, rule.AccountID, []int64{in.ConversationID})
	if err != nil {
		return err
	}
	c, there := subjects[in.ConversationID]
	if !there {
		return nil
	}
	run := in.Runs[in.Run]
	p := subjectOf(c, rule.AccountID)
	p.by, p.owner, p.ownerID, p.event = Author{RuleID: rule.ID}, store.KeptByRule, rule.ID, "automation_event."+run.Event
	return d.steps(ctx, at, actions, in.Step, p, "rule:"+strconv.FormatInt(rule.ID, 10)+":"+run.Key, func(step int) any {
		in.Step = step
		return in
	})
}

// subjectOf is a performance in a conversation.
func subjectOf(c store.RuleSubject, accountID int64) performance {
	p := performance{accountID: accountID, conversationID: c.ID, displayID: c.DisplayID, tweets: parse(c.Additional)["type"] == "tweet"}
	if c.ContactEmail != nil {
		p.email = *c.ContactEmail
	}
	return p
}
