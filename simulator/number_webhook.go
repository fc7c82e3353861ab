package simulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// Where webhooks go: the subscription of the app to an account, callbacks that
// override the app's for an account or a number (WhatsApp Business Platform,
// "Webhook overrides"), and the app's own callback (Graph API, "App
// subscriptions").

// Subscription is what the app asked Meta to deliver and where to.
type Subscription struct {
	CallbackURL string
	Fields      []string
	At          time.Time
}

// Subscription is the app's own subscription; ok is false when the program never
// made one.
func (s *Simulator) Subscription() (sub Subscription, ok bool) {
	s.meta.mu.RLock()
	defer s.meta.mu.RUnlock()
	return s.meta.app, !s.meta.app.At.IsZero()
}

// callbackURL is the app's callback: the one that was subscribed, else the one that
// its owner entered in Meta's console.
func (s *Simulator) callbackURL() string {
	if sub, ok := s.Subscription(); ok {
		return sub.CallbackURL
	}
	if public := s.target.Load().public; public != "" {
		return public + managementPath
	}
	return ""
}

// serveApp answers calls about the app, which its own token opens.
func (s *Simulator) serveApp(c *call, edge string) {
	id := s.settings["WHATSAPP_APP_ID"]
	switch {
	case c.bearer() != id+"|"+s.settings["WHATSAPP_APP_SECRET"]:
		c.fault(known("190"))
	case edge != "subscriptions":
		c.fault(unknownEdge(edge))
	case c.r.Method == http.MethodPost:
		c.done(s.subscribeApp(c))
	case c.r.Method == http.MethodDelete:
		s.meta.mu.Lock()
		s.meta.app = Subscription{}
		s.meta.mu.Unlock()
		c.done(nil)
	default:
		data := []any{}
		if sub, ok := s.Subscription(); ok {
			fields := []any{}
			for _, name := range sub.Fields {
				fields = append(fields, map[string]any{"name": name, "version": "v24.0"})
			}
			data = append(data, map[string]any{
				"object": whatsappObject, "callback_url": sub.CallbackURL, "active": true, "fields": fields,
			})
		}
		c.json(http.StatusOK, map[string]any{"data": data})
	}
}

func (s *Simulator) subscribeApp(c *call) *Fault {
	callback := c.param("callback_url")
	fields := c.list("fields")
	switch {
	case c.param("object") != whatsappObject:
		return known("100")
	case callback == "":
		return missing("callback_url")
	case len(fields) == 0:
		return missing("fields")
	}
	if f := s.challenge(c.r.Context(), callback, c.param("verify_token")); f != nil {
		return f
	}
	s.meta.mu.Lock()
	defer s.meta.mu.Unlock()
	s.meta.app = Subscription{CallbackURL: callback, Fields: fields, At: s.now()}
	return nil
}

// maxCallback is the longest callback that Meta takes, in characters.
const maxCallback = 200

// serveSubscribedApps subscribes the app to the account, with or without a callback
// of its own, tells about it, and takes it back.
func (s *Simulator) serveSubscribedApps(c *call, w *WABA) {
	switch c.r.Method {
	case http.MethodPost:
		c.done(s.subscribeWABA(c, w))
	case http.MethodDelete:
		w.mu.Lock()
		w.subscribed, w.fields, w.override = false, nil, ""
		w.mu.Unlock()
		c.done(nil)
	default:
		w.mu.Lock()
		data := []any{}
		if w.subscribed {
			app := map[string]any{"whatsapp_business_api_data": map[string]any{
				"id": s.settings["WHATSAPP_APP_ID"], "name": "Tributary", "link": "https://www.facebook.com/games/?app_id=" +
					s.settings["WHATSAPP_APP_ID"],
			}}
			if w.override != "" {
				app["override_callback_uri"] = w.override
			}
			data = append(data, app)
		}
		w.mu.Unlock()
		c.json(http.StatusOK, map[string]any{"data": data})
	}
}

