package e2e_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/app"
	"tributary/desk"
	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store"
)

// givenInbox is an inbox that the payloads presume, with its number at Meta.
type givenInbox struct {
	ID        int    `json:"inbox_id"`
	Type      string `json:"channel_type"`
	Phone     string `json:"phone_number"`
	Portfolio string `json:"portfolio_id"`
	AppSecret string `json:"app_secret"`
	Provider  struct {
		Token       string `json:"api_key"`
		PhoneID     string `json:"phone_number_id"`
		WABA        string `json:"business_account_id"`
		VerifyToken string `json:"webhook_verify_token"`
	} `json:"provider_config"`
	Config json.RawMessage `json:"-"`
}

// given is what the payloads presume.
type given struct {
	Config  map[string]string `json:"config"`
	Inboxes []json.RawMessage `json:"inboxes"`
	parsed  []givenInbox
}

var theGiven = sync.OnceValues(func() (given, error) {
	var g given
	raw, err := os.ReadFile(filepath.Join(payloads, "given.json"))
	if err == nil {
		err = json.Unmarshal(raw, &g)
	}
	for _, raw := range g.Inboxes {
		var inbox givenInbox
		var config struct {
			Config json.RawMessage `json:"provider_config"`
		}
		err = errors.Join(err, json.Unmarshal(raw, &inbox), json.Unmarshal(raw, &config))
		inbox.Config = config.Config
		g.parsed = append(g.parsed, inbox)
	}
	return g, err
})

func givenInboxes(t testing.TB) []givenInbox {
	t.Helper()
	g, err := theGiven()
	if err != nil {
		t.Fatal(err)
	}
	return g.parsed
}

// as rewrites what is about number 48 as if it were about another one. What is about
// another number already stays.
func as(inbox int, raw []byte) []byte {
	return []byte(map[int]*strings.Replacer{
		48: strings.NewReplacer(),
		49: strings.NewReplacer("500100200300401", "500100200300402", "+1 503-555-0141", "+1 503-555-0142", "15035550141", "15035550142"),
		50: strings.NewReplacer("500100200300401", "500100200300403", "900100200300401", "900100200300403", "700100200300401", "700100200300403",
			"+1 503-555-0141", "+1 415-555-0143", "15035550141", "14155550143", "Willow Bakery", "Harbor Cycles"),
		51: strings.NewReplacer("500100200300401", "500100200300404", "900100200300401", "900100200300404", "700100200300401", "700100200300404",
			"Willow Bakery", "Linden Dental"),
		60: strings.NewReplacer("500100200300401", "500100200300460", "900100200300401", "900100200300460", "15035550141", "15035550160"),
	}[inbox].Replace(string(raw)))
}

// stage is the program with the inboxes that the payloads presume, and Meta.
type stage struct {
	*program
	meta   *meta
	clock  *clock
	log    *logBook
	db     *sql.DB
	ids    map[int]int64 // of the given inboxes
	extra  int           // numbers beside the given ones
	tokens map[string]string
	users  map[string]int64
	real   bool // on the machine's clock

	mu      sync.Mutex
	answers []string // of the API, all of them
}

// logBook is everything that the program logs.
type logBook struct {
	mu sync.Mutex
	b  strings.Builder
}

// Write implements io.Writer.
func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// signupDay is when the given numbers were connected, fixtureTime when the payloads
// play.
const (
	signupDay   = "2026-11-03T08:41:20Z"
	fixtureTime = "2026-11-18T09:00:00Z"
)

// whatsappStage starts the program with some of the given inboxes, all live since
// signupDay, and turns the clock to fixtureTime.
func whatsappStage(t testing.TB, b testkit.Backend, settings map[string]string, inboxes ...int) *stage {
	t.Helper()
	s := bareStage(t, b)
	s.clock.set(signupDay)
	s.live()
	s.boot(settings)
	s.people()
	for _, g := range givenInboxes(t) {
		if len(inboxes) == 0 || slices.Contains(inboxes, g.ID) {
			s.inbox(g)
		}
	}
	s.at(signupDay)
	s.at(fixtureTime)
	return s
}

