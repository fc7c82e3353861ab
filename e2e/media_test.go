package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store/storetest"
)

// attachment is a file of a message as the API shows it.
type attachment struct {
	ID        int64  `json:"id"`
	FileType  string `json:"file_type"`
	DataURL   string `json:"data_url"`
	ThumbURL  string `json:"thumb_url"`
	Extension string `json:"extension"`
	FileSize  int64  `json:"file_size"`
	Width     int    `json:"width"`
	Title     string `json:"fallback_title"`
}

// withFiles is a message with its files.
type withFiles struct {
	message
	Attachments []attachment `json:"attachments"`
}

func (p *program) withFiles(conversation int64) []withFiles {
	p.t.Helper()
	var out struct {
		Payload []withFiles `json:"payload"`
	}
	p.want(http.MethodGet, fmt.Sprintf("conversations/%d/messages", conversation), nil, http.StatusOK, &out)
	return out.Payload
}

// load fetches an address without credentials, as a browser or a provider does.
func (p *program) load(address string, follow bool) (int, string, []byte) {
	p.t.Helper()
	client := &http.Client{Timeout: 20 * time.Second}
	if !follow {
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		p.t.Fatalf("load %s: %v", address, err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatalf("load %s: %v", address, err)
	}
	return res.StatusCode, res.Header.Get("Content-Type"), b
}

// picture is a PNG that is like no other.
func picture(t testing.TB, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// file is a part of a multipart form.
type file struct {
	name string
	body []byte
}

// send answers with files through the API.
func (p *program) send(conversation int64, text string, list ...file) withFiles {
	p.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	if text != "" {
		_ = w.WriteField("content", text) // into memory
	}
	for _, f := range list {
		part, err := w.CreateFormFile("attachments[]", f.name)
		if err != nil {
			p.t.Fatal(err)
		}
		_, _ = part.Write(f.body)
	}
	_ = w.Close()
	address := fmt.Sprintf("%s/api/v1/accounts/%d/conversations/%d/messages", p.base, p.account, conversation)
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, address, &body)
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("api_access_token", p.token)
	req.Header.Set("Content-Type", w.FormDataContentType())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		p.t.Fatalf("send: %v %d %s", err, res.StatusCode, answer)
	}
	var out withFiles
	if err := json.Unmarshal(answer, &out); err != nil {
		p.t.Fatalf("send: %v: %s", err, answer)
	}
	return out
}

var mediaKinds = []simulator.Kind{
	simulator.WhatsAppCloud, simulator.WhatsApp360, simulator.Telegram, simulator.TwilioSMS, simulator.TwilioWhatsApp, simulator.Line,
	simulator.SMS, simulator.Facebook, simulator.InstagramLogin, simulator.Twitter,
}

// waitSent waits until the provider was asked to send something.
func (p *program) waitSent(ch *simulator.Channel, match func(*simulator.Sent) bool) simulator.Sent {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 30*time.Second)
	defer cancel()
	s, err := p.sim.WaitSent(ctx, func(s *simulator.Sent) bool { return s.Channel == ch && match(s) })
	if err != nil {
		p.t.Fatalf("%s was not called: %v", ch.Kind, err)
	}
	return s
}

