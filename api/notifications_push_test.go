package api_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"tributary/desk"
	"tributary/internal/httpx"
	"tributary/store"
)

// pushService is a browser with its push service.
type pushService struct {
	*httptest.Server
	key  *ecdh.PrivateKey
	auth []byte

	mu      sync.Mutex
	status  int
	headers map[string]string
	calls   []pushCall
}

type pushCall struct {
	path   string
	header http.Header
	body   []byte
}

func (w *world) pushService() *pushService {
	w.t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	w.must(err)
	p := &pushService{key: key, auth: []byte("sixteen bytes ok"), status: http.StatusCreated}
	p.Server = httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.t.Errorf("push: %v", err)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.calls = append(p.calls, pushCall{r.Method + " " + r.URL.Path, r.Header.Clone(), body})
		for name, value := range p.headers {
			rw.Header().Set(name, value)
		}
		rw.WriteHeader(p.status)
	}))
	w.t.Cleanup(p.Close)
	w.desk.Guarded = p.Client()
	return p
}

// says changes what the service answers.
func (p *pushService) says(status int, headers map[string]string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status, p.headers = status, headers
}

// taken are the calls since it was last asked.
func (p *pushService) taken() []pushCall {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.calls
	p.calls = nil
	return out
}

// subscribe makes a role's device of it.
func (p *pushService) subscribe(w *world, role, path string) int64 {
	w.t.Helper()
	attributes, err := json.Marshal(map[string]string{
		"endpoint": p.URL + path, "p256dh": base64.RawURLEncoding.EncodeToString(p.key.PublicKey().Bytes()), "auth": base64.RawURLEncoding.EncodeToString(p.auth),
	})
	w.must(err)
	return id(w.call(role, "POST", "/api/v1/notification_subscriptions",
		`{"subscription_type":"browser_push","subscription_attributes":`+string(attributes)+`}`).object()["id"])
}

// read decrypts a push as a browser does (RFC 8291, RFC 8188).
func (p *pushService) read(body []byte) (string, error) {
	const salt, head = 16, 16 + 4 + 1
	if len(body) < head {
		return "", errors.New("too short")
	}
	if size := binary.BigEndian.Uint32(body[salt:]); int(size) < len(body)-head-int(body[salt+4]) {
		return "", fmt.Errorf("a record of %d bytes in a body of %d", size, len(body))
	}
	sender := body[head : head+int(body[salt+4])]
	public, err := ecdh.P256().NewPublicKey(sender)
	if err != nil {
		return "", err
	}
	secret, err := p.key.ECDH(public)
	if err != nil {
		return "", err
	}
	info := "WebPush: info\x00" + string(p.key.PublicKey().Bytes()) + string(sender)
	ikm, err := hkdf.Key(sha256.New, secret, p.auth, info, 32)
	if err != nil {
		return "", err
	}
	key, err := hkdf.Key(sha256.New, ikm, body[:salt], "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return "", err
	}
	nonce, err := hkdf.Key(sha256.New, ikm, body[:salt], "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return "", err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return "", err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return "", err
	}
	plain, err := gcm.Open(nil, nonce, body[head+len(sender):], nil)
	return strings.TrimSuffix(strings.TrimRight(string(plain), "\x00"), "\x02"), err
}

// proven checks the signature of a push (RFC 8292) with the key of the installation.
func proven(t *testing.T, header, publicKey, audience, subject string) {
	t.Helper()
	token, key, ok := strings.Cut(strings.TrimPrefix(header, "vapid t="), ", k=")
	if !ok || key != publicKey {
		t.Fatalf("Authorization: %s", header)
	}
	raw, err := base64.RawURLEncoding.DecodeString(publicKey)
	if err != nil || len(raw) != 65 {
		t.Fatalf("public key of %d bytes: %v", len(raw), err)
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), raw)
	if err != nil {
		t.Fatal(err)
	}
	claims := jwt.MapClaims{}
	if _, err := jwt.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return public, nil }, jwt.WithValidMethods([]string{"ES256"}),
		jwt.WithAudience(audience), jwt.WithSubject(subject), jwt.WithExpirationRequired()); err != nil {
		t.Errorf("token: %v", err)
	}
}

// write lets a contact write in a conversation of the agent's, who wants pushes.
func (w *world) write(c talk, text string) {
	w.t.Helper()
	w.exec(`UPDATE conversations SET assignee_id = $1 WHERE id = $2`, w.agent, c.id)
	w.receive(c.inbox, "ana", text)
	w.notify()
}

