package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

// Kind is a kind of channel that the simulator plays.
type Kind string

// The kinds, one per transport.
const (
	Facebook       Kind = "facebook"        // Messenger page
	InstagramLogin Kind = "instagram"       // Instagram account with its own login
	InstagramPage  Kind = "instagram_page"  // Instagram account linked to a Facebook page
	Twitter        Kind = "twitter"         // X profile, direct messages
	Line           Kind = "line"            // LINE official account
	Telegram       Kind = "telegram"        // Telegram bot
	SMS            Kind = "sms"             // Bandwidth number
	WhatsAppCloud  Kind = "whatsapp_cloud"  // WhatsApp number at Meta
	WhatsApp360    Kind = "whatsapp_360"    // WhatsApp number at 360dialog, API v1
	TwilioSMS      Kind = "twilio_sms"      // Twilio number
	TwilioWhatsApp Kind = "twilio_whatsapp" // WhatsApp sender at Twilio
	API            Kind = "api"             // customer's own channel
)

// Kinds lists all kinds in the order in which they are shown.
func Kinds() []Kind {
	return []Kind{
		Facebook, InstagramLogin, InstagramPage, WhatsAppCloud, WhatsApp360, Telegram,
		Line, SMS, TwilioSMS, TwilioWhatsApp, Twitter, API,
	}
}

// Title is the name of the kind for people.
func (k Kind) Title() string {
	switch k {
	case Facebook:
		return "Facebook"
	case InstagramLogin:
		return "Instagram"
	case InstagramPage:
		return "Instagram (page)"
	case Twitter:
		return "X (Twitter)"
	case Line:
		return "LINE"
	case Telegram:
		return "Telegram"
	case SMS:
		return "SMS"
	case WhatsAppCloud:
		return "WhatsApp Cloud"
	case WhatsApp360:
		return "WhatsApp 360"
	case TwilioSMS:
		return "Twilio SMS"
	case TwilioWhatsApp:
		return "Twilio WhatsApp"
	case API:
		return "API"
	}
	return string(k)
}

// Receipts are the delivery states that the provider reports after accepting a
// message, in order; empty: it has none.
func (k Kind) Receipts() []string {
	switch k {
	case Facebook, WhatsAppCloud, WhatsApp360, TwilioWhatsApp:
		return []string{Delivered, Read}
	case InstagramLogin, InstagramPage, Twitter, API:
		return []string{Read}
	case SMS, TwilioSMS:
		return []string{Delivered}
	case Line, Telegram:
	}
	return nil
}

// Batches tells whether the provider puts several events into one request.
func (k Kind) Batches() bool {
	switch k {
	case Telegram, TwilioSMS, TwilioWhatsApp, API:
		return false
	default:
		return true
	}
}

// Channel is one identity at a provider: a page, a number, a bot. Its secrets
// are made at random by Start.
type Channel struct {
	Kind    Kind
	Index   int    // from 0 among its kind
	Name    string // inbox name
	Address string // what webhooks call it: page id, number with +, bot id, …

	page     string // instagram_page: the page it is linked to
	token    string // access token, api key, bot token or auth token
	secret   string // LINE channel secret, Bandwidth api secret, X token secret
	account  string // Bandwidth account, Twilio account, WhatsApp business account
	app      string // Bandwidth application, WhatsApp phone number id
	user     string // Bandwidth: name of the webhook's credentials
	password string // Bandwidth: their password
	verify   string // WhatsApp Cloud: verify token of the webhook
	hook     string // API: address of the customer's webhook receiver

	registration atomic.Pointer[Registration]
	identifier   atomic.Pointer[string]
	templates    atomic.Pointer[[]json.RawMessage]
	contents     twilioContents
	waba         *WABA // WhatsApp Cloud: the account of the number
}

// SetTemplates makes the provider list these message templates, in its own form.
func (c *Channel) SetTemplates(list ...json.RawMessage) {
	if c.waba != nil { // the numbers of an account share them
		c.waba.SetTemplates(list...)
		return
	}
	c.templates.Store(&list)
}

// templatePage is a part of a list: what comes after the given number of entries,
// at most limit of them, and whether more follow.
func templatePage(all *[]json.RawMessage, after, limit int) (page []json.RawMessage, more bool) {
	page = []json.RawMessage{}
	if all != nil && after >= 0 && after < len(*all) {
		page = (*all)[after:min(after+max(limit, 1), len(*all))]
		more = after+len(page) < len(*all)
	}
	return page, more
}

// Attach tells an API channel the inbox_identifier that the program gave to its
// inbox; nothing can be delivered before.
func (c *Channel) Attach(identifier string) { c.identifier.Store(&identifier) }

// CreatePath is the route below /api/v1/accounts/:id that creates the inbox.
// It is empty for the kinds that are connected by OAuth: Params holds their
// settings then.
func (c *Channel) CreatePath() string {
	switch c.Kind {
	case Facebook, InstagramLogin, InstagramPage, Twitter:
		return ""
	case TwilioSMS, TwilioWhatsApp:
		return "channels/twilio_channel"
	default:
		return "inboxes"
	}
}

