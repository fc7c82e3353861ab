package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"tributary/mail"
	"tributary/store"
	"tributary/wording"
)

// JobContactMail mails how an import or an export of contacts went.
const JobContactMail = "contacts.mail"

// Kinds of these mails.
const (
	mailImportDone   = "import_done"
	mailImportFailed = "import_failed"
	mailExport       = "export"
)

// contactMail is the payload of JobContactMail.
type contactMail struct {
	Kind      string `json:"kind"`
	AccountID int64  `json:"account_id"`
	UserID    int64  `json:"user_id"`
	ImportID  int64  `json:"import_id,omitempty"`
	Imported  int64  `json:"imported,omitempty"`
	Failed    int64  `json:"failed,omitempty"`
	BlobID    int64  `json:"blob_id,omitempty"` // what can be downloaded; 0: nothing
}

// orderImportMails orders a mail to each administrator of the account.
func (d *Desk) orderImportMails(ctx context.Context, tx *store.Tx, m contactMail) error {
	list, err := tx.Administrators(ctx, m.AccountID)
	if err != nil {
		return err
	}
	for _, id := range list {
		m.UserID = id
		if err := orderContactMail(ctx, tx, m); err != nil {
			return err
		}
	}
	return nil
}

// orderContactMail orders one mail, once.
func orderContactMail(ctx context.Context, tx *store.Tx, m contactMail) error {
	payload, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("desk: mail about contacts: %w", err)
	}
	about := m.ImportID
	if about == 0 {
		about = m.BlobID
	}
	return tx.InsertJob(ctx, store.Job{
		Kind: JobContactMail, Lane: store.LaneMail, AccountID: m.AccountID, Payload: payload, MaxAttempts: userMailTries,
		UniqueKey: JobContactMail + ":" + m.Kind + ":" + strconv.FormatInt(about, 10) + ":" + strconv.FormatInt(m.UserID, 10),
	})
}

// mailContacts carries out JobContactMail. Without a mail server the mail is held for the
// operator.
func (d *Desk) mailContacts(ctx context.Context, j store.Job) error {
	var in contactMail
	if err := readJob(j, &in); err != nil {
		return err
	}
	l, err := d.Store.LoginByID(ctx, in.UserID)
	if err != nil || l.Email == "" {
		return gone(err)
	}
	account, err := d.accountOf(ctx, userMailJob{AccountID: in.AccountID})
	if err != nil || account.ID == 0 {
		return err
	}
	words, err := d.contactLetter(ctx, in, l, account)
	if err != nil {
		return gone(err)
	}
	err = mail.ErrNotConfigured
	if d.Mail != nil {
		err = d.Mail.Send(ctx, mail.Message{To: l.Email, Subject: words.Subject, Text: words.text(), HTML: words.html(), Key: j.UniqueKey})
	}
	if errors.Is(err, mail.ErrNotConfigured) {
		return d.holdMail(ctx, userMailJob{Kind: "contacts_" + in.Kind, To: l.Email, UserID: in.UserID}, words)
	}
	if refused, ok := errors.AsType[mail.Refused](err); ok {
		return Final{fmt.Errorf("desk: mail about contacts to user %d: %w", in.UserID, refused)}
	}
	return err
}

func (d *Desk) contactLetter(ctx context.Context, in contactMail, to store.Login, account store.AccountScope) (letter, error) {
	l := letter{Locale: wording.Match(text(parse(to.UISettings)["locale"]), wording.LocaleOf(account.Locale).Code(), d.DefaultLocale)}
	say := l.Locale.Say
	if name := strings.TrimSpace(to.Name); name != "" {
		l.Lines = append(l.Lines, say(wording.MailHello.With("name", name)))
	} else {
		l.Lines = append(l.Lines, say(wording.MailGreeting.Text()))
	}
	switch in.Kind {
	case mailImportDone:
		l.Subject = say(wording.ContactsImported.Text())
		l.Lines = append(l.Lines, say(wording.ContactsImportedBody.With(
			"account", account.Name, "imported", strconv.FormatInt(in.Imported, 10), "failed", strconv.FormatInt(in.Failed, 10))))
	case mailImportFailed:
		l.Subject = say(wording.ContactsImportFailed.Text())
		l.Lines = append(l.Lines, say(wording.ContactsImportFailedBody.With("account", account.Name)))
	default:
		l.Subject = say(wording.ContactsExported.With("account", account.Name))
		l.Lines = append(l.Lines, l.Subject)
	}
	l.Action, l.Link = say(wording.ContactsOpen.Text()), fmt.Sprintf("%s/app/accounts/%d/contacts", d.PublicURL, in.AccountID)
	if in.BlobID != 0 {
		f, err := d.Files.Get(ctx, in.BlobID)
		if err != nil {
			return l, err
		}
		l.Action, l.Link = say(wording.ContactsDownload.Text()), d.Files.URL(f.ID, f.Filename)
	}
	l.Paste, l.Ignore = say(wording.MailPaste.Text()), say(wording.MailIgnore.Text())
	return l, nil
}
