package desk

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tributary/mail"
	"tributary/store"
	"tributary/wording"
)

// JobUserMail mails a user a link with a token.
const JobUserMail = "user.mail"

// Kinds of mails to users.
const (
	MailConfirmation = "confirmation"
	MailInvitation   = "invitation"
	MailReset        = "password_reset"
)

const (
	// resetLife is how long the link works by which a forgotten password is replaced.
	resetLife = 6 * time.Hour
	// invitationLife is how long people may take who did not ask to be written to.
	invitationLife = 14 * 24 * time.Hour
	// userMailTries is how often a mail is tried: for most of a day, which mail servers
	// may be away for.
	userMailTries = 20
)

// Mailer sends mails. Its errors are those of mail.Sender.
type Mailer interface {
	Send(ctx context.Context, m mail.Message) error
}

// userMailJob is the payload of JobUserMail. The token of the mail is not in it: it
// is made of the nonce, with a key that the database does not have.
type userMailJob struct {
	Kind      string    `json:"kind"`
	UserID    int64     `json:"user_id"`
	To        string    `json:"to"`
	AccountID int64     `json:"account_id,omitempty"` // where the user was invited to
	Nonce     string    `json:"nonce"`
	Key       string    `json:"key,omitempty"`  // which key the token is made with
	Until     time.Time `json:"until,omitzero"` // when the token ends
}

// OrderConfirmation orders the mail in which a user confirms an address: the one
// that they want to have, else the one that they have. Call WakeJobs after the
// commit.
func (d *Desk) OrderConfirmation(ctx context.Context, tx *store.Tx, userID int64) error {
	l, err := tx.LockLogin(ctx, userID)
	if err != nil {
		return err
	}
	to := l.UnconfirmedEmail
	if to == "" {
		to = l.Email
	}
	return d.orderUserMail(ctx, tx, store.UserToken{Kind: store.TokenConfirm, UserID: userID, Email: to}, userMailJob{Kind: MailConfirmation, To: to})
}

// OrderInvitation orders the mail in which a user who was made for an account learns
// of it and chooses a password, or signs in at their company's service. Call WakeJobs
// after the commit.
func (d *Desk) OrderInvitation(ctx context.Context, tx *store.Tx, userID, accountID int64) error {
	l, err := tx.LockLogin(ctx, userID)
	if err != nil {
		return err
	}
	if l.Provider == ProviderSAML {
		return insertUserMail(ctx, tx, userMailJob{
			Kind: MailInvitation, To: l.Email, AccountID: accountID, UserID: userID, Nonce: rand.Text(), Key: d.Store.SigningKeyID(),
		})
	}
	t := store.UserToken{Kind: store.TokenInvite, UserID: userID, ExpiresAt: tx.Now.Add(invitationLife)}
	return d.orderUserMail(ctx, tx, t, userMailJob{Kind: MailInvitation, To: l.Email, AccountID: accountID})
}

// OrderPasswordReset orders the mail by which a user replaces a forgotten password.
// The links of earlier ones end. Call WakeJobs after the commit.
func (d *Desk) OrderPasswordReset(ctx context.Context, tx *store.Tx, userID int64) error {
	l, err := tx.LockLogin(ctx, userID)
	if err != nil {
		return err
	}
	if err := tx.DropUserTokens(ctx, userID, store.TokenReset); err != nil {
		return err
	}
	t := store.UserToken{Kind: store.TokenReset, UserID: userID, ExpiresAt: tx.Now.Add(resetLife)}
	return d.orderUserMail(ctx, tx, t, userMailJob{Kind: MailReset, To: l.Email})
}

func (d *Desk) orderUserMail(ctx context.Context, tx *store.Tx, t store.UserToken, in userMailJob) error {
	in.UserID, in.Nonce, in.Until, in.Key = t.UserID, rand.Text(), t.ExpiresAt, d.Store.SigningKeyID()
	if err := tx.InsertUserToken(ctx, t, d.mailToken(in)); err != nil {
		return err
	}
	return insertUserMail(ctx, tx, in)
}

