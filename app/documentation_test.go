package app

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of docs/configuration.md")

const (
	configurationDoc = "../docs/configuration.md"
	tableBegin       = "<!-- This table is made from app.Config: go test ./app -run Documented -update -->\n"
	tableEnd         = "<!-- end of the table -->\n"
)

func TestConfigurationIsDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(configurationDoc)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), tableBegin)
	got, after, closed := strings.Cut(rest, tableEnd)
	if !ok || !closed {
		t.Fatalf("%s has no place for the table", configurationDoc)
	}
	want := configTable()
	if got == want {
		return
	}
	if *update {
		if err := os.WriteFile(configurationDoc, []byte(before+tableBegin+want+tableEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("the table of %s is not what app.Config says; run go test ./app -run Documented -update", configurationDoc)
}

// configTable is the configuration as a table of Markdown.
func configTable() string {
	var b strings.Builder
	b.WriteString("| variable | default | meaning |\n|---|---|---|\n")
	config := reflect.TypeFor[Config]()
	for field := range config.Fields() {
		tag := field.Tag
		if name := tag.Get("env"); name != "" && name != "-" {
			standard := tag.Get("envDefault")
			if standard != "" {
				standard = "`" + standard + "`"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", name, standard, tag.Get("help"))
		}
	}
	return b.String()
}

// TestSettingsAreDocumented: what the program asks the installation for is read
// from the environment, and explained; and nothing else is.
func TestSettingsAreDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(configurationDoc)
	if err != nil {
		t.Fatal(err)
	}
	_, settings, ok := strings.Cut(string(text), "## Settings of the installation\n")
	if !ok {
		t.Fatalf("%s has no section for settings", configurationDoc)
	}
	settings, _, _ = strings.Cut(settings, "\n## ")
	known := map[string]bool{"360DIALOG_BASE_URL": true}
	for _, name := range settingNames {
		known[name] = true
		if !strings.Contains(settings, "`"+name+"`") {
			t.Errorf("%s does not explain %s", configurationDoc, name)
		}
	}
	for _, m := range regexp.MustCompile("`([A-Z0-9_]{6,})`").FindAllStringSubmatch(settings, -1) {
		if !known[m[1]] {
			t.Errorf("%s explains %s, which is no setting", configurationDoc, m[1])
		}
	}
}
