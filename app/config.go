// Package app assembles the program from its parts: configuration, New, Start,
// Stop. Tests start the real program through it, on port 0.
package app

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"os"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/dustin/go-humanize"
)

// Config is the program's configuration. Every field comes from the environment
// variable in its tag; a flag of the same name in lower case with dashes
// overrides it.
type Config struct {
	Roles        []string `env:"ROLES" envDefault:"edge,worker,relay,api,scheduler" help:"what this process does"`
	Bind         string   `env:"BIND" envDefault:"127.0.0.1" help:"address to listen on"`
	Port         int      `env:"PORT" envDefault:"3000" help:"port to listen on; 0 takes a free one"`
	MetricsBind  string   `env:"METRICS_BIND" help:"address of /metrics and /debug/pprof; empty: /metrics on the main port for loopback clients"`
	MetricsToken string   `env:"METRICS_TOKEN" help:"bearer token that opens /metrics on the main port to other clients"`
	DataDir      string   `env:"DATA_DIR" envDefault:"./data" help:"embedded database and queue, spool, uploads"`
	DatabaseURL  string   `env:"DATABASE_URL" help:"postgres://…; empty: SQLite in DATA_DIR"`
	RedisURL     string   `env:"REDIS_URL" help:"redis://… or rediss://…; empty: embedded queue in DATA_DIR"`
	RedisPrefix  string   `env:"REDIS_PREFIX" envDefault:"{tributary}" help:"begins every Redis key; the braces keep them in one slot of a cluster"`
	Partitions   int      `env:"QUEUE_PARTITIONS" envDefault:"16" help:"ordered partitions of the inbound queue"`

	RedisPassword         string   `env:"REDIS_PASSWORD" help:"password of Redis, where REDIS_URL has none"`
	RedisSentinels        []string `env:"REDIS_SENTINELS" help:"Sentinels, host:port separated by commas, that know where Redis is; REDIS_URL says the rest"`
	RedisMaster           string   `env:"REDIS_SENTINEL_MASTER_NAME" envDefault:"mymaster" help:"what the Sentinels call it"`
	RedisSentinelPassword string   `env:"REDIS_SENTINEL_PASSWORD" help:"password of the Sentinels; not set: that of Redis; empty: none"`

	Retention   time.Duration `env:"QUEUE_RETENTION" envDefault:"24h" help:"how long applied events stay for inspection and replay"`
	Lease       time.Duration `env:"QUEUE_LEASE" envDefault:"6s" help:"how long a partition stays with a process that fell silent"`
	MaxBytes    Bytes         `env:"QUEUE_MAX_BYTES" envDefault:"1GiB" help:"size from which the oldest applied events are removed"`
	WebhookLog  time.Duration `env:"WEBHOOK_LOG_RETENTION" envDefault:"72h" help:"how long the log of outgoing webhooks keeps a delivery"`
	SpoolBytes  Bytes         `env:"SPOOL_MAX_BYTES" envDefault:"4GiB" help:"size of the edge's spool while Redis is away"`
	FrontendURL string        `env:"FRONTEND_URL" help:"public address; empty: http://127.0.0.1:PORT"`
	SecretKey   string        `env:"SECRET_KEY_BASE" help:"key of signatures and encryption at rest; empty: generated once into DATA_DIR"`

	PreviousKeys    string `env:"SECRET_KEY_BASE_PREVIOUS" help:"keys, separated by commas, whose place SECRET_KEY_BASE takes; see tributary secrets"`
	PreviousKeyFile string `env:"SECRET_KEY_BASE_PREVIOUS_FILE" help:"file with such keys, a line each"`

	SignatureMode string `env:"WEBHOOK_SIGNATURE_MODE" envDefault:"enforce" help:"enforce, or observe to let unproven webhooks in during a migration"`
	LogLevel      string `env:"LOG_LEVEL" envDefault:"info" help:"debug, info, warn, error"`
	LogFormat     string `env:"LOG_FORMAT" help:"text or json; empty: text on a terminal, else json"`

	AllowPrivate      bool          `env:"OUTBOUND_ALLOW_PRIVATE" envDefault:"false" help:"let user-supplied URLs and mail servers reach private addresses"`
	MessagesPerMinute int           `env:"CONVERSATION_MESSAGE_PER_MINUTE_LIMIT" envDefault:"200" help:"flood guard of one conversation; 0: none"`
	ResultsPerPage    int           `env:"CONVERSATION_RESULTS_PER_PAGE" envDefault:"25" help:"page size of the conversation list"`
	DatabaseConns     int           `env:"DATABASE_CONNECTIONS" envDefault:"20" help:"connections to PostgreSQL of one process"`
	RetryBase         time.Duration `env:"RELAY_RETRY_BASE" envDefault:"5s" help:"first waiting time after a provider failed; doubles with each try"`
	ProviderTimeout   time.Duration `env:"RELAY_TIMEOUT" envDefault:"20s" help:"time limit of one call to a provider"`
	FetchTimeout      time.Duration `env:"MEDIA_FETCH_TIMEOUT" envDefault:"60s" help:"time limit of one download of a file, redirects included"`
	StopTimeout       time.Duration `env:"STOP_TIMEOUT" envDefault:"30s" help:"how long a stop waits for work under way"`
	APICORS           bool          `env:"ENABLE_API_CORS" envDefault:"false" help:"let browsers of other origins call /api"`
	APIOnly           bool          `env:"CW_API_ONLY_SERVER" envDefault:"false" help:"serve no dashboard"`

	TrustedProxies   []string `env:"TRUSTED_PROXIES" help:"proxies (addresses, networks) whose X-Forwarded-For counts; empty: private ones; none: nobody"`
	Throttle         bool     `env:"ENABLE_RACK_ATTACK" envDefault:"true" help:"refuse clients that call too often; loopback never is"`
	ThrottleWidget   bool     `env:"ENABLE_RACK_ATTACK_WIDGET_API" envDefault:"true" help:"also visitors of website widgets"`
	ThrottleAllowed  []string `env:"RACK_ATTACK_ALLOWED_IPS" help:"addresses and networks, separated by commas, that are never refused"`
	RequestLimit     int      `env:"RACK_ATTACK_LIMIT" envDefault:"3000" help:"requests a minute of one address"`
	ContactSearches  int      `env:"RATE_LIMIT_CONTACT_SEARCH" envDefault:"100" help:"contact searches a minute of one account"`
	ReportsOfUser    int      `env:"RATE_LIMIT_REPORTS_API_USER_LEVEL" envDefault:"100" help:"calls of the reports API a minute by one user"`
	ReportsOfAccount int      `env:"RATE_LIMIT_REPORTS_API_ACCOUNT_LEVEL" envDefault:"1000" help:"calls of the reports API a minute by one account"`
	PresenceSeconds  int      `env:"PRESENCE_DURATION" envDefault:"20" help:"seconds for which a heartbeat of a client says that a person is there"`
	StaleAddresses   bool     `env:"REMOVE_STALE_CONTACT_INBOX_JOB_STATUS" envDefault:"false" help:"remove addresses of contacts unused for 90 days, nightly"`
	DefaultLocale    string   `env:"DEFAULT_LOCALE" envDefault:"en" help:"language of those who chose none"`

	StorageService         string `env:"ACTIVE_STORAGE_SERVICE" envDefault:"local" help:"where files are kept: local (DATA_DIR/storage), amazon, s3_compatible"`
	S3Bucket               string `env:"S3_BUCKET_NAME" help:"amazon: bucket"`
	AWSRegion              string `env:"AWS_REGION" help:"amazon: region of the bucket"`
	AWSAccessKeyID         string `env:"AWS_ACCESS_KEY_ID" help:"amazon: access key; empty: the role of the machine"`
	AWSSecretAccessKey     string `env:"AWS_SECRET_ACCESS_KEY" help:"amazon: secret of the access key"`
	StorageBucket          string `env:"STORAGE_BUCKET_NAME" help:"s3_compatible: bucket"`
	StorageEndpoint        string `env:"STORAGE_ENDPOINT" help:"s3_compatible: address of the service, https://…"`
	StorageRegion          string `env:"STORAGE_REGION" help:"s3_compatible: region, where the service has some"`
	StorageAccessKeyID     string `env:"STORAGE_ACCESS_KEY_ID" help:"s3_compatible: access key"`
	StorageSecretAccessKey string `env:"STORAGE_SECRET_ACCESS_KEY" help:"s3_compatible: secret of the access key"`
	StoragePathStyle       bool   `env:"STORAGE_FORCE_PATH_STYLE" envDefault:"false" help:"s3_compatible: the bucket is in the path, not in the host name"`

	// Settings are the installation settings of the environment (provider
	// credentials and addresses). The super admin console overrides them.
	Settings map[string]string `env:"-"`
	// Now is the clock; nil: time.Now.
	Now func() time.Time `env:"-"`
	// PasswordCost is bcrypt's; 0: desk.PasswordCost. Less is for tests only.
	PasswordCost int `env:"-"`
	// Log gets the program's log; nil: standard error as LogLevel and LogFormat say.
	Log *slog.Logger `env:"-"`
}

