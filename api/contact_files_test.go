package api_test

import (
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tributary/store"
)

// imported sends a file of contacts, and has it taken in.
func (w *world) imported(file string) {
	w.t.Helper()
	contentType, body := w.form(nil, upload{"import_file", "people.csv", "text/csv", file})
	w.send("admin", "POST", "{A}/contacts/import", contentType, body).want(200, "")
	w.run(store.LaneBulk)
}

// imports are the imports that the account knows, the newest first.
func (w *world) imports() []any {
	w.t.Helper()
	list, _ := w.call("admin", "GET", "{A}/contacts/imports", "").object()["payload"].([]any)
	return list
}

// download reads a file by its address for good.
func (w *world) download(address string) string {
	w.t.Helper()
	for range 2 { // the address for good leads to one for a while
		req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, strings.Replace(address, publicURL, "http://desk.test", 1), http.NoBody)
		w.must(err)
		res, err := w.client.Transport.RoundTrip(req)
		w.must(err)
		b, err := io.ReadAll(res.Body)
		w.must(err)
		_ = res.Body.Close()
		if res.StatusCode == http.StatusOK {
			return string(b)
		}
		address = res.Header.Get("Location")
	}
	w.t.Errorf("%s leads nowhere", address)
	return ""
}

// mails are the mails that are held about contacts, as "address subject", in order; texts are what they say.
func (w *world) mails() (list, texts []string) {
	w.t.Helper()
	w.run(store.LaneMail)
	held, err := w.store.HeldMails(w.t.Context(), 100)
	w.must(err)
	slices.Reverse(held) // the newest come first
	for _, h := range held {
		if !strings.HasPrefix(h.Kind, "contacts") {
			continue
		}
		m, err := w.store.HeldMail(w.t.Context(), h.ID)
		w.must(err)
		list, texts = append(list, m.To+" "+m.Subject), append(texts, m.Text)
	}
	return list, texts
}

// somebody is a contact by name, as the API shows it.
func (w *world) somebody(name string) map[string]any {
	w.t.Helper()
	got := w.call("admin", "POST", "{A}/contacts/filter", one("name", "equal_to", fmt.Sprintf("[%q]", name))).object()
	list, _ := got["payload"].([]any)
	if len(list) != 1 {
		w.t.Fatalf("%s: %d contacts", name, len(list))
	}
	c, _ := list[0].(map[string]any)
	return c
}

