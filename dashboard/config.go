package dashboard

import (
	"slices"
	"strings"

	"github.com/valyala/fasthttp"
)

// language is one that the page may be shown in.
type language struct {
	Name string `json:"name"`
	Code string `json:"iso_639_1_code"`
}

// languages are in the order in which clients list them.
var languages = []language{
	{"English", "en"},
	{"العربية", "ar"},
	{"Nederlands", "nl"},
	{"Français", "fr"},
	{"Deutsch", "de"},
	{"Italiano", "it"},
	{"日本語", "ja"},
	{"한국어", "ko"},
	{"Português", "pt"},
	{"Русский", "ru"},
	{"Español", "es"},
	{"മലയാളം", "ml"},
	{"Català", "ca"},
	{"Ελληνικά", "el"},
	{"Português (Brasil)", "pt_BR"},
	{"Română", "ro"},
	{"தமிழ்", "ta"},
	{"فارسی", "fa"},
	{"繁體中文", "zh_TW"},
	{"Tiếng Việt", "vi"},
	{"Dansk", "da"},
	{"Türkçe", "tr"},
	{"Čeština", "cs"},
	{"Suomi", "fi"},
	{"Bahasa Indonesia", "id"},
	{"Svenska", "sv"},
	{"Magyar", "hu"},
	{"Norsk", "no"},
	{"简体中文", "zh_CN"},
	{"Polski", "pl"},
	{"Slovenčina", "sk"},
	{"Українська", "uk"},
	{"ไทย", "th"},
	{"Latviešu", "lv"},
	{"Íslenska", "is"},
	{"עברית", "he"},
	{"Lietuvių", "lt"},
	{"Српски", "sr"},
	{"Български", "bg"},
}

// locale is the language of a page: what its address asks for, else the
// installation's.
func (d *Dashboard) locale(ctx *fasthttp.RequestCtx) string {
	for _, wanted := range []string{string(ctx.QueryArgs().Peek("locale")), d.opts.Locale} {
		if slices.ContainsFunc(languages, func(l language) bool { return l.Code == wanted }) {
			return wanted
		}
	}
	return "en"
}

func direction(locale string) string {
	switch locale {
	case "ar", "fa", "he":
		return "rtl"
	}
	return "ltr"
}

// helpURLs are the pages of the manual that screens point to.
func helpURLs() map[string]string {
	const base = "https://chwt.app/hc/"
	urls := map[string]string{}
	for feature, page := range map[string]string{
		"channel_email": "email", "channel_facebook": "fb", "help_center": "help-center", "agent_bots": "agent-bots", "team_management": "teams",
		"labels": "labels", "custom_attributes": "custom-attributes", "canned_responses": "canned", "integrations": "integrations",
		"campaigns": "campaigns", "reports": "reports", "message_reply_to": "reply-to", "sla": "sla",
	} {
		urls[feature] = base + page
	}
	return urls
}

// page is the data block: the globals that scripts know, by their names.
type page struct {
	ChatwootConfig     map[string]any    `json:"chatwootConfig"`
	GlobalConfig       map[string]string `json:"globalConfig"`
	BrowserConfig      map[string]string `json:"browserConfig"`
	ErrorLoggingConfig string            `json:"errorLoggingConfig"`
	AnalyticsConfig    map[string]string `json:"analyticsConfig,omitempty"`
}

// shown are the settings that the page knows by their own names. None is a secret.
var shown = []string{
	"LOGO", "LOGO_DARK", "LOGO_THUMBNAIL", "INSTALLATION_NAME", "WIDGET_BRAND_URL", "TERMS_URL", "BRAND_URL", "BRAND_NAME", "PRIVACY_URL",
	"DISPLAY_MANIFEST", "CREATE_NEW_ACCOUNT_FROM_DASHBOARD", "CHATWOOT_INBOX_TOKEN", "API_CHANNEL_NAME", "API_CHANNEL_THUMBNAIL",
	"ANALYTICS_TOKEN", "DIRECT_UPLOADS_ENABLED", "HCAPTCHA_SITE_KEY", "LOGOUT_REDIRECT_LINK", "DISABLE_USER_PROFILE_UPDATE", "DEPLOYMENT_ENV",
	"INSTALLATION_PRICING_PLAN", "FB_APP_ID", "INSTAGRAM_APP_ID", "FACEBOOK_API_VERSION", "WHATSAPP_APP_ID", "WHATSAPP_CONFIGURATION_ID",
	"AZURE_APP_ID",
}

