package desk_test

import (
	"bytes"
	"context"
	"log/slog"
	"testing"

	"tributary/desk"
	"tributary/internal/testkit"
	"tributary/live"
	"tributary/store/storetest"
)

// listener is a live wire to which everybody listens, and that keeps what it is given.
type listener struct{ packets []live.Packet }

func (l *listener) Interest(_ context.Context, accounts []int64) (map[int64]live.Interest, error) {
	out := map[int64]live.Interest{}
	for _, id := range accounts {
		out[id] = live.Interest{Users: true, Contacts: true}
	}
	return out, nil
}

func (l *listener) Publish(_ context.Context, list []live.Packet) error {
	l.packets = append(l.packets, list...)
	return nil
}
func (l *listener) Listen(context.Context, live.Listener) error { return nil }
func (l *listener) Name() string                                { return "listener" }
func (l *listener) Run(context.Context) error                   { return nil }

// messages is how many messages it heard of.
func (l *listener) messages() (n int) {
	for _, p := range l.packets {
		if bytes.Contains(p.Payload, []byte(`"event":"message.created"`)) {
			n++
		}
	}
	return n
}

// Those who listen hear of a batch when it is taken, whatever becomes of its transaction,
// and not again when it is taken once more.
func TestToldOnce(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newShift(t, b)
		heard := &listener{}
		w.desk.Live = heard
		d := desk.NewDispatcher(w.desk, slog.New(slog.DiscardHandler), func() {})
		stuck, free := []string{`CREATE TRIGGER stuck BEFORE DELETE ON outbox BEGIN SELECT RAISE(ABORT, 'stuck'); END`}, `DROP TRIGGER stuck`
		if b.DatabaseURL != "" {
			stuck = []string{
				`CREATE FUNCTION stuck() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''stuck''; END'`,
				`CREATE TRIGGER stuck BEFORE DELETE ON outbox FOR EACH ROW EXECUTE FUNCTION stuck()`,
			}
			free = `DROP TRIGGER stuck ON outbox`
		}
		step := func(works bool, messages int, statements ...string) {
			t.Helper()
			for _, s := range statements {
				w.exec(s)
			}
			if err := d.Drain(t.Context()); err == nil != works {
				t.Errorf("drain: %v", err)
			}
			if n := heard.messages(); n != messages {
				t.Errorf("%d messages are known, want %d", n, messages)
			}
		}
		inbox := w.line(1)
		w.receive(w.message(inbox, "U1", "a", "hello"))
		step(false, 1, stuck...)
		w.receive(w.message(inbox, "U1", "b", "again"))
		step(false, 2)
		step(false, 2, `ALTER TABLE outbox RENAME TO away`)
		step(false, 2, `ALTER TABLE away RENAME TO outbox`)
		step(true, 2, free)
		w.receive(w.message(inbox, "U1", "c", "and again"))
		step(true, 3)
		w.want(`SELECT kind FROM outbox`)
	})
}
