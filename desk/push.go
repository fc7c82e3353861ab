package desk

import (
	"context"
	"crypto/ecdh"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	netmail "net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/SherClockHolmes/webpush-go"

	"tributary/internal/httpx"
	"tributary/store"
)

// JobPush tells one device of a notification.
const JobPush = "push.send"

const (
	// pushTries is how often a device is tried: what is old helps nobody.
	pushTries = 4
	// pushTimeout bounds one call of a push service.
	pushTimeout = 10 * time.Second
	// pushLife is how long a push service keeps a push for a device that is away.
	pushLife = 24 * time.Hour
	// pushPatience is the longest that a push service can put us off.
	pushPatience = 30 * time.Minute
)

// PushSettings are the installation settings that pushes read. Without the first two
// the program makes a pair of keys and keeps it as the third, a JSON object with
// public_key and private_key.
var PushSettings = []string{vapidPublic, vapidPrivate, vapidStored}

const (
	vapidPublic  = "VAPID_PUBLIC_KEY"
	vapidPrivate = "VAPID_PRIVATE_KEY"
	vapidStored  = "VAPID_KEYS"
)

// vapidKeys prove to push services that it is us (RFC 8292), in base64 as URLs have
// it.
type vapidKeys struct {
	Public  string `json:"public_key"`
	Private string `json:"private_key"`
}

// errBadKeys names the settings, never their values.
var errBadKeys = errors.New("desk: " + vapidPublic + " and " + vapidPrivate + ", or " + vapidStored +
	", are no pair of VAPID keys; remove them to have new ones made")

func (k vapidKeys) check() error {
	decode := func(s string) []byte {
		b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
		if err != nil {
			return nil
		}
		return b
	}
	private, err := ecdh.P256().NewPrivateKey(decode(k.Private))
	if err != nil {
		return errBadKeys
	}
	public, err := ecdh.P256().NewPublicKey(decode(k.Public))
	if err != nil || !private.PublicKey().Equal(public) {
		return errBadKeys
	}
	return nil
}

// CheckVAPID tells whether an installation has a pair of keys, and what is wrong with it.
func CheckVAPID(setting func(string) string) (has bool, err error) {
	public, private := strings.TrimSpace(setting(vapidPublic)), strings.TrimSpace(setting(vapidPrivate))
	if public != "" && private != "" {
		return true, vapidKeys{Public: public, Private: private}.check()
	}
	if public != "" || private != "" {
		return false, errBadKeys
	}
	stored := setting(vapidStored)
	if stored == "" {
		return false, nil
	}
	var k vapidKeys
	if err := json.Unmarshal([]byte(stored), &k); err != nil {
		return true, errBadKeys
	}
	return true, k.check()
}

// VAPIDPublicKey is the key under which browsers subscribe to pushes of this
// installation. Its first caller makes it, for good.
func (d *Desk) VAPIDPublicKey(ctx context.Context) (string, error) {
	k, err := d.vapid(ctx)
	return k.Public, err
}

func (d *Desk) vapid(ctx context.Context) (vapidKeys, error) {
	k := vapidKeys{Public: strings.TrimSpace(d.Setting(vapidPublic)), Private: strings.TrimSpace(d.Setting(vapidPrivate))}
	if k.Public != "" && k.Private != "" {
		return k, k.check()
	}
	stored := d.Setting(vapidStored)
	if stored == "" {
		private, public, err := webpush.GenerateVAPIDKeys()
		if err != nil {
			return k, fmt.Errorf("desk: make VAPID keys: %w", err)
		}
		made, err := json.Marshal(vapidKeys{Public: public, Private: private})
		if err != nil {
			return k, fmt.Errorf("desk: make VAPID keys: %w", err)
		}
		// Another process may have been faster: its keys are everybody's then.
		if stored, err = d.Store.InitSetting(ctx, vapidStored, string(made)); err != nil {
			return k, err
		}
	}
	if err := json.Unmarshal([]byte(stored), &k); err != nil {
		return k, errBadKeys
	}
	return k, k.check()
}

// pushPayload is the payload of JobPush.
type pushPayload struct {
	ID             int64 `json:"notification_id"`
	SubscriptionID int64 `json:"subscription_id"`
}

func pushJob(n store.NotificationRow, subscription int64) (store.Job, error) {
	payload, err := json.Marshal(pushPayload{ID: n.ID, SubscriptionID: subscription})
	if err != nil {
		return store.Job{}, fmt.Errorf("desk: push: %w", err)
	}
	return store.Job{
		Kind: JobPush, Lane: store.LanePush, AccountID: n.AccountID, Payload: payload, MaxAttempts: pushTries,
		UniqueKey: JobPush + ":" + strconv.FormatInt(n.ID, 10) + ":" + strconv.FormatInt(subscription, 10),
	}, nil
}

