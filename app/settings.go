package app

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"tributary/dashboard"
	"tributary/desk"
	"tributary/mail"
	"tributary/store"
)

// settingNames are the environment variables that are installation settings:
// what drivers, the engine of WhatsApp numbers and mail ask for. Names are Chatwoot's
// where it has one.
var settingNames = slices.Concat([]string{
	"FB_APP_ID", "FB_APP_SECRET", "FB_VERIFY_TOKEN", "FACEBOOK_API_VERSION", "ENABLE_MESSENGER_CHANNEL_HUMAN_AGENT",
	"IG_VERIFY_TOKEN", "INSTAGRAM_APP_ID", "INSTAGRAM_APP_SECRET", "INSTAGRAM_VERIFY_TOKEN", "INSTAGRAM_API_VERSION",
	"ENABLE_INSTAGRAM_CHANNEL_HUMAN_AGENT", "FACEBOOK_MESSAGE_TAG",
	"TWITTER_APP_ID", "TWITTER_CONSUMER_KEY", "TWITTER_CONSUMER_SECRET", "TWITTER_ENVIRONMENT",
	"WHATSAPP_APP_ID", "WHATSAPP_APP_SECRET", "WHATSAPP_CONFIGURATION_ID", "WHATSAPP_API_VERSION",
	"WHATSAPP_WEBHOOK_VERIFY_TOKEN", "WHATSAPP_AUTO_REGISTRATION", "INACTIVE_WHATSAPP_NUMBERS", "ACCOUNT_INBOXES_LIMIT",
	"ACCOUNT_AGENTS_LIMIT", "MAILER_SUPPORT_EMAIL", "MAILER_INBOUND_EMAIL_DOMAIN", "CHATWOOT_CLOUD_PLAN_FEATURES",
	"FACEBOOK_GRAPH_URL", "INSTAGRAM_GRAPH_URL", "WHATSAPP_CLOUD_BASE_URL", "WHATSAPP_360_BASE_URL", "TELEGRAM_API_URL",
	"LINE_API_URL", "LINE_DATA_API_URL", "TWILIO_API_URL", "BANDWIDTH_MESSAGING_URL", "TWITTER_API_URL", "CHATWOOT_INBOX_HMAC_KEY",
	signupSetting, "HCAPTCHA_SERVER_KEY", "HCAPTCHA_API_URL", "BLOCKED_EMAIL_DOMAINS", "ACCOUNT_LEVEL_FEATURE_DEFAULTS",
	"INSTALLATION_EVENTS_WEBHOOK_URL", "ENABLE_INBOX_EVENTS",
	desk.MFAPrevious,
}, desk.MFASettings, mail.Settings, desk.PushSettings, desk.GoogleSettings, desk.ContactSettings, dashboard.MoreSettings)

// signupSetting opens sign-up.
const signupSetting = "ENABLE_ACCOUNT_SIGNUP"

// settings answers what drivers ask: the stored value, else the environment's.
type settings struct {
	store       *store.Store
	keys        *keys
	log         *slog.Logger
	environment map[string]string
	stored      atomic.Pointer[map[string]string]
	version     int64
}

func newSettings(s *store.Store, k *keys, log *slog.Logger, environment map[string]string) *settings {
	x := &settings{store: s, keys: k, log: log, environment: environment, version: -1}
	x.stored.Store(&map[string]string{})
	return x
}

// Get reads a setting by its environment name.
func (s *settings) Get(name string) string {
	if v, ok := (*s.stored.Load())[name]; ok {
		return v
	}
	return s.environment[name]
}

// signupOpen tells whether anybody may make an account: because the stored setting
// says so, or the environment's. It is closed where neither does.
func (s *settings) signupOpen() bool {
	for _, value := range []string{(*s.stored.Load())[signupSetting], s.environment[signupSetting]} {
		if value != "" && !strings.EqualFold(value, "false") {
			return true
		}
	}
	return false
}

// refresh reads the stored settings again when they changed, and follows the key that
// they are sealed with.
func (s *settings) refresh(ctx context.Context) error {
	if err := s.keys.reread(); err != nil {
		return err
	}
	version, err := s.store.Version(ctx, store.TopicSettings)
	if err != nil || version == s.version {
		return err
	}
	if err := s.keys.follow(ctx, s.store); err != nil {
		return err
	}
	stored, err := s.store.Settings(ctx)
	if err != nil {
		return err
	}
	s.stored.Store(&stored)
	s.version = version
	return nil
}

// Name implements the worker contract.
func (s *settings) Name() string { return "installation settings" }

// Run follows the change feed.
func (s *settings) Run(ctx context.Context) error {
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := s.refresh(ctx); err != nil && ctx.Err() == nil && !store.Transient(err) {
				s.log.Warn("installation settings not refreshed", "error", err)
			}
		}
	}
}