// Params is the body of the request to CreatePath, or the channel's settings
// where there is no such route.
func (c *Channel) Params() json.RawMessage {
	var v any
	switch c.Kind {
	case Facebook:
		v = map[string]any{"page_id": c.Address, "page_access_token": c.token, "user_access_token": c.token + "U"}
	case InstagramPage:
		v = map[string]any{
			"page_id": c.page, "page_access_token": c.token, "user_access_token": c.token + "U",
			"instagram_id": c.Address,
		}
	case InstagramLogin:
		v = map[string]any{
			"instagram_id": c.Address, "access_token": c.token,
			"expires_at": time.Now().UTC().AddDate(0, 0, 60).Format(time.RFC3339),
		}
	case Twitter:
		v = map[string]any{
			"profile_id": c.Address, "twitter_access_token": c.token,
			"twitter_access_token_secret": c.secret, "tweets_enabled": true,
		}
	case TwilioSMS, TwilioWhatsApp:
		v = map[string]any{"twilio_channel": map[string]any{
			"name": c.Name, "medium": c.medium(), "account_sid": c.account, "auth_token": c.token,
			"phone_number": c.number(),
		}}
	default:
		v = map[string]any{"name": c.Name, "channel": c.channelParams()}
	}
	b, _ := json.Marshal(v) //nolint:errchkjson // maps of strings and booleans always encode
	return b
}

func (c *Channel) channelParams() map[string]any {
	switch c.Kind {
	case Line:
		return map[string]any{
			"type": "line", "line_channel_id": c.Address,
			"line_channel_secret": c.secret, "line_channel_token": c.token,
		}
	case Telegram:
		return map[string]any{"type": "telegram", "bot_token": c.token}
	case SMS:
		return map[string]any{"type": "sms", "phone_number": c.Address, "provider_config": map[string]any{
			"account_id": c.account, "application_id": c.app, "api_key": c.token, "api_secret": c.secret,
			"webhook_username": c.user, "webhook_password": c.password,
		}}
	case WhatsAppCloud:
		return map[string]any{
			"type": "whatsapp", "provider": "whatsapp_cloud", "phone_number": c.Address,
			"provider_config": map[string]any{
				"api_key": c.token, "phone_number_id": c.app, "business_account_id": c.account,
				"webhook_verify_token": c.verify,
			},
		}
	case WhatsApp360:
		return map[string]any{
			"type": "whatsapp", "provider": "default", "phone_number": c.Address,
			"provider_config": map[string]any{"api_key": c.token},
		}
	default:
		return map[string]any{"type": "api", "webhook_url": c.hook}
	}
}

func (c *Channel) medium() string {
	if c.Kind == TwilioWhatsApp {
		return "whatsapp"
	}
	return "sms"
}

// number is the phone number without the whatsapp: prefix.
func (c *Channel) number() string { return strings.TrimPrefix(c.Address, "whatsapp:") }

// digits is the phone number without prefix and plus sign.
func (c *Channel) digits() string { return strings.TrimPrefix(c.number(), "+") }

// ErrNotRegistered says that the program has not told the provider where and
// with which proof to deliver webhooks yet.
var ErrNotRegistered = errors.New("simulator: the program has not registered its webhook")

// identities makes n channels of a kind. run separates the public ids of one
// simulator from those of another, so that both can meet the same database.
func (s *Simulator) identities(kind Kind, n int) []*Channel {
	list := make([]*Channel, 0, n)
	for i := range n {
		c := &Channel{Kind: kind, Index: i, Name: kind.Title()}
		if n > 1 {
			c.Name = fmt.Sprintf("%s %d", kind.Title(), i+1)
		}
		s.identify(c)
		list = append(list, c)
	}
	return list
}

func (s *Simulator) identify(c *Channel) {
	id := func(prefix string) string { return fmt.Sprintf("%s%06d%05d", prefix, s.run%1_000_000, c.Index) }
	// Numbers are of the North American plan; 555 is the exchange of fiction.
	line := c.Index + int(s.run%10_000)
	phone := func(area int) string { return fmt.Sprintf("+1%d555%04d", area+line/10_000, line%10_000) }
	c.token = token(24)
	switch c.Kind {
	case Facebook:
		c.Address, c.token = id("2044"), "EAAP"+c.token
	case InstagramPage:
		c.Address, c.page, c.token = id("178414"), id("2045"), "EAAQ"+c.token
	case InstagramLogin:
		c.Address, c.token = id("178415"), "IGAA"+c.token
	case Twitter:
		c.Address, c.token, c.secret = id("15000000"), id("15000000")+"-"+c.token, token(22)
	case Line:
		c.Address, c.secret = id("200"), token(16)
	case Telegram:
		c.Address = id("7")
		c.token = c.Address + ":AA" + c.token[:33]
	case SMS:
		c.Address, c.account, c.app = phone(503), id("55"), uuid()
		c.secret, c.user, c.password = token(20), "hook", token(16)
	case WhatsAppCloud:
		c.Address, c.app, c.account = phone(971), id("3366"), id("9900")
		c.token, c.verify = "EAAW"+c.token, token(16)
	case WhatsApp360:
		c.Address = phone(541)
	case TwilioSMS:
		c.Address, c.account = phone(415), "AC"+token(16)
	case TwilioWhatsApp:
		c.Address, c.account = "whatsapp:"+phone(628), "AC"+token(16)
	case API:
		c.Address = token(12)
		c.hook = s.base + "/customer/" + c.Address
	}
}
