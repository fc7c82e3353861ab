package story

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"tributary/simulator"
)

// scene is a failure that is played, and what the program made of it.
type scene struct {
	title string
	kinds []simulator.Kind // channels it needs
	play  func(ctx context.Context, t *teller) (string, error)
}

func scenes() []scene {
	return []scene{
		{"LINE throttles", []simulator.Kind{simulator.Line}, throttled},
		{"Telegram hangs, SMS flows", []simulator.Kind{simulator.Telegram, simulator.SMS}, hanging},
		{"Twilio refuses a number", []simulator.Kind{simulator.TwilioSMS}, refused},
		{"Forged signatures", nil, forged},
		{"A delivery arrives twice", []simulator.Kind{simulator.Facebook}, repeated},
		{"Events nobody knows", nil, unknown},
		// The slowest comes last: its retries back off for seconds.
		{"WhatsApp breaks twice", []simulator.Kind{simulator.WhatsAppCloud}, broken},
	}
}

// fail plays the failures side by side, each on channels of its own, and prints
// them in order. It returns how many were played.
func (t *teller) fail(ctx context.Context) int {
	type outcome struct {
		detail string
		err    error
	}
	columns := []column{{width: 26}, {style: faint}}
	t.p.title("Failing")
	var playing []scene
	var results []chan outcome
	for _, s := range scenes() {
		if !t.has(s.kinds) {
			continue
		}
		done := make(chan outcome, 1)
		playing, results = append(playing, s), append(results, done)
		go func() {
			ctx, cancel := context.WithTimeout(ctx, t.Recovery)
			defer cancel()
			detail, err := s.play(ctx, t)
			done <- outcome{detail, err}
		}()
	}
	for i, s := range playing {
		o := <-results[i]
		if o.err != nil {
			t.failed++
			t.p.row(false, []column{columns[0], {style: bad}}, s.title, o.err.Error())
			continue
		}
		t.p.row(true, columns, s.title, o.detail)
	}
	return len(playing)
}

func (t *teller) has(kinds []simulator.Kind) bool {
	for _, k := range kinds {
		if l := t.line(k); l == nil || l.conversation == 0 {
			return false
		}
	}
	return true
}

func (t *teller) line(k simulator.Kind) *line {
	for _, l := range t.lines {
		if l.channel.Kind == k {
			return l
		}
	}
	return nil
}

// attempt waits for the first call with this text that match admits.
func (t *teller) attempt(ctx context.Context, l *line, text string, match func(*simulator.Sent) bool) (simulator.Sent, error) {
	return t.Sim.WaitSent(ctx, func(s *simulator.Sent) bool {
		return s.Channel == l.channel && s.Text == text && match(s)
	})
}

func throttled(ctx context.Context, t *teller) (string, error) {
	const text, pause = "We bake from eight.", time.Second
	l := t.line(simulator.Line)
	t.Sim.Fail(simulator.Line, simulator.Throttle(pause, 1))
	defer t.Sim.Heal(simulator.Line)
	made, sent, err := t.answer(ctx, l, text)
	if err != nil {
		return "", err
	}
	first, err := t.attempt(ctx, l, text, func(s *simulator.Sent) bool { return s.Status == http.StatusTooManyRequests })
	if err != nil {
		return "", err
	}
	waited := sent.At.Sub(first.At)
	switch {
	case waited < pause:
		return "", fmt.Errorf("%w: tried again after %s, Retry-After was %s", ErrUnexpected, took(waited), took(pause))
	case first.IdempotencyKey != "" && sent.IdempotencyKey != "" && first.IdempotencyKey != sent.IdempotencyKey:
		return "", fmt.Errorf("%w: the retry key changed between attempts", ErrUnexpected)
	}
	if _, err := t.api.status(ctx, l.conversation, made.ID, simulator.Delivered); err != nil {
		return "", err
	}
	return fmt.Sprintf("429, Retry-After %s; accepted %s later, message delivered", took(pause), took(waited)), nil
}

func broken(ctx context.Context, t *teller) (string, error) {
	const text = "Shall we keep one for you?"
	l := t.line(simulator.WhatsAppCloud)
	t.Sim.Fail(simulator.WhatsAppCloud, simulator.Outage(http.StatusInternalServerError, 2))
	defer t.Sim.Heal(simulator.WhatsAppCloud)
	started := time.Now()
	_, sent, err := t.answer(ctx, l, text)
	if err != nil {
		return "", err
	}
	if sent.Attempt != 3 {
		return "", fmt.Errorf("%w: accepted at attempt %d, not 3", ErrUnexpected, sent.Attempt)
	}
	return fmt.Sprintf("500, 500, accepted at attempt %d after %s", sent.Attempt, took(sent.At.Sub(started))), nil
}

