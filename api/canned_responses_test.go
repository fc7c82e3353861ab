package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tributary/internal/httpx"
)

func (w *world) canned(code, content string) map[string]any {
	w.t.Helper()
	return w.call("agent", "POST", "{A}/canned_responses", fmt.Sprintf(`{"short_code":%q,"content":%q}`, code, content)).object()
}

func TestCannedResponses(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.call("agent", "GET", "{A}/canned_responses", "").want(200, "[]")
		first := w.canned("hello", "Good morning")
		same(t, "flat", first, fmt.Sprintf(`{"id":%d,"account_id":%d,"short_code":"hello","content":"Good morning","created_at":%s,"updated_at":%[3]s,"attachments":[]}`,
			id(first["id"]), w.account, show(t, first["created_at"])))
		if at, _ := first["created_at"].(string); !strings.HasPrefix(at, "2025-01-31T10:00:") || !strings.HasSuffix(at, "Z") {
			t.Errorf("created at %v", first["created_at"])
		}
		second := w.call("admin", "POST", "{A}/canned_responses", `{"canned_response":{"short_code":"bye","content":"Say hello"}}`).object()
		third := w.send("agent", "POST", "{A}/canned_responses", "application/x-www-form-urlencoded", "canned_response[short_code]=ÉTé-hello&canned_response[content]=x").object()
		same(t, "all", ids(any(w.call("agent", "GET", "{A}/canned_responses", "").list())), fmt.Sprintf("[%d,%d,%d]", id(first["id"]), id(second["id"]), id(third["id"])))
		for search, want := range map[string]string{
			"hello":    fmt.Sprintf("[%d,%d,%d]", id(first["id"]), id(third["id"]), id(second["id"])),
			"HELL":     fmt.Sprintf("[%d,%d,%d]", id(first["id"]), id(third["id"]), id(second["id"])),
			"%C3%A9t":  fmt.Sprintf("[%d]", id(third["id"])),
			"good":     fmt.Sprintf("[%d]", id(first["id"])),
			"%25":      "[]",
			"absent":   "[]",
			"":         fmt.Sprintf("[%d,%d,%d]", id(first["id"]), id(second["id"]), id(third["id"])),
			"&search=": fmt.Sprintf("[%d,%d,%d]", id(first["id"]), id(second["id"]), id(third["id"])),
		} {
			same(t, "search "+search, ids(any(w.call("agent", "GET", "{A}/canned_responses?search="+search, "").list())), want)
		}
		path := fmt.Sprintf("{A}/canned_responses/%d", id(first["id"]))
		changed := w.call("agent", "PATCH", path, `{"content":"Good evening"}`).object()
		if changed["content"] != "Good evening" || changed["short_code"] != "hello" || changed["updated_at"] == nil {
			t.Errorf("changed %v", changed)
		}
		w.call("agent", "PUT", path, `{"canned_response":{"short_code":"hi"}}`).object()
		w.call("agent", "DELETE", path, "").want(200, "")
		same(t, "left", len(w.call("agent", "GET", "{A}/canned_responses", "").list()), "2")
	})
}

