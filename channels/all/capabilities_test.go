package all_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"tributary/channels"
	apichannel "tributary/channels/api"
	"tributary/channels/channeltest"
	"tributary/channels/facebook"
	"tributary/channels/instagram"
	"tributary/channels/line"
	"tributary/channels/sms"
	"tributary/channels/telegram"
	"tributary/channels/twilio"
	"tributary/channels/twitter"
	"tributary/channels/wacloud"
)

var update = flag.Bool("update", false, "write docs/channels.md anew")

const document = "../../docs/channels.md"

// columns are the channels of the table. Build makes drivers as channels/all
// does; the API channel's guarded client is the plain one, so that a stand-in can
// answer.
var columns = []channeltest.Column{
	{Title: "Facebook", Slug: "facebook", Folder: "../facebook", Build: facebook.New},
	{Title: "Instagram", Slug: "instagram", Folder: "../instagram", Build: instagram.New, Others: []channeltest.Build{facebook.New}},
	{Title: "Twitter", Slug: "twitter", Folder: "../twitter", Build: twitter.New},
	{Title: "LINE", Slug: "line", Folder: "../line", Build: func(env *channels.Env) channels.Driver { return line.New(env) }},
	{Title: "Telegram", Slug: "telegram", Folder: "../telegram", Build: telegram.New},
	{Title: "SMS", Slug: "sms", Folder: "../sms", Build: func(env *channels.Env) channels.Driver { return sms.New(env) }},
	{Title: "WhatsApp", Slug: "whatsapp", Folder: "../wacloud", Build: func(env *channels.Env) channels.Driver { return wacloud.New(env) }},
	{Title: "Twilio SMS", Slug: "twilio_sms", Folder: "../twilio", Build: newTwilio, Has: func(ch *channels.Channel) bool { return !overWhatsApp(ch) }},
	{Title: "Twilio WhatsApp", Slug: "twilio_whatsapp", Folder: "../twilio", Build: newTwilio, Has: overWhatsApp},
	{Title: "API", Slug: "api", Folder: "../api", Cases: []string{"testdata/out_webhook_ok.json"}, Build: func(env *channels.Env) channels.Driver {
		env.Guarded = env.HTTP
		return apichannel.New(env)
	}},
}

// untravelled are the drivers that have no column: their inboxes can be connected, and
// nothing is taken in or sent. A website sends nothing because nobody has to be called.
var untravelled = []string{"email", "voice", "web_widget"}

// TestEveryDriverHasItsColumns: a channel is in the table, or carries nothing.
func TestEveryDriverHasItsColumns(t *testing.T) {
	t.Parallel()
	for _, d := range drivers() {
		info := d.Info()
		inTable := slices.ContainsFunc(columns, func(c channeltest.Column) bool {
			return c.Slug == info.Slug || strings.HasPrefix(c.Slug, info.Slug+"_")
		})
		if inTable == slices.Contains(untravelled, info.Slug) {
			t.Errorf("%s has a column: %t", info.Slug, inTable)
		}
		if inTable {
			continue
		}
		if len(info.Hooks) != 0 {
			t.Errorf("%s takes webhooks and has no column", info.Slug)
		}
		if sender, sends := d.(channels.Sender); sends {
			if parts, err := sender.Plan(&channels.Channel{}, nil); err != nil || len(parts) != 0 {
				t.Errorf("%s sends %v, %v and has no column", info.Slug, parts, err)
			}
		}
	}
}

func newTwilio(env *channels.Env) channels.Driver { return twilio.New(env) }

// overWhatsApp tells which of Twilio's two media a channel uses.
func overWhatsApp(ch *channels.Channel) bool {
	var settings struct {
		Medium string `json:"medium"`
	}
	return json.Unmarshal(ch.Settings, &settings) == nil && settings.Medium == "whatsapp"
}

// TestCapabilities derives docs/channels.md from what the drivers show, and holds
// it to what every channel has to do. -update writes the document.
func TestCapabilities(t *testing.T) {
	found := make([]channeltest.Capabilities, len(columns))
	for i, c := range columns {
		found[i] = channeltest.Survey(t, c)
		if c.Slug == "api" {
			found[i].Merge(surveyAPI(t))
		}
	}
	t.Run("promises", func(t *testing.T) { checkPromises(t, found) })
	made := render(found)
	if *update {
		if err := os.WriteFile(document, made, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	stored, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(stored, made) {
		t.Errorf("docs/channels.md is out of date: go test ./channels/all -run TestCapabilities -update\n%s", firstDifference(string(stored), string(made)))
	}
}

// checkPromises compares what was seen with promises and differences.
func checkPromises(t *testing.T, found []channeltest.Capabilities) {
	t.Helper()
	used := map[string]bool{}
	known := map[string]bool{}
	for _, p := range promises {
		cells := strings.Fields(p.cells)
		if len(cells) != len(columns) {
			t.Fatalf("row %q promises %d cells, want %d", p.row, len(cells), len(columns))
		}
		known[p.row] = true
		for i, want := range cells {
			got := found[i][p.row]
			place := columns[i].Title + ": " + p.row
			complaint := compare(want, got)
			_, excused := differences[place]
			switch {
			case complaint != "" && !excused:
				t.Errorf("%s: %s", place, complaint)
			case complaint == "" && excused:
				t.Errorf("%s: it is as promised; take it out of differences", place)
			}
			used[place] = true
		}
	}
	inbound, outbound := channeltest.Rows()
	for _, row := range slices.Concat(inbound, outbound) {
		if !known[row] {
			t.Errorf("nothing is promised about row %q", row)
		}
	}
	for place := range differences {
		if !used[place] {
			t.Errorf("differences names %q, which is no cell", place)
		}
	}
}

// compare says what is wrong with a cell; empty: nothing.
func compare(want string, got *channeltest.Evidence) string {
	switch {
	case want == "-" && got != nil:
		return "not promised, but seen in " + strings.Join(got.Proofs, ", ")
	case want == "-":
		return ""
	case got == nil:
		return "promised, but no case shows it"
	case want == "+":
		return ""
	}
	for facet := range strings.SplitSeq(want, "+") {
		if facet = strings.ReplaceAll(facet, "_", " "); !slices.Contains(got.Facets, facet) {
			return "promised with " + facet + ", seen: " + strings.Join(got.Facets, ", ")
		}
	}
	return ""
}

func firstDifference(stored, made string) string {
	a, b := strings.Split(stored, "\n"), strings.Split(made, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return "stored: " + a[i] + "\nnow:    " + b[i]
		}
	}
	return "one is longer than the other"
}