func insertUserMail(ctx context.Context, tx *store.Tx, in userMailJob) error {
	payload, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("desk: mail: %w", err)
	}
	return tx.InsertJob(ctx, store.Job{
		Kind: JobUserMail, AccountID: in.AccountID, Payload: payload, MaxAttempts: userMailTries,
		UniqueKey: JobUserMail + ":" + strconv.FormatInt(in.UserID, 10) + ":" + in.Nonce,
	})
}

// mailTokens is what the key of those tokens is for.
const mailTokens = "tokens in mails"

// tokenOf is the kind of token in each kind of mail.
var tokenOf = map[string]store.TokenKind{
	MailConfirmation: store.TokenConfirm, MailInvitation: store.TokenInvite, MailReset: store.TokenReset,
}

// orderAgain orders a mail whose token nobody can make any more, since its key was
// replaced, with another token.
func (d *Desk) orderAgain(ctx context.Context, in userMailJob) error {
	t := store.UserToken{Kind: tokenOf[in.Kind], UserID: in.UserID, ExpiresAt: in.Until}
	if t.Kind == store.TokenConfirm {
		t.Email = in.To
	}
	err := d.again(ctx, func(tx *store.Tx) error { return d.orderUserMail(ctx, tx, t, in) })
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// mailToken is the token in the link of a mail: the same in every attempt to send
// it.
func (d *Desk) mailToken(in userMailJob) string {
	m := hmac.New(sha256.New, d.Store.SigningKeyOf(in.Key, mailTokens))
	m.Write([]byte(in.Kind + ":" + strconv.FormatInt(in.UserID, 10) + ":" + in.Nonce))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// userMail carries out JobUserMail. Without a mail server the mail is held for the
// operator.
func (d *Desk) userMail(ctx context.Context, j store.Job) error {
	var in userMailJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	l, err := d.Store.LoginByID(ctx, in.UserID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if in.To != l.Email && in.To != l.UnconfirmedEmail || !in.Until.IsZero() && !in.Until.After(d.Now()) {
		return nil // nobody's address any more, or too late
	}
	if d.Store.SigningKeyOf(in.Key, mailTokens) == nil {
		return d.orderAgain(ctx, in)
	}
	words, err := d.userLetter(ctx, in, l)
	if err != nil {
		return err
	}
	err = mail.ErrNotConfigured
	if d.Mail != nil {
		err = d.Mail.Send(ctx, mail.Message{To: in.To, Subject: words.Subject, Text: words.text(), HTML: words.html(), Key: j.UniqueKey})
	}
	if errors.Is(err, mail.ErrNotConfigured) {
		return d.holdMail(ctx, in, words)
	}
	if refused, ok := errors.AsType[mail.Refused](err); ok {
		return Final{fmt.Errorf("desk: mail to user %d: %w", in.UserID, refused)}
	}
	return err
}

func (d *Desk) holdMail(ctx context.Context, in userMailJob, l letter) error {
	err := d.again(ctx, func(tx *store.Tx) error {
		return tx.HoldMail(ctx, store.HeldMail{Kind: in.Kind, To: in.To, Subject: l.Subject, Text: l.text(), HTML: l.html()})
	})
	if err == nil {
		d.Log.Info("a mail is held, since there is no mail server: see `tributary mails`", "kind", in.Kind, "user_id", in.UserID)
	}
	return err
}

// userLetter writes the mail in the user's language, else the account's.
func (d *Desk) userLetter(ctx context.Context, in userMailJob, user store.Login) (letter, error) {
	account, err := d.accountOf(ctx, in)
	if err != nil {
		return letter{}, err
	}
	wishes := []string{text(parse(user.UISettings)["locale"])}
	if account.ID != 0 {
		wishes = append(wishes, wording.LocaleOf(account.Locale).Code())
	}
	l := letter{Locale: wording.Match(append(wishes, d.DefaultLocale)...)}
	say := l.Locale.Say
	if name := strings.TrimSpace(user.Name); name != "" {
		l.Lines = append(l.Lines, say(wording.MailHello.With("name", name)))
	} else {
		l.Lines = append(l.Lines, say(wording.MailGreeting.Text()))
	}
	switch in.Kind {
	case MailInvitation:
		inviter, err := d.inviterName(ctx, in)
		if err != nil {
			return l, err
		}
		l.Subject = say(wording.MailInvited.With("account", account.Name))
		if user.Provider == ProviderSAML {
			l.Lines = append(l.Lines, say(wording.MailSSOBody.With("inviter", inviter, "account", account.Name)))
			l.Action, l.Link = say(wording.MailSignIn.Text()), d.PublicURL+"/app/login/sso"
			in.Until = time.Time{} // of a token that it had before
			break
		}
		l.Lines = append(l.Lines, say(wording.MailInviteBody.With("inviter", inviter, "account", account.Name)))
		l.Action, l.Link = say(wording.MailChoosePassword.Text()), d.link("/app/auth/password/edit", "reset_password_token", d.mailToken(in))
	case MailReset:
		l.Subject = say(wording.MailReset.Text())
		l.Lines = append(l.Lines, say(wording.MailResetBody.Text()))
		l.Action, l.Link = say(wording.MailChoosePassword.Text()), d.link("/app/auth/password/edit", "reset_password_token", d.mailToken(in))
	default:
		body := wording.MailConfirmBody.With("email", in.To)
		if in.To != user.Email {
			body = wording.MailChangeBody.With("email", in.To)
		}
		l.Subject = say(wording.MailConfirm.Text())
		l.Lines = append(l.Lines, say(body))
		l.Action, l.Link = l.Subject, d.link("/app/auth/confirmation", "confirmation_token", d.mailToken(in))
	}
	if !in.Until.IsZero() {
		l.Until = say(wording.MailValidUntil.With("time", in.Until.UTC().Format("2006-01-02 15:04")+" UTC"))
	}
	l.Paste, l.Ignore = say(wording.MailPaste.Text()), say(wording.MailIgnore.Text())
	return l, nil
}

// accountOf is the account that a mail is about, else the user's first; the zero
// value when there is none. One without a name is called as the installation's host.
func (d *Desk) accountOf(ctx context.Context, in userMailJob) (store.AccountScope, error) {
	id := in.AccountID
	if id == 0 {
		list, err := d.Store.Memberships(ctx, in.UserID)
		if err != nil || len(list) == 0 {
			return store.AccountScope{}, err
		}
		id = list[0].AccountID
	}
	a, err := d.Store.ScopeOf(ctx, id, 0)
	if errors.Is(err, store.ErrNotFound) {
		return store.AccountScope{}, nil
	}
	if a.Name == "" {
		if u, err := url.Parse(d.PublicURL); err == nil {
			a.Name = u.Hostname()
		}
	}
	return a, err
}

// inviterName is who has added a user to an account, by the address where there is
// no name.
func (d *Desk) inviterName(ctx context.Context, in userMailJob) (string, error) {
	const nobody = "Tributary"
	list, err := d.Store.Memberships(ctx, in.UserID)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(list, func(m store.MembershipRow) bool { return m.AccountID == in.AccountID && m.InviterID != nil })
	if i < 0 {
		return nobody, nil
	}
	u, err := d.Store.User(ctx, *list[i].InviterID)
	if errors.Is(err, store.ErrNotFound) {
		return nobody, nil
	}
	if name := AvailableName(u.DisplayName, u.Name); name != "" {
		return name, err
	}
	return u.Email, err
}

// link is an address of the dashboard with one parameter.
func (d *Desk) link(path, name, value string) string {
	return d.PublicURL + path + "?" + url.Values{name: {value}}.Encode()
}