// Bytes is a size: "512MiB", "1 GB", or a number.
type Bytes int64

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *Bytes) UnmarshalText(text []byte) error {
	n, err := humanize.ParseBytes(string(text))
	if err != nil || n > 1<<62 {
		return errors.New("not a size such as 512MiB")
	}
	*b = Bytes(n)
	return nil
}

// Roles that a process can have.
const (
	RoleEdge      = "edge"      // takes webhooks
	RoleWorker    = "worker"    // applies them; runs deferred jobs
	RoleRelay     = "relay"     // sends replies
	RoleAPI       = "api"       // serves agents
	RoleScheduler = "scheduler" // retention and other housekeeping
)

var allRoles = []string{RoleEdge, RoleWorker, RoleRelay, RoleAPI, RoleScheduler}

// Has tells whether the process has a role.
func (c *Config) Has(role string) bool { return slices.Contains(c.Roles, role) }

// Embedded tells that SQLite is used: one process at a time.
func (c *Config) Embedded() bool { return c.DatabaseURL == "" }

// LoadConfig reads the environment ("NAME=value"), with overrides (by variable
// name) on top. Its error is one line that names the variable.
func LoadConfig(environ []string, overrides map[string]string) (Config, error) {
	values := map[string]string{}
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		values[name] = value
	}
	maps.Copy(values, overrides)
	var c Config
	for name := range values {
		if strings.HasPrefix(name, "TRIBUTARY_") {
			return c, fmt.Errorf("%s: no such setting", name)
		}
	}
	if err := env.ParseWithOptions(&c, env.Options{Environment: values}); err != nil {
		return c, explain(err)
	}
	c.Settings = map[string]string{}
	for _, name := range settingNames {
		if v, ok := values[name]; ok {
			c.Settings[name] = v
		}
	}
	if v, ok := values["360DIALOG_BASE_URL"]; ok && c.Settings["WHATSAPP_360_BASE_URL"] == "" {
		c.Settings["WHATSAPP_360_BASE_URL"] = v // Chatwoot's name of the same
	}
	_, own := values["REDIS_SENTINEL_PASSWORD"]
	if err := c.completeRedis(own); err != nil {
		return c, err
	}
	return c, c.validate()
}

