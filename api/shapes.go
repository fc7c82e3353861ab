package api

import (
	"encoding/json"

	"tributary/api/route"
	"tributary/chat"
)

// What the types of answers do not say of themselves, for the description of the API.

var (
	_ route.Shaped      = inboxOut{}
	_ route.Shaped      = attachmentOut{}
	_ route.FieldShaped = messageOut{}
)

// inboxShape is an inbox: what every one has, what its channel adds, and what only
// administrators see.
type inboxShape struct {
	ID                         int64            `json:"id"`
	AvatarURL                  string           `json:"avatar_url"`
	ChannelID                  int64            `json:"channel_id"`
	Name                       string           `json:"name"`
	ChannelType                string           `json:"channel_type"`
	GreetingEnabled            bool             `json:"greeting_enabled"`
	GreetingMessage            *string          `json:"greeting_message"`
	WorkingHoursEnabled        bool             `json:"working_hours_enabled"`
	EnableEmailCollect         bool             `json:"enable_email_collect"`
	CSATSurveyEnabled          bool             `json:"csat_survey_enabled"`
	CSATConfig                 csatShape        `json:"csat_config"`
	EnableAutoAssignment       bool             `json:"enable_auto_assignment"`
	AutoAssignmentConfig       assignmentShape  `json:"auto_assignment_config"`
	OutOfOfficeMessage         *string          `json:"out_of_office_message"`
	WorkingHours               []workingHourOut `json:"working_hours"`
	Timezone                   string           `json:"timezone"`
	CallbackWebhookURL         *string          `json:"callback_webhook_url"`
	AllowMessagesAfterResolved bool             `json:"allow_messages_after_resolved"`
	LockToSingleConversation   bool             `json:"lock_to_single_conversation"`
	SenderNameType             string           `json:"sender_name_type" enum:"friendly,professional"`
	BusinessName               *string          `json:"business_name"`
	AllowedDomains             *string          `json:"allowed_domains"`
	WidgetColor                *string          `json:"widget_color"`
	WebsiteURL                 *string          `json:"website_url"`
	HMACMandatory              *bool            `json:"hmac_mandatory"`
	WelcomeTitle               *string          `json:"welcome_title"`
	WelcomeTagline             *string          `json:"welcome_tagline"`
	WebWidgetScript            *string          `json:"web_widget_script"`
	WebsiteToken               *string          `json:"website_token"`
	SelectedFeatureFlags       *[]string        `json:"selected_feature_flags"`
	ReplyTime                  *string          `json:"reply_time" enum:"in_a_few_minutes,in_a_few_hours,in_a_day"`
	MessagingServiceSID        *string          `json:"messaging_service_sid"`
	PhoneNumber                *string          `json:"phone_number"`
	Provider                   *string          `json:"provider"`

	HelpCenter              *helpCenterShape `json:"help_center,omitempty"`
	TweetsEnabled           bool             `json:"tweets_enabled,omitempty"`
	HMACToken               string           `json:"hmac_token,omitempty"`
	PreChatFormEnabled      bool             `json:"pre_chat_form_enabled,omitempty"`
	PreChatFormOptions      json.RawMessage  `json:"pre_chat_form_options,omitempty" schema:"object,null"`
	ContinuityViaEmail      bool             `json:"continuity_via_email,omitempty"`
	PageID                  string           `json:"page_id,omitempty"`
	ReauthorizationRequired bool             `json:"reauthorization_required,omitempty"`
	InstagramID             string           `json:"instagram_id,omitempty"`
	Medium                  string           `json:"medium,omitempty" enum:"sms,whatsapp"`
	ContentTemplates        json.RawMessage  `json:"content_templates,omitempty"`
	AuthToken               string           `json:"auth_token,omitempty"`
	AccountSID              string           `json:"account_sid,omitempty"`
	WebhookURL              string           `json:"webhook_url,omitempty" schema:"string,null"`
	InboxIdentifier         string           `json:"inbox_identifier,omitempty"`
	AdditionalAttributes    json.RawMessage  `json:"additional_attributes,omitempty"`
	BotName                 string           `json:"bot_name,omitempty"`
	MessageTemplates        json.RawMessage  `json:"message_templates,omitempty" schema:"object,array"`
	ProviderConfig          json.RawMessage  `json:"provider_config,omitempty"`
	VoiceCallWebhookURL     string           `json:"voice_call_webhook_url,omitempty"`
	VoiceStatusWebhookURL   string           `json:"voice_status_webhook_url,omitempty"`

	emailShape

	// The program's own, for administrators: how the inbox's webhooks are doing.
	SignatureMode        string `json:"signature_mode,omitempty"`
	Registration         string `json:"registration,omitempty"`
	RegistrationError    string `json:"registration_error,omitempty" schema:"string,null"`
	WebhookSecretMissing string `json:"webhook_secret_missing,omitempty"`
}