func TestPush(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		p := w.pushService()
		c := w.talk("ana")
		w.settings["MAILER_SENDER_EMAIL"] = "Desk <desk@desk.example>"
		first, second := p.subscribe(w, "agent", "/one"), p.subscribe(w, "agent", "/two")
		p.subscribe(w, "admin", "/three")
		w.call("agent", "POST", "/api/v1/notification_subscriptions", `{"subscription_type":"fcm","subscription_attributes":{"device_id":"d","push_token":"t"}}`).object()
		w.wants("agent", "assigned_conversation_new_message", "conversation_creation")
		w.write(c, "not wanted")
		wantText(t, "pushes that nobody wants", fmt.Sprint(len(w.jobs(store.LanePush))), "0")

		w.wants("agent", "", "assigned_conversation_new_message")
		w.write(c, "one")
		w.run(store.LanePush)
		calls := p.taken()
		if len(calls) != 2 || calls[0].path+calls[1].path != "POST /onePOST /two" && calls[0].path+calls[1].path != "POST /twoPOST /one" {
			t.Fatalf("%d calls: %v", len(calls), calls)
		}
		notification := w.number(`SELECT MAX(id) FROM notifications`)
		public, err := w.desk.VAPIDPublicKey(t.Context())
		w.must(err)
		for _, call := range calls {
			plain, err := p.read(call.body)
			w.must(err)
			var got map[string]any
			w.must(json.Unmarshal([]byte(plain), &got))
			same(t, "push", got, fmt.Sprintf(`{"title":"New message in your conversation (#1)","tag":"assigned_conversation_new_message_1_%d",
				"url":"https://desk.example/app/accounts/%d/conversations/1"}`, notification, w.account))
			proven(t, call.header.Get("Authorization"), public, p.URL, "mailto:desk@desk.example")
			wantText(t, "headers", call.header.Get("Content-Encoding")+" "+call.header.Get("TTL")+" "+call.header.Get("Urgency"), "aes128gcm 86400 high")
		}

		// One is gone, one is busy, one refuses.
		gone := func(status int) {
			t.Helper()
			p.says(status, nil)
			w.write(c, fmt.Sprint("gone ", status))
			jobs := w.jobs(store.LanePush)
			w.must(w.desk.Handlers()[desk.JobPush](t.Context(), jobs[0]))
			for _, j := range jobs {
				w.must(w.store.FinishJob(t.Context(), j.ID))
			}
		}
		gone(http.StatusGone)
		gone(http.StatusNotFound)
		wantText(t, "devices that are gone", fmt.Sprint(w.number(`SELECT COUNT(*) FROM notification_subscriptions WHERE id IN ($1, $2)`, first, second)), "0")
		p.taken()
		one := p.subscribe(w, "agent", "/four")
		for status, check := range map[int]func(error) bool{
			429: func(err error) bool {
				after, ok := errors.AsType[desk.After](err)
				return ok && after.Wait == 90*time.Second
			},
			503: func(err error) bool {
				after, ok := errors.AsType[desk.After](err)
				return ok && after.Wait == 90*time.Second
			},
			400: func(err error) bool { _, ok := errors.AsType[desk.Declined](err); return ok },
			401: func(err error) bool { _, ok := errors.AsType[desk.Declined](err); return ok },
			413: func(err error) bool { _, ok := errors.AsType[desk.Declined](err); return ok },
		} {
			p.says(status, map[string]string{"Retry-After": "90"})
			w.write(c, fmt.Sprint("refused ", status))
			for _, j := range w.jobs(store.LanePush) {
				err := w.desk.Handlers()[desk.JobPush](t.Context(), j)
				if !check(err) || strings.Contains(err.Error(), "/four") {
					t.Errorf("status %d: %v", status, err)
				}
				w.must(w.store.FinishJob(t.Context(), j.ID))
			}
		}
		wantText(t, "a device that was refused", fmt.Sprint(w.number(`SELECT COUNT(*) FROM notification_subscriptions WHERE id = $1`, one)), "1")

		// A push for a device that is somebody else's meanwhile, and of a notification that
		// is gone.
		p.says(http.StatusCreated, nil)
		p.taken()
		w.write(c, "moved")
		p.subscribe(w, "admin", "/four")
		w.run(store.LanePush)
		p.subscribe(w, "agent", "/four")
		w.write(c, "deleted")
		w.exec(`DELETE FROM notifications`)
		w.run(store.LanePush)
		w.write(c, "left")
		w.exec(`DELETE FROM account_users WHERE user_id = $1 AND account_id = $2`, w.agent, w.account)
		w.run(store.LanePush)
		if calls := p.taken(); len(calls) != 0 {
			t.Errorf("%d calls", len(calls))
		}
	})
}