func TestCannedResponseRefusals(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		first, other := w.canned("one", "x"), w.canned("two", "x")
		path := fmt.Sprintf("{A}/canned_responses/%d", id(first["id"]))
		for _, c := range []struct{ body, want string }{
			{`{"content":""}`, ""}, // a POST lacks the short code as well
			{`{"short_code":"","content":"x"}`, invalidText("short_code", "Short code can't be blank")},
			{`{"short_code":"x","content":null}`, invalidText("content", "Content can't be blank")},
			{`{"short_code":"two","content":"x"}`, invalidText("short_code", "Short code has already been taken")},
			{`{"short_code":"` + strings.Repeat("x", 256) + `","content":"x"}`, invalidText("short_code", "Short code is too long (maximum is 255 characters)")},
			{`{"short_code":"x","content":"` + strings.Repeat("x", 20001) + `"}`, invalidText("content", "Content is too long (maximum is 20000 characters)")},
			{`{"short_code":"x","content":"x","attachments":["nothing"]}`, invalidText("attachments", "Attachments signed id is invalid")},
			{`{"short_code":"x","content":"x","attachments":[5]}`, invalidText("attachments", "Attachments is invalid")},
			{`{}`, paramText("canned_response")},
			{`{"canned_response":{}}`, paramText("canned_response")},
		} {
			if c.want == "" {
				w.call("agent", "POST", "{A}/canned_responses", c.body).want(422, `{"message":"Content can't be blank, Short code can't be blank","attributes":["content","short_code"]}`)
				w.call("agent", "PATCH", path, c.body).want(422, invalidText("content", "Content can't be blank"))
				continue
			}
			w.call("agent", "POST", "{A}/canned_responses", c.body).want(422, c.want)
			w.call("agent", "PATCH", path, c.body).want(422, c.want)
		}
		w.exec(`UPDATE canned_responses SET account_id = (SELECT MAX(id) FROM accounts) WHERE id = $1`, id(other["id"]))
		for _, method := range []string{"PUT", "PATCH", "DELETE"} {
			for _, missing := range []string{"999", "x", fmt.Sprint(id(other["id"]))} {
				w.call("agent", method, "{A}/canned_responses/"+missing, `{"content":"x"}`).want(404, missingText)
			}
			w.call("stranger", method, path, `{"content":"x"}`).want(401, `{"error":"You are not authorized to access this account"}`)
		}
		w.call("agent", "GET", path, "").want(404, `{"status":404,"error":"Not Found"}`)
		w.canned("two", "that of another account")
	})
}

// Files of canned responses are sent along by their signed ids, and stay for as long
// as the canned response or a message has them.
func TestCannedResponseFiles(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.receive(w.line("l", true), "U1", "hello")
		picture := w.picture(30, 20)
		contentType, body := w.form(map[string]string{"canned_response[short_code]": "map", "canned_response[content]": "This way"},
			upload{"canned_response[attachments][]", "way.png", "image/png", picture}, upload{"canned_response[attachments][]", "way.txt", "text/plain", "left"})
		made := w.send("agent", "POST", "{A}/canned_responses", contentType, body).object()
		first, second := at(made, "attachments", 0), at(made, "attachments", 1)
		compare(t, "picture", object(first), fmt.Sprintf(`{"file_type":"image","filename":"way.png","content_type":"image/png","file_size":%d,"width":30,"height":20}`, len(picture)))
		compare(t, "text", object(second), `{"file_type":"file","filename":"way.txt","file_size":4,"width":null,"height":null,"thumb_url":""}`)
		if got := w.served(at(first, "data_url")); got.body != picture {
			t.Errorf("data_url: %d", got.status)
		}
		if got := w.served(at(first, "thumb_url")); got.status != 200 {
			t.Errorf("thumb_url: %d", got.status)
		}
		same(t, "listed", w.call("agent", "GET", "{A}/canned_responses", "").list()[0], show(t, made))

		sent := w.call("agent", "POST", messagesOf1, fmt.Sprintf(`{"content":"This way","attachments":[%q]}`, at(first, "signed_id"))).object()
		same(t, "sent", len(sent["attachments"].([]any)), "1")
		path := fmt.Sprintf("{A}/canned_responses/%d", id(made["id"]))
		same(t, "stays", len(w.call("agent", "PATCH", path, `{"content":"That way"}`).object()["attachments"].([]any)), "2")
		left := w.call("agent", "PATCH", path, fmt.Sprintf(`{"attachments":[%q]}`, at(first, "signed_id"))).object()
		same(t, "left", left["attachments"], "["+show(t, first)+"]")
		w.sweep()
		if got := w.load("GET", at(second, "data_url").(string), ""); got.status != 404 {
			t.Errorf("what nothing has any more: %d", got.status)
		}
		w.call("agent", "DELETE", fmt.Sprintf("%s/%d", messagesOf1, id(sent["id"])), "")
		w.sweep()
		if got := w.served(at(first, "data_url")); got.body != picture {
			t.Errorf("the canned response lost its file with a message: %d", got.status)
		}
		sent = w.call("agent", "POST", messagesOf1, fmt.Sprintf(`{"content":"again","attachments":[%q]}`, at(first, "signed_id"))).object()
		w.call("agent", "DELETE", path, "").want(200, "")
		w.sweep()
		if got := w.served(at(sent, "attachments", 0, "data_url")); got.body != picture {
			t.Errorf("a message lost its file with the canned response: %d", got.status)
		}
		if n := w.count(`SELECT COUNT(*) FROM kept_files`); n != 0 {
			t.Errorf("%d files are kept for nothing", n)
		}
		// More than a message may carry is refused.
		w.call("agent", "POST", "{A}/canned_responses", `{"short_code":"x","content":"x","attachments":["a"`+strings.Repeat(`,"a"`, 15)+`]}`).
			want(422, invalidText("attachments", "Attachments exceeded maximum allowed"))
		// A file of another account is none.
		foreign := w.stored("theirs.txt", "secret")
		w.exec(`UPDATE blobs SET account_id = (SELECT MAX(id) FROM accounts) WHERE id = $1`, foreign.ID)
		w.call("agent", "POST", "{A}/canned_responses", fmt.Sprintf(`{"short_code":"x","content":"x","attachments":[%q]}`, w.files.Signer.SignedID(foreign.ID))).
			want(422, invalidText("attachments", "Attachments is invalid"))
		w.call("agent", "GET", "{A}/canned_responses", "").want(200, "[]")
	})
}

