package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// planPhones is how many WhatsApp numbers there are, in a quarter as many
// accounts, every second of which is due.
const planPhones = 20_000

// fillWhatsApp makes the rows of numbers. Number n is of account n % accounts + 1,
// attempt and snapshot m of number m % 40 + 1.
func (p *planned) fillWhatsApp(series func(int) string) {
	p.t.Helper()
	phones, log := planPhones, planContacts
	if p.s.d.name == "sqlite" {
		phones, log = phones/20, log/20
	}
	businesses := phones / 4
	waba := "'waba' || (n % " + strconv.Itoa(businesses) + " + 1)"
	phone := "'phone' || (n % 40 + 1)"
	started := strconv.FormatInt(time.Now().Add(-30*24*time.Hour).UnixMicro(), 10) + " + n * CAST(40000000 AS BIGINT)"
	p.exec(`INSERT INTO whatsapp_businesses (waba_id, due_at, created_at, updated_at)
		SELECT 'waba' || n, CASE WHEN n % 2 = 0 THEN n ELSE 9000000000000000 END, 1, 1 FROM ` + series(businesses))
	p.exec(`INSERT INTO whatsapp_numbers (phone_number_id, waba_id, account_id, inbox_id, channel_id, state, state_since, observe_at, memory, created_at, updated_at)
		SELECT 'phone' || n, ` + waba + `, 1, n, n, CASE WHEN n % 3 = 0 THEN 'registered' ELSE 'waiting' END, 1,
			CASE WHEN n % 2 = 0 THEN n ELSE 9000000000000000 END, '` + strings.Repeat("what it keeps ", 20) + `', 1, 1 FROM ` + series(phones))
	p.exec(`INSERT INTO whatsapp_signals (phone_number_id, kind, created_at) SELECT 'phone' || n, 'look', 1 FROM ` + series(phones))
	p.exec(`INSERT INTO whatsapp_attempts (account_id, inbox_id, phone_number_id, call, automatic, trigger_name, decision_row, started_at, finished_at)
		SELECT 1, n % 40 + 1, ` + phone + `, 'register', n % 2 = 0, 'timer', 'D7', ` + started + `, 1 FROM ` + series(log))
	p.exec(`INSERT INTO whatsapp_snapshots (phone_number_id, snapshot, created_at) SELECT ` + phone + `, '{}', ` + started + ` FROM ` + series(log))
	p.exec(`INSERT INTO whatsapp_events (digest, created_at) SELECT 'd' || n, ` + started + ` FROM ` + series(log))
}

