package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"tributary/api/route"
	"tributary/chat"
	"tributary/desk"
	"tributary/internal/validate"
	"tributary/store"
	"tributary/wording"
)

func (a *API) accounts() []route.Row {
	const own = "/api/v1/accounts/{id}"
	return []route.Row{
		route.Get(own, route.Member, a.showAccount).OwnAccount(),
		route.Patch(own, route.Admin, a.updateAccount).OwnAccount(),
		route.Post(own+"/update_active_at", route.Member, a.activateAccount).OwnAccount(),
		route.Get(own+"/cache_keys", route.Member, a.showCacheKeys).OwnAccount(),
		route.Get("/enterprise/api/v1/accounts/{id}/limits", route.Member, a.accountLimits).OwnAccount().Answers(http.StatusNotFound, errorOut{}),
	}
}

// accountOut is an account.
type accountOut struct {
	ID               int64           `json:"id"`
	Name             string          `json:"name"`
	Locale           string          `json:"locale"`
	Status           string          `json:"status"`
	Domain           *string         `json:"domain"`
	SupportEmail     *string         `json:"support_email"`
	CreatedAt        route.ISO       `json:"created_at"`
	Settings         json.RawMessage `json:"settings"`
	Features         map[string]bool `json:"features"`
	CustomAttributes map[string]any  `json:"custom_attributes,omitzero"`
	CacheKeys        cacheKeys       `json:"cache_keys"`
}

// accountShown is an account with what only its own page shows.
type accountShown struct {
	accountOut
	LatestVersion      *string `json:"latest_chatwoot_version"`
	SubscribedFeatures any     `json:"subscribed_features"`
}

// cacheKeys are the unix seconds at which the lists that clients keep were last
// changed.
type cacheKeys struct {
	Label string `json:"label"`
	Inbox string `json:"inbox"`
	Team  string `json:"team"`
}

func (a *API) cacheKeysOf(ctx context.Context, accountID int64) (cacheKeys, error) {
	keys, err := a.Desk.CacheKeys(ctx, accountID)
	return cacheKeys{Label: keys[store.CacheLabels], Inbox: keys[store.CacheInboxes], Team: keys[store.CacheTeams]}, err
}

func (a *API) newAccountOut(ctx context.Context, r store.AccountRow) (accountOut, error) {
	out := accountOut{
		ID: r.ID, Name: r.Name, Locale: route.LocaleName(r.Locale), Status: accountStatus(r.Status), Domain: r.Domain, SupportEmail: a.supportEmail(r),
		CreatedAt: iso(&r.CreatedAt), Settings: object(r.Settings), Features: map[string]bool{}, CustomAttributes: accountAttributes(r),
	}
	for _, name := range chat.Features(r.Features).Names() { //nolint:gosec // a bit set
		out.Features[name] = true
	}
	var err error
	out.CacheKeys, err = a.cacheKeysOf(ctx, r.ID)
	return out, err
}

func accountStatus(stored int) string {
	if stored == accountActive {
		return "active"
	}
	return "suspended"
}

// supportEmail is where an account's customers write, null when nobody said.
func (a *API) supportEmail(r store.AccountRow) *string {
	if r.SupportEmail != nil && *r.SupportEmail != "" {
		return r.SupportEmail
	}
	for _, name := range []string{"MAILER_SENDER_EMAIL", "MAILER_SUPPORT_EMAIL"} {
		if address := a.Setting(name); address != "" {
			return &address
		}
	}
	return nil
}

// accountAttributes are the custom attributes that members may see, nil when the
// account has none at all.
func accountAttributes(r store.AccountRow) map[string]any {
	stored := members(r.CustomAttributes)
	if len(stored) == 0 {
		return nil
	}
	out := map[string]any{}
	for _, key := range []string{"plan_name", "subscribed_quantity", "subscription_status", "subscription_ends_on"} {
		out[key] = stored[key]
	}
	for _, key := range []string{
		"industry", "company_size", "timezone", "logo", "onboarding_step", "marked_for_deletion_at", "marked_for_deletion_reason",
	} {
		if v := stored[key]; v != nil && v != "" {
			out[key] = v
		}
	}
	return out
}