func TestContactImport(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		known := id(at(w.call("admin", "POST", "{A}/contacts", `{"name":"Known","email":"known@x.example","identifier":"k1","custom_attributes":{"plan":"old","kept":1},"additional_attributes":{"city":"Rome"}}`).object(), "payload", "contact", "id"))
		w.call("admin", "POST", "{A}/contacts", `{"name":"Other","phone_number":"+4930999"}`).object()
		w.news()
		same(t, "no imports", w.imports(), `[]`)
		w.imported("\ufeffid,name,email,identifier,phone_number,company,city,plan\r\n" +
			"7,Ada,ADA@x.example,,4930123,Acme,\"Berlin, Mitte\",gold\r\n" + // a new one; the phone number gets its plus
			",Bo \xff,,b1,,,,\n" + // no UTF-8
			"9,Renamed,known@x.example,k2,+4930124,,Paris,new\n" + // known by e-mail
			",Twice,ada@x.example,,,,,\n" + // a second one of the same e-mail in this file is left out without a word
			",Bad,not an address,,12ab,,,\n" + // invalid
			",Clash,known@x.example,,+4930999,,,\n" + // the number of another
			"\n" +
			",Short\n")
		list := w.imports()
		if len(list) != 1 {
			t.Fatalf("imports %v", list)
		}
		got, _ := list[0].(map[string]any)
		report, _ := got["failed_records_url"].(string)
		compare(t, "state", got, fmt.Sprintf(`{"status":"completed","total_records":7,"processed_records":5,"failed_records":2,"file_name":"people.csv","user_id":%d}`, w.admin))
		if id(got["created_at"]) == 0 || id(got["finished_at"]) == 0 {
			t.Errorf("times of %v", got)
		}

		ada := w.somebody("Ada")
		compare(t, "ada", ada, `{"email":"ada@x.example","phone_number":"+4930123","identifier":null,
			"additional_attributes":{"company":"Acme","city":"Berlin, Mitte"},"custom_attributes":{"id":"7","company":"Acme","city":"Berlin, Mitte","plan":"gold"}}`)
		compare(t, "bo", w.somebody("Bo "), `{"identifier":"b1","email":null,"phone_number":null,"custom_attributes":{},"additional_attributes":{}}`)
		compare(t, "known", w.somebody("Renamed"), fmt.Sprintf(`{"id":%d,"email":"known@x.example","identifier":"k2","phone_number":"+4930124",
			"additional_attributes":{"city":"Paris"},"custom_attributes":{"id":"9","city":"Paris","plan":"new","kept":1}}`, known))
		if n := w.number(`SELECT COUNT(*) FROM contacts WHERE contact_type = 0 AND email = 'ada@x.example' AND location = 'Berlin, Mitte'`); n != 1 {
			t.Error("who is imported is a visitor")
		}
		// Only who was there already makes news.
		var kinds []string
		for _, r := range w.news() {
			kinds = append(kinds, r.Kind)
		}
		same(t, "news", kinds, `["contact.updated"]`)

		if !strings.HasSuffix(report, "/20250131_contacts.csv") {
			t.Errorf("report %q", report)
		}
		if text, want := w.download(report), "id,name,email,identifier,phone_number,company,city,plan,errors\n"+
			",Bad,not an address,,12ab,,,,\"Email Invalid email, Phone number should be in e164 format\"\n"+
			",Clash,known@x.example,,+4930999,,,,Phone number has already been taken\n"; text != want {
			t.Errorf("report\n%s\nwant\n%s", text, want)
		}
		if n := w.number(`SELECT COUNT(*) FROM contact_import_failures`); n != 0 {
			t.Errorf("%d failures are left", n)
		}
		mails, texts := w.mails()
		same(t, "mails", mails, `["ada@example.com Contacts imported"]`)
		if !strings.Contains(texts[0], "5 contacts were imported into Acme; 2 rows of the file were not.") || !strings.Contains(texts[0], report) {
			t.Errorf("mail %s", texts[0])
		}

		// Without rows that failed the mail leads to the contacts.
		w.imported("name,identifier\nCy,c1\n")
		mails, texts = w.mails()
		if len(mails) != 2 || !strings.Contains(texts[1], fmt.Sprintf("%s/app/accounts/%d/contacts", publicURL, w.account)) {
			t.Errorf("mails %v %v", mails, texts)
		}
		compare(t, "second", w.imports()[0].(map[string]any), `{"status":"completed","total_records":1,"processed_records":1,"failed_records":0,"failed_records_url":""}`)
		// What is no CSV is refused as a whole.
		w.imported("name,identifier\nDi,d1\nEd,\"d\"2\n")
		compare(t, "malformed", w.imports()[0].(map[string]any), `{"status":"failed","processed_records":0}`)
		if n := w.number(`SELECT COUNT(*) FROM contacts WHERE identifier = 'd1'`); n != 0 {
			t.Error("of a malformed file something was taken")
		}
		mails, _ = w.mails()
		same(t, "mails", mails[2:], `["ada@example.com The import of contacts failed"]`)
		for _, empty := range []string{"", "name,email\n", "\n"} {
			w.imported(empty)
			compare(t, fmt.Sprintf("%q", empty), w.imports()[0].(map[string]any), `{"status":"completed","total_records":0}`)
		}
	})
}

func TestContactFileRefusals(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		const blank = `{"error":"File is blank"}`
		w.call("admin", "POST", "{A}/contacts/import", `{}`).want(422, blank)
		w.call("admin", "POST", "{A}/contacts/import", `{"import_file":""}`).want(422, blank)
		w.call("admin", "POST", "{A}/contacts/import", `{"import_file":"no signed id"}`).want(422, blank)
		contentType, body := w.form(map[string]string{"x": "y"})
		w.send("admin", "POST", "{A}/contacts/import", contentType, body).want(422, blank)
		for _, role := range []string{"agent"} {
			w.call(role, "POST", "{A}/contacts/import", `{}`).want(401, refusedText)
			w.call(role, "POST", "{A}/contacts/export", `{}`).want(401, refusedText)
			w.call(role, "GET", "{A}/contacts/imports", "").want(401, refusedText)
		}
	})
}

