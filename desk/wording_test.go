package desk_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/desk"
	"tributary/internal/optional"
	"tributary/internal/testkit"
	"tributary/store"
	"tributary/store/storetest"
	"tributary/wording"
)

// speak gives the account another language, as whoever changes accounts does.
func (w *world) speak(code string) {
	w.t.Helper()
	l, ok := wording.ParseLocale(code)
	if !ok {
		w.t.Fatalf("no locale %q", code)
	}
	for _, statement := range []struct {
		text string
		args []any
	}{
		{`UPDATE accounts SET locale = $1 WHERE id = $2`, []any{l.Number(), w.account}},
		{`UPDATE change_versions SET version = version + 1 WHERE topic = $1`, []any{store.TopicChannels}},
	} {
		if _, err := w.db.ExecContext(w.t.Context(), statement.text, statement.args...); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := w.desk.Directory.Refresh(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// delivered is what Instagram posts: proven, decoded and applied as the edge and
// the worker do it.
func (w *world) delivered(messaging string) {
	w.t.Helper()
	driver, ok := w.desk.Directory.DriverOf("Channel::Instagram")
	if !ok {
		w.t.Fatal("no driver for Instagram")
	}
	body := []byte(`{"object":"instagram","entry":[{"id":"400","time":1772359200000,"messaging":[` + messaging + `]}]}`)
	signature := "sha256=" + channels.HexSHA256(w.settings["INSTAGRAM_APP_SECRET"], body)
	request := &channels.Request{
		Hook: "webhook", Method: "POST", Path: "/webhooks/instagram", Body: body, ReceivedAt: w.clock.Now(),
		Param: func(string) string { return "" }, Query: func(string) string { return "" },
		Header: func(name string) string {
			if strings.EqualFold(name, "X-Hub-Signature-256") {
				return signature
			}
			return ""
		},
	}
	v := channels.Accept(driver, driver.Info().Hooks[1], request, w.desk.Directory, channels.Enforce)
	if v.Rejected != "" || len(v.Events) == 0 {
		w.t.Fatalf("the webhook was refused: %+v", v)
	}
	events := make([]*chat.Event, len(v.Events))
	for i := range v.Events {
		events[i] = &v.Events[i]
	}
	w.receive(events...)
}

func gram(message string) string {
	return `{"sender":{"id":"9115"},"recipient":{"id":"400"},"timestamp":1772359200000,"message":` + message + `}`
}

// TestUnsentMessageInTheAccountsLanguage: what stands where a contact took a message
// back is in the language of the account.
func TestUnsentMessageInTheAccountsLanguage(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		w.settings["INSTAGRAM_APP_SECRET"] = "secret"
		w.instagram()
		w.speak("pt_BR")
		w.delivered(gram(`{"mid":"m1","text":"Vocês abrem no domingo?"}`))
		w.delivered(gram(`{"mid":"m1","is_deleted":true}`))
		w.want(`SELECT content FROM messages`, "Esta mensagem foi apagada")
		if got := w.attributes(`SELECT content_attributes FROM messages`); got["deleted"] != true {
			t.Errorf("content_attributes: %v", got)
		}
		w.speak("de")
		w.delivered(gram(`{"mid":"m2","text":"Hallo"}`))
		w.delivered(gram(`{"mid":"m2","is_deleted":true}`))
		w.want(`SELECT content FROM messages ORDER BY id`, "Esta mensagem foi apagada", "Diese Nachricht wurde gelöscht")
	})
}

func TestStoriesInTheAccountsLanguage(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		p, runner := w.provider()
		inbox := w.instagram()
		w.speak("pt_BR")
		p.set("/v22.0/m1", 200, `{"story":{"mention":{"id":"18001"}},"from":{"username":"tomas.bakes","id":"9115"}}`)
		p.set("/v22.0/m2", 400, `{"error":{"message":"The link could not be scraped","code":1609005}}`)
		p.set("/v22.0/m3", 200, `{"story":{"mention":{"id":"18002"}},"from":{"username":"tomas.bakes","id":"9115"}}`)
		said := w.mention(inbox, "m3")
		said.Message.Content = "olha isso"
		w.receive(w.mention(inbox, "m1"), w.mention(inbox, "m2"), said)
		w.settled(runner)
		w.want(`SELECT content FROM messages ORDER BY id`,
			"tomas.bakes mencionou você no story", "Este story não está mais disponível", "olha isso")
	})
}

