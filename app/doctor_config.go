package app

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"reflect"
	"slices"
	"sort"
	"strings"

	"tributary/desk"
)

// ignored are variables of other programs, of Chatwoot's first of all, that look like
// ours but are not read, and what is read instead.
var ignored = map[string]string{
	"POSTGRES_HOST": "DATABASE_URL", "POSTGRES_DATABASE": "DATABASE_URL", "POSTGRES_USERNAME": "DATABASE_URL", "POSTGRES_PASSWORD": "DATABASE_URL",
	"REDIS_PASSWORD": "REDIS_URL", "REDIS_SENTINELS": "REDIS_URL", "FORCE_SSL": "FRONTEND_URL", "RAILS_MAX_THREADS": "DATABASE_CONNECTIONS",
	"SIDEKIQ_CONCURRENCY": "ROLES", "MAILER_SENDER": "MAILER_SENDER_EMAIL",
}

// families are how names begin that nobody but us has.
var families = []string{"QUEUE_", "SPOOL_", "RELAY_", "OUTBOUND_", "RACK_ATTACK_", "RATE_LIMIT_", "WEBHOOK_", "ACTIVE_RECORD_ENCRYPTION_", "SECRET_KEY_BASE"}

func knownNames() []string {
	names := slices.Clone(settingNames)
	names = append(names, "360DIALOG_BASE_URL")
	t := reflect.TypeFor[Config]()
	for f := range t.Fields() {
		if name := f.Tag.Get("env"); name != "" && name != "-" {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

// checkNames looks for variables that are set and that nobody reads.
func (d *doctor) checkNames(_ context.Context, report func(Verdict, string, string)) {
	known := knownNames()
	names := make([]string, 0, len(d.environ))
	for name := range d.environ {
		names = append(names, name)
	}
	sort.Strings(names)
	wrong := 0
	for _, name := range names {
		if slices.Contains(known, name) || name == "GOGC" {
			continue
		}
		near := nearest(name, known)
		_, foreign := ignored[name]
		switch {
		case strings.HasPrefix(name, "TRIBUTARY_"):
			report(Wrong, name+" is no setting: the program does not start", "take it away, or see docs/configuration.md for what it is called")
		case foreign:
			report(Warning, name+" is set, and not read", "set "+ignored[name]+" instead, or take it away")
		case near != "":
			report(Warning, name+" is set, and not read", "did you mean "+near+"?")
		case slices.ContainsFunc(families, func(f string) bool { return strings.HasPrefix(name, f) }):
			report(Warning, name+" is set, and not read", "see docs/configuration.md for the names that are")
		default:
			continue
		}
		wrong++
	}
	if wrong == 0 {
		report(Fine, "every variable that looks like ours is one", "")
	}
}

// nearest is the known name that a name is a misspelling of; empty: it is none.
func nearest(name string, known []string) string {
	best, found := 3, ""
	for _, k := range known {
		if strings.EqualFold(k, name) || strings.ReplaceAll(strings.ToUpper(name), "-", "_") == k {
			return k
		}
		// Short names have many neighbours that are names of their own.
		if len(k) < 7 || len(name) < 7 {
			continue
		}
		if n := distance(name, k, best); n < best {
			best, found = n, k
		}
	}
	return found
}

// distance is how many letters have to be changed, added, taken away or swapped with
// their neighbour to make b of a; bound or more: it does not matter.
func distance(a, b string, bound int) int {
	if len(a)-len(b) >= bound || len(b)-len(a) >= bound {
		return bound
	}
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		now := make([]int, len(b)+1)
		now[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			now[j] = min(last[j]+1, now[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
		}
		before, last = last, now
	}
	return last[len(b)]
}

// large tells that several processes may run.
func (d *doctor) large() bool { return !d.cfg.Embedded() || d.cfg.RedisURL != "" }

func (d *doctor) checkConfiguration(_ context.Context, report func(Verdict, string, string)) {
	wrong := 0
	say := func(v Verdict, what, do string) {
		wrong++
		report(v, what, do)
	}
	if d.large() && d.cfg.SecretKey == "" {
		say(Wrong, "SECRET_KEY_BASE is not set, and more than one machine may run: each would make a key of its own",
			"set the same in every process; DATA_DIR/secret_key_base has the one that was made")
	}
	if d.cfg.SecretKey != "" && len(d.cfg.SecretKey) < 32 {
		say(Warning, fmt.Sprintf("SECRET_KEY_BASE has %d characters: it may be guessed", len(d.cfg.SecretKey)),
			"make one with `openssl rand -hex 64` and change it (docs/operations.md)")
	}
	d.sayFrontend(say)
	if d.cfg.Embedded() != (d.cfg.RedisURL == "") {
		say(Warning, "one of DATABASE_URL and REDIS_URL is set without the other: this is still one machine", "set both to run as several processes")
	}
	if d.cfg.SignatureMode == "observe" {
		say(Warning, "WEBHOOK_SIGNATURE_MODE=observe: anybody can write messages", "set it to enforce as soon as the secrets are entered")
	}
	if d.cfg.AllowPrivate {
		say(Warning, "OUTBOUND_ALLOW_PRIVATE: whoever has an account reaches addresses inside your network", "take it away unless the users are your own")
	}
	if !d.cfg.Throttle {
		say(Warning, "ENABLE_RACK_ATTACK=false: passwords can be tried as often as anybody likes", "take it away, or limit requests in front of the program")
	}
	if (d.cfg.PreviousKeys != "" || d.cfg.PreviousKeyFile != "") && d.cfg.SecretKey == "" {
		say(Warning, "SECRET_KEY_BASE_PREVIOUS is set without SECRET_KEY_BASE", "set both, or neither")
	}
	if wrong == 0 {
		report(Fine, "every value can be read", "")
	}
}

func (d *doctor) sayFrontend(say func(Verdict, string, string)) {
	if d.cfg.FrontendURL == "" {
		v := Warning
		if d.large() {
			v = Wrong
		}
		say(v, "FRONTEND_URL is not set: providers are told to call this machine's own address", "set it to the public https address")
		return
	}
	u, err := url.Parse(d.cfg.FrontendURL)
	if err != nil {
		return // LoadConfig has read it
	}
	if u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		say(Wrong, "FRONTEND_URL has a path: webhooks and pages are below / only", "leave scheme and host alone: "+u.Scheme+"://"+u.Host)
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		say(Wrong, "FRONTEND_URL is http: providers do not call it, and cookies travel in the clear", "use https://"+u.Host)
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (d *doctor) checkSecretKey(ctx context.Context, report func(Verdict, string, string)) {
	if d.store == nil {
		report(Fine, "nothing is sealed yet, or the database does not answer", "")
		return
	}
	if err := d.store.AdoptedKey(ctx); err != nil {
		report(Wrong, err.Error(), "give the key that the database was written with, see docs/operations.md#changing-the-secret-key")
		return
	}
	s := &Secrets{&d.cfg, d.keys, d.store}
	status, err := s.Status(ctx)
	if err != nil {
		report(Wrong, err.Error(), "see docs/operations.md#changing-the-secret-key")
		return
	}
	unreadable := int64(0)
	for _, u := range status.Use {
		if u.Key == "unknown" && u.Kind != "secrets of second factors" {
			unreadable += u.Values
		}
	}
	switch {
	case unreadable > 0:
		report(Wrong, fmt.Sprintf("%d values are sealed with a key that was not given", unreadable),
			"`tributary secrets status` shows which; give that key in SECRET_KEY_BASE_PREVIOUS")
	case len(status.From) > 0 || status.Writes != status.Known[0]:
		report(Warning, "the key is being changed", "run `tributary secrets rotate` when every process has both keys")
	case len(status.Removable) > 0:
		report(Warning, "nothing needs an old key any more", "take it out of SECRET_KEY_BASE_PREVIOUS")
	default:
		report(Fine, "key "+status.Writes+" opens everything", "")
	}
}

func (d *doctor) checkSecondFactor(ctx context.Context, report func(Verdict, string, string)) {
	set := 0
	for _, name := range desk.MFASettings {
		if d.setting(name) != "" {
			set++
		}
	}
	foreign, err := desk.TOTPs(d.setting)
	switch {
	case err != nil:
		report(Wrong, err.Error(), "see ACTIVE_RECORD_ENCRYPTION_PREVIOUS in docs/configuration.md")
		return
	case set > 0 && foreign == nil:
		report(Wrong, "of the three ACTIVE_RECORD_ENCRYPTION_ keys some are missing: nobody has a second factor", "set all three, or none")
		return
	case foreign == nil:
		report(Fine, "not configured: nobody has a second factor", "")
		return
	case d.store == nil || d.stored == nil:
		report(Fine, "all three keys are set", "")
		return
	}
	use, err := d.store.KeyUse(ctx, foreign)
	if err != nil {
		report(Wrong, err.Error(), "mend the database first")
		return
	}
	for _, u := range use {
		if u.Kind == "secrets of second factors" && u.Key == "unknown" {
			report(Wrong, fmt.Sprintf("the authenticators of %d users cannot be right: their secrets have other keys", u.Values),
				"give the keys before in ACTIVE_RECORD_ENCRYPTION_PREVIOUS")
			return
		}
	}
	report(Fine, "all three keys are set, and open every secret", "")
}

func (d *doctor) checkPushKeys(_ context.Context, report func(Verdict, string, string)) {
	made, err := desk.CheckVAPID(d.setting)
	switch {
	case err != nil:
		report(Wrong, err.Error(), "remove them, or enter the pair of which browsers know the public one")
	case !made:
		report(Fine, "none yet: a pair is made when it is needed", "")
	default:
		report(Fine, "a good pair", "")
	}
}
