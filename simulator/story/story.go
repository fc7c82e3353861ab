// Package story tells what Tributary does as a sequence of steps that can be
// watched and checked: every channel is connected, a customer writes on each,
// an agent answers, the provider reports back; then providers fail. It uses
// the public HTTP API only, and so is both the demo and a smoke test.
package story

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tributary/simulator"
)

// Config of a run.
type Config struct {
	// Base is where the program listens, APIToken an administrator's token in
	// account AccountID.
	Base      string
	APIToken  string
	AccountID int64
	// Sim plays the providers; the program was started with its Settings.
	Sim *simulator.Simulator
	// Out gets the lines, with Color for a terminal.
	Out   io.Writer
	Color bool
	// CreateInbox makes an inbox of a kind that people connect through OAuth
	// (facebook, instagram, instagram_page, twitter) from its settings.
	CreateInbox func(ctx context.Context, kind, name string, settings json.RawMessage) (inboxID int64, err error)
	// Step bounds what must happen at once; 0: 15 seconds.
	Step time.Duration
	// Recovery bounds what a provider's failure delays; 0: 90 seconds.
	Recovery time.Duration
	// Numbers plays how WhatsApp numbers go live, too: the program looks after them.
	Numbers bool
}

// ErrUnexpected says that a step did not end as it must.
var ErrUnexpected = errors.New("story: not as expected")

// teller runs the steps.
type teller struct {
	Config
	api    *client
	p      *printer
	lines  []*line
	kinds  int // of events beside texts that were seen
	born   int // WhatsApp numbers that went live
	failed int
}

// line is one channel on its way through the story.
type line struct {
	channel      *simulator.Channel
	person       simulator.Person
	inboxID      int64
	conversation int64
	in, out      time.Duration
	receipts     int
	// What later steps refer to: the provider's ids of the question, the answer
	// and something to delete, and our id of the answer.
	asked, sent, image string
	answer             int64
}

// Run tells the story. The error says which steps failed; the run goes on
// after a failure, so that all of them are seen.
func Run(ctx context.Context, cfg Config) error {
	t := newTeller(cfg)
	started := time.Now()
	t.p.line()
	t.p.line("  ", t.p.style(bold, "Tributary"), t.p.style(faint, "  many channels, one stream · "+t.Base))
	t.connect(ctx)
	t.talk(ctx)
	t.more(ctx)
	if t.Numbers {
		t.born = t.numbers(ctx)
	}
	played := t.fail(ctx)
	t.summary(played, time.Since(started))
	return t.end(ctx)
}

// Numbers plays the WhatsApp numbers of the story alone.
func Numbers(ctx context.Context, cfg Config) error {
	t := newTeller(cfg)
	t.numbers(ctx)
	return t.end(ctx)
}

func newTeller(cfg Config) *teller {
	if cfg.Step == 0 {
		cfg.Step = 15 * time.Second
	}
	if cfg.Recovery == 0 {
		cfg.Recovery = 90 * time.Second
	}
	cfg.Base = strings.TrimRight(cfg.Base, "/")
	return &teller{
		Config: cfg,
		p:      &printer{out: cfg.Out, color: cfg.Color},
		api: &client{
			base: cfg.Base, token: cfg.APIToken, account: cfg.AccountID, http: &http.Client{Timeout: 30 * time.Second},
		},
	}
}

// end says how the story ended.
func (t *teller) end(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("story: interrupted: %w", err)
	}
	if t.failed > 0 {
		return fmt.Errorf("%w: %d steps failed", ErrUnexpected, t.failed)
	}
	return t.p.err
}

// connect creates an inbox per channel and lets providers check the webhook.
func (t *teller) connect(ctx context.Context) {
	columns := []column{
		{name: "channel", width: 16},
		{name: "address", width: 24, style: faint},
		{name: "inbox", width: 5, right: true},
		{name: "ready", width: 8, right: true},
		{name: "webhooks are proven by", style: faint},
	}
	t.p.title("Connecting")
	t.p.head(columns)
	for _, kind := range simulator.Kinds() {
		ch := t.Sim.Channel(kind)
		if ch == nil {
			continue
		}
		started := time.Now()
		l := &line{channel: ch, person: ch.Person(len(t.lines))}
		if err := t.create(ctx, l); err != nil {
			t.broken(columns, kind, err)
			continue
		}
		t.lines = append(t.lines, l)
		t.p.row(true, columns, kind.Title(), ch.Address, strconv.FormatInt(l.inboxID, 10), took(time.Since(started)), proof(kind))
	}
}