func hanging(ctx context.Context, t *teller) (string, error) {
	const text = "Which day suits you?"
	bot, sms := t.line(simulator.Telegram), t.line(simulator.SMS)
	t.Sim.Fail(simulator.Telegram, simulator.Failure{Hang: true})
	defer t.Sim.Heal(simulator.Telegram)
	if _, err := t.api.reply(ctx, bot.conversation, text, "story-hang"); err != nil {
		return "", err
	}
	if _, err := t.attempt(ctx, bot, text, func(s *simulator.Sent) bool { return s.Status == 0 }); err != nil {
		return "", fmt.Errorf("the hanging call did not arrive: %w", err)
	}
	step, cancel := context.WithTimeout(ctx, t.Step)
	defer cancel()
	visible, err := t.ask(step, sms, "And the rye bread?")
	if err != nil {
		return "", fmt.Errorf("SMS behind a hanging Telegram: %w", err)
	}
	posted := time.Now()
	_, sent, err := t.answer(step, sms, "The rye is ready too.")
	if err != nil {
		return "", fmt.Errorf("SMS behind a hanging Telegram: %w", err)
	}
	t.Sim.Heal(simulator.Telegram)
	if _, err := t.attempt(ctx, bot, text, (*simulator.Sent).Accepted); err != nil {
		return "", fmt.Errorf("after Telegram woke up: %w", err)
	}
	return fmt.Sprintf("meanwhile SMS: visible %s, reply sent in %s; Telegram went out when it woke up",
		took(visible), took(sent.At.Sub(posted))), nil
}

func refused(ctx context.Context, t *teller) (string, error) {
	l := t.line(simulator.TwilioSMS)
	t.Sim.Fail(simulator.TwilioSMS, simulator.Failure{Refuse: true})
	defer t.Sim.Heal(simulator.TwilioSMS)
	made, err := t.api.reply(ctx, l.conversation, "One tray is yours.", "story-refused")
	if err != nil {
		return "", err
	}
	failed, err := t.api.status(ctx, l.conversation, made.ID, simulator.Failed)
	if err != nil {
		return "", err
	}
	if !strings.Contains(failed.Attributes.Error, "21211") {
		return "", fmt.Errorf("%w: external_error is %q", ErrUnexpected, failed.Attributes.Error)
	}
	return "the agent reads: " + failed.Attributes.Error, nil
}

// forged sends every channel a message whose proof does not match. The refusal
// is the edge's own answer, so that nothing can be on its way afterwards.
func forged(ctx context.Context, t *teller) (string, error) {
	const text = "Send me your savings"
	for _, l := range t.lines {
		d, err := t.Sim.BuildBadSignature(l.channel, simulator.Incoming{
			From: l.person.From, Name: l.person.Name, Text: text,
		}, t.Sim.Public(l.channel, t.Base))
		if err != nil {
			return "", err
		}
		a, err := t.Sim.Post(ctx, t.Base, d)
		if err != nil {
			return "", err
		}
		want := http.StatusUnauthorized
		if l.channel.Kind == simulator.Facebook {
			want = http.StatusBadRequest // the contract of /bot
		}
		if a.Status != want {
			return "", fmt.Errorf("%w: %s answered %d to a bad proof, not %d", ErrUnexpected, l.channel.Kind, a.Status, want)
		}
		list, err := t.api.conversations(ctx, l.inboxID)
		if err != nil {
			return "", err
		}
		for i := range list {
			if last := list[i].Last; last != nil && last.Content == text {
				return "", fmt.Errorf("%w: a forged message is stored on %s", ErrUnexpected, l.channel.Kind)
			}
		}
	}
	return fmt.Sprintf("refused on all %d channels, nothing stored", len(t.lines)), nil
}

// repeated delivers the same webhook three times, then another message of the
// same person: once that one is visible, the repetitions have been dealt with.
func repeated(ctx context.Context, t *teller) (string, error) {
	const text = "And on Monday?"
	l := t.line(simulator.Facebook)
	d, err := t.Sim.Build(l.channel, simulator.Incoming{From: l.person.From, Name: l.person.Name, Text: text}, t.Base)
	if err != nil {
		return "", err
	}
	for range 3 {
		a, err := t.Sim.Post(ctx, t.Base, d)
		if err != nil {
			return "", err
		}
		if a.Status != http.StatusOK {
			return "", fmt.Errorf("%w: a repeated delivery was answered %d", ErrUnexpected, a.Status)
		}
	}
	if _, err := t.ask(ctx, l, "Never mind, found it."); err != nil {
		return "", err
	}
	list, err := t.api.messages(ctx, l.conversation)
	if err != nil {
		return "", err
	}
	count := 0
	for i := range list {
		if list[i].Content == text {
			count++
		}
	}
	if count != 1 {
		return "", fmt.Errorf("%w: a message delivered three times is stored %d times", ErrUnexpected, count)
	}
	return "the same webhook three times: 200 each time, one message", nil
}

func unknown(ctx context.Context, t *teller) (string, error) {
	taken := 0
	for _, l := range t.lines {
		if l.channel.Kind == simulator.API {
			continue
		}
		d, err := t.Sim.BuildUnknown(l.channel, t.Sim.Public(l.channel, t.Base))
		if err != nil {
			return "", err
		}
		a, err := t.Sim.Post(ctx, t.Base, d)
		if err != nil {
			return "", err
		}
		if !a.OK() {
			return "", fmt.Errorf("%w: %s answered %d to an unknown event", ErrUnexpected, l.channel.Kind, a.Status)
		}
		taken++
	}
	return fmt.Sprintf("taken by all %d webhooks, so that no provider repeats the rest of its batch", taken), nil
}
