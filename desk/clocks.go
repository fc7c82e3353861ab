package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"tributary/chat"
	"tributary/store"
	"tributary/wording"
)

const (
	// snoozedFor is how long after its time a snoozed conversation is still opened.
	snoozedFor = 3 * 24 * time.Hour
	// snoozedBatch is how many are looked for at a time.
	snoozedBatch = 100
	// idleLimit is how many conversations of an account one round ends (contract 02
	// §2.7).
	idleLimit = 100
)

// TendConversations opens snoozed conversations whose time has come, and ends those in
// which nothing happened for as long as their account says. Every process may do it at
// any time: each conversation is looked at again when it is held.
func (d *Desk) TendConversations(ctx context.Context) error {
	return errors.Join(d.openSnoozed(ctx), d.resolveIdle(ctx))
}

func (d *Desk) openSnoozed(ctx context.Context) error {
	for {
		now := d.Now()
		ids, err := d.Store.DueSnoozed(ctx, now.Add(-snoozedFor), now, snoozedBatch)
		if err != nil {
			return err
		}
		for _, id := range ids {
			err = errors.Join(err, d.tend(ctx, id, func(e *Edit) error {
				c := e.Conversation()
				if c.Status == chat.Snoozed.Code() && c.SnoozedUntil != nil && *c.SnoozedUntil <= now.UnixMicro() {
					e.Status(chat.Open, nil)
				}
				return nil
			}))
		}
		if err != nil || len(ids) < snoozedBatch {
			return err
		}
	}
}