// sweep removes what nothing uses.
func (w *world) sweep() {
	w.t.Helper()
	if _, err := w.files.Sweep(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func TestKeptUpload(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		contentType, body := w.form(nil, upload{"attachment", "a.txt", "text/plain", "some text"})
		made := w.send("agent", "POST", "{A}/upload", contentType, body).object()
		if len(made) != 3 || made["blob_key"] == "" || id(made["blob_id"]) == 0 {
			t.Errorf("made %v", made)
		}
		w.pass(100 * 24 * 3600e9) // the address is good for good
		w.sweep()
		if got := w.served(made["file_url"]); got.body != "some text" {
			t.Errorf("file_url: %d %s", got.status, got.body)
		}
		place := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, req *http.Request) {
			switch req.URL.Path {
			case "/files/notes.csv":
				_, _ = out.Write([]byte("a,b\n"))
			case "/short":
				out.Header().Set("Content-Length", "10")
				_, _ = out.Write([]byte("a"))
			default:
				out.WriteHeader(http.StatusNotFound)
			}
		}))
		t.Cleanup(place.Close)
		w.desk.Guarded = httpx.NewGuarded(true)
		fetched := w.call("agent", "POST", "{A}/upload", fmt.Sprintf(`{"external_url":"%s/files/notes.csv?x=1"}`, place.URL)).object()
		if address, _ := fetched["file_url"].(string); !strings.HasSuffix(address, "/notes.csv") || w.served(address).body != "a,b\n" {
			t.Errorf("fetched %v", fetched)
		}
		const failed = `{"error":"Failed to fetch file from URL: `
		for body, want := range map[string]string{
			`{}`:                                         `{"error":"No file or URL provided"}`,
			`{"external_url":""}`:                        `{"error":"No file or URL provided"}`,
			`{"attachment":"nothing"}`:                   `{"error":"No file or URL provided"}`,
			`{"external_url":"ftp://example.com/x"}`:     `{"error":"Invalid URL provided"}`,
			`{"external_url":"http://"}`:                 `{"error":"Invalid URL provided"}`,
			`{"external_url":"http://a:b@example.com"}`:  `{"error":"Invalid URL provided"}`,
			`{"external_url":"x y"}`:                     `{"error":"Invalid URL provided"}`,
			`{"external_url":"` + place.URL + `/nope"}`:  failed + `status 404"}`,
			`{"external_url":"` + place.URL + `/short"}`: failed + `the answer broke off"}`,
			`{"external_url":"http://127.0.0.1:1/"}`:     failed + `no answer"}`,
		} {
			w.call("agent", "POST", "{A}/upload", body).want(422, want)
		}
		w.desk.Guarded = httpx.NewGuarded(false)
		for _, private := range []string{"https://127.0.0.1/", "https://169.254.169.254/latest", "https://[::1]/", place.URL} {
			w.call("agent", "POST", "{A}/upload", fmt.Sprintf(`{"external_url":%q}`, private)).want(422, failed+`the address is not allowed"}`)
		}
		w.call("stranger", "POST", "{A}/upload", `{}`).want(401, `{"error":"You are not authorized to access this account"}`)
	})
}
