package all_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"tributary/channels/channeltest"
)

// apiMarks recognise, in the requests that the tests of package api send, what a
// client of the API channel can do: it has no webhook, so its events come through
// the public API and are played there.
var apiMarks = map[string]*regexp.Regexp{
	"signature":      regexp.MustCompile(`identifier_hash`),
	"de-duplication": regexp.MustCompile(`"message_type":"incoming".*"source_id"`),
	"text":           regexp.MustCompile(`^\{"content":"[^"]+","echo_id"`),
	"media":          regexp.MustCompile(`^attachments$|"attachments":\[\{`),
	"form":           regexp.MustCompile(`"submitted_values":\[\{`),
	"delivered":      regexp.MustCompile(`"status":"delivered"`),
	"read":           regexp.MustCompile(`/update_last_seen`),
	"failed":         regexp.MustCompile(`"status":"failed","external_error"`),
	"typing":         regexp.MustCompile(`"typing_status":"on"`),
	"profile":        regexp.MustCompile(`"source_id":"[^"]*","name":"`),
}

// webhookMarks recognise, in what the end-to-end tests expect, which events the
// webhook of an API inbox is called for beside the messages that the driver posts.
var webhookMarks = map[string]*regexp.Regexp{
	"presence": regexp.MustCompile(`^conversation_typing_on `),
}

// apiFacets are the facets that a mark shows.
var apiFacets = map[string]string{"failed": "later", "profile": "payload", "presence": "typing"}

// surveyAPI reads which requests of the API channel the tests of the API make, and
// which webhooks of it the end-to-end tests await.
func surveyAPI(t *testing.T) channeltest.Capabilities {
	t.Helper()
	found := channeltest.Capabilities{}
	surveyTests(t, found, "api", apiMarks)
	surveyTests(t, found, "e2e", webhookMarks)
	return found
}

// surveyTests notes the marks in the tests of a package at the top.
func surveyTests(t *testing.T, found channeltest.Capabilities, name string, marks map[string]*regexp.Regexp) {
	t.Helper()
	folder := os.DirFS("../../" + name)
	files, err := fs.Glob(folder, "*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		source, err := fs.ReadFile(folder, path)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, source, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || !strings.HasPrefix(f.Name.Name, "Test") {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				lit, ok := n.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					return true
				}
				for row, mark := range marks {
					public := row != "media" || strings.HasPrefix(f.Name.Name, "TestPublic") // agents send files, too
					if public && mark.MatchString(strings.Trim(lit.Value, "`\"")) {
						note(found, row, apiFacets[row], name+"."+f.Name.Name)
					}
				}
				return true
			})
		}
	}
}

func note(found channeltest.Capabilities, row, facet, proof string) {
	e := &channeltest.Evidence{Proofs: []string{proof}}
	if facet != "" {
		e.Facets = []string{facet}
	}
	found.Merge(channeltest.Capabilities{row: e})
}
