package desk

import (
	"context"
	"strings"
	"time"

	"tributary/chat"
	"tributary/store"
	"tributary/wording"
)

// note is an activity message, which agents read between the messages of a
// conversation and which never reaches the contact.
type note = wording.Text

// Idle says that the conversation ends since nobody wrote for a time.
func (e *Edit) Idle(d time.Duration) { e.idle = d }

// Note adds an activity message to those of the change.
func (e *Edit) Note(t wording.Text) { e.notes = append(e.notes, t) }

// texts are the activity messages of the change, in the language of the account.
func (e *Edit) texts() []string {
	locale := e.desk.Directory.Locale(e.was.InboxID)
	by, name := e.actor(locale)
	list := e.statusNotes(by)
	list = append(list, e.priorityNotes(locale, name)...)
	if by != "" {
		list = append(list, e.labelNotes(by)...)
		list = append(list, e.placeNotes(by)...)
		if e.blocked != nil && *e.blocked {
			list = append(list, wording.ActivityMuted.With("name", by))
		} else if e.blocked != nil {
			list = append(list, wording.ActivityUnmuted.With("name", by))
		}
	}
	var out []string
	for _, t := range append(list, e.notes...) {
		out = append(out, locale.Say(t))
	}
	return out
}

// tell writes activity messages and gives their events.
func (e *Edit) tell(ctx context.Context, texts []string) ([]store.OutboxRow, error) {
	var events []store.OutboxRow
	for _, text := range texts {
		id, err := e.tx.InsertWritten(ctx, store.Written{
			AccountID: e.was.AccountID, InboxID: e.was.InboxID, ConversationID: e.was.ID, Type: int(chat.Activity), Content: &text,
		})
		if err != nil {
			return nil, err
		}
		events = append(events, about("message.created", e.was, id))
	}
	return e.withAuthor(events), nil
}

// actor is what the author is called: by is empty when nobody in particular did it,
// name never is.
func (e *Edit) actor(l wording.Locale) (by, name string) {
	switch {
	case e.by.RuleID != 0:
		by = l.Say(wording.AuthorAutomation.Text())
	case e.by.UserID != 0, e.by.BotID != 0:
		by = e.by.Name
	}
	if by == "" {
		return "", l.Say(wording.AuthorSystem.Text())
	}
	return by, by
}

func (e *Edit) statusNotes(by string) []note {
	if e.was.Status == e.now.Status {
		return nil
	}
	status := chat.ConversationStatusOf(e.now.Status)
	if by == "" {
		switch {
		case status != chat.Resolved:
		case e.by.ContactID != 0:
			return []note{wording.ActivityResolvedBy.With("name", e.was.ContactName)}
		case e.idle > 0:
			return []note{wording.ActivityResolvedIdle.With("period", e.desk.Directory.Locale(e.was.InboxID).Say(period(e.idle)))}
		}
		return nil
	}
	return []note{map[chat.ConversationStatus]note{
		chat.Open: wording.ActivityReopenedBy.With("name", by), chat.Resolved: wording.ActivityResolvedBy.With("name", by),
		chat.Pending: wording.ActivityPendingBy.With("name", by), chat.Snoozed: wording.ActivitySnoozedBy.With("name", by),
	}[status]}
}

// period is a time in whole days, else in whole hours, else in minutes.
func period(d time.Duration) wording.Text {
	const day = 24 * time.Hour
	switch {
	case d%day == 0:
		return wording.PeriodDays.Count(int64(d / day))
	case d%time.Hour == 0:
		return wording.PeriodHours.Count(int64(d / time.Hour))
	}
	return wording.PeriodMinutes.Count(int64(d / time.Minute))
}

// priorityWords are what the four are called.
func priorityWords() []note {
	return []note{wording.PriorityLow.Text(), wording.PriorityMedium.Text(), wording.PriorityHigh.Text(), wording.PriorityUrgent.Text()}
}

func (e *Edit) priorityNotes(l wording.Locale, name string) []note {
	before, after := priority(e.was.Priority), priority(e.now.Priority)
	if before == after {
		return nil
	}
	word := func(p *int) string { return l.Say(priorityWords()[*p]) }
	switch {
	case after == nil:
		return []note{wording.ActivityPriorityRemoved.With("name", name)}
	case before == nil:
		return []note{wording.ActivityPrioritySet.With("name", name, "priority", word(e.now.Priority))}
	}
	return []note{wording.ActivityPriorityChanged.With("name", name, "from", word(e.was.Priority), "to", word(e.now.Priority))}
}

func (e *Edit) labelNotes(by string) (list []note) {
	if len(e.add) > 0 {
		list = append(list, wording.ActivityLabelsAdded.With("name", by, "labels", strings.Join(e.add, ", ")))
	}
	if len(e.remove) > 0 {
		list = append(list, wording.ActivityLabelsRemoved.With("name", by, "labels", strings.Join(e.remove, ", ")))
	}
	return list
}

// placeNotes are about the team and the assignee; where both change, about the team
// alone.
func (e *Edit) placeNotes(by string) []note {
	assigned := !equal(e.was.AssigneeID, e.now.AssigneeID)
	if !equal(e.was.TeamID, e.now.TeamID) {
		switch {
		case e.team == nil:
			return []note{wording.ActivityTeamRemoved.With("name", by)}
		case assigned && e.assignee != nil:
			return []note{wording.ActivityTeamMemberAssigned.With("name", by, "assignee", e.assignee.Name, "team", e.team.Name)}
		}
		return []note{wording.ActivityTeamAssigned.With("name", by, "team", e.team.Name)}
	}
	switch {
	case !assigned:
		return nil
	case e.now.AssigneeID == nil:
		return []note{wording.ActivityUnassigned.With("name", by)}
	case *e.now.AssigneeID == e.by.UserID:
		return []note{wording.ActivitySelfAssigned.With("name", by)}
	}
	return []note{wording.ActivityAssigned.With("name", by, "assignee", e.assignee.Name)}
}
