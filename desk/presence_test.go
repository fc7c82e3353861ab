package desk_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"tributary/chat"
	"tributary/desk"
	"tributary/internal/testkit"
	"tributary/store"
	"tributary/store/storetest"
)

func (w *world) types(displayID int64, on, private bool) {
	w.t.Helper()
	err := w.desk.TypingByAgent(w.t.Context(), desk.Typing{AccountID: w.account, DisplayID: displayID, UserID: w.user, On: on, Private: private})
	if err != nil {
		w.t.Fatalf("TypingByAgent: %v", err)
	}
}

func (w *world) see(displayID int64) {
	w.t.Helper()
	if err := w.desk.SeenByAgent(w.t.Context(), w.account, displayID, w.user); err != nil {
		w.t.Fatalf("SeenByAgent: %v", err)
	}
}

func (w *world) page() int64 {
	return w.inbox("Channel::FacebookPage", "Page", map[string]any{"page_id": "200", "page_access_token": "tok", "user_access_token": "u"}, nil)
}

func wantCalls(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: calls\n got %s\nwant %s", what, got, want)
	}
}

func TestTypingReachesTheContact(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		r := w.remote()
		page := w.page()
		w.work()
		r.take()
		w.receive(w.message(page, "9", "m1", "hello"))
		const on = `POST /v18.0/me/messages {"recipient":{"id":"9"},"sender_action":"typing_on"}`
		const off = `POST /v18.0/me/messages {"recipient":{"id":"9"},"sender_action":"typing_off"}`
		step := func(what, want string, f func()) {
			t.Helper()
			f()
			w.work()
			wantCalls(t, what, r.take(), want)
		}
		step("a private note", "", func() { w.types(1, true, true) })
		step("on", on, func() { w.types(1, true, false) })
		w.clock.Advance(19 * time.Second)
		step("while it is shown", "", func() { w.types(1, true, false) })
		w.clock.Advance(time.Second)
		step("when it has gone", on, func() { w.types(1, true, false) })
		step("off", off, func() { w.types(1, false, false) })
		step("off again", "", func() { w.types(1, false, false) })
		step("on and off before anybody looked", off, func() { w.types(1, true, false); w.types(1, false, false) })
		step("too late", "", func() { w.types(1, true, false); w.clock.Advance(11 * time.Second) })
		w.clock.Advance(25 * time.Hour)
		step("the window is closed", "", func() { w.types(1, true, false) })
		w.want(`SELECT kind FROM outbox WHERE kind LIKE 'conversation.typing%' AND payload LIKE '%"is_private":true%'`, "conversation.typing_on")
		w.want(`SELECT COUNT(*) FROM outbox WHERE kind = 'conversation.typing_on' AND payload LIKE '%"user_id":%'`, "7")

		err := w.desk.TypingByAgent(t.Context(), desk.Typing{AccountID: w.account, DisplayID: 99, On: true})
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("in no conversation: got %v", err)
		}
		// A refusal is not tried again, and nothing rests in the table of jobs.
		w.receive(w.message(page, "9", "m2", "again"))
		r.status, r.answer = http.StatusInternalServerError, ``
		w.types(1, true, false)
		w.wantWork("conversation.typing done")
		w.want(`SELECT COUNT(*) FROM jobs`, "0")
	})
}

func TestTypingWhereItCannotBeTakenBack(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		r := w.remote()
		r.answer = `{"ok":true,"result":true}`
		wa, sms := w.whatsapp(1), w.twilio("sms", 2)
		w.work()
		r.take()
		w.receive(w.message(wa, "15035550199", "wamid.1", "hello"), w.message(sms, "+15035550199", "SM1", "hello"))
		const on = `POST /v22.0/1/messages {"message_id":"wamid.1","messaging_product":"whatsapp","status":"read","typing_indicator":{"type":"text"}}`
		step := func(what, want string, f func()) {
			t.Helper()
			f()
			w.work()
			wantCalls(t, what, r.take(), want)
		}
		step("on", on, func() { w.types(1, true, false) })
		step("off", "", func() { w.types(1, false, false) })
		step("on again while it is shown", "", func() { w.types(1, true, false) })
		w.clock.Advance(time.Second)
		step("on after a reply, which ended it", on, func() { w.reply(1, "answer"); w.clock.Advance(time.Second); w.types(1, true, false) })
		step("SMS has none", "", func() { w.types(2, true, false) })
	})
}

func TestReadMarks(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		r := w.remote()
		wa, line := w.whatsapp(1), w.line(2)
		w.work()
		r.take()
		w.receive(w.message(wa, "15035550199", "wamid.1", "hello"))
		step := func(what, want string, f func()) {
			t.Helper()
			f()
			w.work()
			wantCalls(t, what, r.take(), want)
		}
		const mark = `POST /v22.0/1/messages {"message_id":"wamid.%d","messaging_product":"whatsapp","status":"read"}`
		step("seen", fmt.Sprintf(mark, 1), func() { w.see(1) })
		step("seen again", "", func() { w.see(1) })
		step("unread and seen again", "", func() {
			if err := w.desk.UnseenByAgents(t.Context(), w.account, 1); err != nil {
				t.Error(err)
			}
			w.see(1)
		})
		step("seen with a newer message", fmt.Sprintf(mark, 2), func() { w.receive(w.message(wa, "15035550199", "wamid.2", "more")); w.see(1) })
		w.want(`SELECT kind FROM outbox WHERE kind LIKE 'conversation.updated%' OR kind LIKE 'conversation.read%'`)

		e := w.message(line, "U1", "17", "hello")
		e.Message.Attributes = map[string]any{"mark_as_read_token": "mr1"}
		step("LINE's token", `POST /v2/bot/chat/markAsRead {"markAsReadToken":"mr1"}`, func() { w.receive(e); w.see(2) })

		// Who stopped us, and a channel with a dead token, are left alone.
		w.receive(w.message(wa, "15035550199", "wamid.3", "stop"), &chat.Event{
			Key: "out", Channel: "whatsapp", Kind: chat.KindOptOut,
			AccountID: w.account, InboxID: wa, ReceivedAt: chat.MillisOf(w.clock.Now()), Contact: &chat.Contact{SourceID: "15035550199"},
		})
		step("a contact who stopped us", "", func() { w.see(1); w.types(1, true, false) })
	})
}