// TestPushToUselessDevices: what no push can reach is forgotten.
func TestPushToUselessDevices(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		p := w.pushService()
		c := w.talk("ana")
		w.wants("agent", "", "assigned_conversation_new_message")
		point := base64.RawURLEncoding.EncodeToString(append([]byte{4}, make([]byte, 64)...))
		good := base64.RawURLEncoding.EncodeToString(p.key.PublicKey().Bytes())
		for _, attributes := range []string{
			`{"endpoint":"test","p256dh":"test","auth":"test"}`,
			`{"endpoint":"https://","p256dh":"` + good + `","auth":"AAAA"}`,
			`{"endpoint":"https://user:pass@push.example/","p256dh":"` + good + `","auth":"AAAA"}`,
			`{"endpoint":":","p256dh":"` + good + `","auth":"AAAA"}`,
			`{"endpoint":"` + p.URL + `/a"}`,
			`{"endpoint":"` + p.URL + `/b","p256dh":1}`,
			`{"endpoint":"` + p.URL + `/c","p256dh":"!","auth":"AAAA"}`,
			`{"endpoint":"` + p.URL + `/d","p256dh":"` + point + `","auth":"AAAA"}`,
			`{"endpoint":"` + p.URL + `/e","p256dh":"AAAA","auth":"AAAA"}`,
			`{"endpoint":"` + p.URL + `/f","p256dh":"` + good + `","auth":"!"}`,
		} {
			w.call("agent", "POST", "/api/v1/notification_subscriptions", `{"subscription_type":"browser_push","subscription_attributes":`+attributes+`}`).object()
		}
		w.write(c, "one")
		w.run(store.LanePush)
		if n := w.number(`SELECT COUNT(*) FROM notification_subscriptions`); n != 0 || len(p.taken()) != 0 {
			t.Errorf("%d useless devices are left", n)
		}
	})
}

// TestPushGoesNowhereInside: a user cannot make the program call what is not public.
func TestPushGoesNowhereInside(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		p := w.pushService()
		guarded := httpx.NewGuarded(false)
		t.Cleanup(guarded.CloseIdleConnections)
		w.desk.Guarded = guarded
		c := w.talk("ana")
		w.wants("agent", "", "assigned_conversation_new_message")
		inside := p.subscribe(w, "agent", "/secret-path")
		w.exec(`UPDATE notification_subscriptions SET updated_at = 7`)
		plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("called without TLS") }))
		t.Cleanup(plain.Close)
		tls := p.URL
		p.URL = plain.URL
		p.subscribe(w, "agent", "/secret-path")
		p.URL = tls
		w.write(c, "one")
		jobs := w.jobs(store.LanePush)
		for _, j := range jobs {
			err := w.desk.Handlers()[desk.JobPush](t.Context(), j)
			if _, ok := errors.AsType[desk.Declined](err); !ok || !errors.Is(err, httpx.ErrForbidden) || strings.Contains(err.Error(), "secret-path") {
				t.Errorf("inside: %v", err)
			}
		}
		if len(jobs) != 2 || len(p.taken()) != 0 {
			t.Errorf("%d jobs, or it was called", len(jobs))
		}
		wantText(t, "the device", fmt.Sprint(w.number(`SELECT COUNT(*) FROM notification_subscriptions WHERE id = $1`, inside)), "1")
	})
}

// TestVAPIDKeys: the operator's, else a pair that is made once and sealed.
func TestVAPIDKeys(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		key := func() string {
			t.Helper()
			public, err := w.desk.VAPIDPublicKey(t.Context())
			w.must(err)
			return public
		}
		var group sync.WaitGroup
		made := make([]string, 8)
		for i := range made {
			group.Go(func() { made[i], _ = w.desk.VAPIDPublicKey(t.Context()) })
		}
		group.Wait()
		for _, k := range made {
			if k == "" || k != made[0] {
				t.Errorf("keys %q", made)
			}
		}
		stored, err := w.store.Settings(t.Context())
		w.must(err)
		if !strings.Contains(stored["VAPID_KEYS"], `"public_key":"`+made[0]+`"`) {
			t.Error("the pair is not kept")
		}
		if n := w.number(`SELECT COUNT(*) FROM installation_settings WHERE name = 'VAPID_KEYS' AND sealed NOT LIKE '%' || $1 || '%'`, made[0]); n != 1 {
			t.Error("the pair is not sealed")
		}
		private, err := ecdh.P256().GenerateKey(rand.Reader)
		w.must(err)
		encode := base64.RawURLEncoding.EncodeToString
		w.settings["VAPID_KEYS"] = stored["VAPID_KEYS"]
		wantText(t, "stored", key(), made[0])
		w.settings["VAPID_PUBLIC_KEY"] = encode(private.PublicKey().Bytes())
		wantText(t, "half a pair", key(), made[0])
		w.settings["VAPID_PRIVATE_KEY"] = encode(private.Bytes())
		wantText(t, "the operator's", key(), encode(private.PublicKey().Bytes()))
		w.settings["VAPID_PUBLIC_KEY"] = made[0]
		if _, err := w.desk.VAPIDPublicKey(t.Context()); err == nil || strings.Contains(err.Error(), encode(private.Bytes())) {
			t.Errorf("no pair: %v", err)
		}
		p := w.pushService()
		p.subscribe(w, "agent", "/one")
		w.wants("agent", "", "assigned_conversation_new_message")
		w.write(w.talk("ana"), "one")
		for _, j := range w.jobs(store.LanePush) {
			err := w.desk.Handlers()[desk.JobPush](t.Context(), j)
			if _, final := errors.AsType[desk.Final](err); !final {
				t.Errorf("with keys that are no pair: %v", err)
			}
		}
		w.settings["VAPID_PUBLIC_KEY"], w.settings["VAPID_KEYS"] = "", "{"
		if _, err := w.desk.VAPIDPublicKey(t.Context()); err == nil {
			t.Error("VAPID_KEYS is no object, and nobody says so")
		}
	})
}