// Two processes that both believe the job to be theirs, and one that dies in the middle, take
// every row once.
func TestContactImportIsTakenOnce(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		const rows = 3500
		var file strings.Builder
		file.WriteString("name,identifier,phone_number\n")
		for n := range rows {
			if n%10 == 3 {
				fmt.Fprintf(&file, "Bad %d,,nothing\n", n)
			} else {
				fmt.Fprintf(&file, "Name %d,i%d,\n", n, n)
			}
		}
		contentType, body := w.form(nil, upload{"import_file", "people.csv", "text/csv", file.String()})
		w.send("admin", "POST", "{A}/contacts/import", contentType, body).want(200, "")
		job := w.jobs(store.LaneBulk)[0]
		handler := w.desk.Handlers()[job.Kind]
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() { _ = handler(t.Context(), job) }) // one of them may be told that it is not alone
		}
		all.Wait()
		w.must(handler(t.Context(), job))
		w.must(handler(t.Context(), job)) // it is done: nothing happens
		compare(t, "state", w.imports()[0].(map[string]any), `{"status":"completed","total_records":3500,"processed_records":3150,"failed_records":350}`)
		if n := w.number(`SELECT COUNT(*) FROM contacts WHERE name LIKE 'Name %'`); n != rows*9/10 {
			t.Errorf("%d contacts", n)
		}
		report, err := csv.NewReader(strings.NewReader(w.download(w.imports()[0].(map[string]any)["failed_records_url"].(string)))).ReadAll()
		w.must(err)
		if len(report) != 351 || report[1][0] != "Bad 3" || report[350][0] != "Bad 3493" {
			t.Errorf("%d rows in the report, %v", len(report), report[:2])
		}
		mails, _ := w.mails()
		same(t, "mails", mails, `["ada@example.com Contacts imported"]`)
	})
}

// A large file is taken in and written out again chunk by chunk.
func TestContactsByTheHundredThousand(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		const rows = 100_000
		var file strings.Builder
		file.WriteString("name,email,identifier,phone_number,company,plan\n")
		for n := range rows {
			fmt.Fprintf(&file, "Name %d,n%d@x.example,i%d,+49%d,Acme,gold\n", n, n, n, 1_000_000+n)
		}
		stop, peak := heapPeak()
		begun := time.Now()
		w.imported(file.String())
		t.Logf("imported %d rows in %v, heap at most %d MB", rows, time.Since(begun).Round(time.Millisecond), peak()>>20)
		stop()
		compare(t, "state", w.imports()[0].(map[string]any), `{"status":"completed","total_records":100000,"processed_records":100000,"failed_records":0}`)
		if n := w.number(`SELECT COUNT(*) FROM contacts WHERE email LIKE 'n%@x.example'`); n != rows {
			t.Errorf("%d contacts", n)
		}
		stop, peak = heapPeak()
		begun = time.Now()
		w.call("admin", "POST", "{A}/contacts/export", `{}`).want(200, "")
		w.run(store.LaneBulk)
		t.Logf("exported %d contacts in %v, heap at most %d MB", rows, time.Since(begun).Round(time.Millisecond), peak()>>20)
		stop()
		if n := w.number(`SELECT byte_size FROM blobs WHERE id = (SELECT contacts_export_blob_id FROM accounts WHERE id = ` + fmt.Sprint(w.account) + `)`); n < rows*30 {
			t.Errorf("a file of %d bytes", n)
		}
	})
}

// heapPeak watches the largest heap until stop.
func heapPeak() (stop func(), peak func() uint64) {
	var most atomic.Uint64
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most.Store(max(most.Load(), m.HeapAlloc))
			select {
			case <-ended:
				return
			case <-tick.C:
			}
		}
	}()
	return func() { close(ended); <-done }, most.Load
}

