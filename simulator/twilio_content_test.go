package simulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tributary/simulator"
)

// twilioAPI calls one Twilio account.
type twilioAPI struct {
	t    *testing.T
	base string
	p    map[string]string
	ch   *simulator.Channel
}

func newTwilioAPI(t *testing.T) twilioAPI {
	t.Helper()
	s := start(t, simulator.Options{Kinds: []simulator.Kind{simulator.TwilioWhatsApp}})
	ch := s.Channel(simulator.TwilioWhatsApp)
	return twilioAPI{t, s.Settings()["TWILIO_API_URL"], secrets(t, ch), ch}
}

// do calls path and gives the answer with its error code, 0 without one.
func (a twilioAPI) do(method, path, body string) (r result, code int) {
	a.t.Helper()
	r = do(a.t, method, a.base+path, body, "Authorization", basicAuth(a.p["account_sid"], a.p["auth_token"]))
	var fault struct {
		Code int `json:"code"`
	}
	if r.status != http.StatusNoContent {
		if err := json.Unmarshal([]byte(r.body), &fault); err != nil {
			a.t.Fatalf("%s %s: %d %q: %v", method, path, r.status, r.body, err)
		}
	}
	return r, fault.Code
}

// send sends a content; pairs are further parameters.
func (a twilioAPI) send(sid, variables string) (r result, code int) {
	a.t.Helper()
	form := url.Values{"To": {"whatsapp:+15035550188"}, "From": {a.ch.Address}, "ContentSid": {sid}, "ContentVariables": {variables}}
	return a.do(http.MethodPost, "/2010-04-01/Accounts/"+a.p["account_sid"]+"/Messages.json", form.Encode())
}

func (a twilioAPI) make(body string) string {
	a.t.Helper()
	r, code := a.do(http.MethodPost, "/v1/Content", body)
	var made struct {
		SID string `json:"sid"`
	}
	if err := json.Unmarshal([]byte(r.body), &made); err != nil || r.status != http.StatusCreated || code != 0 {
		a.t.Fatalf("content not made: %d %s %v", r.status, r.body, err)
	}
	if !regexp.MustCompile(`^HX[0-9a-f]{32}$`).MatchString(made.SID) {
		a.t.Errorf("sid %q is none of Twilio's", made.SID)
	}
	return made.SID
}

const (
	buttons = `{"friendly_name":"ask","language":"en","variables":{"1":"Which?","2":"Rye","3":"r"},` +
		`"types":{"twilio/quick-reply":{"body":"{{1}}","actions":[{"type":"QUICK_REPLY","title":"{{2}}","id":"{{3}}"},{"title":"Corn","id":"c"}]}}}`
	list = `{"friendly_name":"pick","language":"en","variables":{"1":"Which?","2":"Rye"},` +
		`"types":{"twilio/list-picker":{"body":"{{1}}","button":"Choose","items":[{"item":"{{2}}","id":"r"},{"item":"Corn","id":"c","description":"sweet"}]}}}`
)

func TestTwilioContents(t *testing.T) {
	t.Parallel()
	a := newTwilioAPI(t)
	a.ch.SetTemplates(json.RawMessage(`{"sid":"HXold","friendly_name":"old","language":"en","types":{"twilio/text":{"body":"x"}}}`))
	first, second := a.make(buttons), a.make(list)
	if got, want := a.ch.Contents(), []string{"pick", "ask"}; !slices.Equal(got, want) {
		t.Errorf("contents: got %q, want %q", got, want)
	}
	var seen []string
	for next := "/v1/Content?PageSize=2"; next != ""; {
		r, _ := a.do(http.MethodGet, next, "")
		var page struct {
			Contents []struct {
				SID string `json:"sid"`
			} `json:"contents"`
			Meta struct {
				Next string `json:"next_page_url"`
			} `json:"meta"`
		}
		if err := json.Unmarshal([]byte(r.body), &page); err != nil || len(page.Contents) == 0 {
			t.Fatalf("page: %s %v", r.body, err)
		}
		for _, c := range page.Contents {
			seen = append(seen, c.SID)
		}
		next = strings.TrimPrefix(page.Meta.Next, a.base)
	}
	if want := []string{second, first, "HXold"}; !slices.Equal(seen, want) {
		t.Errorf("list: got %q, want %q", seen, want)
	}
	if r, _ := a.do(http.MethodGet, "/v1/Content/"+first, ""); r.status != http.StatusOK || !strings.Contains(r.body, `"friendly_name":"ask"`) {
		t.Errorf("fetch: %d %s", r.status, r.body)
	}
	a.ch.DeleteContents()
	if r, code := a.do(http.MethodGet, "/v1/Content/"+first, ""); r.status != http.StatusNotFound || code != 20404 {
		t.Errorf("fetch after deletion: %d %s", r.status, r.body)
	}
	a.ch.RefuseContents(http.StatusForbidden)
	if r, code := a.do(http.MethodGet, "/v1/Content", ""); r.status != http.StatusForbidden || code != 70051 {
		t.Errorf("list without permission: %d %s", r.status, r.body)
	}
}