// subscribedFeatures are those of the account's plan: none where there are no
// plans, null for a plan that is not known.
func (a *API) subscribedFeatures(r store.AccountRow) any {
	plans := members(a.Setting("CHATWOOT_CLOUD_PLAN_FEATURES"))
	if len(plans) == 0 {
		return []string{}
	}
	name, _ := members(r.CustomAttributes)["plan_name"].(string)
	return plans[name]
}

func (a *API) showAccount(ctx context.Context, c *route.Call, _ none) (accountShown, error) {
	row, err := a.Store.Account(ctx, c.Account.ID)
	if err != nil {
		return accountShown{}, found(err)
	}
	out, err := a.newAccountOut(ctx, row)
	return accountShown{accountOut: out, SubscribedFeatures: a.subscribedFeatures(row)}, err
}

// updateAccountIn has settings as they were sent: their types are checked.
type updateAccountIn struct {
	Name         route.Opt[string] `json:"name"`
	Locale       route.Opt[string] `json:"locale"`
	Domain       route.Opt[string] `json:"domain"`
	SupportEmail route.Opt[string] `json:"support_email"`

	Industry    json.RawMessage `json:"industry"`
	CompanySize json.RawMessage `json:"company_size"`
	Timezone    json.RawMessage `json:"timezone"`

	AutoResolveAfter         json.RawMessage `json:"auto_resolve_after"`
	AutoResolveMessage       json.RawMessage `json:"auto_resolve_message"`
	AutoResolveIgnoreWaiting json.RawMessage `json:"auto_resolve_ignore_waiting"`
	AudioTranscriptions      json.RawMessage `json:"audio_transcriptions"`
	AutoResolveLabel         json.RawMessage `json:"auto_resolve_label"`
}

// maxDomain is the longest domain, in characters.
const maxDomain = 100

func (a *API) updateAccount(ctx context.Context, c *route.Call, in updateAccountIn) (accountOut, error) {
	row, err := a.Desk.ChangeAccount(ctx, actor(c), c.Account.ID, func(r *store.AccountRow) error {
		var errs validate.Errors
		in.apply(r, &errs)
		return errs.Err()
	})
	if err != nil {
		return accountOut{}, found(err)
	}
	return a.newAccountOut(ctx, row)
}

// apply changes r by what was sent and notes what is wrong with it.
func (in updateAccountIn) apply(r *store.AccountRow, errs *validate.Errors) {
	if in.Name.Null {
		errs.Add("name", validate.Blank)
	}
	in.Name.Apply(&r.Name)
	errs.MaxLen("name", r.Name, validate.ShortText)
	if in.Locale.Sent {
		number, ok := localeNumber(in.Locale.V)
		if !ok {
			errs.Add("locale", validate.NotListed)
		}
		r.Locale = number
	}
	in.Domain.ApplyPtr(&r.Domain)
	errs.MaxLen("domain", in.Domain.V, maxDomain)
	in.SupportEmail.ApplyPtr(&r.SupportEmail)
	errs.MaxLen("support_email", in.SupportEmail.V, validate.ShortText)

	attributes := sent(map[string]json.RawMessage{"industry": in.Industry, "company_size": in.CompanySize, "timezone": in.Timezone})
	for _, name := range []string{"industry", "company_size", "timezone"} {
		textSetting(errs, name, attributes[name], validate.ShortText)
	}
	if step, _ := members(r.CustomAttributes)["onboarding_step"].(string); step == "account_update" {
		attributes["onboarding_step"] = json.RawMessage(`"invite_team"`)
	}
	if len(attributes) > 0 {
		r.CustomAttributes = desk.Merge(r.CustomAttributes, attributes)
	}
	in.applySettings(r, errs)
}

