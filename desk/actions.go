package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tributary/chat"
	"tributary/chat/filter"
	"tributary/files"
	"tributary/store"
)

// Action is one thing that a macro or an automation rule does.
type Action struct {
	Name   string          `json:"action_name"`
	Params json.RawMessage `json:"action_params"` // a list
}

// RuleActions are what automation rules can do.
var RuleActions = []string{
	"assign_agent", "assign_team", "add_label", "remove_label", "send_message", "add_private_note", "send_attachment",
	"send_email_to_team", "send_email_transcript", "send_webhook_event", "mute_conversation", "snooze_conversation",
	"resolve_conversation", "open_conversation", "change_status", "change_priority", "add_sla",
}

// MacroActions are what macros can do.
var MacroActions = []string{
	"assign_agent", "assign_team", "remove_assigned_team", "add_label", "remove_label", "send_message", "add_private_note",
	"send_attachment", "send_email_transcript", "send_webhook_event", "mute_conversation", "snooze_conversation",
	"resolve_conversation", "change_status", "change_priority",
}

// ActionSendAttachment names the action whose parameters are blobs.
const ActionSendAttachment = "send_attachment"

// params are the parameters of an action: texts and numbers, both as text, and objects
// as JSON.
func (a Action) params() []string {
	list, ok := filter.Decode(a.Params).([]any)
	if !ok {
		return nil
	}
	out := make([]string, 0, len(list))
	for _, v := range list {
		switch v := v.(type) {
		case nil:
			out = append(out, "")
		case string:
			out = append(out, v)
		case json.Number:
			out = append(out, v.String())
		default:
			if b, err := json.Marshal(v); err == nil {
				out = append(out, string(b))
			}
		}
	}
	return out
}

// first is the first parameter, "" when there is none.
func (a Action) first() string {
	if list := a.params(); len(list) > 0 {
		return strings.TrimSpace(list[0])
	}
	return ""
}

// Numbers are the parameters that are whole numbers.
func (a Action) Numbers() []int64 {
	var out []int64
	for _, text := range a.params() {
		if n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64); err == nil {
			out = append(out, n)
		}
	}
	return out
}

// performance is the running of actions in a conversation.
type performance struct {
	accountID, conversationID, displayID int64
	by                                   Author
	// owner keeps the files that are sent.
	owner   store.KeptBy
	ownerID int64
	event   string // what webhooks are told: "macro.executed"
	tweets  bool   // nobody writes there
	email   string // of the contact
	// key tells the action from all others, in this run and in other ones.
	key string
	// mark notes that the action is done, in its transaction. errOvertaken when somebody
	// else did it meanwhile.
	mark func(context.Context, *store.Tx) error
}

// errOvertaken says that another process went on with the work: this one leaves it.
var errOvertaken = errors.New("desk: another process goes on with it")

// errNothing says that an action has nothing to do. It is not an error: what is asked for
// is not there, or not allowed.
var errNothing = errors.New("desk: nothing to do")

// perform carries out one action and notes that, once. An error that is not errOvertaken
// and does not pass is the action's own; the next one can go on.
func (d *Desk) perform(ctx context.Context, p *performance, a Action) error {
	err := d.act(ctx, p, a)
	if errors.Is(err, errNothing) {
		return d.again(ctx, func(tx *store.Tx) error { return p.mark(ctx, tx) })
	}
	return err
}

func (d *Desk) act(ctx context.Context, p *performance, a Action) error {
	switch a.Name {
	case "send_message":
		return d.say(ctx, p, a.first(), false, nil)
	case "add_private_note":
		return d.say(ctx, p, a.first(), true, nil)
	case ActionSendAttachment:
		return d.sendKept(ctx, p, a.Numbers())
	case "send_email_to_team":
		return d.mailTeams(ctx, p, a.Params)
	case "send_email_transcript":
		return d.mailTranscript(ctx, p, a.first())
	case "send_webhook_event":
		return d.tellAddress(ctx, p, a.first())
	}
	return d.EditByID(ctx, p.conversationID, p.by, func(e *Edit) error {
		if err := p.change(ctx, e, a); err != nil && !errors.Is(err, errNothing) {
			return err
		}
		return p.mark(ctx, e.Tx())
	})
}

