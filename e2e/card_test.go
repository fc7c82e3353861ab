package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store/storetest"
)

// TestContactCards: a card that somebody shares is a card to the agent, whether the
// provider describes it or hands over a file; the file can be loaded.
func TestContactCards(t *testing.T) {
	t.Parallel()
	const title, phone, email = "+351912000222", `["+351912000222"]`, `["ines@example.test"]`
	fromFile := `{"firstName":"Inês","lastName":"Prado","formattedName":"Inês Prado","phones":` + phone + `,"emails":` + email + `}`
	kinds := []struct {
		kind        simulator.Kind
		title, meta string
		file        bool
	}{
		{simulator.TwilioSMS, title, fromFile, true},
		{simulator.TwilioWhatsApp, title, fromFile, true},
		{simulator.SMS, title, fromFile, true},
		{simulator.Telegram, title, `{"first_name":"Inês","last_name":"Prado","phones":` + phone + `,"emails":` + email + `}`, false},
		{simulator.WhatsAppCloud, "+351 912 000 222", `{"firstName":"Inês","lastName":"Prado"}`, false},
	}
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		var played []simulator.Kind
		for _, k := range kinds {
			played = append(played, k.kind)
		}
		p := start(t, b, options{sim: simulator.Options{Kinds: played}})
		for _, k := range kinds {
			ch := p.sim.Channel(k.kind)
			p.connect(ch)
			who := ch.Person(1)
			answer, err := p.sim.DeliverEvent(t.Context(), p.base, ch, simulator.Event{Kind: simulator.EventContact, From: who.From, Name: who.Name})
			if err != nil || !answer.OK() {
				t.Fatalf("%s: deliver: %v %+v", k.kind, err, answer)
			}
		}
		for _, k := range kinds {
			var got map[string]any
			testkit.Wait(t, 30*time.Second, string(k.kind)+" card to be stored", func() bool {
				list := p.attachments(p.inboxes[p.sim.Channel(k.kind)])
				if len(list) == 1 {
					got = list[0]
				}
				return got["fallback_title"] != nil
			})
			var meta map[string]any
			if err := json.Unmarshal([]byte(k.meta), &meta); err != nil {
				t.Fatal(err)
			}
			if got["file_type"] != "contact" || got["fallback_title"] != k.title || !reflect.DeepEqual(got["meta"], meta) {
				t.Errorf("%s: got %v, want %s with %s", k.kind, got, k.title, k.meta)
			}
			address, isFile := got["data_url"].(string)
			if isFile != k.file {
				t.Errorf("%s: got %v, want a file: %v", k.kind, got, k.file)
			}
			if !isFile {
				continue
			}
			status, contentType, body := p.load(address, true)
			if status != http.StatusOK || !strings.HasPrefix(contentType, "text/vcard") || !strings.HasPrefix(string(body), "BEGIN:VCARD") {
				t.Errorf("%s: data_url: %d %s %q", k.kind, status, contentType, body)
			}
		}
	})
}

// attachments are all files of an inbox as the API writes them.
func (p *program) attachments(inbox int64) []map[string]any {
	p.t.Helper()
	var list []map[string]any
	for _, c := range p.conversations(inbox) {
		var out struct {
			Payload []struct {
				Attachments []map[string]any `json:"attachments"`
			} `json:"payload"`
		}
		p.want(http.MethodGet, fmt.Sprintf("conversations/%d/messages", c.ID), nil, http.StatusOK, &out)
		for _, m := range out.Payload {
			list = append(list, m.Attachments...)
		}
	}
	return list
}

// TestFilesOfTwilio: they are handed out by a network of another host, to which
// Twilio redirects. It answers only those who do not bring Twilio's credentials.
func TestFilesOfTwilio(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := start(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.TwilioSMS, simulator.TwilioWhatsApp}}})
		events := []simulator.EventKind{simulator.EventImage, simulator.EventFile, simulator.EventAudio}
		for _, ch := range p.sim.Channels() {
			p.connect(ch)
			for i, event := range events {
				who := ch.Person(i)
				answer, err := p.sim.DeliverEvent(t.Context(), p.base, ch, simulator.Event{Kind: event, From: who.From, Name: who.Name})
				if err != nil || !answer.OK() {
					t.Fatalf("%s: deliver: %v %+v", ch.Kind, err, answer)
				}
			}
		}
		for _, ch := range p.sim.Channels() {
			var list []map[string]any
			testkit.Wait(t, 30*time.Second, string(ch.Kind)+" files to be settled", func() bool {
				list = p.attachments(p.inboxes[ch])
				return len(list) == len(events) && !slices.ContainsFunc(list, func(f map[string]any) bool { return f["data_url"] == "" })
			})
			for _, f := range list {
				address, _ := f["data_url"].(string)
				if !strings.HasPrefix(address, p.base+"/rails/active_storage/") {
					t.Errorf("%s: the file is not here: %v", ch.Kind, f)
				} else if status, _, body := p.load(address, true); status != http.StatusOK || len(body) == 0 {
					t.Errorf("%s: data_url: %d, %d bytes", ch.Kind, status, len(body))
				}
			}
		}
		if handedOut, turnedAway := p.sim.Files(); handedOut != int64(2*len(events)) || turnedAway != 0 {
			t.Errorf("%d files were handed out, %d requests brought credentials; want %d and none", handedOut, turnedAway, 2*len(events))
		}
	})
}
