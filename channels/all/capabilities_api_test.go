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

// apiFacets are the facets that a mark shows.
var apiFacets = map[string]string{"failed": "later", "profile": "payload"}

// surveyAPI reads which requests of the API channel the tests of the API make.
func surveyAPI(t *testing.T) channeltest.Capabilities {
	t.Helper()
	found := channeltest.Capabilities{}
	folder := os.DirFS("../../api")
	files, err := fs.Glob(folder, "*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		source, err := fs.ReadFile(folder, name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution)
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
				for row, mark := range apiMarks {
					public := row != "media" || strings.HasPrefix(f.Name.Name, "TestPublic") // agents send files, too
					if public && mark.MatchString(strings.Trim(lit.Value, "`\"")) {
						note(found, row, apiFacets[row], "api."+f.Name.Name)
					}
				}
				return true
			})
		}
	}
	return found
}

func note(found channeltest.Capabilities, row, facet, proof string) {
	e := &channeltest.Evidence{Proofs: []string{proof}}
	if facet != "" {
		e.Facets = []string{facet}
	}
	found.Merge(channeltest.Capabilities{row: e})
}
