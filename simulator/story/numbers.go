package story

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"tributary/simulator"
)

// registration is where a WhatsApp number stands, as the API tells it.
type registration struct {
	State  string  `json:"state"`
	Action *string `json:"required_action"`
}

func (r registration) String() string {
	if r.Action != nil {
		return r.State + ", " + *r.Action
	}
	return r.State
}

// States and actions of a number.
const (
	registered = "registered"
	waiting    = "waiting_for_meta"
	needsAdmin = "needs_admin"

	editName = "edit_display_name"
	enterPIN = "enter_pin"
)

// life is how a WhatsApp number goes live.
type life struct {
	title string
	state simulator.NumberState
	play  func(ctx context.Context, l *birth) error
}

func lives() []life {
	return []life{
		{"Name under review", simulator.PendingName, func(ctx context.Context, l *birth) error {
			if err := l.connect(ctx, "connected while Meta reviews its name", waiting, ""); err != nil {
				return err
			}
			if err := l.meta(ctx, "Meta approves the name, by webhook", l.number.ApproveName); err != nil {
				return err
			}
			return l.live(ctx)
		}},
		{"Name declined", simulator.Declined, func(ctx context.Context, l *birth) error {
			if err := l.connect(ctx, "connected although Meta declined its name", needsAdmin, editName); err != nil {
				return err
			}
			if err := l.step(ctx, "an administrator edits the name at Meta", waiting, func() error {
				return l.number.Rename("Willow Bakery Lisbon").Wait(ctx)
			}); err != nil {
				return err
			}
			if err := l.meta(ctx, "Meta approves the new name", l.number.ApproveName); err != nil {
				return err
			}
			return l.live(ctx)
		}},
		{"PIN of somebody else", simulator.PINElsewhere, func(ctx context.Context, l *birth) error {
			if err := l.connect(ctx, "connected with a PIN that nobody here knows", needsAdmin, enterPIN); err != nil {
				return err
			}
			if err := l.meta(ctx, "an administrator lets us replace the PIN", func(...simulator.NoticeOption) *simulator.Notice {
				l.failed = l.t.api.call(ctx, http.MethodPost, l.path("register_number"), map[string]bool{"reset_pin": true}, &struct{}{})
				return nil
			}); err != nil {
				return err
			}
			return l.live(ctx)
		}},
	}
}

// birth is a number on its way.
type birth struct {
	t      *teller
	number *simulator.Number
	line   line
	rows   [][]string
	failed error
}

// path is below the number's inbox.
func (b *birth) path(name string) string {
	return "inboxes/" + strconv.FormatInt(b.line.inboxID, 10) + "/" + name
}

// numbers lets WhatsApp numbers go live that could not be registered when they
// were connected, side by side, and prints them in order. It returns how many.
func (t *teller) numbers(ctx context.Context) int {
	columns := []column{
		{name: "WhatsApp number", width: 22},
		{name: "what happens", width: 43},
		{name: "registration", width: 39, style: good},
		{name: "after", width: 8, right: true, style: faint},
	}
	t.p.title("Going live")
	t.p.head(columns)
	plays := lives()
	births, done := make([]*birth, len(plays)), make([]chan error, len(plays))
	for i, p := range plays {
		b := &birth{t: t, number: t.Sim.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{State: p.state})}
		b.line.channel, b.line.person = b.number.Channel(), b.number.Channel().Person(i)
		births[i], done[i] = b, make(chan error, 1)
		go func() {
			ctx, cancel := context.WithTimeout(ctx, t.Step)
			defer cancel()
			done[i] <- p.play(ctx, b)
		}()
	}
	alive := 0
	for i, b := range births {
		err := <-done[i]
		for k, cells := range b.rows {
			t.p.row(true, columns, slices.Concat([]string{[]string{plays[i].title, b.number.Phone, ""}[min(k, 2)]}, cells)...)
		}
		if err != nil {
			t.failed++
			t.p.row(false, []column{columns[0], {style: bad}}, plays[i].title, err.Error())
			continue
		}
		alive++
	}
	return alive
}

// step does something and waits until the number stands where it must.
func (b *birth) step(ctx context.Context, what, state string, act func() error) error {
	started := time.Now()
	if err := act(); err != nil {
		return err
	}
	now, err := b.reach(ctx, state)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	b.rows = append(b.rows, []string{what, now.String(), took(time.Since(started))})
	return nil
}

// reach waits until the number stands where it must, as what is stored of its health
// tells.
func (b *birth) reach(ctx context.Context, state string) (registration, error) {
	var health struct {
		Registration registration `json:"registration"`
	}
	err := poll(ctx, func() (bool, error) {
		err := b.t.api.call(ctx, http.MethodGet, b.path("health?refresh=false"), nil, &health)
		return health.Registration.State == state, err
	})
	if err != nil {
		err = fmt.Errorf("the number is %s, not %s: %w", health.Registration, state, err)
	}
	return health.Registration, err
}

// connect brings what Embedded Signup gave to the program, which tries to register
// the number while the browser waits.
func (b *birth) connect(ctx context.Context, what, state, action string) error {
	started := time.Now()
	w := b.number.WABA()
	var made struct {
		ID           int64        `json:"id"`
		Registration registration `json:"registration"`
	}
	err := b.t.api.call(ctx, http.MethodPost, "whatsapp/authorization", map[string]string{
		"code": b.t.Sim.SignupCode(w), "waba_id": w.ID, "business_id": w.PortfolioID, "phone_number_id": b.number.ID,
	}, &made)
	if err != nil {
		return err
	}
	b.line.inboxID = made.ID
	now := made.Registration
	if now.State != state { // it went on in the background
		if now, err = b.reach(ctx, state); err != nil {
			return err
		}
	}
	if action != "" && (now.Action == nil || *now.Action != action) {
		return fmt.Errorf("%w: the number is %s, not %s, %s", ErrUnexpected, now, state, action)
	}
	b.rows = append(b.rows, []string{what, now.String(), took(time.Since(started))})
	return nil
}

// meta is the news with which the program registers the number. Meta tells of the
// capacity that a number has once it is registered (phone_number_quality_update,
// ONBOARDING), so that the program looks at once; else it would after 10 s.
func (b *birth) meta(ctx context.Context, what string, tell func(...simulator.NoticeOption) *simulator.Notice) error {
	return b.step(ctx, what, registered, func() error {
		if notice := tell(); notice != nil {
			if err := notice.Wait(ctx); err != nil {
				return err
			}
		}
		if b.failed != nil {
			return b.failed
		}
		if err := poll(ctx, func() (bool, error) { return b.number.Facts().Registered, nil }); err != nil {
			return fmt.Errorf("%s: the program did not register the number: %w", what, err)
		}
		return b.t.Sim.Management(simulator.Change{WABA: b.number.WABA(), Field: "phone_number_quality_update", Value: map[string]any{
			"display_phone_number": b.number.Phone[1:], "event": "ONBOARDING", "max_daily_conversations_per_business": "TIER_250",
		}}).Wait(ctx)
	})
}

// live is a message in and one out.
func (b *birth) live(ctx context.Context) error {
	question, answer := words(simulator.WhatsAppCloud)
	in, err := b.t.ask(ctx, &b.line, question)
	if err != nil {
		return err
	}
	posted := time.Now()
	_, sent, err := b.t.answer(ctx, &b.line, answer)
	if err != nil {
		return err
	}
	b.rows = append(b.rows, []string{"a customer writes, an agent answers", "message in " + took(in) + ", answer out " + took(sent.At.Sub(posted))})
	return nil
}