// change carries out an action that changes the conversation itself.
func (p *performance) change(ctx context.Context, e *Edit, a Action) error {
	switch a.Name {
	case "assign_agent":
		return p.assignAgent(ctx, e, a.first())
	case "assign_team":
		id, ok := orNobody(a.first())
		if !ok {
			return errNothing
		}
		return ifThere(e.Team(ctx, id))
	case "remove_assigned_team":
		return e.Team(ctx, 0)
	case "add_label":
		return e.ChangeLabels(ctx, ParseLabels(a.params()), nil)
	case "remove_label":
		return e.ChangeLabels(ctx, nil, ParseLabels(a.params()))
	case "mute_conversation":
		e.Mute()
	case "snooze_conversation":
		e.Status(chat.Snoozed, nil)
	case "resolve_conversation":
		e.Status(chat.Resolved, nil)
	case "open_conversation":
		e.Status(chat.Open, nil)
	case "change_status":
		status := chat.ConversationStatus(a.first())
		if _, known := filter.Statuses[string(status)]; !known {
			return errNothing
		}
		e.Status(status, nil)
	case "change_priority":
		return changePriority(e, a.first())
	}
	return nil // add_sla: there are no policies yet
}

func changePriority(e *Edit, name string) error {
	if name == "" || name == nobody {
		e.Priority(nil)
		return nil
	}
	n, known := filter.Priorities[name]
	if !known {
		return errNothing
	}
	p := int(n)
	e.Priority(&p)
	return nil
}

// nobody is what parameters call nobody, no team and no priority.
const nobody = "nil"

// orNobody reads an id, 0 for nobody.
func orNobody(text string) (id int64, ok bool) {
	if text == "" || text == nobody {
		return 0, true
	}
	id, err := strconv.ParseInt(text, 10, 64)
	return id, err == nil && id >= 0
}

// ifThere makes what is not there nothing to do.
func ifThere(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return errNothing
	}
	return err
}

// assignAgent gives the conversation to somebody who sees its inbox.
func (p *performance) assignAgent(ctx context.Context, e *Edit, who string) error {
	if who == "self" {
		if p.by.UserID == 0 {
			return errNothing
		}
		who = strconv.FormatInt(p.by.UserID, 10)
	}
	id, ok := orNobody(who)
	if !ok {
		return errNothing
	}
	if id == 0 {
		return e.Assign(ctx, 0)
	}
	a, err := e.Tx().Assignee(ctx, p.accountID, e.Conversation().InboxID, id)
	if err != nil {
		return ifThere(err)
	}
	if !a.Inbox {
		return errNothing
	}
	return e.Assign(ctx, id)
}

// say sends a message, or leaves a note for colleagues.
func (d *Desk) say(ctx context.Context, p *performance, text string, private bool, list []files.File) error {
	if p.tweets || text == "" && list == nil {
		return errNothing
	}
	in := Reply{AccountID: p.accountID, DisplayID: p.displayID, Type: chat.Outgoing, Private: private, Files: list}
	if text != "" {
		in.Content = &text
	}
	switch {
	case p.by.RuleID != 0:
		in.Attributes = map[string]any{"automation_rule_id": p.by.RuleID}
	case p.by.UserID != 0:
		in.SenderType, in.SenderID = store.OwnerUser, p.by.UserID
	}
	var w written
	err := d.again(ctx, func(tx *store.Tx) error {
		c, err := tx.ConversationByID(ctx, p.conversationID)
		if err != nil {
			return err
		}
		if w, err = d.write(ctx, tx, c, in); err != nil {
			return err
		}
		return p.mark(ctx, tx)
	})
	if err == nil {
		d.wakeFor(w)
	}
	return err
}