// push carries out JobPush.
func (d *Desk) push(ctx context.Context, j store.Job) error {
	var in pushPayload
	if err := readJob(j, &in); err != nil {
		return err
	}
	if d.Guarded == nil {
		return nil
	}
	device, err := d.Store.Subscription(ctx, in.SubscriptionID)
	if err != nil {
		return gone(err)
	}
	n, err := d.Store.Notification(ctx, in.ID)
	if err != nil {
		return gone(err)
	}
	if device.UserID != n.UserID {
		return nil // somebody else's now
	}
	item, _, err := d.notificationTo(ctx, n)
	if err != nil {
		return gone(err)
	}
	body, err := json.Marshal(map[string]string{
		"title": item.Title, "tag": item.Type + "_" + strconv.FormatInt(item.displayID, 10) + "_" + strconv.FormatInt(n.ID, 10),
		"url": d.conversationLink(n.AccountID, item.displayID),
	})
	if err != nil {
		return fmt.Errorf("desk: push: %w", err)
	}
	return d.pushTo(ctx, device, body)
}

// pushTo hands a push to the service of a device. A device that its service does not
// know any more is forgotten, and so is one to which nothing can be encrypted.
func (d *Desk) pushTo(ctx context.Context, device store.SubscriptionRow, body []byte) error {
	keys, err := d.vapid(ctx)
	if errors.Is(err, errBadKeys) {
		return Final{err}
	}
	if err != nil {
		return err
	}
	to, ok := browser(device.Attributes)
	if !ok {
		return d.Store.DropSubscription(ctx, device)
	}
	ctx, cancel := context.WithTimeout(ctx, pushTimeout)
	defer cancel()
	call := &pushCall{client: d.Guarded}
	res, err := webpush.SendNotificationWithContext(ctx, body, &to, &webpush.Options{
		HTTPClient: call, Subscriber: d.pushSubject(), TTL: int(pushLife / time.Second), Urgency: webpush.UrgencyHigh,
		VAPIDPublicKey: keys.Public, VAPIDPrivateKey: keys.Private,
	})
	switch {
	case err == nil:
	case !call.made: // its keys are none
		return d.Store.DropSubscription(context.WithoutCancel(ctx), device)
	case errors.Is(err, httpx.ErrForbidden), errors.Is(err, httpx.ErrRedirects):
		return Declined{fmt.Errorf("desk: push to subscription %d: %w", device.ID, withoutAddress(err))}
	default:
		return fmt.Errorf("desk: push to subscription %d: %w", device.ID, withoutAddress(err))
	}
	_, _ = io.CopyN(io.Discard, res.Body, 4<<10)
	_ = res.Body.Close()
	switch code := res.StatusCode; {
	case code/100 == 2:
		return nil
	case code == http.StatusNotFound || code == http.StatusGone:
		return d.Store.DropSubscription(context.WithoutCancel(ctx), device)
	case code == http.StatusTooManyRequests || code/100 == 5:
		err := fmt.Errorf("desk: push to subscription %d: status %d", device.ID, code)
		if wait, e := strconv.Atoi(res.Header.Get("Retry-After")); e == nil && wait > 0 {
			return After{err, min(time.Duration(min(wait, int(pushPatience/time.Second)))*time.Second, pushPatience)}
		}
		return err
	default:
		return Declined{fmt.Errorf("desk: push to subscription %d: status %d", device.ID, code)}
	}
}

// pushCall tells whether a push service was called at all.
type pushCall struct {
	client *http.Client
	made   bool
}

// Do implements webpush.HTTPClient.
func (c *pushCall) Do(r *http.Request) (*http.Response, error) {
	c.made = true
	return c.client.Do(r)
}

// withoutAddress takes the address of a call out of its error: it lets its holder write
// to the device.
func withoutAddress(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// browser reads what a browser said about itself; ok is false when nothing can be sent
// there.
func browser(attributes json.RawMessage) (to webpush.Subscription, ok bool) {
	var in struct {
		Endpoint string `json:"endpoint"`
		P256dh   string `json:"p256dh"`
		Auth     string `json:"auth"`
	}
	if err := json.Unmarshal(attributes, &in); err != nil {
		return to, false
	}
	u, err := url.Parse(in.Endpoint)
	if err != nil || u.Host == "" || u.User != nil {
		return to, false
	}
	return webpush.Subscription{Endpoint: in.Endpoint, Keys: webpush.Keys{Auth: in.Auth, P256dh: in.P256dh}}, true
}

// pushSubject is whom a push service can write to about us: the sender of our mails,
// else our address where that is a secure one.
func (d *Desk) pushSubject() string {
	if a, err := netmail.ParseAddress(d.Setting("MAILER_SENDER_EMAIL")); err == nil {
		return a.Address
	}
	if strings.HasPrefix(d.PublicURL, "https:") {
		return d.PublicURL
	}
	return "operator@localhost"
}
