package api_test

import (
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tributary/api/route"
)

var update = flag.Bool("update", false, "write what testdata/routes*.txt should say; of what is missing, lines only go")

const (
	routesFile   = "testdata/routes.txt"          // what is mounted
	contractFile = "testdata/contract_routes.tsv" // what clients of the compatible API call: METHOD, path, required or none
	missingFile  = "testdata/routes_missing.txt"  // what of that is not mounted yet
)

// ourRoutes are routes that no other program has, and why.
var ourRoutes = map[string]string{
	"GET /api/v1/accounts/:account_id/inboxes/:id/registration_attempts": "what was tried to register a WhatsApp number",
	"POST /api/v1/accounts/:account_id/inboxes/:id/request_code":         "verification of a WhatsApp number",
	"POST /api/v1/accounts/:account_id/inboxes/:id/verify_code":          "verification of a WhatsApp number",
	"POST /auth/:provider":              "sign-in by another service, whose answer or form may come by POST",
	"POST /auth/:provider/callback":     "sign-in by another service, whose answer or form may come by POST",
	"POST /auth/failure":                "sign-in by another service, whose answer or form may come by POST",
	"GET /omniauth/:provider":           "sign-in by another service: clients are sent there, the list of routes has it not",
	"POST /omniauth/:provider":          "sign-in by another service: clients are sent there, the list of routes has it not",
	"GET /omniauth/:provider/callback":  "sign-in by another service: clients are sent there, the list of routes has it not",
	"POST /omniauth/:provider/callback": "sign-in by another service: clients are sent there, the list of routes has it not",
	"GET /omniauth/failure":             "sign-in by another service: clients are sent there, the list of routes has it not",
	"POST /omniauth/failure":            "sign-in by another service: clients are sent there, the list of routes has it not",
}

// chapters are the paths that are complete, or are to be first: who a person is, the
// accounts with who works in them, inboxes, and the platform API.
var chapters = []*regexp.Regexp{
	regexp.MustCompile(`^/(auth|omniauth|platform|installation)(/|$)`),
	regexp.MustCompile(`^/api/v1/(auth|profile|notification_subscriptions)(/|$)`),
	regexp.MustCompile(`^/api/v[12]/accounts$`),
	regexp.MustCompile(`^/api/v1/accounts/:id(/|$)`),
	regexp.MustCompile(`^/api/v1/accounts/:account_id/(agents|assignable_agents|teams|custom_roles|agent_bots|assignment_policies|` +
		`agent_capacity_policies|audit_logs|saml_settings|notifications|notification_settings|inboxes|channels|inbox_members|working_hours|callbacks)(/|$)`),
}

func inChapters(line string) bool {
	_, path, _ := strings.Cut(line, " ")
	return slices.ContainsFunc(chapters, func(r *regexp.Regexp) bool { return r.MatchString(path) })
}

var parameter = regexp.MustCompile(`[:*]\w+`)

// sameRoute is a route without the names of its parameters.
func sameRoute(line string) string { return parameter.ReplaceAllString(line, ":") }

// lines are METHOD and path of every mounted route, as `tributary routes` has them.
func lines(t *testing.T) (text string, list []string) {
	t.Helper()
	b, err := route.List(mounted(), false)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		fields := strings.Split(line, "\t")
		list = append(list, fields[0]+" "+fields[1])
	}
	return string(b), list
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// The list of routes changes with intent: it is a file.
func TestRoutes(t *testing.T) {
	t.Parallel()
	text, _ := lines(t)
	if *update {
		write(t, routesFile, text)
	}
	want := read(t, routesFile)
	if text == want {
		return
	}
	there, before := strings.Split(text, "\n"), strings.Split(want, "\n")
	for _, l := range there {
		if !slices.Contains(before, l) {
			t.Errorf("new: %s", l)
		}
	}
	for _, l := range before {
		if !slices.Contains(there, l) {
			t.Errorf("gone: %s", l)
		}
	}
	t.Errorf("the list of routes has changed: if that is meant, run `go test ./api -run 'TestRoutes|TestContractRoutes' -update` and commit %s", routesFile)
}

// contractRoutes are those that clients call; required is false for those that
// answer nothing anywhere.
func contractRoutes(t *testing.T) (all []string, required map[string]bool) {
	t.Helper()
	required = map[string]bool{}
	for line := range strings.Lines(read(t, contractFile)) {
		fields := strings.Fields(line)
		all = append(all, fields[0]+" "+fields[1])
		required[fields[0]+" "+fields[1]] = fields[2] == "required"
	}
	return all, required
}

// No route is invented, and none disappears that was there: what is not mounted yet
// is a file out of which lines only go.
func TestContractRoutes(t *testing.T) {
	t.Parallel()
	_, there := lines(t)
	isThere := map[string]bool{}
	for _, l := range there {
		isThere[sameRoute(l)] = true
	}
	all, required := contractRoutes(t)
	known := map[string]bool{}
	var missing []string
	for _, l := range all {
		known[sameRoute(l)] = true
		if required[l] && !isThere[sameRoute(l)] && !swallowed(l, there) {
			missing = append(missing, l)
		}
	}
	for _, l := range there {
		path := strings.SplitN(l, " ", 2)[1]
		if !compatible.MatchString(path) || known[sameRoute(l)] {
			continue
		}
		if ourRoutes[l] == "" {
			t.Errorf("%s is no route of the compatible API: give it another path, or say in ourRoutes (routes_test.go) why we have it", l)
		}
	}
	for l := range ourRoutes {
		if !isThere[sameRoute(l)] {
			t.Errorf("ourRoutes (routes_test.go) has %s, which is not mounted: take it out", l)
		}
	}
	noted := strings.Split(strings.TrimSpace(read(t, missingFile)), "\n")
	for _, l := range missing {
		if !slices.Contains(noted, l) {
			t.Errorf("%s was mounted and is not any more", l)
		}
	}
	if *update {
		left := slices.DeleteFunc(slices.Clone(noted), func(l string) bool { return !slices.Contains(missing, l) })
		write(t, missingFile, strings.Join(append(left, ""), "\n"))
		noted = left
	}
	for _, l := range noted {
		if l != "" && !slices.Contains(missing, l) {
			t.Errorf("%s is mounted now: run `go test ./api -run 'TestRoutes|TestContractRoutes' -update` and commit %s", l, missingFile)
		}
	}
	first := slices.DeleteFunc(slices.Clone(missing), func(l string) bool { return !inChapters(l) })
	t.Logf("%d required routes are not mounted yet, %d of them in the chapters that come first", len(missing), len(first))
	for _, l := range first {
		t.Logf("missing: %s", l)
	}
}

// compatible are the paths whose routes are the compatible API's.
var compatible = regexp.MustCompile(`^/(api|auth|omniauth|platform|public|enterprise)(/|$)`)

// swallowed tells whether a route is part of one that takes everything below its
// path.
func swallowed(l string, there []string) bool {
	for _, other := range there {
		if prefix, _, ok := strings.Cut(other, "*"); ok && strings.HasPrefix(l, prefix) {
			return true
		}
	}
	return false
}
