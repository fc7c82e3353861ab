package api_test

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"tributary/desk"
	"tributary/store"
)

// postOffice is a mail server that takes mails, or does not.
type postOffice struct {
	mu    sync.Mutex
	says  error
	mails []string
}

func (w *world) postOffice() *postOffice {
	w.t.Helper()
	p := &postOffice{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &counterHall{p}, nil }))
	srv.Domain, srv.ErrorLog = "mail.test", silent{}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(listener) }()
	w.t.Cleanup(func() { _ = srv.Close(); <-done })
	host, port, err := net.SplitHostPort(listener.Addr().String())
	w.must(err)
	w.settings["SMTP_ADDRESS"], w.settings["SMTP_PORT"], w.settings["MAILER_SENDER_EMAIL"] = host, port, "Desk <desk@desk.example>"
	return p
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

// counterHall is one conversation with the mail server.
type counterHall struct{ *postOffice }

func (counterHall) Reset()                                 {}
func (counterHall) Logout() error                          { return nil }
func (counterHall) Mail(string, *smtp.MailOptions) error   { return nil }
func (h counterHall) Rcpt(string, *smtp.RcptOptions) error { return h.says }
func (h counterHall) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.mails = append(h.mails, string(b))
	return err
}

// parts are the texts of a mail by their type.
func parts(t *testing.T, raw string) (header mail.Header, texts map[string]string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	texts = map[string]string{}
	r := multipart.NewReader(m.Body, params["boundary"])
	for {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return m.Header, texts
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
		texts[kind] = strings.ReplaceAll(string(b), "\r\n", "\n")
	}
}

func TestMailsToUsers(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		office := w.postOffice()
		w.exec(`UPDATE users SET ui_settings = '{"locale":"he"}', name = '<b>Ada</b>' WHERE id = $1`, w.admin)
		w.visit("POST", "/auth/password", `{"email":"ada@example.com"}`)
		w.work()
		if len(office.mails) != 1 || len(w.heldMails()) != 0 {
			t.Fatalf("%d mails sent, %d held", len(office.mails), len(w.heldMails()))
		}
		header, texts := parts(t, office.mails[0])
		subject, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
		w.must(err)
		if subject != "בחירת סיסמה חדשה" || header.Get("To") != "<ada@example.com>" || header.Get("From") != `"Desk" <desk@desk.example>` {
			t.Errorf("header %v", header)
		}
		link := linkPattern.FindString(texts["text/plain"])
		html := texts["text/html"]
		if link == "" || strings.Count(html, link) != 2 || !strings.Contains(html, `<html lang="he" dir="rtl">`) || !strings.Contains(html, "&lt;b&gt;Ada&lt;/b&gt;") {
			t.Errorf("link %q, page\n%s", link, html)
		}
		if !strings.Contains(texts["text/plain"], "2025-01-31 16:00 UTC") {
			t.Errorf("text\n%s", texts["text/plain"])
		}

		// A mail that is tried again carries the same link.
		w.visit("POST", "/auth/password", `{"email":"ada@example.com"}`)
		jobs, err := w.store.ClaimJobs(t.Context(), store.LaneDeferred, "test", time.Minute, 10)
		w.must(err)
		for range 2 {
			w.must(w.desk.Handlers()[desk.JobUserMail](t.Context(), jobs[0]))
		}
		if strings.Contains(string(jobs[0].Payload), "reset_password_token") || len(office.mails) != 3 {
			t.Errorf("%d mails; payload %s", len(office.mails), jobs[0].Payload)
		}
		first, one := parts(t, office.mails[1])
		second, two := parts(t, office.mails[2])
		if one["text/plain"] != two["text/plain"] || first.Get("Message-Id") != second.Get("Message-Id") {
			t.Error("the second attempt is another mail")
		}
		_, token := w.link(store.HeldMail{Text: one["text/plain"]}, "reset_password_token")
		if strings.Contains(string(jobs[0].Payload), token) {
			t.Error("the token waits in the job")
		}
		if v := w.visit("PUT", "/auth/password", `{"reset_password_token":"`+token+`","password":"Passw0rd!"}`); v.status != 200 {
			t.Errorf("got %d %s", v.status, v.body)
		}

		// What the server refuses for good is not tried again; what it cannot take now is.
		w.visit("POST", "/auth/password", `{"email":"ada@example.com"}`)
		jobs, err = w.store.ClaimJobs(t.Context(), store.LaneDeferred, "test", time.Minute, 10)
		w.must(err)
		j := jobs[len(jobs)-1]
		for _, says := range []struct {
			err   error
			final bool
		}{
			{&smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "nobody here"}, true},
			{&smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 0, 0}, Message: "later"}, false},
		} {
			office.says = says.err
			err := w.desk.Handlers()[desk.JobUserMail](t.Context(), j)
			if _, final := errors.AsType[desk.Final](err); err == nil || final != says.final {
				t.Errorf("%v: got %v", says.err, err)
			}
		}
		// A mail whose token was made with a key that is gone is ordered anew, with another.
		office.says = nil
		gone := j
		gone.Payload = regexp.MustCompile(`"key":"[0-9a-f]{8}"`).ReplaceAll(j.Payload, []byte(`"key":"00000000"`))
		if bytes.Equal(gone.Payload, j.Payload) {
			t.Fatalf("the job does not name its key: %s", j.Payload)
		}
		w.must(w.desk.Handlers()[desk.JobUserMail](t.Context(), gone))
		anew, err := w.store.ClaimJobs(t.Context(), store.LaneDeferred, "test", time.Minute, 10)
		w.must(err)
		if len(anew) != 1 {
			t.Fatalf("%d jobs after the key is gone", len(anew))
		}
		w.must(w.desk.Handlers()[desk.JobUserMail](t.Context(), anew[0]))
		_, third := parts(t, office.mails[len(office.mails)-1])
		_, token = w.link(store.HeldMail{Text: third["text/plain"]}, "reset_password_token")
		if v := w.visit("PUT", "/auth/password", `{"reset_password_token":"`+token+`","password":"Passw0rd!2"}`); v.status != 200 {
			t.Errorf("the link that was made anew: got %d %s", v.status, v.body)
		}
		// A link that has ended is not sent.
		sent := len(office.mails)
		w.pass(6 * time.Hour)
		w.must(w.desk.Handlers()[desk.JobUserMail](t.Context(), j))
		if len(office.mails) != sent {
			t.Error("a link that has ended is sent")
		}
	})
}