// TestNotificationMail: to whoever wants it, in their language, unless they read it
// already.
func TestNotificationMail(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		post := w.postOffice()
		c := w.talk("ana")
		w.wants("agent", "assigned_conversation_new_message conversation_assignment", "")
		w.exec(`UPDATE account_users SET availability = 1`)
		w.write(c, "Is <b>this</b> open?")
		w.run(store.LaneMail)
		mails := post.taken(t)
		if len(mails) != 1 {
			t.Fatalf("%d mails", len(mails))
		}
		for _, part := range []string{
			"To: <bo@example.com>", "Subject: New message in your conversation (#1)", "Hello Bo,", "Contact ana: Is <b>this</b> open?",
			"Contact ana: Is &lt;b&gt;this&lt;/b&gt; open?", "https://desk.example/app/accounts/" + fmt.Sprint(w.account) + "/conversations/1",
			"Open the conversation", "You get this mail because of your notification settings in Acme.",
		} {
			if !strings.Contains(mails[0], part) {
				t.Errorf("no %q in\n%s", part, mails[0])
			}
		}
		w.exec(`UPDATE users SET ui_settings = '{"locale":"he"}', name = '' WHERE id = $1`, w.agent)
		w.raise(desk.AssigneeChanged(store.ConversationRow{ID: c.id, AccountID: w.account, InboxID: c.inbox}, w.admin))
		w.notify()
		w.run(store.LaneMail)
		if mails = post.taken(t); len(mails) != 1 || !strings.Contains(mails[0], `dir="rtl"`) || !strings.Contains(mails[0], "פתיחת השיחה") {
			t.Errorf("in Hebrew: %s", mails)
		}

		none := func(what string, before, after string) {
			t.Helper()
			w.write(c, what)
			w.exec(before)
			w.run(store.LaneMail)
			if mails := post.taken(t); len(mails) != 0 {
				t.Errorf("%s: %d mails", what, len(mails))
			}
			w.exec(after)
		}
		none("read", `UPDATE notifications SET read_at = 1`, `UPDATE notifications SET read_at = NULL`)
		none("deleted", `DELETE FROM notifications`, `DELETE FROM notifications`)
		none("not confirmed", `UPDATE users SET confirmed_at = NULL`, `UPDATE users SET confirmed_at = 1`)
		none("online", `UPDATE account_users SET availability = 0`, `UPDATE account_users SET availability = 1`)
		server := w.settings["SMTP_ADDRESS"]
		w.settings["SMTP_ADDRESS"] = ""
		none("no mail server", `UPDATE users SET name = 'Bo' WHERE email = 'bo@example.com'`, `DELETE FROM notifications`)
		held, err := w.store.HeldMails(t.Context(), 10)
		w.must(err)
		if len(held) != 0 {
			t.Errorf("%d mails are held", len(held))
		}
		w.settings["SMTP_ADDRESS"] = server
		// Who is online is told of an assignment all the same.
		w.exec(`UPDATE account_users SET availability = 0`)
		w.raise(desk.AssigneeChanged(store.ConversationRow{ID: c.id, AccountID: w.account, InboxID: c.inbox}, w.admin))
		w.notify()
		w.run(store.LaneMail)
		if mails = post.taken(t); len(mails) != 1 {
			t.Errorf("an assignment to who is online: %d mails", len(mails))
		}
	})
}