// tend is EditByID of the program itself, for conversations that may be gone.
func (d *Desk) tend(ctx context.Context, id int64, f func(*Edit) error) error {
	err := d.EditByID(ctx, id, Author{}, f)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// resolving is what an account's settings say about conversations in which nothing
// happens.
type resolving struct {
	After   float64 `json:"auto_resolve_after"` // minutes; 0: they stay open
	Message string  `json:"auto_resolve_message"`
	Label   string  `json:"auto_resolve_label"`
	// Answered: only those in which the contact does not wait.
	Answered bool `json:"auto_resolve_ignore_waiting"`
}

func (d *Desk) resolveIdle(ctx context.Context) error {
	accounts, err := d.Store.ResolvingAccounts(ctx)
	if err != nil {
		return err
	}
	var failed error
	for _, a := range accounts {
		var in resolving
		if json.Unmarshal([]byte(a.Settings), &in) != nil || in.After < 1 {
			continue
		}
		after := time.Duration(in.After) * time.Minute
		since := d.Now().Add(-after)
		ids, err := d.Store.IdleConversations(ctx, a.ID, since, in.Answered, idleLimit)
		if err != nil {
			return errors.Join(failed, err)
		}
		for _, id := range ids {
			failed = errors.Join(failed, d.tend(ctx, id, func(e *Edit) error {
				c := e.Conversation()
				if c.Status != chat.Open.Code() || c.LastActivityAt >= since.UnixMicro() || in.Answered && c.WaitingSince != nil {
					return nil
				}
				return e.resolveIdle(ctx, in, after)
			}))
		}
		if len(ids) > 0 {
			d.WakeRelay()
		}
	}
	return failed
}

func (e *Edit) resolveIdle(ctx context.Context, in resolving, after time.Duration) error {
	if in.Message != "" {
		if e.desk.CanReply(e.now.InboxID, e.now.LastIncomingAt) {
			if err := e.say(ctx, "text", in.Message, nil); err != nil {
				return err
			}
		} else {
			e.Note(wording.ActivityFarewellHeld.Text())
		}
	}
	if in.Label != "" {
		if err := e.ChangeLabels(ctx, ParseLabels([]string{in.Label}), nil); err != nil {
			return err
		}
	}
	e.Status(chat.Resolved, nil)
	e.Idle(after)
	return nil
}

// say writes a message of the program's to the contact, and orders that it is sent.
// The caller wakes the relay.
func (e *Edit) say(ctx context.Context, contentType, content string, attributes map[string]any) error {
	m := store.Written{
		AccountID: e.was.AccountID, InboxID: e.was.InboxID, ConversationID: e.was.ID, Type: int(chat.Template),
		ContentType: chat.IndexOf(chat.ContentTypes, contentType), Content: &content,
	}
	if attributes != nil {
		m.Attributes = object(attributes)
	}
	id, err := e.tx.InsertWritten(ctx, m)
	if err != nil {
		return err
	}
	e.events = append(e.events, about("message.created", e.was, id))
	return e.desk.deliver(ctx, e.tx, e.was, id, 0)
}

// JobSurvey asks the contact of a conversation that ended how it went.
const JobSurvey = "conversation.survey"

// surveyJob is the payload of JobSurvey.
type surveyJob struct {
	ConversationID int64 `json:"conversation_id"`
}

// orderSurveys orders the surveys of conversations that ended.
func orderSurveys(ctx context.Context, tx *store.Tx, rows []store.OutboxRow) (bool, error) {
	var ids []int64
	for _, row := range rows {
		if row.Kind == "conversation.resolved" {
			ids = append(ids, row.ConversationID)
		}
	}
	if len(ids) == 0 {
		return false, nil
	}
	slices.Sort(ids)
	list, err := tx.ToSurvey(ctx, slices.Compact(ids))
	if err != nil {
		return false, err
	}
	jobs := make([]store.Job, len(list))
	for i, c := range list {
		payload, err := json.Marshal(surveyJob{c.ID})
		if err != nil {
			return false, fmt.Errorf("desk: survey: %w", err)
		}
		jobs[i] = store.Job{
			Kind: JobSurvey, Lane: store.LaneNumbers, UniqueKey: JobSurvey + ":" + strconv.FormatInt(c.ID, 10), AccountID: c.AccountID, Payload: payload,
		}
	}
	return len(jobs) > 0, tx.OrderJobs(ctx, jobs, 0)
}

// surveyConfig is csat_config.
type surveyConfig struct {
	DisplayType string `json:"display_type"`
	Message     string `json:"message"`
	Rules       struct {
		Operator string   `json:"operator"` // contains, does_not_contain
		Values   []string `json:"values"`
	} `json:"survey_rules"`
}

// asks tells whether a conversation with these labels gets a survey.
func (c surveyConfig) asks(labels []string) bool {
	if len(c.Rules.Values) == 0 {
		return true
	}
	has := slices.ContainsFunc(labels, func(l string) bool { return slices.Contains(c.Rules.Values, l) })
	return has != (c.Rules.Operator == "does_not_contain")
}

// survey carries out JobSurvey.
func (d *Desk) survey(ctx context.Context, j store.Job) error {
	var in surveyJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	if err := d.tend(ctx, in.ConversationID, func(e *Edit) error { return e.survey(ctx) }); err != nil {
		return err
	}
	d.WakeRelay()
	return nil
}

// survey asks the contact how it went, where that is wanted and possible (contract 07
// §6).
func (e *Edit) survey(ctx context.Context) error {
	due, err := e.tx.ToSurvey(ctx, []int64{e.was.ID})
	if err != nil || len(due) == 0 || e.was.Status != chat.Resolved.Code() || parse(e.was.Attributes)["type"] == "tweet" {
		return err
	}
	if !e.desk.CanReply(e.was.InboxID, e.was.LastIncomingAt) {
		e.Note(wording.ActivitySurveyHeld.Text())
		return nil
	}
	stored, err := e.tx.SurveyConfig(ctx, e.was.InboxID)
	if err != nil {
		return err
	}
	var config surveyConfig
	_ = json.Unmarshal([]byte(stored), &config) // what cannot be read was never said
	labels, err := e.Labels(ctx)
	if err != nil || !config.asks(labels) {
		return err
	}
	content, display := config.Message, config.DisplayType
	if content == "" {
		content = e.desk.Directory.Locale(e.was.InboxID).Say(wording.CustomerRate.Text())
	}
	if display == "" {
		display = "emoji"
	}
	return e.say(ctx, surveyType, content, map[string]any{"display_type": display})
}

// surveyType is the content_type of surveys.
const surveyType = "input_csat"

// surveyed is what is sent of a survey to a channel that cannot show one: its words,
// and where it can be answered.
func (d *Desk) surveyed(content, uuid string) string {
	return content + " " + d.PublicURL + "/survey/responses/" + uuid
}