// emailShape is what an inbox of the e-mail channel adds.
type emailShape struct {
	ForwardToEmail    string  `json:"forward_to_email,omitempty" schema:"string,null"`
	Email             string  `json:"email,omitempty" schema:"string,null"`
	IMAPLogin         string  `json:"imap_login,omitempty" schema:"string,null"`
	IMAPPassword      string  `json:"imap_password,omitempty" schema:"string,null"`
	IMAPAddress       string  `json:"imap_address,omitempty" schema:"string,null"`
	IMAPPort          int     `json:"imap_port,omitempty" schema:"integer,null"`
	IMAPEnabled       bool    `json:"imap_enabled,omitempty"`
	IMAPEnableSSL     bool    `json:"imap_enable_ssl,omitempty"`
	SMTPLogin         string  `json:"smtp_login,omitempty" schema:"string,null"`
	SMTPPassword      string  `json:"smtp_password,omitempty" schema:"string,null"`
	SMTPAddress       string  `json:"smtp_address,omitempty" schema:"string,null"`
	SMTPPort          int     `json:"smtp_port,omitempty" schema:"integer,null"`
	SMTPEnabled       bool    `json:"smtp_enabled,omitempty"`
	SMTPDomain        string  `json:"smtp_domain,omitempty" schema:"string,null"`
	SMTPEnableTLS     bool    `json:"smtp_enable_ssl_tls,omitempty"`
	SMTPStartTLS      bool    `json:"smtp_enable_starttls_auto,omitempty"`
	SMTPVerifyMode    string  `json:"smtp_openssl_verify_mode,omitempty" schema:"string,null"`
	SMTPAuthenticaton *string `json:"smtp_authentication,omitempty" schema:"string,null"`
}

type helpCenterShape struct {
	Name string `json:"name"`
	Slug string `json:"slug"`
}

// csatShape is empty until it is set.
type csatShape struct {
	DisplayType string `json:"display_type,omitempty" schema:"string,null"`
	Message     string `json:"message,omitempty" schema:"string,null"`
	SurveyRules *struct {
		Operator string   `json:"operator" schema:"string,null"`
		Values   []string `json:"values"`
	} `json:"survey_rules,omitempty"`
}

// assignmentShape is empty until it is set; the limit is kept as it was sent.
type assignmentShape struct {
	MaxAssignmentLimit any `json:"max_assignment_limit,omitempty" schema:"integer,string,null"`
}

// Shape implements route.Shaped.
func (inboxOut) Shape() any { return inboxShape{} }

// FieldShapes implements route.FieldShaped.
func (inboxShape) FieldShapes() map[string]any {
	return map[string]any{"channel_type": route.Enum(
		"Channel::WebWidget", "Channel::Api", "Channel::Email", "Channel::Line",
		"Channel::Telegram", "Channel::Sms", "Channel::Whatsapp", "Channel::Voice",
		"Channel::TwilioSms", "Channel::FacebookPage", "Channel::Instagram", "Channel::TwitterProfile",
	)}
}

// FieldShapes implements route.FieldShaped.
func (inboxSlim) FieldShapes() map[string]any {
	return map[string]any{"provider": route.Schema{"type": []string{"string", "null"}}}
}

// attachmentShape is an attachment: which keys it has depends on its type.
type attachmentShape struct {
	ID              int64           `json:"id"`
	MessageID       int64           `json:"message_id"`
	FileType        string          `json:"file_type"`
	AccountID       int64           `json:"account_id"`
	Lat             float64         `json:"coordinates_lat,omitempty" schema:"number,null"`
	Long            float64         `json:"coordinates_long,omitempty" schema:"number,null"`
	FallbackTitle   string          `json:"fallback_title,omitempty" schema:"string,null"`
	DataURL         string          `json:"data_url,omitempty" schema:"string,null"`
	ThumbURL        string          `json:"thumb_url,omitempty"`
	Extension       string          `json:"extension,omitempty" schema:"string,null"`
	FileSize        int64           `json:"file_size,omitempty"`
	Width           int             `json:"width,omitempty" schema:"integer,null"`
	Height          int             `json:"height,omitempty" schema:"integer,null"`
	TranscribedText string          `json:"transcribed_text,omitempty"`
	Meta            json.RawMessage `json:"meta,omitempty"`
}

// Shape implements route.Shaped.
func (attachmentOut) Shape() any { return attachmentShape{} }

// FieldShapes implements route.FieldShaped.
func (attachmentShape) FieldShapes() map[string]any {
	return map[string]any{"file_type": route.Enum(chat.FileTypes...)}
}

func messageShapes() map[string]any {
	return map[string]any{
		"message_type": route.Schema{"type": "integer", "enum": []int{0, 1, 2, 3}, "description": "incoming, outgoing, activity, template"},
		"content_type": route.Enum(chat.ContentTypes...),
		"sender":       senderShape,
		"echo_id":      route.Schema{},
		"status":       route.Enum("sent", "delivered", "read", "failed"),
	}
}

// botPush is an agent bot inside messages and events.
type botPush struct {
	ID        int64   `json:"id"`
	Name      *string `json:"name"`
	AvatarURL string  `json:"avatar_url"`
	Type      string  `json:"type" enum:"agent_bot"`
}

// senderShape is who wrote a message.
var senderShape = route.OneOf(userPush{}, contactPush{}, botPush{})

// FieldShapes implements route.FieldShaped.
func (messageOut) FieldShapes() map[string]any { return messageShapes() }

// FieldShapes implements route.FieldShaped.
func (publicMessageOut) FieldShapes() map[string]any { return messageShapes() }

// FieldShapes implements route.FieldShaped.
func (conversationOut) FieldShapes() map[string]any {
	return map[string]any{
		"status":   route.Enum("open", "resolved", "pending", "snoozed"),
		"priority": route.Schema{"type": []string{"string", "null"}, "enum": []any{"low", "medium", "high", "urgent", nil}},
	}
}

// FieldShapes implements route.FieldShaped.
func (accountShown) FieldShapes() map[string]any {
	return map[string]any{"subscribed_features": route.Schema{"type": []string{"array", "null"}, "items": route.Schema{"type": "string"}}}
}