// bareStage has no program yet.
func bareStage(t testing.TB, b testkit.Backend) *stage {
	t.Helper()
	c := &clock{}
	s := &stage{
		program: prepare(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.API}}}), meta: newMeta(t, c), clock: c,
		log: &logBook{}, ids: map[int]int64{}, tokens: map[string]string{}, users: map[string]int64{},
	}
	t.Cleanup(func() {
		if text := s.log.String(); t.Failed() {
			t.Logf("log of the program (end):\n%s", text[max(0, len(text)-4000):])
		}
	})
	return s
}

// boot starts the program on the stage's clock.
func (s *stage) boot(settings map[string]string) {
	s.t.Helper()
	g, err := theGiven()
	if err != nil {
		s.t.Fatal(err)
	}
	env := s.environment(g.Config)
	delete(env, "our_portfolio_id")
	env["WHATSAPP_CLOUD_BASE_URL"] = s.meta.URL
	maps.Copy(env, settings)
	cfg, err := app.LoadConfig(nil, env)
	if err != nil {
		s.t.Fatalf("configuration: %v", err)
	}
	if !s.real {
		cfg.Now = s.clock.Now
	}
	cfg.Log = slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	a, err := app.New(context.WithoutCancel(s.t.Context()), cfg)
	if err != nil {
		s.t.Fatalf("new: %v", err)
	}
	if err := a.Start(context.WithoutCancel(s.t.Context())); err != nil {
		s.t.Fatalf("start: %v", err)
	}
	s.app, s.base = a, "http://"+a.Addr()
	s.t.Cleanup(s.stop)
	s.db = s.database()
}

// people makes an administrator, an agent, a bot, and somebody of another account.
func (s *stage) people() {
	s.t.Helper()
	s.bootstrap(s.app.Store())
	s.tokens["admin"] = s.token
	for _, name := range []string{"agent", "stranger"} {
		first, err := s.app.Store().Bootstrap(s.t.Context(), name+"@example.test", name, "no password", "Elsewhere")
		if err != nil {
			s.t.Fatal(err)
		}
		s.tokens[name], s.users[name] = first.AccessToken, first.UserID
	}
	s.exec(`INSERT INTO account_users (account_id, user_id, role, auto_offline, active_at, created_at, updated_at) VALUES ($1, $2, 0, FALSE, 1, 1, 1)`,
		s.account, s.users["agent"])
	status, answer := s.ask("admin", http.MethodPost, fmt.Sprintf("/api/v1/accounts/%d/agent_bots", s.account), []byte(`{"name":"Robot"}`))
	var bot struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(answer, &bot); err != nil || bot.AccessToken == "" {
		s.t.Fatalf("a bot: %d %s", status, answer)
	}
	s.tokens["bot"] = bot.AccessToken
	s.users["admin"] = int64(s.count(`SELECT user_id FROM account_users WHERE account_id = $1 AND role = 1`, s.account))
}

func (s *stage) exec(query string, args ...any) {
	s.t.Helper()
	if _, err := s.db.ExecContext(s.t.Context(), query, args...); err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
}

// live has Meta say of every number that all is well.
func (s *stage) live() {
	s.t.Helper()
	for _, inbox := range []int{48, 49, 50, 51} {
		if inbox != 51 {
			s.meta.playAs(inbox, "graph-phone-d6-healthy-live.json")
		}
		for _, file := range []string{
			"graph-waba.json", "graph-subscribe-success.json", "graph-subscribe-override-success.json", "graph-register-success.json",
			"graph-message-templates.json", "graph-set-pin-success.json", "graph-deregister-success.json",
		} {
			s.meta.playAs(inbox, file)
		}
	}
	s.meta.play("graph-phone-d2-coexistence.json")
	s.meta.play("graph-smb-app-data-smb-app-state-sync.json")
	s.meta.play("graph-subscribe-delete-success.json")
}

