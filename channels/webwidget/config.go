package webwidget

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"tributary/channels"
	"tributary/internal/validate"
	"tributary/wording"
)

// config is what the store keeps of a website.
type config struct {
	Token          string         `json:"website_token"`
	HMACToken      string         `json:"hmac_token"`
	HMACMandatory  bool           `json:"hmac_mandatory"`
	URL            string         `json:"website_url"`
	Color          string         `json:"widget_color"`
	Title          *string        `json:"welcome_title"`
	Tagline        *string        `json:"welcome_tagline"`
	ReplyTime      int            `json:"reply_time"`    // of replyTimes
	Features       int            `json:"feature_flags"` // a set, bit n for featureNames[n]
	AllowedDomains string         `json:"allowed_domains"`
	Continuity     bool           `json:"continuity_via_email"`
	PreChatEnabled bool           `json:"pre_chat_form_enabled"`
	PreChat        map[string]any `json:"pre_chat_form_options"`
}

const (
	defaultColor    = "#1f93ff"
	defaultFeatures = 0b111
)

// featureNames are in the order of their bits.
var featureNames = [...]string{"attachments", "emoji_picker", "end_conversation", "use_inbox_avatar_for_bot"}

// replyTimes are in the order of their stored numbers.
var replyTimes = [...]string{"in_a_few_minutes", "in_a_few_hours", "in_a_day"}

func (c *config) replyTime() string {
	if c.ReplyTime < 0 || c.ReplyTime >= len(replyTimes) {
		return replyTimes[0]
	}
	return replyTimes[c.ReplyTime]
}

// features are the names of those that are on.
func (c *config) features() []string {
	out := []string{}
	for bit, name := range featureNames {
		if c.Features&(1<<bit) != 0 {
			out = append(out, name)
		}
	}
	return out
}

// featureSet is the set of the named features; unknown names are none.
func featureSet(names []any) int {
	set := 0
	for _, name := range names {
		for bit, known := range featureNames {
			if name == known {
				set |= 1 << bit
			}
		}
	}
	return set
}

// Create implements channels.Creator.
func (d *driver) Create(ctx context.Context, params json.RawMessage) (channels.Draft, error) {
	return d.CreateFor(ctx, channels.Account{}, params)
}

// CreateFor implements channels.AccountCreator: the form before a chat asks in the
// account's language.
func (d *driver) CreateFor(_ context.Context, account channels.Account, params json.RawMessage) (channels.Draft, error) {
	c := config{
		Token: channels.ShortToken(), HMACToken: channels.ShortToken(), Color: defaultColor, Features: defaultFeatures, Continuity: true,
	}
	settings, err := c.apply(account.Locale, params)
	return channels.Draft{Settings: settings}, err
}

// Update implements channels.Creator. Keys that are absent keep their value;
// pre_chat_form_options and selected_feature_flags are replaced as a whole.
func (d *driver) Update(_ context.Context, ch *channels.Channel, params json.RawMessage) (json.RawMessage, error) {
	c := *configOf(ch)
	return c.apply(ch.Locale, params)
}

// apply sets what params contain, checks it and encodes the settings.
func (c *config) apply(l wording.Locale, params json.RawMessage) (json.RawMessage, error) {
	p, err := channels.ReadParams(params)
	if err != nil {
		return nil, err
	}
	var errs validate.Errors
	p.Line("website_url", &c.URL)
	p.Line("widget_color", &c.Color)
	p.NullableText("welcome_title", &c.Title)
	p.NullableText("welcome_tagline", &c.Tagline)
	p.Text("allowed_domains", &c.AllowedDomains)
	p.Bool("hmac_mandatory", &c.HMACMandatory)
	p.Bool("pre_chat_form_enabled", &c.PreChatEnabled)
	p.Bool("continuity_via_email", &c.Continuity)
	c.applyReplyTime(p, &errs)
	if names, sent := p.List("selected_feature_flags"); sent {
		c.Features = featureSet(names)
	}
	if options, ok := p.Object("pre_chat_form_options"); ok {
		c.PreChat = formOf(options)
	}
	if fields, _ := c.PreChat["pre_chat_fields"].([]any); len(fields) == 0 {
		c.PreChat = defaultForm(l)
	}
	c.check(&errs)
	if err := errs.Err(); err != nil {
		return nil, err
	}
	settings, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("webwidget: encode settings: %w", err)
	}
	return settings, nil
}

func (c *config) applyReplyTime(p channels.Params, errs *validate.Errors) {
	var sent *string
	p.NullableText("reply_time", &sent)
	if sent == nil {
		return
	}
	n := slices.Index(replyTimes[:], *sent)
	if n < 0 {
		n, _ = strconv.Atoi(*sent)
		if strconv.Itoa(n) != *sent || n < 0 || n >= len(replyTimes) {
			errs.Add("reply_time", validate.NotListed)
			return
		}
	}
	c.ReplyTime = n
}

func (c *config) check(errs *validate.Errors) {
	for _, f := range []struct {
		name, value string
		required    bool
		most        int
	}{
		{"website_url", c.URL, true, validate.ShortText},
		{"widget_color", c.Color, true, validate.ShortText},
		{"welcome_title", textOf(c.Title), false, validate.ShortText},
		{"welcome_tagline", textOf(c.Tagline), false, validate.ShortText},
		{"allowed_domains", c.AllowedDomains, false, validate.LongText},
	} {
		if f.required {
			errs.Present(f.name, f.value)
		}
		errs.MaxLen(f.name, f.value, f.most)
	}
}

func textOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// formOf keeps what a form before the chat has.
func formOf(options channels.Params) map[string]any {
	form := picked(options, "pre_chat_message", "require_email")
	list, _ := options.List("pre_chat_fields")
	fields := []any{}
	for _, f := range list {
		if one, ok := f.(map[string]any); ok {
			field := picked(one, "field_type", "label", "placeholder", "name", "enabled", "type", "required", "locale", "regex_pattern", "regex_cue")
			if values, ok := one["values"].([]any); ok {
				field["values"] = values
			}
			fields = append(fields, field)
		}
	}
	form["pre_chat_fields"] = fields
	return form
}

// picked are the named members that are no lists and no objects.
func picked(m map[string]any, names ...string) map[string]any {
	out := map[string]any{}
	for _, name := range names {
		v, sent := m[name]
		switch v.(type) {
		case []any, map[string]any:
			sent = false
		}
		if sent {
			out[name] = v
		}
	}
	return out
}

// defaultForm is what a website has that nobody made a form for. Clients know the
// fields by their names, and translate their labels.
func defaultForm(l wording.Locale) map[string]any {
	field := func(label, name, kind string, required bool) any {
		return map[string]any{"field_type": "standard", "label": label, "name": name, "type": kind, "required": required, "enabled": false}
	}
	return map[string]any{
		"pre_chat_message": l.Say(wording.CustomerPreChat.Text()),
		"pre_chat_fields": []any{
			field("Email Id", "emailAddress", "email", true),
			field("Full name", "fullName", "text", false),
			field("Phone number", "phoneNumber", "text", false),
		},
	}
}