// MoreSettings are the settings that only the page reads: whoever reads the
// environment must know them.
var MoreSettings = []string{
	"INSTALLATION_NAME", "BRAND_NAME", "BRAND_URL", "WIDGET_BRAND_URL", "LOGO", "LOGO_DARK", "LOGO_THUMBNAIL", "TERMS_URL", "PRIVACY_URL",
	"DISPLAY_MANIFEST", "DASHBOARD_SCRIPTS", "LOGOUT_REDIRECT_LINK", "DISABLE_USER_PROFILE_UPDATE", "GOOGLE_OAUTH_CLIENT_ID",
	"GOOGLE_OAUTH_CALLBACK_URL", "HELPCENTER_URL", "IOS_APP_IDENTIFIER", "DISABLE_ENTERPRISE", "ANALYTICS_TOKEN", "HCAPTCHA_SITE_KEY",
}

// defaults are of settings that nobody set.
var defaults = map[string]string{
	"INSTALLATION_NAME": "Tributary", "BRAND_NAME": "Tributary", "LOGO": "/brand-assets/logo.svg", "LOGO_DARK": "/brand-assets/logo_dark.svg",
	"LOGO_THUMBNAIL": "/brand-assets/logo_thumbnail.svg", "DISPLAY_MANIFEST": "true", "CREATE_NEW_ACCOUNT_FROM_DASHBOARD": "false",
	"DIRECT_UPLOADS_ENABLED": "false", "LOGOUT_REDIRECT_LINK": "/app/login", "DISABLE_USER_PROFILE_UPDATE": "false",
	"DEPLOYMENT_ENV": "self-hosted", "INSTALLATION_PRICING_PLAN": "community", "FACEBOOK_API_VERSION": "v18.0", "WHATSAPP_API_VERSION": "v22.0",
}

func (d *Dashboard) brand(name string) string {
	if v := d.opts.Setting(name); v != "" {
		return v
	}
	return defaults[name]
}

func on(setting string) bool { return setting != "" && !strings.EqualFold(setting, "false") }

func text(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// config is what the page is told.
func (d *Dashboard) config(locale, userAgent string) page {
	signup, enterprise := text(d.opts.SignupOpen()), text(!on(d.opts.Setting("DISABLE_ENTERPRISE")))
	vapid := d.opts.PushKey()
	global := map[string]string{
		"APP_VERSION": d.opts.Version, "GIT_SHA": d.opts.Release, "VAPID_PUBLIC_KEY": vapid, "ENABLE_ACCOUNT_SIGNUP": signup, "IS_ENTERPRISE": enterprise,
	}
	for _, name := range shown {
		global[name] = d.brand(name)
	}
	out := page{
		ChatwootConfig: map[string]any{
			"hostURL": d.opts.PublicURL, "helpCenterURL": d.brand("HELPCENTER_URL"), "fbAppId": d.brand("FB_APP_ID"),
			"instagramAppId": d.brand("INSTAGRAM_APP_ID"), "googleOAuthClientId": d.brand("GOOGLE_OAUTH_CLIENT_ID"),
			"googleOAuthCallbackUrl": d.googleCallback(), "fbApiVersion": d.brand("FACEBOOK_API_VERSION"),
			"whatsappAppId": d.brand("WHATSAPP_APP_ID"), "whatsappConfigurationId": d.brand("WHATSAPP_CONFIGURATION_ID"),
			"whatsappApiVersion": d.brand("WHATSAPP_API_VERSION"), "signupEnabled": signup, "isEnterprise": enterprise,
			"isMfaEnabled": text(d.opts.MFA()), "vapidPublicKey": vapid, "enabledLanguages": languages, "helpUrls": helpURLs(),
			"selectedLocale": locale,
		},
		GlobalConfig: global, BrowserConfig: map[string]string{"browser_name": browser(userAgent)},
		ErrorLoggingConfig: d.brand("SENTRY_FRONTEND_DSN"),
	}
	if enterprise == "true" {
		out.ChatwootConfig["enterprisePlanName"] = d.brand("INSTALLATION_PRICING_PLAN")
	}
	if token := d.brand("ANALYTICS_TOKEN"); token != "" {
		out.AnalyticsConfig = map[string]string{"token": token}
	}
	return out
}

// googleCallback is where Google leads people back to.
func (d *Dashboard) googleCallback() string {
	if u := d.opts.Setting("GOOGLE_OAUTH_CALLBACK_URL"); u != "" {
		return u
	}
	return d.opts.PublicURL + "/omniauth/google_oauth2/callback"
}

// browser names the family of a browser.
func browser(userAgent string) string {
	for _, b := range []struct{ mark, name string }{
		{"Edg", "Microsoft Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
	} {
		if strings.Contains(userAgent, b.mark) {
			return b.name
		}
	}
	return "Unknown Browser"
}