func TestContactExport(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		ids := map[string]int64{}
		for name, more := range map[string]string{
			"Ada": `,"email":"ada@x.example","custom_attributes":{"plan":"gold"},"additional_attributes":{"city":"Rome","country":"IT"}`,
			"Bo":  `,"identifier":"b,1"`, "Cy": `,"phone_number":"+4930123"`, "Nobody": ``,
		} {
			ids[name] = id(at(w.call("admin", "POST", "{A}/contacts", fmt.Sprintf(`{"name":%q%s}`, name, more)).object(), "payload", "contact", "id"))
		}
		w.call("admin", "POST", fmt.Sprintf("{A}/contacts/%d/labels", ids["Bo"]), `{"labels":["vip"]}`).object()
		w.exec(`UPDATE contacts SET created_at = $1, updated_at = $1, last_activity_at = $1 WHERE id = $2`, int64(1_700_000_000_000_000), ids["Ada"])
		export := func(body string) string {
			t.Helper()
			w.call("admin", "POST", "{A}/contacts/export", body).want(200, "")
			w.run(store.LaneBulk)
			mails, texts := w.mails()
			if len(mails) == 0 || mails[len(mails)-1] != "ada@example.com Your export of contacts from Acme is ready" {
				t.Fatalf("mails %v", mails)
			}
			link := texts[len(texts)-1]
			_, link, _ = strings.Cut(link, publicURL+"/rails")
			link, _, _ = strings.Cut(publicURL+"/rails"+link, "\n")
			if !strings.HasSuffix(link, fmt.Sprintf("/Acme_%d_contacts.csv", w.account)) {
				t.Errorf("link %q", link)
			}
			return w.download(link)
		}
		// rows of a file in the order of ids, the header in front
		want := func(name, got, header string, rows map[int64]string) {
			t.Helper()
			text := header + "\n"
			var order []int64
			for id := range rows {
				order = append(order, id)
			}
			slices.Sort(order)
			for _, id := range order {
				text += rows[id] + "\n"
			}
			if got != text {
				t.Errorf("%s: got\n%s\nwant\n%s", name, got, text)
			}
		}
		row := func(name, more string) string { return fmt.Sprintf("%d,%s,%s", ids[name], name, more) }
		want("all", export(`{}`), "id,name,email,phone_number", map[int64]string{
			ids["Ada"]: row("Ada", "ada@x.example,"), ids["Bo"]: row("Bo", ","), ids["Cy"]: row("Cy", ",+4930123"),
		})
		want("columns", export(`{"column_names":["blocked","identifier","no such","password_hash","name"]}`), "blocked,identifier,name", map[int64]string{
			ids["Ada"]: "false,,Ada", ids["Bo"]: `false,"b,1",Bo`, ids["Cy"]: "false,,Cy",
		})
		want("label", export(`{"label":"VIP","column_names":["name"]}`), "name", map[int64]string{1: "Bo"})
		const email = `"payload":[{"attribute_key":"email","filter_operator":"contains","values":["ADA"],"query_operator":null}]`
		want("filter before label", export(`{`+email+`,"label":"vip","column_names":["account_id","created_at","updated_at","additional_attributes","custom_attributes",
			"last_activity_at","contact_type","middle_name","last_name","location","country_code"]}`),
			"account_id,created_at,updated_at,additional_attributes,custom_attributes,last_activity_at,contact_type,middle_name,last_name,location,country_code",
			map[int64]string{1: fmt.Sprintf(`%d,2023-11-14 22:13:20 UTC,2023-11-14 22:13:20 UTC,"{""city"":""Rome"",""country"":""IT""}","{""plan"":""gold""}",2023-11-14 22:13:20 UTC,lead,,,Rome,IT`, w.account)})
		// There is one file at a time; the one before goes.
		if n := w.number(`SELECT COUNT(*) FROM blobs WHERE filename LIKE '%contacts.csv' AND expires_unattached_at IS NULL`); n != 1 {
			t.Errorf("%d files are kept", n)
		}
		// Nobody is told of a filter that is none: the job is over.
		w.call("admin", "POST", "{A}/contacts/export", one("nothing", "equal_to", `["x"]`)).want(200, "")
		job := w.jobs(store.LaneBulk)[0]
		if err := w.desk.Handlers()[job.Kind](t.Context(), job); err == nil {
			t.Error("a filter that is none exports something")
		}
		mails, _ := w.mails()
		if len(mails) != 4 {
			t.Errorf("mails %v", mails)
		}
	})
}