// TestIncomingMedia: a picture that a contact sends is fetched from the provider,
// with its credentials, and served from our storage.
func TestIncomingMedia(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := start(t, b, options{sim: simulator.Options{Kinds: mediaKinds}})
		_, _, original := p.load(p.sim.URL()+"/media/x.png", true)
		for _, kind := range mediaKinds {
			ch := p.sim.Channel(kind)
			p.connect(ch)
			who := ch.Person(1)
			answer, err := p.sim.DeliverEvent(t.Context(), p.base, ch, simulator.Event{Kind: simulator.EventImage, From: who.From, Name: who.Name, Text: "look"})
			if err != nil || !answer.OK() {
				t.Fatalf("%s: deliver: %v %+v", kind, err, answer)
			}
		}
		for _, kind := range mediaKinds {
			ch := p.sim.Channel(kind)
			var got attachment
			testkit.Wait(t, 30*time.Second, string(kind)+" picture to be stored", func() bool {
				for _, c := range p.conversations(p.inboxes[ch]) {
					for _, m := range p.withFiles(c.ID) {
						if len(m.Attachments) == 1 && strings.HasPrefix(m.Attachments[0].DataURL, p.base+"/rails/active_storage/") {
							got = m.Attachments[0]
							return true
						}
					}
				}
				return false
			})
			if got.FileType != "image" || got.Width != 64 || got.FileSize != int64(len(original)) || got.Extension != "png" {
				t.Errorf("%s: %+v", kind, got)
			}
			if status, contentType, body := p.load(got.DataURL, true); status != 200 || contentType != "image/png" || !bytes.Equal(body, original) {
				t.Errorf("%s: data_url: %d %s, %d bytes", kind, status, contentType, len(body))
			}
			if status, _, body := p.load(got.ThumbURL, true); status != 200 || len(body) == 0 {
				t.Errorf("%s: thumb_url: %d, %d bytes", kind, status, len(body))
			}
		}
	})
}

// TestOutgoingMedia: the provider gets an address without redirect that really has
// the bytes.
func TestOutgoingMedia(t *testing.T) {
	t.Parallel()
	kinds := []simulator.Kind{
		simulator.WhatsAppCloud, simulator.Telegram, simulator.TwilioSMS, simulator.Line, simulator.SMS, simulator.Facebook, simulator.InstagramLogin,
	}
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := start(t, b, options{sim: simulator.Options{Kinds: kinds}})
		for i, kind := range kinds {
			ch := p.sim.Channel(kind)
			p.connect(ch)
			conversation := p.deliver(ch, incoming(ch, 1, "send me "+string(kind)))
			body := picture(t, 10+i, 10)
			m := p.send(conversation, "", file{"photo.png", body})
			if len(m.Attachments) != 1 || m.Attachments[0].FileType != "image" || m.Attachments[0].Width != 10+i {
				t.Fatalf("%s: %+v", kind, m)
			}
			sent := p.waitSent(ch, func(s *simulator.Sent) bool { return len(s.Media) > 0 && s.Accepted() })
			if status, contentType, got := p.load(sent.Media[0], false); status != 200 || contentType != "image/png" || !bytes.Equal(got, body) {
				t.Errorf("%s: %s: %d %s, %d bytes", kind, sent.Media[0], status, contentType, len(got))
			}
		}
	})
}

// TestRetryRepeatsNoPart: of a message whose picture was refused only the picture
// is sent again.
func TestRetryRepeatsNoPart(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := start(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Facebook}}})
		ch := p.sim.Channel(simulator.Facebook)
		p.connect(ch)
		conversation := p.deliver(ch, incoming(ch, 1, "two pictures, please"))
		first, second := file{"one.png", picture(t, 11, 11)}, file{"two.png", picture(t, 12, 12)}
		p.sim.FailChannel(ch, simulator.Failure{Refuse: true, After: 2})
		m := p.send(conversation, "here they are", first, second)
		p.state(conversation, m.ID, "failed")
		before := len(p.sim.Sent())
		p.sim.HealChannel(ch)
		p.want(http.MethodPost, fmt.Sprintf("conversations/%d/messages/%d/retry", conversation, m.ID), nil, http.StatusOK, nil)
		p.state(conversation, m.ID, "sent")
		sent := p.waitSent(ch, func(s *simulator.Sent) bool {
			return len(s.Media) > 0 && strings.Contains(s.Media[0], "two.png") && s.Accepted()
		})
		again := p.sim.Sent()[before:]
		if len(again) != 1 || again[0].Seq != sent.Seq {
			t.Errorf("the retry sent %+v, want the second picture only", again)
		}
	})
}