func TestTwilioRefusesContents(t *testing.T) {
	t.Parallel()
	a := newTwilioAPI(t)
	many := func(n int, item string) string { return strings.TrimSuffix(strings.Repeat(item+",", n), ",") }
	for name, c := range map[string]struct {
		body string
		code int
	}{
		"no JSON":             {`{`, 20001},
		"no language":         {strings.Replace(buttons, `"language":"en",`, "", 1), 92003},
		"no types":            {`{"language":"en"}`, 20001},
		"no sample":           {strings.Replace(buttons, `"2":"Rye",`, "", 1), 20001},
		"no text":             {strings.Replace(buttons, `"body":"{{1}}"`, `"body":""`, 1), 20001},
		"eleven buttons":      {`{"language":"en","types":{"twilio/quick-reply":{"body":"x","actions":[` + many(11, `{"title":"x","id":"x"}`) + `]}}}`, 20001},
		"eleven rows":         {`{"language":"en","types":{"twilio/list-picker":{"body":"x","button":"b","items":[` + many(11, `{"item":"x","id":"x"}`) + `]}}}`, 20001},
		"a row without an id": {strings.Replace(list, `"id":"c"`, `"id":""`, 1), 20001},
		"a long title":        {strings.Replace(buttons, "Corn", strings.Repeat("c", 21), 1), 20001},
		"a long row":          {strings.Replace(list, "Corn", strings.Repeat("c", 25), 1), 20001},
	} {
		if r, code := a.do(http.MethodPost, "/v1/Content", c.body); r.status != http.StatusBadRequest || code != c.code {
			t.Errorf("%s: got %d %s, want 400 with %d", name, r.status, r.body, c.code)
		}
	}
	if got := a.ch.Contents(); len(got) != 0 {
		t.Errorf("contents: got %q, want none", got)
	}
}

func TestTwilioSendsContents(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{Kinds: []simulator.Kind{simulator.TwilioWhatsApp}})
	ch := s.Channel(simulator.TwilioWhatsApp)
	a := twilioAPI{t, s.Settings()["TWILIO_API_URL"], secrets(t, ch), ch}
	ask, pick := a.make(buttons), a.make(list)
	four := a.make(`{"language":"en","types":{"twilio/quick-reply":{"body":"x","actions":[` +
		`{"title":"a","id":"a"},{"title":"b","id":"b"},{"title":"c","id":"c"},{"title":"d","id":"d"}]}}}`)
	for name, c := range map[string]struct {
		sid, variables string
		code           int
	}{
		"unknown":              {"HX0", "", 21655},
		"no content":           {"", `{"1":"x"}`, 21654},
		"not JSON":             {ask, `{"1":`, 21656},
		"not texts":            {ask, `{"1":7}`, 21656},
		"an empty value":       {ask, `{"1":""}`, 21656},
		"null":                 {ask, `{"1":null}`, 21656},
		"two lines":            {ask, `{"1":"a\nb"}`, 21656},
		"a tab":                {pick, `{"1":"a\tb"}`, 21656},
		"five spaces":          {ask, `{"1":"a     b"}`, 21656},
		"a placeholder":        {ask, `{"1":"{{2}}"}`, 21656},
		"a very long variable": {ask, fmt.Sprintf(`{"1":%q}`, strings.Repeat("x", 1601)), 21658},
		"a long text":          {pick, fmt.Sprintf(`{"1":%q}`, strings.Repeat("x", 1025)), 21658},
		"a long button":        {ask, `{"2":"Twenty-one characters"}`, 21658},
		"emoji count twice":    {ask, fmt.Sprintf(`{"2":%q}`, strings.Repeat("🍞", 11)), 21658},
		"a long row":           {pick, `{"2":"Twenty-five characters..."}`, 21658},
		"a long id":            {ask, fmt.Sprintf(`{"3":%q}`, strings.Repeat("x", 201)), 21658},
		"buttons alike":        {ask, `{"2":"Corn"}`, 63005},
		"four buttons":         {four, "", 63005},
	} {
		if r, code := a.send(c.sid, c.variables); r.status != http.StatusBadRequest || code != c.code {
			t.Errorf("%s: got %d %s, want 400 with %d", name, r.status, r.body, c.code)
		}
	}
	if got := s.Sent(); len(got) != 0 {
		t.Fatalf("sent: %+v", got)
	}
	for _, c := range []struct {
		sid, variables, text string
		choices              []simulator.Choice
	}{
		{ask, `{"1":"Now?","2":"Yes","3":"y"}`, "Now?", []simulator.Choice{{ID: "y", Title: "Yes"}, {ID: "c", Title: "Corn"}}},
		{pick, `{"2":"Twenty-four characters.."}`, "Which?", []simulator.Choice{{ID: "r", Title: "Twenty-four characters.."}, {ID: "c", Title: "Corn"}}},
	} {
		if r, _ := a.send(c.sid, c.variables); r.status != http.StatusCreated {
			t.Errorf("%s: %d %s", c.text, r.status, r.body)
			continue
		}
		sent := s.Sent()
		if last := sent[len(sent)-1]; last.Text != c.text || !slices.Equal(last.Choices, c.choices) {
			t.Errorf("got %q %+v, want %q %+v", last.Text, last.Choices, c.text, c.choices)
		}
	}
}