func (t *teller) create(ctx context.Context, l *line) error {
	ctx, cancel := context.WithTimeout(ctx, t.Step)
	defer cancel()
	ch := l.channel
	if path := ch.CreatePath(); path == "" {
		if t.CreateInbox == nil {
			return fmt.Errorf("%w: no way to create a %s inbox", ErrUnexpected, ch.Kind)
		}
		id, err := t.CreateInbox(ctx, string(ch.Kind), ch.Name, ch.Params())
		if err != nil {
			return fmt.Errorf("create the inbox: %w", err)
		}
		l.inboxID = id
	} else {
		var made inbox
		if err := t.api.call(ctx, http.MethodPost, path, ch.Params(), &made); err != nil {
			return fmt.Errorf("create the inbox: %w", err)
		}
		l.inboxID = made.ID
		if ch.Kind == simulator.API {
			ch.Attach(made.Identifier)
		}
	}
	if err := t.Sim.WaitReady(ctx, ch); err != nil {
		return err
	}
	return t.Sim.Handshake(ctx, t.Base, ch)
}

func proof(k simulator.Kind) string {
	switch k {
	case simulator.Facebook, simulator.InstagramLogin, simulator.InstagramPage, simulator.WhatsAppCloud:
		return "HMAC-SHA256 of the app"
	case simulator.Line:
		return "HMAC-SHA256 of the channel"
	case simulator.Twitter:
		return "HMAC-SHA256 of the consumer secret"
	case simulator.TwilioSMS, simulator.TwilioWhatsApp:
		return "HMAC-SHA1 of address and form"
	case simulator.Telegram:
		return "secret token set by the program"
	case simulator.WhatsApp360:
		return "Authorization header set by the program"
	case simulator.SMS:
		return "HTTP Basic credentials"
	default:
		return "inbox identifier"
	}
}

// talk lets a customer write on each channel and an agent answer.
func (t *teller) talk(ctx context.Context) {
	columns := []column{
		{name: "channel", width: 16},
		{name: "customer", width: 13},
		{name: "writes", width: 27},
		{name: "visible", width: 8, right: true, style: good},
		{name: "agent answers", width: 22},
		{name: "sent in", width: 8, right: true, style: good},
		{name: "provider says", style: faint},
	}
	t.p.title("Talking")
	t.p.head(columns)
	for _, l := range t.lines {
		question, answer := words(l.channel.Kind)
		says, err := t.exchange(ctx, l, question, answer)
		if err != nil {
			t.broken(columns, l.channel.Kind, err)
			continue
		}
		t.p.row(true, columns, l.channel.Kind.Title(), l.person.Name, question, took(l.in), answer, took(l.out), says)
	}
}

// exchange is one message in, one reply out and the provider's reports.
func (t *teller) exchange(ctx context.Context, l *line, question, answer string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, t.Step)
	defer cancel()
	var err error
	if l.in, err = t.ask(ctx, l, question); err != nil {
		return "", err
	}
	posted := time.Now()
	made, sent, err := t.answer(ctx, l, answer)
	if err != nil {
		return "", err
	}
	l.out = sent.At.Sub(posted)
	l.sent, l.answer = sent.ProviderID, made.ID
	if err := t.noted(ctx, l, made); err != nil {
		return "", err
	}
	said := []string{"accepted"}
	for _, state := range l.channel.Kind.Receipts() {
		a, err := t.Sim.DeliverStatus(ctx, t.Base, l.channel, simulator.Receipt{
			ID: sent.ProviderID, To: sent.To, State: state, Callback: sent.Callback,
		})
		if err != nil {
			return "", err
		}
		if !a.OK() {
			return "", fmt.Errorf("%w: the receipt %q was answered %d", ErrUnexpected, state, a.Status)
		}
		said = append(said, state)
		l.receipts++
	}
	want := final(l.channel.Kind)
	if _, err := t.api.status(ctx, l.conversation, made.ID, want); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s → %s", strings.Join(said, ", "), want), nil
}

