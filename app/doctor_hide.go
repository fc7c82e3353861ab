package app

import (
	"encoding/json"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// secretName is how a variable is called whose value nobody may see.
var secretName = regexp.MustCompile(`SECRET|PASSWORD|TOKEN|KEY|SALT|_DIGEST|HMAC|VAPID|CREDENTIAL`)

// shortest is how long a text must be to be looked for: shorter ones are words of what
// is said, too.
const shortest = 5

// hide takes every secret that is known out of what was found: checks say nothing of
// them, but what servers answer may.
func (d *doctor) hide(findings []Finding) []Finding {
	var secrets []string
	add := func(values ...string) {
		for _, v := range values {
			if len(v) >= shortest {
				secrets = append(secrets, v, url.QueryEscape(v), url.PathEscape(v))
			}
		}
	}
	for name, value := range d.environ {
		if secretName.MatchString(name) || !slices.Contains(settingNames, name) && !isVariable(name) {
			add(value)
		}
		if u, err := url.Parse(value); err == nil && u.User != nil {
			password, _ := u.User.Password()
			add(password)
		}
	}
	for name, value := range d.stored {
		if secretName.MatchString(name) {
			add(value)
		}
	}
	for _, list := range []string{d.cfg.PreviousKeys, d.setting("ACTIVE_RECORD_ENCRYPTION_PREVIOUS"), d.setting("VAPID_KEYS")} {
		add(strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(`,:"{} `, r) })...)
	}
	if d.keys != nil {
		for _, secret := range d.keys.secrets {
			add(secret)
		}
	}
	for _, settings := range d.channelSettings() {
		add(leaves(settings)...)
	}
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) }) // a part of another one last
	for i := range findings {
		for _, secret := range secrets {
			findings[i].Found = strings.ReplaceAll(findings[i].Found, secret, "[hidden]")
		}
	}
	return findings
}

// leaves are the secret texts of a channel's settings.
func leaves(settings json.RawMessage) []string {
	var v any
	if json.Unmarshal(settings, &v) != nil {
		return nil
	}
	var out []string
	var walk func(name string, v any)
	walk = func(name string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, one := range v {
				walk(k, one)
			}
		case []any:
			for _, one := range v {
				walk(name, one)
			}
		case string:
			if secretName.MatchString(strings.ToUpper(name)) || strings.Contains(name, "auth") {
				out = append(out, v)
			}
		}
	}
	walk("", v)
	return out
}

// isVariable tells whether a variable is one of Config.
func isVariable(name string) bool {
	t := reflect.TypeFor[Config]()
	for f := range t.Fields() {
		if f.Tag.Get("env") == name {
			return true
		}
	}
	return false
}