// explain names the variable instead of the struct field.
func explain(err error) error {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return err
	}
	var lines []string
	for _, e := range all.Errors {
		var p env.ParseError
		if !errors.As(e, &p) {
			lines = append(lines, e.Error())
			continue
		}
		name := p.Name
		if f, ok := reflect.TypeFor[Config]().FieldByName(p.Name); ok {
			name = f.Tag.Get("env")
		}
		lines = append(lines, fmt.Sprintf("%s: cannot be read as %s", name, readable(p.Type)))
	}
	sort.Strings(lines)
	return errors.New(strings.Join(lines, "; "))
}

func readable(t reflect.Type) string {
	switch t.String() {
	case "int":
		return "a whole number"
	case "bool":
		return "true or false"
	case "time.Duration":
		return "a duration such as 24h"
	case "app.Bytes":
		return "a size such as 512MiB"
	}
	return t.String()
}

func (c *Config) validate() error {
	for i, role := range c.Roles {
		c.Roles[i] = strings.TrimSpace(role)
		if !slices.Contains(allRoles, c.Roles[i]) {
			return fmt.Errorf("ROLES: %q is none of %s", role, strings.Join(allRoles, ", "))
		}
	}
	switch {
	case len(c.Roles) == 0:
		return errors.New("ROLES: at least one is needed")
	case c.Port < 0 || c.Port > 65535:
		return fmt.Errorf("PORT: %d is not a port", c.Port)
	case c.Partitions < 1 || c.Partitions > 1024:
		return fmt.Errorf("QUEUE_PARTITIONS: %d is not between 1 and 1024", c.Partitions)
	case c.Lease < 500*time.Millisecond:
		return errors.New("QUEUE_LEASE: must be at least 500ms")
	case c.Retention < 0:
		return errors.New("QUEUE_RETENTION: must not be negative")
	case c.WebhookLog <= 0:
		return errors.New("WEBHOOK_LOG_RETENTION: must be more than 0")
	case c.FetchTimeout <= 0:
		return errors.New("MEDIA_FETCH_TIMEOUT: must be more than 0")
	case c.SignatureMode != "enforce" && c.SignatureMode != "observe":
		return fmt.Errorf("WEBHOOK_SIGNATURE_MODE: %q is neither enforce nor observe", c.SignatureMode)
	case c.LogFormat != "" && c.LogFormat != "text" && c.LogFormat != "json":
		return fmt.Errorf("LOG_FORMAT: %q is neither text nor json", c.LogFormat)
	case c.ResultsPerPage < 1 || c.ResultsPerPage > 1000:
		return fmt.Errorf("CONVERSATION_RESULTS_PER_PAGE: %d is not between 1 and 1000", c.ResultsPerPage)
	}
	if err := new(slog.Level).UnmarshalText([]byte(c.LogLevel)); err != nil {
		return fmt.Errorf("LOG_LEVEL: %q is none of debug, info, warn, error", c.LogLevel)
	}
	if err := c.validateStorage(); err != nil {
		return err
	}
	if err := c.validateThrottle(); err != nil {
		return err
	}
	return c.validateURLs()
}

