package channeltest

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// testCase is one case file, see the package documentation.
type testCase struct {
	file string

	Title string `json:"title"`
	Given struct {
		Config  map[string]string `json:"config"`
		Inboxes []json.RawMessage `json:"inboxes"`
		Mode    string            `json:"signature_mode"`
		rest    map[string]json.RawMessage
	} `json:"given"`
	Request   *request        `json:"request"`
	Direction string          `json:"direction"`
	Message   json.RawMessage `json:"message"`
	Calls     []providerCall  `json:"provider_calls"`
	Expect    expectation     `json:"expect"`
}

type request struct {
	Method  string                     `json:"method"`
	Path    string                     `json:"path"`
	Query   map[string]string          `json:"query"`
	Headers map[string]string          `json:"headers"`
	Body    json.RawMessage            `json:"body"`
	BodyRaw *string                    `json:"body_raw"`
	Form    map[string]json.RawMessage `json:"form"`
}

type providerCall struct {
	Request struct {
		Method  string                     `json:"method"`
		URL     string                     `json:"url"`
		Headers map[string]string          `json:"headers"`
		Body    json.RawMessage            `json:"body"`
		Form    map[string]json.RawMessage `json:"form"`
	} `json:"request"`
	Response struct {
		Status      int               `json:"status"`
		ContentType string            `json:"content_type"`
		Headers     map[string]string `json:"headers"`
		Body        json.RawMessage   `json:"body"`
	} `json:"response"`
}

// expectation holds the keys that are compared here; whatever is about stored
// state is checked by the tests of the store.
type expectation struct {
	Status        json.RawMessage   `json:"status"` // HTTP status, or message status
	ResponseBody  json.RawMessage   `json:"response_body"`
	Events        []json.RawMessage `json:"events"`
	ProviderIDs   []string          `json:"provider_ids"`
	ErrorClass    string            `json:"error_class"`
	ExternalError *string           `json:"external_error"`
	HasEvents     bool              `json:"-"`
}

// Keys of expect that describe stored state.
var storedState = []string{"stored_messages", "final", "inbox", "contact_inbox", "conversation", "message", "note"}

func (c *testCase) outbound() bool { return c.Direction == "outbound" }

// name is the file without folder testdata and extension.
func (c *testCase) name() string {
	return strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(c.file), "testdata/"), ".json")
}

// loadCases reads the case files that the globs name.
func loadCases(tb testing.TB, globs []string) []*testCase {
	tb.Helper()
	var cases []*testCase
	for _, glob := range globs {
		files, err := filepath.Glob(glob)
		if err != nil {
			tb.Fatalf("channeltest: %s: %v", glob, err)
		}
		for _, file := range files {
			cases = append(cases, loadCase(tb, file))
		}
	}
	if len(cases) == 0 {
		tb.Fatalf("channeltest: no case files match %v", globs)
	}
	return cases
}

func loadCase(tb testing.TB, file string) *testCase {
	tb.Helper()
	raw, err := fs.ReadFile(os.DirFS(filepath.Dir(file)), filepath.Base(file))
	if err != nil {
		tb.Fatalf("channeltest: %v", err)
	}
	c := &testCase{file: file}
	if err := json.Unmarshal(raw, c); err != nil {
		tb.Fatalf("channeltest: %s: %v", file, err)
	}
	var loose struct {
		Given  map[string]json.RawMessage `json:"given"`
		Expect map[string]json.RawMessage `json:"expect"`
	}
	if err := json.Unmarshal(raw, &loose); err != nil {
		tb.Fatalf("channeltest: %s: %v", file, err)
	}
	_, c.Expect.HasEvents = loose.Expect["events"]
	for _, key := range append([]string{"status", "response_body", "events", "provider_ids", "error_class", "external_error"}, storedState...) {
		delete(loose.Expect, key)
	}
	for key := range loose.Expect {
		tb.Fatalf("channeltest: %s: unknown key expect.%s", file, key)
	}
	for _, key := range []string{"config", "inboxes", "signature_mode"} {
		delete(loose.Given, key)
	}
	c.Given.rest = loose.Given
	if c.Request == nil && !c.outbound() {
		tb.Fatalf("channeltest: %s: neither a request nor outbound", file)
	}
	return c
}

// bytes are the exact bytes of the request body.
func (r *request) bytes(tb testing.TB) []byte {
	tb.Helper()
	switch {
	case r.BodyRaw != nil:
		return []byte(*r.BodyRaw)
	case r.Form != nil:
		return []byte(formValues(tb, r.Form).Encode())
	case r.Body != nil:
		var b bytes.Buffer
		if err := json.Compact(&b, r.Body); err != nil {
			tb.Fatalf("channeltest: body: %v", err)
		}
		return b.Bytes()
	}
	return nil
}

// formValues reads a form whose values are texts, numbers or lists of them.
func formValues(tb testing.TB, form map[string]json.RawMessage) url.Values {
	tb.Helper()
	values := url.Values{}
	for key, raw := range form {
		switch v := decodeJSON(tb, raw).(type) {
		case []any:
			for _, one := range v {
				values.Add(key, scalar(one))
			}
		case nil:
		default:
			values.Set(key, scalar(v))
		}
	}
	return values
}

// decodeJSON keeps numbers as they are written.
func decodeJSON(tb testing.TB, raw []byte) any {
	tb.Helper()
	v, err := parseJSON(raw)
	if err != nil {
		tb.Fatalf("channeltest: %v in %q", err, raw)
	}
	return v
}

func parseJSON(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err
}
