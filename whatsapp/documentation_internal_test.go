package whatsapp

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/whatsapp/rules"
)

// TestDocumentation: the guide for operators names every state, action and metric, and
// no metric that is not there.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../docs/whatsapp.md")
	if err != nil {
		t.Fatal(err)
	}
	guide := string(raw)
	for _, s := range []rules.State{
		rules.Unknown, rules.NotNeeded, rules.Registering, rules.Registered, rules.Waiting, rules.NeedsAdmin, rules.RateLimited, rules.AuthError,
		rules.Abandoned,
	} {
		if !strings.Contains(guide, "| `"+string(s)+"` |") {
			t.Errorf("state %s is not explained", s)
		}
	}
	for _, a := range []rules.Action{
		rules.WaitForDisplayName, rules.EditDisplayName, rules.ResubmitDisplayName, rules.VerifyPhoneNumber, rules.EnterPIN, rules.DetachFromApp,
		rules.Reconnect, rules.AppealRestriction, rules.WaitRateLimit, rules.MigrateFromOnPrem, rules.ContactMeta, rules.FixCallbackURL,
	} {
		if !strings.Contains(guide, "| `"+string(a)+"` |") {
			t.Errorf("required action %s is not explained", a)
		}
	}
	descs := make(chan *prometheus.Desc, 100)
	for _, c := range append(NewMetrics().Collectors(), (*Collector)(nil)) {
		c.Describe(descs)
	}
	close(descs)
	name := regexp.MustCompile(`fqName: "([a-z0-9_]+)"`)
	var known []string
	for d := range descs {
		known = append(known, name.FindStringSubmatch(d.String())[1])
	}
	named := regexp.MustCompile(`tributary_whatsapp_[a-z0-9_]+`).FindAllString(guide, -1)
	for _, n := range known {
		if !slices.Contains(named, n) {
			t.Errorf("metric %s is not explained", n)
		}
	}
	for _, n := range named {
		if !slices.Contains(known, n) {
			t.Errorf("there is no metric %s", n)
		}
	}
}
