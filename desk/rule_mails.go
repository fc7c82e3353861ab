package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tributary/mail"
	"tributary/store"
	"tributary/wording"
)

// JobRuleMail mails a member what a rule wants them to know, or what became of a rule.
const JobRuleMail = "rule.mail"

// ruleMailTries is how often such a mail is tried.
const ruleMailTries = 10

// ruleMail is the payload of JobRuleMail.
type ruleMail struct {
	UserID int64 `json:"user_id"`
	// A message about a conversation (its display id), in a rule's words.
	DisplayID int64  `json:"display_id,omitempty"`
	Message   string `json:"message,omitempty"`
	// A rule that was switched off.
	Rule string `json:"rule,omitempty"`
}

// orderRuleMails orders a mail to each of some users. key tells its occasion from
// others.
func orderRuleMails(ctx context.Context, tx *store.Tx, accountID int64, key string, users []int64, in ruleMail) error {
	jobs := make([]store.Job, len(users))
	for i, id := range users {
		in.UserID = id
		payload, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("desk: rule mail: %w", err)
		}
		jobs[i] = store.Job{
			Kind: JobRuleMail, Lane: store.LaneMail, AccountID: accountID, Payload: payload, MaxAttempts: ruleMailTries,
			UniqueKey: JobRuleMail + ":" + key + ":" + strconv.FormatInt(id, 10),
		}
	}
	return tx.OrderJobs(ctx, jobs, 0)
}

// mailTeams orders the mails of send_email_to_team.
func (d *Desk) mailTeams(ctx context.Context, p *performance, params json.RawMessage) error {
	var list []struct {
		TeamIDs []json.Number `json:"team_ids"`
		Message string        `json:"message"`
	}
	if json.Unmarshal(params, &list) != nil || len(list) == 0 || strings.TrimSpace(list[0].Message) == "" {
		return errNothing
	}
	var users []int64
	for _, number := range list[0].TeamIDs {
		id, err := number.Int64()
		if err != nil {
			continue
		}
		if _, err := d.Store.Team(ctx, p.accountID, id, 0); errors.Is(err, store.ErrNotFound) {
			continue
		} else if err != nil {
			return err
		}
		members, err := d.Store.TeamAgents(ctx, p.accountID, id)
		if err != nil {
			return err
		}
		for _, m := range members {
			users = append(users, m.ID)
		}
	}
	slices.Sort(users)
	if users = slices.Compact(users); len(users) == 0 {
		return errNothing
	}
	err := d.again(ctx, func(tx *store.Tx) error {
		if err := p.mark(ctx, tx); err != nil {
			return err
		}
		return orderRuleMails(ctx, tx, p.accountID, p.key, users, ruleMail{DisplayID: p.displayID, Message: list[0].Message})
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// sendRuleMail carries out JobRuleMail. Without a mail server nobody is written to.
func (d *Desk) sendRuleMail(ctx context.Context, j store.Job) error {
	var in ruleMail
	if err := readJob(j, &in); err != nil {
		return err
	}
	people, err := d.Store.Agents(ctx, j.AccountID, []int64{in.UserID})
	if err != nil {
		return err
	}
	to := people[in.UserID]
	if !to.Member || !to.Confirmed || to.Email == "" || d.Mail == nil {
		return nil
	}
	account, err := d.Store.ScopeOf(ctx, j.AccountID, 0)
	if err != nil {
		return gone(err)
	}
	words := d.ruleLetter(in, to, account)
	err = d.Mail.Send(ctx, mail.Message{To: to.Email, Subject: words.Subject, Text: words.text(), HTML: words.html(), Key: j.UniqueKey})
	if errors.Is(err, mail.ErrNotConfigured) {
		return nil
	}
	if refused, ok := errors.AsType[mail.Refused](err); ok {
		return Final{fmt.Errorf("desk: mail of a rule: %w", refused)}
	}
	return err
}

// ruleLetter writes the mail in the account's language.
func (d *Desk) ruleLetter(in ruleMail, to store.AgentRow, account store.AccountScope) letter {
	l := letter{Locale: wording.LocaleOf(account.Locale)}
	say := l.Locale.Say
	hello := wording.MailGreeting.Text()
	if name := strings.TrimSpace(AvailableName(to.DisplayName, to.Name)); name != "" {
		hello = wording.MailHello.With("name", name)
	}
	l.Lines = append(l.Lines, say(hello))
	if in.Rule != "" {
		l.Subject = say(wording.RuleOffSubject.With("rule", in.Rule))
		l.Lines = append(l.Lines, say(wording.RuleOffBody.With("rule", in.Rule, "account", account.Name)))
		l.Action = say(wording.RuleOpenRules.Text())
		l.Link = d.PublicURL + "/app/accounts/" + strconv.FormatInt(account.ID, 10) + "/settings/automation/list"
	} else {
		l.Subject = say(wording.RuleMailSubject.With("number", strconv.FormatInt(in.DisplayID, 10)))
		l.Lines = append(l.Lines, in.Message)
		l.Action, l.Link = say(wording.NotificationOpen.Text()), d.conversationLink(account.ID, in.DisplayID)
	}
	l.Subject = strings.Join(strings.Fields(l.Subject), " ")
	l.Paste, l.Ignore = say(wording.MailPaste.Text()), say(wording.NotificationFooter.With("account", account.Name))
	return l
}