// subscribeWABA: without a callback it subscribes, and clears a callback that was
// set before.
func (s *Simulator) subscribeWABA(c *call, w *WABA) *Fault {
	callback, fields := c.param("override_callback_uri"), c.list("subscribed_fields")
	if callback != "" {
		w.mu.Lock()
		subscribed := w.subscribed
		w.mu.Unlock()
		if f := s.acceptable(c, subscribed, callback, c.param("verify_token")); f != nil {
			return f
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.subscribed, w.override = true, callback
	if len(fields) > 0 {
		w.fields = fields
	}
	if len(w.numbers) > 0 {
		w.numbers[0].channel.register(Registration{URL: callback, Fields: fields})
	}
	return nil
}

// overrideNumber sets the number's own callback; an empty one clears it.
func (s *Simulator) overrideNumber(c *call, n *Number, callback, verify string) *Fault {
	if callback != "" {
		n.waba.mu.Lock()
		subscribed := n.waba.subscribed
		n.waba.mu.Unlock()
		if f := s.acceptable(c, subscribed, callback, verify); f != nil {
			return f
		}
	}
	n.waba.mu.Lock()
	defer n.waba.mu.Unlock()
	n.override = callback
	n.channel.register(Registration{URL: callback})
	return nil
}

// acceptable tells whether Meta takes a callback instead of the app's.
func (s *Simulator) acceptable(c *call, subscribed bool, callback, verify string) *Fault {
	switch {
	case len(callback) > maxCallback:
		return known("100")
	case !subscribed:
		return known("before-override")
	}
	return s.challenge(c.r.Context(), callback, verify)
}

// callbackPatience is how long Meta waits for the answer to its challenge.
const callbackPatience = 6 * time.Second

// challenge asks a callback to prove that it wants webhooks, over HTTP, and gives
// Meta's words for what went wrong.
func (s *Simulator) challenge(ctx context.Context, callback, verify string) *Fault {
	failed := func(text string) *Fault {
		return &Fault{Code: 2200, Message: "(#2200) Callback verification failed with the following errors: " + text}
	}
	patience := s.options.CallbackTimeout
	if patience <= 0 {
		patience = callbackPatience
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	want := decimal(int64(s.tick())) + "7"
	address, err := url.Parse(s.reach(callback))
	if err != nil {
		return failed("curl_errno = 3; curl_error = URL using bad/illegal format or missing URL")
	}
	query := address.Query()
	for name, v := range map[string]string{"hub.mode": "subscribe", "hub.challenge": want, "hub.verify_token": verify} {
		query.Set(name, v)
	}
	address.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), http.NoBody)
	if err != nil {
		return failed("curl_errno = 3; curl_error = URL using bad/illegal format or missing URL")
	}
	res, err := s.client.Do(req)
	if err != nil {
		return failed(curlError(err, patience))
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, 4<<10))
	switch {
	case err != nil:
		return failed(curlError(err, patience))
	case res.StatusCode != http.StatusOK:
		return failed(fmt.Sprintf("HTTP Status Code = %d; HTTP Message = %s", res.StatusCode, http.StatusText(res.StatusCode)))
	case string(body) != want:
		return failed("Response does not match challenge, expected value = '" + want + "'")
	}
	return nil
}

func curlError(err error, patience time.Duration) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("curl_errno = 28; curl_error = Operation timed out after %d milliseconds", patience.Milliseconds())
	case errors.Is(err, syscall.ECONNREFUSED):
		return "curl_errno = 7; curl_error = Failed to connect: Connection refused"
	}
	return "curl_errno = 56; curl_error = Recv failure"
}

// reach turns an address below the program's public one, which does not lead
// anywhere in a test, into one below where it listens.
func (s *Simulator) reach(address string) string {
	t := s.target.Load()
	if rest, ok := strings.CutPrefix(address, t.public); ok && t.base != "" && t.public != "" {
		return t.base + rest
	}
	return address
}