func (in updateAccountIn) applySettings(r *store.AccountRow, errs *validate.Errors) {
	settings := sent(map[string]json.RawMessage{
		"auto_resolve_after": in.AutoResolveAfter, "auto_resolve_message": in.AutoResolveMessage,
		"auto_resolve_ignore_waiting": in.AutoResolveIgnoreWaiting, "audio_transcriptions": in.AudioTranscriptions,
		"auto_resolve_label": in.AutoResolveLabel,
	})
	minutesSetting(errs, "auto_resolve_after", settings["auto_resolve_after"])
	textSetting(errs, "auto_resolve_message", settings["auto_resolve_message"], validate.LongText)
	for _, name := range []string{"auto_resolve_ignore_waiting", "audio_transcriptions"} {
		if v := string(settings[name]); v != "" && v != "null" && v != "true" && v != "false" {
			errs.Add(name, "must be of type boolean")
		}
	}
	textSetting(errs, "auto_resolve_label", settings["auto_resolve_label"], validate.ShortText)
	if len(settings) > 0 {
		r.Settings = desk.Merge(r.Settings, settings)
	}
}

// sent keeps the values that were sent.
func sent(values map[string]json.RawMessage) map[string]json.RawMessage {
	for name, v := range values {
		if v == nil {
			delete(values, name)
		}
	}
	return values
}

// textSetting demands a text or null.
func textSetting(errs *validate.Errors, name string, sent json.RawMessage, limit int) {
	if sent == nil {
		return
	}
	var text *string
	if err := json.Unmarshal(sent, &text); err != nil {
		errs.Add(name, "must be of type string")
		return
	}
	if text != nil {
		errs.MaxLen(name, *text, limit)
	}
}

// Minutes after which conversations resolve themselves: two years at most.
const (
	minResolveAfter = 10
	maxResolveAfter = 1439856
)

// minutesSetting demands a whole number in these bounds, or null.
func minutesSetting(errs *validate.Errors, name string, sent json.RawMessage) {
	var n *float64
	if sent == nil {
		return
	}
	switch err := json.Unmarshal(sent, &n); {
	case err != nil, n != nil && *n != float64(int64(*n)):
		errs.Add(name, "must be of type integer")
	case n == nil:
	case *n < minResolveAfter:
		errs.Add(name, fmt.Sprint("must be greater than or equal to ", minResolveAfter))
	case *n > maxResolveAfter:
		errs.Add(name, fmt.Sprint("must be less than or equal to ", maxResolveAfter))
	}
}

// localeNumber reads the code or the number of an account's language.
func localeNumber(text string) (int, bool) {
	if l, ok := wording.ParseLocale(text); ok {
		return l.Number(), true
	}
	n, err := strconv.Atoi(text)
	known := err == nil && slices.ContainsFunc(wording.Locales(), func(l wording.Locale) bool { return l.Number() == n })
	return n, known
}

func (a *API) activateAccount(ctx context.Context, c *route.Call, _ none) (route.Empty, error) {
	return route.Empty{}, a.Store.SetActive(ctx, c.Account.ID, c.User.ID)
}

type cacheKeysOut struct {
	CacheKeys cacheKeys `json:"cache_keys"`
}

func (a *API) showCacheKeys(ctx context.Context, c *route.Call, _ none) (cacheKeysOut, error) {
	keys, err := a.cacheKeysOf(ctx, c.Account.ID)
	c.SetHeader("Cache-Control", "max-age=10, private, stale-while-revalidate=300")
	return cacheKeysOut{keys}, err
}

// accountLimits has nothing to tell: only plans that are paid for limit conversations,
// and nothing is sold here. Dashboards ask all the same.
func (a *API) accountLimits(context.Context, *route.Call, none) (none, error) {
	return none{}, &route.Problem{Status: http.StatusNotFound, Body: errorOut{"Not found"}}
}