// TestPlaceholdersOfEvents: drivers say what stands in an empty place, and the queue
// carries it.
func TestPlaceholdersOfEvents(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		inbox := w.line(1)
		w.speak("ja")
		missing := wording.PlaceholderNoPhoneNumber.Text()
		e := w.message(inbox, "U1", "1", "Ana")
		e.Message.Attachments = []chat.Attachment{
			{Kind: "contact", Placeholder: &missing},
			{Kind: "contact", Title: "+39 333", Placeholder: &missing},
		}
		w.receive(e)
		w.want(`SELECT fallback_title FROM attachments ORDER BY id`, "電話番号がありません", "+39 333")
		// Stored by a release that knows more texts.
		later := wording.Text{Key: "placeholder.of_tomorrow", Args: wording.Args{"name": "x"}}
		e = w.message(inbox, "U1", "2", "")
		e.Message.Placeholder = &later
		w.receive(e)
		w.want(`SELECT content FROM messages ORDER BY id`, "Ana", "placeholder.of_tomorrow")
	})
}

// TestMadeUpNames: somebody without a name is called something in the account's
// language, until the provider tells the name, whatever language was spoken then.
func TestMadeUpNames(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		p, runner := w.provider()
		line, gram := w.line(1), w.instagram()
		p.set("/v2/bot/profile/U1", 404, `{"message":"Not found"}`)
		p.set("/v22.0/9115", 400, `{"error":{"message":"User consent is required to access user profile","code":230}}`)
		w.speak("de")
		w.receive(w.stranger(line, "U1", "1"), w.stranger(gram, "9115", "2"))
		w.settled(runner)
		w.want(`SELECT name FROM contacts ORDER BY id`, "LINE-Nutzer U1", "Unbekannt (IG: 9115)")

		w.speak("pt_BR")
		w.clock.Advance(2 * time.Hour)
		p.set("/v2/bot/profile/U1", 200, `{"userId":"U1","displayName":"Yuki"}`)
		p.set("/v22.0/9115", 200, `{"username":"tomas.bakes"}`)
		w.receive(w.stranger(line, "U1", "3"), w.stranger(gram, "9115", "4"))
		w.settled(runner)
		w.want(`SELECT name FROM contacts ORDER BY id`, "Yuki", "tomas.bakes")
	})
}

// TestActivityInTheAccountsLanguage: the note that a contact ended a conversation.
func TestActivityInTheAccountsLanguage(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		w.inbox("Channel::Api", "Website", map[string]any{"identifier": "website", "hmac_token": "key"}, nil)
		w.speak("es")
		inbox, err := w.desk.PublicInbox("website")
		if err != nil {
			t.Fatal(err)
		}
		source, err := w.desk.OpenSession(t.Context(), inbox, optional.Value[string]{}, desk.Identity{Name: "Ana"})
		if err != nil {
			t.Fatal(err)
		}
		session, err := w.store.Session(t.Context(), inbox.ID, source)
		if err != nil {
			t.Fatal(err)
		}
		id, err := w.desk.OpenConversation(t.Context(), inbox, source, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.desk.ResolveByContact(t.Context(), session, id); err != nil {
			t.Fatal(err)
		}
		w.want(`SELECT content FROM messages`, "Ana resolvió la conversación")
	})
}

// TestRefusalsInTheAccountsLanguage: our own words are translated, the provider's
// stay.
func TestRefusalsInTheAccountsLanguage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.Backend{Name: "sqlite"})
	inbox := w.inbox("Channel::Whatsapp", "Numbers", map[string]any{"provider": "whatsapp_cloud", "phone_number": "+15550001111", "provider_config": map[string]any{
		"api_key": "k", "phone_number_id": "1", "business_account_id": "2", "webhook_verify_token": "v",
	}}, nil)
	w.speak("fr")
	driver, ch, _ := w.desk.Driver(inbox)
	sender, ok := driver.(channels.Sender)
	if !ok {
		t.Fatal("WhatsApp sends nothing")
	}
	_, err := sender.Plan(ch, &chat.Outbound{Content: "hello", Now: w.clock.Now()})
	var refused *channels.SendError
	if !errors.As(err, &refused) {
		t.Fatalf("Plan: %v", err)
	}
	if got, want := refused.Words(ch.Locale), "Modèle introuvable ou nom de modèle non valide"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := refused.Error(), "window_closed: Template not found or invalid template name"; got != want {
		t.Errorf("in the log: got %q, want %q", got, want)
	}
	theirs := &channels.SendError{Class: chat.Permanent, Text: "100 - (#100) No matching user found"}
	if got := theirs.Words(ch.Locale); got != theirs.Text {
		t.Errorf("the provider's words became %q", got)
	}
}