// sendKept sends files that the macro or the rule keeps.
func (d *Desk) sendKept(ctx context.Context, p *performance, blobIDs []int64) error {
	kept, err := d.Store.KeptFiles(ctx, p.owner, []int64{p.ownerID})
	if err != nil {
		return err
	}
	var list []files.File
	for _, id := range blobIDs {
		if !slices.ContainsFunc(kept[p.ownerID], func(f store.KeptFile) bool { return f.BlobID == id }) {
			continue
		}
		f, err := d.Files.Get(ctx, id)
		if err != nil {
			return ifThere(err)
		}
		list = append(list, f)
	}
	if list == nil {
		return errNothing
	}
	return d.say(ctx, p, "", false, list)
}

// tellAddress orders what an address is told of the conversation.
func (d *Desk) tellAddress(ctx context.Context, p *performance, address string) error {
	if !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "https://") {
		return errNothing
	}
	err := d.again(ctx, func(tx *store.Tx) error {
		if err := p.mark(ctx, tx); err != nil {
			return err
		}
		return d.OrderRuleWebhook(ctx, tx, RuleWebhook{
			AccountID: p.accountID, URL: address, Event: p.event, ConversationID: p.conversationID, Key: p.key,
		})
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// mailTranscript sends what was written to addresses.
func (d *Desk) mailTranscript(ctx context.Context, p *performance, text string) error {
	var to []string
	for address := range strings.SplitSeq(text, ",") {
		address = strings.TrimSpace(strings.ReplaceAll(address, "{{contact.email}}", p.email))
		if address != "" && strings.Contains(address, "@") && !slices.Contains(to, address) {
			to = append(to, address)
		}
	}
	if to == nil {
		return errNothing
	}
	// Marked before: a mail too few is better than the same mail again and again.
	if err := d.again(ctx, func(tx *store.Tx) error { return p.mark(ctx, tx) }); err != nil {
		return err
	}
	if err := d.SendTranscript(ctx, p.accountID, p.displayID, to); err != nil {
		return &performed{err}
	}
	return nil
}

// performed wraps the error of an action that is marked as done all the same.
type performed struct{ err error }

// Error implements error.
func (p *performed) Error() string { return p.err.Error() }

// Unwrap gives the cause.
func (p *performed) Unwrap() error { return p.err }

// each carries out actions one after the other from a step on, each on its own: one that
// fails is logged and left. next makes the performance of a step. The error says that the
// work is to be taken up again later at the step that it came to, or errOvertaken.
func (d *Desk) each(ctx context.Context, list []Action, from int, next func(step int) *performance) error {
	for step := from; step < len(list); step++ {
		p := next(step)
		err := d.perform(ctx, p, list[step])
		switch {
		case err == nil:
			continue
		case errors.Is(err, errOvertaken):
			return err
		case store.Transient(err), errors.Is(err, store.ErrConflict), ctx.Err() != nil:
			return fmt.Errorf("desk: action %s: %w", list[step].Name, err)
		}
		d.Log.Warn("an action failed and is left out", "action", list[step].Name, "account_id", p.accountID, "conversation_id", p.conversationID,
			"rule_id", p.by.RuleID, "error", err)
		if _, marked := errors.AsType[*performed](err); marked {
			continue
		}
		if err := d.again(ctx, func(tx *store.Tx) error { return p.mark(ctx, tx) }); err != nil {
			return err
		}
	}
	return nil
}

// progress is a job that notes how far it is.
type progress struct {
	job     store.Job
	payload json.RawMessage // as it is stored now
}

// marks gives what notes that the job is now like next. The note holds once the
// transaction is committed: noted is called then.
func (g *progress) marks(next any) (mark func(context.Context, *store.Tx) error, noted func()) {
	now, err := json.Marshal(next)
	was := g.payload
	mark = func(ctx context.Context, tx *store.Tx) error {
		if err != nil {
			return fmt.Errorf("desk: progress: %w", err)
		}
		err := tx.AdvanceJob(ctx, g.job.ID, was, now)
		if errors.Is(err, store.ErrNotFound) {
			return errOvertaken
		}
		return err
	}
	return mark, func() { g.payload = now }
}
