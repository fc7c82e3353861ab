package whatsapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tributary/desk"
	"tributary/mail"
	"tributary/store"
	"tributary/whatsapp/rules"
	"tributary/wording"
)

// noticeTries is how often a mail is tried: for most of a day, which mail servers
// may be away for.
const noticeTries = 20

// sendNotice mails administrators what happened to a number. A first job orders one
// for each of them, so that another attempt reaches nobody twice.
func (e *Engine) sendNotice(ctx context.Context, j store.Job) error {
	var n Notice
	if err := json.Unmarshal(j.Payload, &n); err != nil {
		return desk.Final{Err: fmt.Errorf("whatsapp: notice: %w", err)}
	}
	if e.Mail == nil || !e.Mail.Configured() {
		e.Log.Debug("nobody is told by mail: there is no mail server", "inbox_id", n.InboxID, "phone_number_id", n.PhoneID)
		return nil
	}
	admins, err := e.Store.AccountAdmins(ctx, n.AccountID)
	if err != nil {
		return err
	}
	if n.To == 0 {
		return e.addressNotice(ctx, j, n, admins)
	}
	to := slices.IndexFunc(admins, func(a store.AdminRow) bool { return a.UserID == n.To })
	if to < 0 {
		return nil // no administrator any more
	}
	l, ok, err := e.letter(ctx, n)
	if err != nil || !ok {
		return err
	}
	err = e.Mail.Send(ctx, mail.Message{To: admins[to].Email, Subject: l.subject(), Text: l.text(), HTML: l.html(), Key: j.UniqueKey})
	if errors.Is(err, mail.ErrNotConfigured) {
		return nil
	}
	if refused, ok := errors.AsType[mail.Refused](err); ok {
		return desk.Final{Err: fmt.Errorf("whatsapp: notice: %w", refused)}
	}
	return err
}

// addressNotice orders a mail to each administrator.
func (e *Engine) addressNotice(ctx context.Context, j store.Job, n Notice, admins []store.AdminRow) error {
	err := e.Store.Transact(ctx, func(tx *store.Tx) error {
		for _, a := range admins {
			n.To = a.UserID
			payload, err := json.Marshal(n)
			if err != nil {
				return fmt.Errorf("whatsapp: notice: %w", err)
			}
			if err := tx.InsertJob(ctx, store.Job{
				Kind: JobNotice, Lane: store.LaneMail, AccountID: n.AccountID, Payload: payload, MaxAttempts: noticeTries,
				UniqueKey: j.UniqueKey + ":" + strconv.FormatInt(a.UserID, 10),
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		e.WakeJobs()
	}
	return err
}

// letter writes what a notice says in the account's language; ok is false when the
// inbox is gone.
func (e *Engine) letter(ctx context.Context, n Notice) (l letter, ok bool, err error) {
	if err := e.Directory.Refresh(ctx); err != nil {
		return l, false, err
	}
	_, ch, ok := e.Directory.Inbox(n.InboxID)
	if !ok || ch.AccountID != n.AccountID {
		return l, false, nil
	}
	cfg, ok := config(ch)
	if !ok {
		return l, false, nil
	}
	account, err := e.Store.ScopeOf(ctx, n.AccountID, 0)
	if err != nil {
		return l, false, err
	}
	row, err := e.Store.WhatsAppNumber(ctx, n.PhoneID)
	if err != nil {
		return l, false, err
	}
	business, err := e.Store.WhatsAppBusiness(ctx, row.WABA)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return l, false, err
	}
	l = letter{
		Locale: ch.Locale, Inbox: ch.Name, Number: string(cfg.PhoneNumber), At: minute(n.At),
		Footer: ch.Locale.Say(wording.NoticeFooter.With("account", account.Name)),
	}
	atMeta := l.tell(n, row)
	l.Links = append(l.Links, link{
		ch.Locale.Say(wording.NoticeOpenInbox.Text()),
		fmt.Sprintf("%s/app/accounts/%d/settings/inboxes/%d", e.PublicURL, n.AccountID, n.InboxID),
	})
	if atMeta {
		l.Links = append(l.Links, link{"WhatsApp Manager", managerURL(business.PortfolioID, row.WABA)})
	}
	return l, true, nil
}

// tell fills in the news, the most telling first and each once, and what Meta says
// of it. It tells whether WhatsApp Manager is of use.
func (l *letter) tell(n Notice, row store.WhatsAppNumber) (atMeta bool) {
	var shown []alert
	_ = json.Unmarshal(row.Alerts, &shown) // unreadable: the mail does without
	news := slices.Clone(n.News)
	slices.SortStableFunc(news, func(a, b notice) int { return rank(a) - rank(b) })
	whats, dos, waits := map[string]bool{}, map[string]bool{}, false
	for _, w := range news {
		t, until := n.Text, ""
		if w.Kind == string(rules.RateLimited) {
			until = minute(row.NextAttemptAt)
		}
		if i := slices.IndexFunc(shown, func(a alert) bool { return strings.EqualFold(a.Type, w.Detail) }); w.Kind == noticeAlert {
			if t = ""; i >= 0 {
				t, until = shown[i].Description, expiry(shown[i])
			}
		}
		s := sayingOf(w, t)
		what, do := l.Locale.Say(s.what), l.Locale.Say(s.do)
		if w.Kind == noticeRecovery {
			what, do = l.Locale.Say(wording.NoticeRecovered.With("what", what)), ""
		}
		// An alert says more than the state that it leads to.
		if whats[what] || dos[do] && w.Kind == string(rules.NeedsAdmin) || waits && w.Kind == noticeWaiting {
			continue
		}
		waits = waits || w.Kind == noticeWaiting
		if dos[do] {
			do = ""
		}
		whats[what], dos[do] = true, do != ""
		item := item{What: what, Do: do}
		if until != "" {
			item.Until = l.Locale.Say(wording.NoticeUntil.With("time", until))
		}
		l.News = append(l.News, item)
		if quote := plainText(s.quote); quote != "" && !slices.Contains(l.Quotes, quote) {
			l.Quotes = append(l.Quotes, quote)
		}
		atMeta = atMeta || s.atMeta && w.Kind != noticeRecovery
	}
	if len(l.Quotes) > 0 {
		l.MetaSays = l.Locale.Say(wording.NoticeMetaSays.Text())
	}
	return atMeta
}

// managerURL is where the number is looked after at Meta.
func managerURL(portfolio, waba string) string {
	const home = "https://business.facebook.com/"
	if portfolio == "" {
		return home
	}
	return home + "latest/whatsapp_manager/phone_numbers/?" + url.Values{"business_id": {portfolio}, "asset_id": {waba}}.Encode()
}

// expiry is until when an alert holds, "" when that is not known.
func expiry(a alert) string {
	if a.Expires == nil {
		return ""
	}
	at, err := time.Parse(time.RFC3339, *a.Expires)
	if err != nil {
		return ""
	}
	return minute(at)
}

// minute writes a moment for people in every language.
func minute(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04") + " UTC"
}
