package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"tributary/chat"
	"tributary/mail"
	"tributary/store"
	"tributary/wording"
)

// JobNotificationMail mails a notification to its owner.
const JobNotificationMail = "notification.mail"

// notificationMailTries is how often such a mail is tried: what is hours old helps
// nobody.
const notificationMailTries = 6

// notificationMail is the payload of JobNotificationMail.
type notificationMail struct {
	ID int64 `json:"notification_id"`
}

func notificationMailJob(n store.NotificationRow) (store.Job, error) {
	payload, err := json.Marshal(notificationMail{ID: n.ID})
	if err != nil {
		return store.Job{}, fmt.Errorf("desk: mail of a notification: %w", err)
	}
	return store.Job{
		Kind: JobNotificationMail, Lane: store.LaneMail, AccountID: n.AccountID, Payload: payload, MaxAttempts: notificationMailTries,
		UniqueKey: JobNotificationMail + ":" + strconv.FormatInt(n.ID, 10),
	}, nil
}

// mailNotification carries out JobNotificationMail. No mail goes out for what was read
// or taken back meanwhile, to an address that nobody confirmed, about a message to
// somebody who is online, or without a mail server.
func (d *Desk) mailNotification(ctx context.Context, j store.Job) error {
	var in notificationMail
	if err := readJob(j, &in); err != nil {
		return err
	}
	n, err := d.Store.Notification(ctx, in.ID)
	if err != nil || n.ReadAt != nil {
		return gone(err)
	}
	people, err := d.Store.Agents(ctx, n.AccountID, []int64{n.UserID})
	if err != nil {
		return err
	}
	to := people[n.UserID]
	if !to.Member || !to.Confirmed || to.Email == "" || d.Mail == nil {
		return nil
	}
	switch chat.NotificationType(n.Type) {
	case chat.NotifyAssignedMessage, chat.NotifyParticipating:
		if d.AvailabilityStatus(ctx, n.AccountID, to.ID, to.Availability, to.AutoOffline) == availabilityNames[0] {
			return nil
		}
	}
	item, locale, err := d.notificationTo(ctx, n)
	if err != nil {
		return gone(err)
	}
	words, err := d.notificationLetter(ctx, n, item, to, locale)
	if err != nil {
		return gone(err)
	}
	err = d.Mail.Send(ctx, mail.Message{To: to.Email, Subject: words.Subject, Text: words.text(), HTML: words.html(), Key: j.UniqueKey})
	if errors.Is(err, mail.ErrNotConfigured) {
		return nil
	}
	if refused, ok := errors.AsType[mail.Refused](err); ok {
		return Final{fmt.Errorf("desk: mail of notification %d: %w", n.ID, refused)}
	}
	return err
}

// gone is nil for what is not there any more.
func gone(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

func (d *Desk) notificationLetter(ctx context.Context, n store.NotificationRow, item NotificationItem, to store.AgentRow,
	locale wording.Locale,
) (letter, error) {
	account, err := d.accountOf(ctx, userMailJob{AccountID: n.AccountID})
	if err != nil {
		return letter{}, err
	}
	l := letter{Locale: locale, Subject: strings.Join(strings.Fields(item.Title), " ")}
	if name := strings.TrimSpace(AvailableName(to.DisplayName, to.Name)); name != "" {
		l.Lines = append(l.Lines, l.Locale.Say(wording.MailHello.With("name", name)))
	} else {
		l.Lines = append(l.Lines, l.Locale.Say(wording.MailGreeting.Text()))
	}
	l.Lines = append(l.Lines, item.Title, item.Body)
	l.Action, l.Link = l.Locale.Say(wording.NotificationOpen.Text()), d.conversationLink(n.AccountID, item.displayID)
	l.Paste = l.Locale.Say(wording.MailPaste.Text())
	l.Ignore = l.Locale.Say(wording.NotificationFooter.With("account", account.Name))
	return l, nil
}