// ask delivers a text and waits until an agent can see it.
func (t *teller) ask(ctx context.Context, l *line, text string) (time.Duration, error) {
	started := time.Now()
	a, err := t.Sim.Deliver(ctx, t.Base, l.channel, simulator.Incoming{From: l.person.From, Name: l.person.Name, Text: text})
	if err != nil {
		return 0, err
	}
	if !a.OK() {
		return 0, fmt.Errorf("%w: the webhook was answered %d", ErrUnexpected, a.Status)
	}
	if len(a.IDs) > 0 {
		l.asked = a.IDs[0]
	}
	l.conversation, err = t.api.visible(ctx, l.inboxID, text)
	return time.Since(started), err
}

// answer posts a reply and waits until the provider has accepted it.
func (t *teller) answer(ctx context.Context, l *line, text string) (message, simulator.Sent, error) {
	after := t.Sim.LastSeq()
	made, err := t.api.reply(ctx, l.conversation, text, fmt.Sprintf("story-%d-%d", l.inboxID, time.Now().UnixNano()))
	if err != nil {
		return made, simulator.Sent{}, err
	}
	sent, err := t.Sim.WaitSent(ctx, func(s *simulator.Sent) bool {
		return s.Seq > after && s.Channel == l.channel && s.Text == text && s.Accepted()
	})
	if err != nil {
		err = fmt.Errorf("the provider did not get the reply: %w", err)
	}
	return made, sent, err
}

// reportDelay is the least time in which a phone could report a message.
const reportDelay = 300 * time.Millisecond

// noted gives the program the moment that every real report takes, to store
// the provider's id; a program that is slower has to cope with the report.
func (t *teller) noted(ctx context.Context, l *line, made message) error {
	ctx, cancel := context.WithTimeout(ctx, reportDelay)
	defer cancel()
	err := poll(ctx, func() (bool, error) {
		list, err := t.api.messages(ctx, l.conversation)
		return slices.ContainsFunc(list, func(m message) bool { return m.ID == made.ID && m.SourceID != "" }), err
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// final is the status that a message has after all reports of its provider.
// LINE has none, and its acceptance counts as delivery.
func final(k simulator.Kind) string {
	if k == simulator.Line {
		return simulator.Delivered
	}
	if states := k.Receipts(); len(states) > 0 {
		return states[len(states)-1]
	}
	return "sent"
}

func (t *teller) broken(columns []column, k simulator.Kind, err error) {
	t.failed++
	t.p.row(false, []column{columns[0], {style: bad}}, k.Title(), err.Error())
}

func (t *teller) summary(played int, total time.Duration) {
	var in, out []time.Duration
	receipts := 0
	for _, l := range t.lines {
		if l.in > 0 && l.out > 0 {
			in, out = append(in, l.in), append(out, l.out)
		}
		receipts += l.receipts
	}
	t.p.title("Summary")
	went := ""
	if t.Numbers {
		went = fmt.Sprintf("%d numbers went live · ", t.born)
	}
	t.p.line("    ", fmt.Sprintf("%d channels · %d conversations · %d receipts · %d events beside text · %s%d failures played in %s",
		len(t.lines), len(in), receipts, t.kinds, went, played, took(total)))
	if len(in) > 0 {
		t.p.line("    ", fmt.Sprintf("visible to the agent after %s (median), %s (slowest)", took(median(in)), took(slices.Max(in))))
		t.p.line("    ", fmt.Sprintf("reply at the provider after %s (median), %s (slowest)", took(median(out)), took(slices.Max(out))))
	}
	if t.failed == 0 {
		t.p.line("    ", t.p.style(good, "everything went as promised"))
	} else {
		t.p.line("    ", t.p.style(bad, fmt.Sprintf("%d steps did not go as promised", t.failed)))
	}
	t.p.line()
}

func median(d []time.Duration) time.Duration {
	d = slices.Clone(d)
	slices.Sort(d)
	return d[len(d)/2]
}
