package ingest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"tributary/channels"
	"tributary/channels/all"
	"tributary/chat"
	"tributary/ingest"
	"tributary/simulator"
)

// one is a directory of a single channel.
type one struct{ ch *channels.Channel }

func (d one) Find(chat.Address) []*channels.Channel { return []*channels.Channel{d.ch} }

// BenchmarkEdge is what the edge does with a signed text message between reading
// the request and appending to the queue: prove, decode, encode.
func BenchmarkEdge(b *testing.B) {
	sim, err := simulator.Start(b.Context(), simulator.Options{Kinds: []simulator.Kind{simulator.Line, simulator.WhatsAppCloud, simulator.Facebook}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = sim.Close() })
	settings := sim.Settings()
	env := &channels.Env{Setting: func(name string) string { return settings[name] }, PublicURL: "https://desk.example.test", Now: time.Now}
	for _, c := range sim.Channels() {
		b.Run(string(c.Kind), func(b *testing.B) {
			driver, hook, ch := subject(b, all.New(env), c)
			person := c.Person(7)
			d, err := sim.Build(c, simulator.Incoming{From: person.From, Name: person.Name, Text: "Hello, where is my order 4711?"}, env.PublicURL)
			if err != nil {
				b.Fatal(err)
			}
			r := &channels.Request{
				Hook: hook.Name, Method: http.MethodPost, Path: d.Path, Header: d.Header.Get, Body: d.Body,
				Query:     func(string) string { return "" },
				Param:     func(string) string { return d.Path[strings.LastIndexByte(d.Path, '/')+1:] },
				PublicURL: env.PublicURL + d.Path, ReceivedAt: time.Now(),
			}
			b.ReportAllocs()
			b.SetBytes(int64(len(d.Body)))
			for b.Loop() {
				v := channels.Accept(driver, hook, r, one{ch}, channels.Enforce)
				if v.Rejected != "" || len(v.Events) != 1 {
					b.Fatalf("got %q and %d events, want one", v.Rejected, len(v.Events))
				}
				envelope := ingest.Envelope{Event: v.Events[0], Body: d.Body}
				if _, err := envelope.Encode(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDecodeEnvelope is what the worker does with an entry first.
func BenchmarkDecodeEnvelope(b *testing.B) {
	e := ingest.Envelope{Event: chat.Event{
		Key: "msg:1", Channel: "line", Transport: "line", Address: chat.Address{Kind: "line_channel_id", Value: "2000000001"},
		AccountID: 1, InboxID: 1, Delivery: "a-1", Path: "/events/0", Kind: chat.KindMessage, OccurredAt: 1_760_000_000_000, ReceivedAt: 1_760_000_000_001,
		Contact: &chat.Contact{SourceID: "U0123456789abcdef", Lookup: "needed", Attributes: map[string]any{"social_line_user_id": "U0123456789abcdef"}},
		Thread:  &chat.Thread{ReplyToken: "0123456789abcdef", ReplyTokenExpiresAt: 1_760_000_060_001},
		Message: &chat.Message{SourceID: "1", Content: "Hello, where is my order 4711?"}, Proof: "ok",
	}, Body: make([]byte, 600)}
	payload, err := e.Encode()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ingest.DecodeEnvelope(payload); err != nil {
			b.Fatal(err)
		}
	}
}

// subject gives the driver of a played channel, its hook and the channel as the
// directory would.
func subject(b *testing.B, drivers []channels.Driver, c *simulator.Channel) (channels.Driver, channels.Hook, *channels.Channel) {
	b.Helper()
	slug := map[simulator.Kind]string{simulator.Line: "line", simulator.WhatsAppCloud: "whatsapp", simulator.Facebook: "facebook"}[c.Kind]
	for _, d := range drivers {
		if d.Info().Slug != slug {
			continue
		}
		settings := c.Params()
		var nested struct {
			Channel json.RawMessage `json:"channel"`
		}
		if err := json.Unmarshal(settings, &nested); err == nil && nested.Channel != nil {
			settings = nested.Channel
		}
		config, err := d.Parse(settings)
		if err != nil {
			b.Fatal(err)
		}
		ch := &channels.Channel{ID: 1, InboxID: 1, AccountID: 1, Settings: settings, Config: config, AccountActive: true}
		for _, h := range d.Info().Hooks {
			if h.Method == http.MethodPost {
				return d, h, ch
			}
		}
	}
	b.Fatalf("no driver for %s", c.Kind)
	return nil, channels.Hook{}, nil
}
