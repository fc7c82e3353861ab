package api

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"tributary/api/route"
	"tributary/desk"
	"tributary/internal/validate"
	"tributary/store"
	"tributary/wording"
)

func (a *API) webhooks() []route.Row {
	const webhooks = account + "/webhooks"
	const deliveries = webhooks + "/{webhook_id}/deliveries"
	return []route.Row{
		route.Get(webhooks, route.Admin, a.listWebhooks),
		route.Post(webhooks, route.Admin, a.createWebhook).Flat("webhook").Require("webhook"),
		route.Patch(webhooks+"/{id}", route.Admin, a.updateWebhook).Flat("webhook").Finds("id", a.webhookExists),
		route.Delete(webhooks+"/{id}", route.Admin, a.deleteWebhook).Finds("id", a.webhookExists),
		route.Post(webhooks+"/{id}/test", route.Admin, a.testWebhook).Finds("id", a.webhookExists),
		route.Get(deliveries, route.Admin, a.listDeliveries).Finds("webhook_id", a.webhookExists),
		route.Get(deliveries+"/{id}", route.Admin, a.showDelivery).Finds("webhook_id", a.webhookExists),
		route.Post(deliveries+"/{id}/redeliver", route.Admin, a.redeliver).Finds("webhook_id", a.webhookExists),
	}
}

// webhookOut is a webhook. Secret signs what it is told; only administrators see
// webhooks.
type webhookOut struct {
	ID            int64      `json:"id"`
	URL           string     `json:"url"`
	AccountID     int64      `json:"account_id"`
	Subscriptions []string   `json:"subscriptions"`
	Secret        string     `json:"secret"`
	Inbox         *namedPush `json:"inbox,omitempty"`
}

func newWebhookOut(w store.AccountWebhook) webhookOut {
	out := webhookOut{ID: w.ID, URL: w.URL, AccountID: w.AccountID, Subscriptions: w.Subscriptions, Secret: w.Secret}
	if w.InboxID != 0 {
		out.Inbox = &namedPush{w.InboxID, w.InboxName}
	}
	return out
}

// webhooksOut is the envelope of the list, and webhookEnvelope of one.
type webhooksOut struct {
	Payload struct {
		Webhooks []webhookOut `json:"webhooks"`
	} `json:"payload"`
}

type webhookEnvelope struct {
	Payload struct {
		Webhook webhookOut `json:"webhook"`
	} `json:"payload"`
}

func (a *API) listWebhooks(ctx context.Context, c *route.Call, _ none) (webhooksOut, error) {
	list, err := a.Store.AccountWebhooks(ctx, c.Account.ID)
	var out webhooksOut
	out.Payload.Webhooks = make([]webhookOut, len(list))
	for i, w := range list {
		out.Payload.Webhooks[i] = newWebhookOut(w)
	}
	return out, err
}

func (a *API) showWebhook(ctx context.Context, c *route.Call, id int64) (webhookEnvelope, error) {
	w, err := a.Store.AccountWebhook(ctx, c.Account.ID, id)
	var out webhookEnvelope
	out.Payload.Webhook = newWebhookOut(w)
	return out, found(err)
}

func (a *API) webhookExists(ctx context.Context, c *route.Call, id int64) error {
	_, err := a.Store.AccountWebhook(ctx, c.Account.ID, id)
	return found(err)
}

type webhookIn struct {
	URL           route.Opt[string]   `json:"url"`
	Subscriptions route.Opt[[]string] `json:"subscriptions"`
	InboxID       route.Opt[int64]    `json:"inbox_id"`
}

