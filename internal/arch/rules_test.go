package arch_test

// rule says what a package may import of this module. Everything may also import
// internal, except what testOnly lists. A package without a rule of its own has
// its parent folder's.
type rule struct {
	level   int // imports go to a higher number, or stay in the same top folder
	imports []string
}

// rules is the tree, from the command line (1) down to the nouns (7) and words (8).
var rules = map[string]rule{
	"cmd/tributary": {1, []string{"app", "app/command"}},
	"docs/picture":  {1, nil},
	// A module of its own, for what needs Kubernetes' libraries.
	"deploy/validate": {1, nil},
	"app/command": {2, []string{
		"app", "api", "api/route", "simulator", "simulator/story", "operator", "whatsapp", "whatsapp/rules", "desk", "store", "queue",
		"channels", "chat",
	}},
	"app": {2, []string{
		"api", "api/route", "ingest", "relay", "webhooks", "operator", "whatsapp", "mail", "desk", "store", "queue", "queue/localq", "queue/redisq", "queue/spool", "wording",
		"channels", "channels/all", "files", "presence", "blob", "blob/*", "chat",
		"dashboard",
		"live",
	}},
	// The benchmarks assemble what app assembles, and measure parts of it alone.
	"bench": {2, []string{
		"app", "ingest", "relay", "simulator", "desk", "store", "queue", "queue/localq", "queue/redisq", "queue/spool",
		"channels", "channels/all", "chat", "chat/filter",
	}},
	// Faults are made around processes of the program; nothing of it is called.
	"chaos": {2, []string{"simulator"}},
	// The end-to-end tests start the program and are no part of it.
	"e2e": {2, []string{"app", "app/command", "desk", "store", "queue", "channels", "chat"}},
	// The simulator for tests in other languages. It connects what only a provider's
	// sign-in connects, which is why it knows the program.
	"e2e/stand": {1, []string{"app", "desk", "store", "channels", "channels/all", "simulator"}},

	// The dashboards and the alerts are held to what the program says of itself; the
	// check of them runs it, and sees it from outside.
	"deploy":                  {1, []string{"app/command"}},
	"deploy/prometheus/check": {1, []string{"simulator"}},

	// The agents' page is a client: it is told what to show, and calls the API.
	"dashboard": {3, nil},

	"ingest":   {3, []string{"desk", "store", "queue", "channels", "chat"}},
	"relay":    {3, []string{"desk", "store", "queue", "channels", "chat", "wording"}},
	"webhooks": {3, []string{"desk", "store", "channels", "chat", "wording"}},
	"api":      {3, []string{"api/openapi", "api/pages", "api/route", "operator", "whatsapp", "desk", "files", "store", "queue", "blob", "channels", "chat", "chat/filter", "wording"}},
	// The description of the API is made of rows alone.
	"api/openapi":             {3, []string{"api/route"}},
	"api/openapi/openapitest": {3, []string{"api/openapi", "api/route"}},
	"api/pages":               {3, nil},
	"api/route":               {3, []string{"chat", "wording"}},
	// The simulator stands for the providers: it knows the program from outside
	// only, so that it cannot repeat the program's mistakes.
	"simulator":       {3, nil},
	"simulator/story": {3, []string{"simulator"}},

	// WhatsApp numbers are looked after above the desk, which knows them as channels.
	"whatsapp": {4, []string{
		"whatsapp/graph", "whatsapp/rules", "whatsapp/management", "channels/wacloud", "desk", "mail", "store", "channels", "wording", "chat",
	}},

	// Who runs the installation sees all of it, and repairs by the queue's own means.
	"operator": {4, []string{"desk", "store", "queue", "channels", "chat"}},

	"desk": {5, []string{"live", "presence", "files", "store", "blob", "channels", "mail", "chat", "chat/filter", "wording"}},

	// Files join the store with where their bytes are.
	"files": {6, []string{"blob", "blob/*", "store", "chat"}},

	"store":           {7, []string{"chat", "chat/filter"}},
	"store/storetest": {7, []string{"store", "chat", "chat/filter"}},
	"queue":           {7, nil},
	"queue/group":     {7, []string{"queue"}},
	"queue/localq":    {7, []string{"queue", "queue/group"}},
	"queue/redisq":    {7, []string{"queue", "queue/group"}},
	"queue/spool":     {7, []string{"queue"}},
	"queue/queuetest": {7, []string{"queue"}},

	// Files that came with messages: where their bytes lie.
	"presence": {7, nil},
	// The live wire knows who listens, not what there is to hear.
	"live": {7, nil},

	"blob":   {7, nil},
	"blob/*": {7, []string{"blob"}},

	// A driver knows the contract and the nouns, never the store or the queue;
	// the drivers of Meta's products share channels/meta.
	"channels":           {7, []string{"chat", "wording"}},
	"channels/*":         {7, []string{"channels", "chat", "wording"}},
	"channels/facebook":  {7, []string{"channels", "channels/meta", "chat", "wording"}},
	"channels/instagram": {7, []string{"channels", "channels/meta", "chat", "wording"}},
	"channels/wacloud":   {7, []string{"channels", "channels/meta", "chat", "wording"}},
	"channels/email":     {7, []string{"channels", "chat", "mail", "wording"}},
	"channels/voice":     {7, []string{"channels", "channels/twilio", "chat", "wording"}},
	"channels/all":       {7, []string{"channels", "channels/*"}},

	// Meta's Graph API knows nothing of this program.
	"whatsapp/graph": {7, nil},
	// Decisions about numbers and what Meta's webhooks mean: pure, nobody is called.
	"whatsapp/rules":      {7, []string{"whatsapp/graph"}},
	"whatsapp/management": {7, []string{"whatsapp/rules"}},

	"mail":       {8, nil},
	"internal/*": {7, []string{"chat"}},
	"chat":       {8, []string{"wording"}},
	// What clients ask for in lists: pure, the store makes SQL of it.
	"chat/filter": {8, []string{"chat"}},

	// What the program itself says, in every language.
	"wording": {9, nil},
}