// inbox makes one of the given inboxes, as an imported database has it: without
// asking Meta. What is no WhatsApp inbox there is an API inbox here.
func (s *stage) inbox(g givenInbox) {
	s.t.Helper()
	inbox := store.DefaultInbox()
	inbox.AccountID, inbox.Name = s.account, "WhatsApp "+g.Phone
	channelType, settings := "Channel::Whatsapp", map[string]any{"phone_number": g.Phone, "provider": "whatsapp_cloud"}
	switch {
	case g.Type != channelType:
		channelType, settings, inbox.Name = "Channel::Api", map[string]any{"webhook_url": ""}, "Website"
	case g.AppSecret != "":
		config := map[string]any{}
		if err := json.Unmarshal(g.Config, &config); err != nil {
			s.t.Fatal(err)
		}
		config["app_secret"] = g.AppSecret
		settings["provider_config"] = config
	default:
		settings["provider_config"] = g.Config
	}
	if g.ID == 48 {
		inbox.Name = "Willow Bakery WhatsApp"
	}
	driver, ok := s.app.Desk().Directory.DriverOf(channelType)
	if !ok {
		s.t.Fatalf("no driver of %s", channelType)
	}
	raw, err := json.Marshal(settings)
	if err != nil {
		s.t.Fatal(err)
	}
	in := desk.NewInbox{Inbox: inbox, Settings: raw}
	if channelType == "Channel::Api" {
		in = desk.NewInbox{Inbox: inbox, Params: raw}
	}
	id, err := s.app.Desk().CreateInbox(s.t.Context(), driver, in)
	if err != nil {
		s.t.Fatalf("inbox %d: %v", g.ID, err)
	}
	if s.ids[g.ID] = id; g.ID >= 60 {
		s.extra++
	}
}

// quiet waits until nothing of what came in is left to do at the present moment.
func (s *stage) quiet() {
	s.t.Helper()
	s.app.WhatsApp().Wake()
	// Twice: an entry of the queue that is read just while it is counted is in neither
	// figure.
	idle := 0
	testkit.Wait(s.t, 60*time.Second, "the numbers to be looked after", func() bool {
		if !s.idle() {
			idle = 0
			return false
		}
		idle++
		return idle == 2
	})
}

// idle looks where things wait, in the order in which they happen: what is in none of
// these is done.
func (s *stage) idle() bool {
	s.t.Helper()
	waiting, err := s.app.Queue().Stats(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	var queued int64
	for _, p := range waiting.Partitions {
		queued += p.Waiting + p.Pending + p.Delayed
	}
	return queued == 0 && s.known() == s.count(`SELECT COUNT(*) FROM whatsapp_numbers WHERE inbox_id <> 0`) &&
		s.count(`SELECT COUNT(*) FROM jobs WHERE kind = 'whatsapp.event' AND state = 'ready'`) == 0 &&
		s.count(`SELECT COUNT(*) FROM whatsapp_signals`) == 0 &&
		s.count(`SELECT COUNT(*) FROM whatsapp_businesses WHERE (due_at <= $1 AND paused_until <= $1) OR lease_owner <> ''`, s.now().UnixMicro()) == 0
}

func (s *stage) now() time.Time {
	if s.real {
		return time.Now()
	}
	return s.clock.Now()
}

// known is how many of the inboxes have a number that can be looked after.
func (s *stage) known() int {
	n := s.extra
	for _, g := range givenInboxes(s.t) {
		if s.ids[g.ID] != 0 && g.Provider.PhoneID != "" {
			n++
		}
	}
	return n
}

func (s *stage) count(query string, args ...any) int {
	s.t.Helper()
	var n int
	if err := s.db.QueryRowContext(s.t.Context(), query, args...).Scan(&n); err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// ask sends a request as somebody: "admin", "agent", "stranger", "bot", "wrong" or "".
func (s *stage) ask(as, method, path string, body []byte) (int, []byte) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.base+path, strings.NewReader(string(body)))
	if err != nil {
		s.t.Fatal(err)
	}
	switch token := s.tokens[as]; {
	case token != "":
		req.Header.Set("api_access_token", token)
	case as == "wrong":
		req.Header.Set("api_access_token", "nobody's token")
	}
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	s.mu.Lock()
	s.answers = append(s.answers, string(answer))
	s.mu.Unlock()
	return res.StatusCode, answer
}

// path is where a route of a given inbox is.
func (s *stage) path(inbox int, route string) string {
	return fmt.Sprintf("/api/v1/accounts/%d/inboxes/%d%s", s.account, s.ids[inbox], route)
}

// mapped puts the ids of this database in place of those of the payloads.
func (s *stage) mapped(text string) string {
	text = strings.Replace(text, "/accounts/7/", "/accounts/"+strconv.FormatInt(s.account, 10)+"/", 1)
	for inbox, id := range s.ids {
		before, after, ok := strings.Cut(text, "/inboxes/"+strconv.Itoa(inbox))
		if ok && (after == "" || after[0] == '/') {
			return before + "/inboxes/" + strconv.FormatInt(id, 10) + after
		}
	}
	return text
}
