package desk

import (
	"context"
	"time"

	"tributary/chat"
	"tributary/store"
	"tributary/wording"
)

// lately is how long ago an agent may have written who then is there, whatever the
// opening hours say.
const lately = 5 * time.Minute

// templates writes what the desk itself has to say after a message (contract 02 §2.4):
// that nobody is there, a greeting, a question for the contact's address. sends tells
// that something waits for the relay.
func (d *Desk) templates(ctx context.Context, tx *store.Tx, c store.ConversationRow, after chat.MessageType) (sends bool, err error) {
	row, _ := d.Directory.Row(c.InboxID)
	attributes := parse(c.Attributes)
	incoming := after == chat.Incoming
	if !row.Templates || c.CampaignID != nil || c.ContactBlocked || c.OptedOut || attributes["auto_reply"] == true || !incoming && c.LastIncomingAt == nil {
		return false, nil
	}
	inbox, err := tx.Inbox(ctx, c.AccountID, c.InboxID)
	if err != nil {
		return false, gone(err)
	}
	sent, err := tx.SentTemplates(ctx, c.ID)
	if err != nil {
		return false, err
	}
	w := templateWriter{desk: d, tx: tx, c: c, inbox: inbox, sent: sent}
	if attributes["type"] != "tweet" && incoming {
		if err := w.outOfOffice(ctx); err != nil {
			return false, err
		}
		if err := w.greeting(ctx); err != nil {
			return false, err
		}
	}
	return w.sends, w.askEmail(ctx)
}

type templateWriter struct {
	desk  *Desk
	tx    *store.Tx
	c     store.ConversationRow
	inbox store.InboxRow
	sent  store.SentTemplates
	sends bool
	wrote bool
}

func (w *templateWriter) write(ctx context.Context, text, contentType string) error {
	made, err := w.desk.write(ctx, w.tx, w.c, Reply{AccountID: w.c.AccountID, Type: chat.Template, Content: &text, ContentType: contentType, own: true})
	w.sends, w.wrote = w.sends || made.sends, true
	return err
}

// outOfOffice says once a day that nobody is there.
func (w *templateWriter) outOfOffice(ctx context.Context) error {
	text := w.inbox.OutOfOfficeMessage
	if text == nil || *text == "" || !w.inbox.WorkingHoursEnabled || openAt(w.inbox, w.tx.Now) {
		return nil
	}
	const day = 24 * time.Hour
	if w.sent.LatestAt >= w.tx.Now.UTC().Truncate(day).UnixMicro() {
		return nil
	}
	answered, err := w.tx.Answered(ctx, w.c.ID, w.tx.Now.Add(-lately))
	if err != nil || answered {
		return err
	}
	return w.write(ctx, *text, "")
}

// greeting greets a contact to whom nobody wrote yet.
func (w *templateWriter) greeting(ctx context.Context) error {
	text := w.inbox.GreetingMessage
	if text == nil || *text == "" || !w.inbox.GreetingEnabled || w.sent.LatestAt != 0 || w.wrote {
		return nil
	}
	answered, err := w.tx.Answered(ctx, w.c.ID, time.Time{})
	if err != nil || answered {
		return err
	}
	return w.write(ctx, *text, "")
}

// askEmail asks the visitor of a website for an address, once.
func (w *templateWriter) askEmail(ctx context.Context) error {
	if w.inbox.ChannelType != "Channel::WebWidget" || !w.inbox.EnableEmailCollect || w.sent.AskedEmail {
		return nil
	}
	facts, err := w.tx.LetterFacts(ctx, w.c.ID, 0)
	if err != nil || facts.ContactEmail != nil && *facts.ContactEmail != "" {
		return err
	}
	locale := w.desk.Directory.Locale(w.c.InboxID)
	if err := w.write(ctx, locale.Say(wording.CustomerReachYou.Text()), ""); err != nil {
		return err
	}
	return w.write(ctx, locale.Say(wording.CustomerEmail.Text()), "input_email")
}

// openAt tells whether the opening hours of an inbox, in its time zone, include a
// moment.
func openAt(inbox store.InboxRow, at time.Time) bool {
	zone, err := time.LoadLocation(inbox.Timezone)
	if err != nil {
		zone = time.UTC
	}
	at = at.In(zone)
	const hour = 60
	minute := at.Hour()*hour + at.Minute()
	for _, h := range inbox.WorkingHours {
		if h.DayOfWeek != int(at.Weekday()) {
			continue
		}
		switch {
		case h.ClosedAllDay:
			return false
		case h.OpenAllDay:
			return true
		case h.OpenHour == nil || h.OpenMinutes == nil || h.CloseHour == nil || h.CloseMinutes == nil:
			return false
		}
		opens, closes := *h.OpenHour*hour+*h.OpenMinutes, *h.CloseHour*hour+*h.CloseMinutes
		return minute >= opens && (minute < closes || minute == closes && at.Second() == 0)
	}
	return false // a day that is not told is closed
}