func (c *Config) validateURLs() error {
	if c.DatabaseURL != "" && !strings.HasPrefix(c.DatabaseURL, "postgres://") && !strings.HasPrefix(c.DatabaseURL, "postgresql://") {
		return errors.New("DATABASE_URL: does not begin with postgres://")
	}
	if c.FrontendURL != "" && !isHTTP(c.FrontendURL) {
		return errors.New("FRONTEND_URL: not an http or https address")
	}
	c.FrontendURL = strings.TrimRight(c.FrontendURL, "/")
	for name, value := range c.Settings {
		if value != "" && strings.HasSuffix(name, "_URL") && !isHTTP(value) {
			return fmt.Errorf("%s: not an http or https address", name)
		}
	}
	return nil
}

func isHTTP(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// address is where to listen.
func (c *Config) address() string { return net.JoinHostPort(c.Bind, strconv.Itoa(c.Port)) }

// logger makes the program's log.
func (c *Config) logger() *slog.Logger {
	if c.Log != nil {
		return c.Log
	}
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.LogLevel)) // checked by validate
	options := &slog.HandlerOptions{Level: level}
	format := c.LogFormat
	if format == "" {
		format = "json"
		if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			format = "text"
		}
	}
	if format == "text" {
		return slog.New(slog.NewTextHandler(os.Stderr, options))
	}
	return slog.New(slog.NewJSONHandler(os.Stderr, options))
}