// testOnly are packages for tests: only _test.go files and each other import
// them.
var testOnly = []string{"internal/testkit", "api/openapi/openapitest", "queue/queuetest", "store/storetest", "channels/channeltest", "blob/blobtest"}

// testImports is what the tests below a folder may import besides what the
// folder itself may and testOnly. The desk and the API are tested with every
// driver; the demo's story and the benchmarks against the real drivers.
var testImports = map[string][]string{
	"api":             {"channels/all", "blob/disk", "live", "mail", "presence", "app", "webhooks", "ingest", "queue/localq"}, // app: the whole list of routes
	"app":             {"simulator", "app/command"},
	"bench":           {"simulator"},
	"desk":            {"channels/all", "blob/disk", "webhooks"},
	"e2e":             {"simulator", "simulator/story", "channels/all", "queue/localq", "queue/redisq", "ingest", "api"},
	"ingest":          {"channels/all", "queue/localq", "queue/redisq", "simulator"},
	"relay":           {"channels/all", "simulator"},
	"queue/spool":     {"queue/localq", "queue/redisq"},
	"simulator/story": {"channels", "channels/*", "chat", "wording"},
	"channels/*":      {"channels/*"},
	"whatsapp":        {"simulator", "channels/all"},
	"internal/arch":   {"app"},
}

// libraries says who may use what everybody could: a library that is not named
// here is free. Tests may use more of them where the list says so.
var libraries = []struct {
	prefix string
	users  []string // packages; nil: none
	tests  bool     // _test.go files may, too
	why    string
}{
	{
		"github.com/valyala/fasthttp",
		[]string{"api/route", "live", "app", "bench", "dashboard", "ingest"},
		true,
		"RequestCtx is pooled: only who mounts handlers sees it",
	},
	{
		"github.com/fasthttp",
		[]string{"api/route", "live", "app", "bench", "dashboard", "ingest"},
		true,
		"routes are rows; the router belongs to who mounts them",
	},
	{"github.com/crewjam/saml", []string{"desk"}, true, "who a company's service says that somebody is gets judged in one place"},
	{"github.com/russellhaering/goxmldsig", []string{"desk"}, true, "the clock of the library above"},
	{"github.com/nicksnyder/go-i18n", []string{"wording"}, true, "texts are the catalogue's"},
	{"github.com/SherClockHolmes/webpush-go", []string{"desk"}, false, "keys and addresses of devices stay in one place"},
	{"github.com/wneessen/go-mail", []string{"mail"}, false, "who has something to tell hands a mail.Message over"},
	{"github.com/emersion/go-imap", []string{"channels/email"}, true, "a mailbox is its channel's business"},
	{"github.com/emersion/go-smtp", nil, true, "stand-ins belong to tests"},
	{"github.com/emersion/go-sasl", nil, true, "stand-ins belong to tests"},
	{"github.com/emersion/go-vcard", []string{"internal/vcard"}, false, "cards are put in order before it reads them"},
	{"github.com/minio", []string{"blob/s3"}, false, "the bucket is the blob service's business"},
	{"github.com/johannesboyne", nil, true, "stand-ins belong to tests"},
	{"database/sql", []string{"store", "store/storetest", "queue/localq", "internal/testkit", "bench", "chaos"}, true, "SQL sits beside its method in the store"},
	{"github.com/jackc/pgx", []string{"store", "store/storetest", "internal/testkit", "bench", "chaos"}, true, "the database is the store's business"},
	{"modernc.org/sqlite", []string{"store", "queue/localq", "bench"}, true, "the database is the store's business"},
	{"github.com/pressly/goose", []string{"store"}, false, "migrations are the store's business"},
	{"github.com/redis/go-redis", []string{"queue/redisq", "presence", "live", "app", "app/command", "internal/testkit", "bench"}, true, "Redis is the queue's business"},
	{"github.com/spf13/cobra", []string{"app/command"}, false, "flags are read in one place"},
	{"github.com/caarlos0/env", []string{"app"}, false, "the environment is read in one place"},
	{"github.com/prometheus", []string{"app", "ingest", "relay", "webhooks", "whatsapp", "bench"}, true, "the lower levels count, the upper ones publish"},
	{"net/http/httptest", nil, true, "stand-ins belong to tests"},
	{
		"testing",
		testOnly,
		true,
		"the program does not link the testing package",
	},
}

// exempt from a library's rule: a package below the prefix that is something
// else.
var exempt = map[string]string{
	"testing/fstest": "store: an fs.FS in memory for migrations whose text was adapted to the dialect",
}

// writable are package-level variables that something changes after they were
// made.
var writable = map[string]string{
	"app.release": "set by the linker",
}

// roots are the places below the command that begin a context of their own.
var roots = map[string]string{
	"e2e/stand":               "a command",
	"deploy/prometheus/check": "a command",
	"queue/localq":            "the open file outlives its opener; Close ends it",
	"queue/redisq":            "opening is bounded by a time limit of its own",
}

// badNames say nothing about what a package holds.
var badNames = []string{"util", "utils", "common", "helper", "helpers", "models", "model", "misc", "shared", "base", "types", "lib"}

// namedOtherwise are packages whose name is not their folder's.
var namedOtherwise = map[string]string{
	"channels/api": "apichannel", // api is the surface that serves agents
}

// maxLines of a Go file that is no test.
const maxLines = 500
