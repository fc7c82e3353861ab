package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"tributary/chat"
	"tributary/mail"
	"tributary/store"
	"tributary/wording"
)

// JobTranscript mails somebody what was said in a conversation.
const JobTranscript = "conversation.transcript"

// transcriptTries is how often such a mail is tried: for most of a day.
const transcriptTries = 20

// maxTranscriptTo is how many addresses one order may name.
const maxTranscriptTo = 50

// transcriptJob is the payload of JobTranscript.
type transcriptJob struct {
	ConversationID int64  `json:"conversation_id"`
	To             string `json:"to"`
}

// SendTranscript orders a mail to each address with what the contact and the desk said
// to each other: neither notes nor activity. store.ErrNotFound when there is no such
// conversation. What is no address is left out.
func (d *Desk) SendTranscript(ctx context.Context, accountID, displayID int64, addresses []string) error {
	err := d.again(ctx, func(tx *store.Tx) error {
		c, err := tx.LockConversation(ctx, accountID, displayID)
		if err != nil {
			return err
		}
		seen := map[string]bool{}
		for _, to := range addresses {
			to = strings.TrimSpace(to)
			if !validEmail(to) || seen[to] || len(seen) == maxTranscriptTo {
				continue
			}
			seen[to] = true
			payload, err := json.Marshal(transcriptJob{ConversationID: c.ID, To: to})
			if err != nil {
				return fmt.Errorf("desk: transcript: %w", err)
			}
			if err := tx.InsertJob(ctx, store.Job{
				Kind: JobTranscript, Lane: store.LaneMail, AccountID: accountID, Payload: payload, MaxAttempts: transcriptTries,
				UniqueKey: JobTranscript + ":" + strconv.FormatInt(c.ID, 10) + ":" + uuid.NewString(),
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// transcript carries out JobTranscript. Without a mail server nobody is written to.
func (d *Desk) transcript(ctx context.Context, j store.Job) error {
	var in transcriptJob
	if err := readJob(j, &in); err != nil || d.Mail == nil {
		return err
	}
	t, err := d.Store.ThreadView(ctx, in.ConversationID)
	if err != nil {
		return gone(err)
	}
	page, err := d.transcriptOf(ctx, t)
	if err != nil {
		return err
	}
	err = d.Mail.Send(ctx, mail.Message{To: in.To, Subject: page.Subject, Text: page.text(), HTML: page.html(), Key: j.UniqueKey})
	if errors.Is(err, mail.ErrNotConfigured) {
		return nil
	}
	if refused, ok := errors.AsType[mail.Refused](err); ok {
		return Final{fmt.Errorf("desk: transcript of conversation %d: %w", in.ConversationID, refused)}
	}
	return err
}

// transcriptPage is a conversation as a mail shows it.
type transcriptPage struct {
	letter
	Said []said
}

// said is one message of it.
type said struct {
	Who   string
	At    string
	Lines []string
	Files []saidFile
}

type saidFile struct{ Name, URL string }

func (d *Desk) transcriptOf(ctx context.Context, t store.ThreadView) (transcriptPage, error) {
	page := transcriptPage{letter: letter{
		Locale: d.Directory.Locale(t.InboxID), Subject: "[#" + strconv.FormatInt(t.Conversation.DisplayID, 10) + "] Conversation Transcript",
	}}
	list, err := d.Store.PublicMessages(ctx, []int64{t.Conversation.ID})
	if err != nil {
		return page, err
	}
	who, err := d.whoSaid(ctx, t, list)
	if err != nil {
		return page, err
	}
	for _, m := range list {
		if m.Type != int(chat.Incoming) && m.Type != int(chat.Outgoing) {
			continue
		}
		one := said{Who: who(m), At: time.UnixMicro(m.CreatedAt).UTC().Format("2006-01-02 15:04") + " UTC"}
		if m.Content != nil && *m.Content != "" {
			one.Lines = strings.Split(*m.Content, "\n")
		}
		for _, a := range m.Attachments {
			url, _ := d.FileURLs(a.AttachmentView)
			if url == "" {
				continue
			}
			name := url
			if a.FileName != nil && *a.FileName != "" {
				name = *a.FileName
			}
			one.Files = append(one.Files, saidFile{name, url})
		}
		page.Said = append(page.Said, one)
	}
	return page, nil
}

// whoSaid gives what the transcript calls the senders of messages.
func (d *Desk) whoSaid(ctx context.Context, t store.ThreadView, list []store.MessageRow) (func(store.MessageRow) string, error) {
	var users, bots []int64
	for _, m := range list {
		if m.SenderID == nil || m.SenderType == nil {
			continue
		}
		switch *m.SenderType {
		case store.OwnerUser:
			users = append(users, *m.SenderID)
		case store.OwnerBot:
			bots = append(bots, *m.SenderID)
		}
	}
	agents, err := d.Store.Agents(ctx, t.AccountID, users)
	if err != nil {
		return nil, err
	}
	robots, err := d.Store.BotViews(ctx, bots)
	return func(m store.MessageRow) string {
		switch {
		case m.Type == int(chat.Incoming):
			return t.Contact.Name
		case m.SenderType == nil || m.SenderID == nil:
		case *m.SenderType == store.OwnerUser:
			if u, ok := agents[*m.SenderID]; ok {
				return AvailableName(u.DisplayName, u.Name)
			}
		case *m.SenderType == store.OwnerBot:
			if b, ok := robots[*m.SenderID]; ok && b.Name != nil {
				return *b.Name
			}
		}
		return t.AccountName
	}, err
}

func (p transcriptPage) text() string {
	var b strings.Builder
	for _, s := range p.Said {
		b.WriteString(s.Who + ", " + s.At + ":\n")
		for _, line := range s.Lines {
			b.WriteString(line + "\n")
		}
		for _, f := range s.Files {
			b.WriteString(f.Name + ": " + f.URL + "\n")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (p transcriptPage) html() string {
	var b strings.Builder
	if err := transcriptLayout.Execute(&b, p); err != nil {
		return "" // the text says it all
	}
	return b.String()
}

var transcriptLayout = template.Must(template.New("transcript").Parse(`<!DOCTYPE html>
<html lang="{{.Lang}}" dir="{{.Dir}}">
<head><meta charset="utf-8"><title>{{.Subject}}</title></head>
<body style="font-family: sans-serif; line-height: 1.5; color: #1f2937; max-width: 36em; margin: 1.5em auto; padding: 0 1em">
{{- range .Said}}
<p style="margin-bottom: 0"><b><bdi>{{.Who}}</bdi></b> <span style="color: #6b7280; font-size: 0.85em">{{.At}}</span></p>
<p style="margin-top: 0">{{range $i, $line := .Lines}}{{if $i}}<br>{{end}}{{$line}}{{end}}
{{- range .Files}}<br><a href="{{.URL}}">{{.Name}}</a>{{end}}</p>
{{- end}}
</body>
</html>
`))

// erased stands in the place of a message that an agent took away.
func erased() wording.Text { return wording.PlaceholderDeleted.Text() }
