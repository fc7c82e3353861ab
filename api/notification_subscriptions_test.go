package api_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestNotificationSubscriptions(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		const path = "/api/v1/notification_subscriptions"
		const attributes = `{"endpoint":"https://push.example/1?a=b&c","p256dh":"B","auth":"C"}`
		row := func(a answer, id, user int64, kind, identifier, attributes string) {
			t.Helper()
			m := a.object()
			for _, name := range []string{"created_at", "updated_at"} {
				if text, _ := m[name].(string); !strings.HasPrefix(text, "2025-01-31T10:00:0") || !strings.HasSuffix(text, "Z") || len(text) != len(isoMillis) {
					t.Errorf("%s: %s is %v", a.name, name, m[name])
				}
				delete(m, name)
			}
			same(t, a.name, m, fmt.Sprintf(`{"id":%d,"user_id":%d,"subscription_type":%q,"identifier":%q,"subscription_attributes":%s}`, id, user, kind, identifier, attributes))
		}
		row(w.call("agent", "POST", path, `{"notification_subscription":{"subscription_type":"browser_push","subscription_attributes":`+attributes+`}}`),
			1, w.agent, "browser_push", "https://push.example/1?a=b&c", attributes)
		// Flat, by number; the same device is the caller's now.
		row(w.call("admin", "POST", path, `{"subscription_type":1,"subscription_attributes":`+attributes+`}`),
			1, w.admin, "browser_push", "https://push.example/1?a=b&c", attributes)
		const phone = `{"push_token":"tok","device_id":"phone-1","deviceName":"Pixel","devicePlatform":"android","apiLevel":33,"brandName":"G","buildNumber":"7","more":{"x":[1]}}`
		row(w.call("agent", "POST", path, `{"subscription_type":"fcm","subscription_attributes":`+phone+`}`), w.number(`SELECT MAX(id) FROM notification_subscriptions`), w.agent, "fcm", "phone-1", phone)
		phoneID := w.number(`SELECT MAX(id) FROM notification_subscriptions`)
		row(w.call("agent", "POST", path, `{"subscription_type":"2","subscription_attributes":{"push_token":"new","device_id":"phone-1"}}`), phoneID, w.agent, "fcm", "phone-1", `{"push_token":"new","device_id":"phone-1"}`)
		row(w.send("agent", "POST", path, "application/x-www-form-urlencoded",
			"notification_subscription[subscription_type]=fcm&notification_subscription[subscription_attributes][device_id]=phone-2&notification_subscription[subscription_attributes][push_token]=two"),
			w.number(`SELECT MAX(id) FROM notification_subscriptions`), w.agent, "fcm", "phone-2", `{"device_id":"phone-2","push_token":"two"}`)

		const missing = `{"error":"param is missing or the value is empty: notification_subscription"}`
		const none = `{"message":"Identifier can't be blank","attributes":["identifier"]}`
		for body, want := range map[string]string{
			``:                                 missing,
			`{}`:                               missing,
			`{"notification_subscription":{}}`: missing,
			`{"notification_subscription":[]}`: missing,
			`{"endpoint":"https://p.example"}`: missing,
			`{"subscription_type":"fcm"}`:      none,
			`{"subscription_type":"fcm","subscription_attributes":{"push_token":"x","device_id":"  "}}`:                        none,
			`{"subscription_type":"browser_push","subscription_attributes":{"endpoint":null}}`:                                 none,
			`{"subscription_type":"browser_push","subscription_attributes":{"endpoint":{"a":1}}}`:                              none,
			`{"subscription_type":"pigeon","subscription_attributes":{"endpoint":"e"}}`:                                        `{"message":"Subscription type is not included in the list","attributes":["subscription_type"]}`,
			`{"subscription_type":3,"subscription_attributes":{"endpoint":"e"}}`:                                               `{"message":"Subscription type is not included in the list","attributes":["subscription_type"]}`,
			`{"subscription_attributes":{"endpoint":"e"}}`:                                                                     `{"message":"Subscription type can't be blank","attributes":["subscription_type"]}`,
			`{"subscription_type":"fcm","subscription_attributes":"x"}`:                                                        `{"message":"Subscription attributes is invalid, Identifier can't be blank","attributes":["subscription_attributes","identifier"]}`,
			`{"subscription_type":["fcm"],"subscription_attributes":{"endpoint":"e"}}`:                                         `{"message":"Subscription type is invalid","attributes":["subscription_type"]}`,
			`{"subscription_type":"fcm","subscription_attributes":{"device_id":"` + strings.Repeat("x", 4097) + `"}}`:          `{"message":"Identifier is too long (maximum is 4096 characters)","attributes":["identifier"]}`,
			`{"subscription_type":"fcm","subscription_attributes":{"device_id":"d","x":"` + strings.Repeat("x", 20000) + `"}}`: `{"message":"Subscription attributes is too long (maximum is 20000 characters)","attributes":["subscription_attributes"]}`,
		} {
			w.call("agent", "POST", path, body).want(422, want)
		}
		if n := w.number(`SELECT COUNT(*) FROM notification_subscriptions WHERE content LIKE '%phone%' OR content LIKE '%push.example%' OR identifier_digest LIKE '%phone%'`); n != 0 {
			t.Errorf("%d subscriptions can be read in the database", n)
		}

		devices := func() int64 {
			return w.number(`SELECT COUNT(*) FROM notification_subscriptions WHERE user_id = $1`, w.agent)
		}
		for _, body := range []string{``, `{}`, `{"push_token":null}`, `{"push_token":"tok"}`, `{"push_token":["new"]}`, `{"push_token":1}`} {
			w.call("agent", "DELETE", path, body).want(200, "")
		}
		w.call("admin", "DELETE", path, `{"push_token":"new"}`).want(200, "")
		if n := devices(); n != 2 {
			t.Errorf("%d devices are left", n)
		}
		w.call("agent", "DELETE", path, `{"push_token":"new"}`).want(200, "")
		if n := w.number(`SELECT COUNT(*) FROM notification_subscriptions WHERE id = $1`, phoneID) + devices(); n != 1 {
			t.Errorf("%d are left", n)
		}

		// A user has a hundred devices: the one that was silent for longest goes.
		for i := range 100 {
			w.call("agent", "POST", path, fmt.Sprintf(`{"subscription_type":"fcm","subscription_attributes":{"device_id":"many-%d"}}`, i)).object()
		}
		if n, first := devices(), w.number(`SELECT COUNT(*) FROM notification_subscriptions WHERE push_token_digest IS NOT NULL`); n != 100 || first != 0 {
			t.Errorf("%d devices, of which %d should have gone", n, first)
		}
	})
}