func whatsappPlans() []planCase {
	read := func(f func(ctx context.Context, s *Store) error) func(context.Context, *planned) error {
		return func(ctx context.Context, p *planned) error { return f(ctx, p.s) }
	}
	ofPhone := func(f func(ctx context.Context, s *Store, phone string) error) func(context.Context, *planned) error {
		return func(ctx context.Context, p *planned) error {
			err := f(ctx, p.s, "phone17")
			if errors.Is(err, ErrNotFound) {
				err = fmt.Errorf("nothing of phone17: %w", err)
			}
			return err
		}
	}
	// held leases an account for the time of a call in a transaction.
	held := func(f func(ctx context.Context, t *Tx, n WhatsAppNumber) error) func(context.Context, *planned) error {
		return func(ctx context.Context, p *planned) error {
			n, err := p.s.WhatsAppNumber(ctx, "phone17")
			if err != nil {
				return err
			}
			if _, ok, err := p.s.LeaseWhatsAppBusiness(ctx, n.WABA, "held", time.Hour); err != nil || !ok {
				return fmt.Errorf("leased: %v: %w", ok, err)
			}
			return inTx(func(ctx context.Context, t *Tx) error { return f(ctx, t, n) })(ctx, p)
		}
	}
	phones := func() []string { return keys(10, func(i int) string { return fmt.Sprint("phone", i*17) }) }
	return []planCase{
		{name: "ClaimWhatsAppBusinesses", page: true, call: func(ctx context.Context, p *planned) error {
			list, err := p.s.ClaimWhatsAppBusinesses(ctx, "owner", time.Microsecond, 10)
			if err == nil && len(list) != 10 {
				err = fmt.Errorf("claimed %d, want 10", len(list))
			}
			return err
		}},
		{name: "LeaseWhatsAppBusiness", call: func(ctx context.Context, p *planned) error {
			if _, ok, err := p.s.LeaseWhatsAppBusiness(ctx, "waba7", "owner", time.Hour); err != nil || !ok {
				return fmt.Errorf("leased: %v: %w", ok, err)
			}
			return p.s.ReleaseWhatsAppBusiness(ctx, "waba7", "owner", time.Time{})
		}},
		{name: "SpendWhatsAppCalls", call: func(ctx context.Context, p *planned) error {
			_, _, err := p.s.SpendWhatsAppCalls(ctx, "waba7", 99, time.Second, 9)
			return err
		}},
		{name: "PauseWhatsAppBusiness", call: func(ctx context.Context, p *planned) error {
			return p.s.PauseWhatsAppBusiness(ctx, "waba7", time.Unix(1, 0))
		}},
		{name: "WhatsAppBusiness", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.WhatsAppBusiness(ctx, "waba7")
			return err
		})},
		{name: "PutWhatsAppBusiness", call: inTx(func(ctx context.Context, t *Tx) error {
			return t.PutWhatsAppBusiness(ctx, WhatsAppBusiness{WABA: "waba7"})
		})},
		{name: "DueWhatsAppNumbers", call: read(func(ctx context.Context, s *Store) error {
			list, err := s.DueWhatsAppNumbers(ctx, "waba7", 50)
			if err == nil && len(list) == 0 {
				err = errors.New("no number is due")
			}
			return err
		})},
		{name: "WhatsAppNumbersOf", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.WhatsAppNumbersOf(ctx, "waba7")
			return err
		})},
		{name: "WhatsAppNumber", call: ofPhone(func(ctx context.Context, s *Store, phone string) error {
			_, err := s.WhatsAppNumber(ctx, phone)
			return err
		})},
		{name: "WhatsAppNumberOfInbox", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.WhatsAppNumberOfInbox(ctx, 17)
			return err
		})},
		{name: "WhatsAppSignals", call: ofPhone(func(ctx context.Context, s *Store, phone string) error {
			list, err := s.WhatsAppSignals(ctx, phone)
			if err == nil && len(list) == 0 {
				err = ErrNotFound
			}
			return err
		})},
		{name: "SignalWhatsApp", call: inTx(func(ctx context.Context, t *Tx) error { return t.SignalWhatsApp(ctx, phones(), "look", "") })},
		{name: "OrphanWhatsAppNumbers", call: inTx(func(ctx context.Context, t *Tx) error { return t.OrphanWhatsAppNumbers(ctx, phones()) })},
		{name: "AdoptWhatsAppNumbers", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.AdoptWhatsAppNumbers(ctx, keys(10, func(i int) AdoptedNumber {
				return AdoptedNumber{PhoneID: fmt.Sprint("phone", i), WABA: fmt.Sprint("waba", i), InboxID: int64(i), ChannelID: int64(i)}
			}))
			return err
		})},
		{name: "SaveWhatsAppNumber", call: held(func(ctx context.Context, t *Tx, n WhatsAppNumber) error {
			return t.SaveWhatsAppNumber(ctx, "held", n, keys(10, func(i int) int64 { return int64(i) }))
		})},
		{name: "StoreWhatsAppReading", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.StoreWhatsAppReading(ctx, "phone17", t.Now, nil, nil)
			return err
		})},
		{name: "BeginWhatsAppAttempt", call: held(func(ctx context.Context, t *Tx, n WhatsAppNumber) error {
			id, err := t.BeginWhatsAppAttempt(ctx, "held", n.WABA, WhatsAppAttempt{PhoneID: n.PhoneID, Call: CallRegister}, 100, 100)
			if err != nil {
				return err
			}
			return t.FinishWhatsAppAttempt(ctx, WhatsAppAttempt{ID: id})
		})},
		{name: "WhatsApp attempts", page: true, call: ofPhone(func(ctx context.Context, s *Store, phone string) error {
			if _, err := s.AbandonedWhatsAppAttempts(ctx, phone); err != nil {
				return err
			}
			if _, err := s.WhatsAppCalls(ctx, phone, CallRegister); err != nil {
				return err
			}
			if _, err := s.LastWhatsAppCall(ctx, phone, CallRegister); err != nil {
				return err
			}
			_, err := s.WhatsAppAttempts(ctx, 17, 25, 0)
			return err
		})},
		{name: "WhatsAppSnapshots", page: true, call: ofPhone(func(ctx context.Context, s *Store, phone string) error {
			_, err := s.WhatsAppSnapshots(ctx, phone, 25)
			return err
		})},
		{name: "WhatsAppGauges", whole: "whatsapp_numbers", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.WhatsAppGauges(ctx)
			return err
		})},
		{name: "PruneWhatsApp", call: func(ctx context.Context, p *planned) error {
			return p.s.PruneWhatsApp(ctx, 31*24*time.Hour, 31*24*time.Hour) // there is nothing that old
		}},
		{name: "NewWhatsAppEvent", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.NewWhatsAppEvent(ctx, "d7")
			return err
		})},
		{name: "SetChannelStanding", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.SetChannelStanding(ctx, 17, ChannelStanding{Incomplete: true})
			return err
		})},
	}
}