// apply changes w by what was sent.
func (in webhookIn) apply(w *store.AccountWebhook) error {
	var errs validate.Errors
	if in.URL.Sent {
		w.URL = strings.TrimSpace(in.URL.V)
	}
	if !webAddress(w.URL) {
		errs.Add("url", validate.Invalid)
	}
	errs.MaxLen("url", w.URL, validate.LongText)
	if list, ok := in.Subscriptions.Get(); ok {
		w.Subscriptions = nil
		for _, event := range list {
			if !slices.Contains(w.Subscriptions, event) {
				w.Subscriptions = append(w.Subscriptions, event)
			}
		}
	}
	if len(w.Subscriptions) == 0 || slices.ContainsFunc(w.Subscriptions, func(event string) bool { return !slices.Contains(desk.WebhookEvents, event) }) {
		errs.Add("subscriptions", "Invalid events")
	}
	in.InboxID.Apply(&w.InboxID)
	return errs.Err()
}

// webAddress tells whether text is an address of the web.
func webAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}

type createWebhookIn struct {
	Webhook webhookIn `json:"webhook"`
}

func (a *API) createWebhook(ctx context.Context, c *route.Call, in createWebhookIn) (webhookEnvelope, error) {
	w := store.AccountWebhook{AccountID: c.Account.ID, Subscriptions: desk.WebhookEvents[:desk.DefaultWebhookEvents:desk.DefaultWebhookEvents]}
	if err := in.Webhook.apply(&w); err != nil {
		return webhookEnvelope{}, err
	}
	id, err := a.Desk.CreateWebhook(ctx, actor(c), w)
	if err != nil {
		return webhookEnvelope{}, err
	}
	return a.showWebhook(ctx, c, id)
}

type updateWebhookIn struct {
	ID      int64     `path:"id"`
	Webhook webhookIn `json:"webhook"`
}

func (a *API) updateWebhook(ctx context.Context, c *route.Call, in updateWebhookIn) (webhookEnvelope, error) {
	sent := in.Webhook
	err := a.Desk.ChangeWebhook(ctx, actor(c), c.Account.ID, in.ID, func(w *store.AccountWebhook) error {
		if !sent.URL.Sent && !sent.Subscriptions.Sent && !sent.InboxID.Sent {
			return route.MissingParam("webhook")
		}
		return sent.apply(w)
	})
	if err != nil {
		return webhookEnvelope{}, found(err)
	}
	return a.showWebhook(ctx, c, in.ID)
}

func (a *API) deleteWebhook(ctx context.Context, c *route.Call, in byID) (route.Empty, error) {
	return route.Empty{}, found(a.Desk.DeleteWebhook(ctx, actor(c), c.Account.ID, in.ID))
}

// deliveryOut is what a webhook was told, or is to be. Delivery names it to the
// receiver, in the header X-Chatwoot-Delivery.
type deliveryOut struct {
	ID             int64     `json:"id"`
	Delivery       string    `json:"delivery"`
	Event          string    `json:"event"`
	State          string    `json:"state" enum:"pending,delivered,failed"`
	Attempts       int       `json:"attempts"`
	MaxAttempts    int       `json:"max_attempts"`
	ResponseStatus *int      `json:"response_status"`
	Error          *string   `json:"error"`
	DurationMS     *int64    `json:"duration_ms"`
	RedeliveryOf   *int64    `json:"redelivery_of"`
	NextAttemptAt  route.ISO `json:"next_attempt_at"`
	CreatedAt      route.ISO `json:"created_at"`
	FinishedAt     route.ISO `json:"finished_at"`
}

func newDeliveryOut(c *route.Call, d store.WebhookDelivery) deliveryOut {
	out := deliveryOut{
		ID: d.ID, Delivery: d.Delivery, Event: d.Event, State: d.State, Attempts: d.Attempts, MaxAttempts: d.MaxAttempts,
		CreatedAt: iso(&d.CreatedAt), FinishedAt: iso(d.FinishedAt),
	}
	if d.State == store.HookNew {
		out.State = store.HookPending
	}
	if out.State == store.HookPending {
		out.NextAttemptAt = iso(&d.RunAt)
	}
	if d.ResponseStatus != 0 {
		out.ResponseStatus = &d.ResponseStatus
	}
	if d.Error != "" {
		locale, _ := wording.ParseLocale(c.Locale)
		out.Error = new(desk.WebhookFailure(locale, d.Error))
	}
	if d.Attempts > 0 {
		out.DurationMS = &d.DurationMS
	}
	if d.RedeliveryOf != 0 {
		out.RedeliveryOf = &d.RedeliveryOf
	}
	return out
}

// deliveryPage is how many deliveries a page of the log has.
const deliveryPage = 25

type deliveriesIn struct {
	WebhookID int64             `path:"webhook_id"`
	Cursor    route.Opt[int64]  `query:"cursor"`
	State     route.Opt[string] `query:"state"`
}

// deliveriesOut is a page of the log, the newest first; next_cursor is the cursor of
// the page after it, null at the end.
type deliveriesOut struct {
	Payload struct {
		Deliveries []deliveryOut `json:"deliveries"`
	} `json:"payload"`
	Meta struct {
		NextCursor *int64 `json:"next_cursor"`
	} `json:"meta"`
}

func (a *API) listDeliveries(ctx context.Context, c *route.Call, in deliveriesIn) (deliveriesOut, error) {
	var out deliveriesOut
	if err := a.webhookExists(ctx, c, in.WebhookID); err != nil {
		return out, err
	}
	state := in.State.V
	if state != "" && state != store.HookPending && state != store.HookDelivered && state != store.HookFailed {
		return out, validate.Fail("state", validate.NotListed)
	}
	list, err := a.Store.WebhookLog(ctx, c.Account.ID, in.WebhookID, max(in.Cursor.V, 0), state, deliveryPage+1)
	if len(list) > deliveryPage {
		list = list[:deliveryPage]
		out.Meta.NextCursor = &list[deliveryPage-1].ID
	}
	out.Payload.Deliveries = make([]deliveryOut, len(list))
	for i, d := range list {
		out.Payload.Deliveries[i] = newDeliveryOut(c, d)
	}
	return out, err
}

// deliveryDetail is one with what was posted; null while that is not made yet.
type deliveryDetail struct {
	deliveryOut

	Payload json.RawMessage `json:"payload" schema:"object,null"`
}

type deliveryEnvelope struct {
	Payload struct {
		Delivery deliveryDetail `json:"delivery"`
	} `json:"payload"`
}

type deliveryIn struct {
	WebhookID int64 `path:"webhook_id"`
	ID        int64 `path:"id"`
}

func (a *API) showDelivery(ctx context.Context, c *route.Call, in deliveryIn) (deliveryEnvelope, error) {
	var out deliveryEnvelope
	if err := a.webhookExists(ctx, c, in.WebhookID); err != nil {
		return out, err
	}
	d, err := a.Store.WebhookDelivery(ctx, c.Account.ID, in.WebhookID, in.ID)
	out.Payload.Delivery.deliveryOut = newDeliveryOut(c, d)
	if d.Payload != "" {
		out.Payload.Delivery.Payload = json.RawMessage(d.Payload)
	}
	return out, found(err)
}

func (a *API) redeliver(ctx context.Context, c *route.Call, in deliveryIn) (deliveryEnvelope, error) {
	id, err := a.Desk.Redeliver(ctx, c.Account.ID, in.WebhookID, in.ID)
	if err != nil {
		return deliveryEnvelope{}, found(err)
	}
	return a.showDelivery(ctx, c, deliveryIn{in.WebhookID, id})
}

func (a *API) testWebhook(ctx context.Context, c *route.Call, in byID) (deliveryEnvelope, error) {
	id, err := a.Desk.TestWebhook(ctx, c.Account.ID, in.ID)
	if err != nil {
		return deliveryEnvelope{}, found(err)
	}
	return a.showDelivery(ctx, c, deliveryIn{in.ID, id})
}
