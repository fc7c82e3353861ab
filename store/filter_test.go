package store_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tributary/chat/filter"
	"tributary/internal/testkit"
	"tributary/store"
	"tributary/store/storetest"
)

// eachDB runs f on both databases.
func eachDB(t *testing.T, f func(t *testing.T, d *storetest.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, storetest.New(t, ""))
	})
	if testkit.HasPostgres() {
		t.Run("postgres", func(t *testing.T) {
			t.Parallel()
			f(t, storetest.New(t, storetest.Prepared.Postgres(t)))
		})
	}
}

// made makes random records and filters that have something to do with each other.
type made struct{ *rand.Rand }

func pick[T any](m made, list ...T) T { return list[m.IntN(len(list))] }

// texts are few, so that filters find something: with capitals, characters that mean something
// in patterns and in JSON, numbers, dates, and what only looks like them.
var texts = []string{
	"", "red", "Red", "RED wine", "crème Brûlée", "100%", "a_b", "!x", `say "hi"`, `back\slash`, "new\nline", "<b>", "42", "42.0", "4e1", "+7", "1e400",
	"2024-02-29", "2024-02-29T23:30:00.000Z", "2024-02-30", "2024-2-9", "2025-01-31 x", "true", "FALSE", "null", "0x10", " 7 ", "🙂", "ÀÉ", "àé", "ss",
	"+4930123", "4930123", "ab,cd", "\u2028", "'; DROP TABLE accounts; --", "$1", "?",
}

func (m made) text() string { return pick(m, texts...) }

var attributeKeys = []string{"plan", "seats", "since", "vip", `odd "key" \ % $1 ?`, "schlüssel"}

// attributes is a JSON object of attributes, some of the wrong type.
func (m made) attributes(keys ...string) string {
	all := map[string]any{}
	for _, k := range keys {
		if m.IntN(3) == 0 {
			continue
		}
		all[k] = pick[any](m, m.text(), m.text(), m.IntN(50), m.Float64()*50, json.Number("1e2"), json.Number("1e-7"), json.Number("12345678901234567890123456789012345"),
			true, false, nil, []any{"red", 1}, map[string]any{"a": "red"}, 42, json.Number("42.50"))
	}
	b, err := json.Marshal(all)
	if err != nil {
		panic(err) // they are plain values
	}
	return string(b)
}

func (m made) maybe(v any) any {
	if m.IntN(3) == 0 {
		return nil
	}
	return v
}

func (m made) moment() int64 {
	day := time.Date(2025, 1, 20+m.IntN(20), 0, 0, 0, 0, time.UTC)
	return day.Add(pick(m, 0, time.Microsecond, 12*time.Hour, 24*time.Hour-time.Microsecond)).UnixMicro()
}

func (m made) labels() []string {
	var out []string
	for _, l := range []string{"vip", "red", "été"} {
		if m.IntN(3) == 0 {
			out = append(out, l)
		}
	}
	return out
}

// conditions is what a client might send.
func (m made) conditions(g *filter.Grammar, defined []filter.Definition) any {
	list := make([]any, 1+m.IntN(4))
	for i := range list {
		c := map[string]any{"query_operator": pick[any](m, "and", "OR", "AND", "or", nil)}
		if m.IntN(2) == 0 {
			d := pick(m, defined...)
			c["attribute_key"], c["custom_attribute_type"] = d.Key, string(d.Of)
			c["filter_operator"] = pick(m, "equal_to", "not_equal_to", "contains", "does_not_contain", "is_present", "is_not_present", "is_greater_than", "is_less_than", "days_before", "starts_with", "odd")
			c["values"] = m.values(d.Kind)
		} else {
			f := pick(m, g.Fields...)
			c["attribute_key"], c["filter_operator"] = f.Key, string(pick(m, f.Operators...))
			c["values"] = m.values(f.Kind)
			if f.Names != nil {
				c["values"] = []any{pick(m, "open", "all", "resolved", "urgent", "low", "nothing", "2")}
			}
		}
		list[i] = c
	}
	return list
}

func (m made) values(k filter.Kind) []any {
	out := make([]any, 1+m.IntN(3))
	for i := range out {
		switch k {
		case filter.ID:
			out[i] = json.Number(strconv.Itoa(m.IntN(14)))
		case filter.Number:
			out[i] = pick[any](m, json.Number("42"), "42.5", "-1", json.Number("1e2"), "7", "123456789012345678901234567890")
		case filter.Date, filter.Moment:
			out[i] = pick[any](m, "2024-02-29", "2025-01-31", "2025-01-25", "2", json.Number("4"))
		case filter.Bool:
			out[i] = pick[any](m, true, false, "TRUE", "false")
		case filter.Labels:
			out[i] = pick[any](m, "vip", "red", "Été", "VIP", "none")
		case filter.Text, filter.Folded:
			out[i] = m.text()
		}
	}
	return out
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// definitions are custom attributes of each kind.
func definitions(of filter.Model) []filter.Definition {
	kinds := []filter.Kind{filter.Folded, filter.Number, filter.Date, filter.Bool, filter.Folded, filter.Folded}
	out := make([]filter.Definition, len(attributeKeys))
	for i, k := range attributeKeys {
		out[i] = filter.Definition{Key: k, Of: of, Kind: kinds[i]}
	}
	return out
}

// What SQL finds is what Match finds, whatever is stored and asked.
func TestFilterAgreesWithMatch(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	eachDB(t, func(t *testing.T, d *storetest.DB) {
		m := made{rand.New(rand.NewPCG(seed, 1))} //nolint:gosec // repeatable by its seed
		t.Logf("seed %d", seed)
		w := newFilterWorld(t, d)
		records := map[int64]filter.Record{}
		for n := range 150 {
			id, r := w.conversation(m, int64(n+1))
			records[id] = r
		}
		now := time.Date(2025, 2, 1, 13, 0, 0, 0, time.UTC)
		found := 0
		for range 400 {
			payload := m.conditions(&filter.Conversations, definitions(filter.Conversation))
			q, err := filter.Conversations.Parse(payload, definitions(filter.Conversation), now)
			if err != nil {
				continue // a value of another kind
			}
			list, err := d.ListConversations(t.Context(), store.ConversationFilter{AccountID: w.account, Matching: q}, store.ByCreatedAsc, 0, 0)
			if err != nil {
				t.Fatalf("%s: %v", dump(payload), err)
			}
			var got, want []int64
			for _, c := range list {
				got = append(got, c.ID)
			}
			for id, r := range records {
				if q.Match(r) {
					want = append(want, id)
				}
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				for _, id := range append(slices.Clone(got), want...) {
					if slices.Contains(got, id) != slices.Contains(want, id) {
						t.Fatalf("%s\nSQL %v, Match %v of %+v", dump(payload), slices.Contains(got, id), slices.Contains(want, id), records[id])
					}
				}
			}
			counts, err := d.CountConversations(t.Context(), store.ConversationFilter{AccountID: w.account, UserID: w.user, Matching: q})
			must(t, err)
			if counts.All != len(got) {
				t.Fatalf("%s: counted %+v, listed %d", dump(payload), counts, len(got))
			}
			found += len(got)
		}
		if found == 0 {
			t.Error("no filter found anything")
		}
	})
}

// The same of contacts.
func TestContactFilterAgreesWithMatch(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	eachDB(t, func(t *testing.T, d *storetest.DB) {
		m := made{rand.New(rand.NewPCG(seed, 2))} //nolint:gosec // repeatable by its seed
		t.Logf("seed %d", seed)
		w := newFilterWorld(t, d)
		records := map[int64]filter.Record{}
		for n := range 100 {
			id, r := w.somebody(m, n)
			records[id] = r
		}
		now := time.Date(2025, 2, 1, 13, 0, 0, 0, time.UTC)
		found := 0
		for range 400 {
			payload := m.conditions(&filter.Contacts, definitions(filter.Contact))
			q, err := filter.Contacts.Parse(payload, definitions(filter.Contact), now)
			if err != nil {
				continue
			}
			f := store.ContactFilter{AccountID: w.account, Resolution: store.ResolvedContacts, Conditions: []store.Condition{store.ContactsMatching(q)}}
			list, err := d.ListContacts(t.Context(), f, nil, 0, 0)
			if err != nil {
				t.Fatalf("%s: %v", dump(payload), err)
			}
			got := map[int64]bool{}
			for _, c := range list {
				got[c.ID] = true
			}
			for id, r := range records {
				if q.Match(r) != got[id] {
					t.Fatalf("%s\nSQL %v, Match %v of %+v", dump(payload), got[id], q.Match(r), r)
				}
			}
			n, err := d.CountContacts(t.Context(), f)
			must(t, err)
			if n != len(list) {
				t.Fatalf("%s: counted %d, listed %d", dump(payload), n, len(list))
			}
			found += n
		}
		if found == 0 {
			t.Error("no filter found anything")
		}
	})
}

// somebody stores a random contact.
func (w *filterWorld) somebody(m made, n int) (int64, filter.Record) {
	w.t.Helper()
	row := filter.Row{
		Columns: map[string]any{
			"name": m.text(), "email": m.maybe(fmt.Sprintf("%s%d@x.example", pick(m, "Ada", "bo", "ÉVA"), n)), "phone_number": m.maybe(fmt.Sprintf("+4930%d", n)),
			"identifier": fmt.Sprintf("%s-%d", pick(m, "Id", "iD", "x_y%"), n), "created_at": m.moment(), "last_activity_at": m.maybe(m.moment()), "blocked": m.IntN(2) == 0,
		},
		Additional: m.attributes("country_code", "city", "company"),
		Custom:     m.attributes(attributeKeys...), Labels: m.labels(),
	}
	c := row.Columns
	id := w.insert(`INSERT INTO contacts (account_id, name, email, phone_number, identifier, blocked, additional_attributes, custom_attributes, last_activity_at, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1) RETURNING id`,
		w.account, c["name"], c["email"], c["phone_number"], c["identifier"], c["blocked"], row.Additional, row.Custom, c["last_activity_at"], c["created_at"])
	for i, l := range row.Labels {
		if i == 0 {
			row.Labels[i] = strings.ToUpper(l)
		}
		_, err := w.d.SQL.ExecContext(w.t.Context(), `INSERT INTO contact_labels (contact_id, account_id, label) VALUES ($1, $2, $3)`, id, w.account, row.Labels[i])
		must(w.t, err)
	}
	return id, filter.Record{filter.Contact: row}
}

func dump(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// filterWorld is an account with an inbox and a contact.
type filterWorld struct {
	t                                  *testing.T
	d                                  *storetest.DB
	account, user, inbox, contact, via int64
}

func newFilterWorld(t *testing.T, d *storetest.DB) *filterWorld {
	t.Helper()
	b, err := d.Bootstrap(t.Context(), "ada@example.com", "Ada", "hash", "Acme")
	must(t, err)
	w := &filterWorld{t: t, d: d, account: b.AccountID, user: b.UserID}
	channel := w.insert(`INSERT INTO channels (account_id, type, settings, created_at, updated_at) VALUES ($1, 'Channel::Api', '', 1, 1) RETURNING id`, w.account)
	w.inbox = w.insert(`INSERT INTO inboxes (account_id, channel_id, channel_type, name, created_at, updated_at) VALUES ($1, $2, 'Channel::Api', 'i', 1, 1) RETURNING id`, w.account, channel)
	w.contact = w.insert(`INSERT INTO contacts (account_id, name, created_at, updated_at) VALUES ($1, 'c', 1, 1) RETURNING id`, w.account)
	w.via = w.insert(`INSERT INTO contact_inboxes (contact_id, inbox_id, source_id, pubsub_token, created_at, updated_at) VALUES ($1, $2, 's', 't', 1, 1) RETURNING id`, w.contact, w.inbox)
	return w
}

func (w *filterWorld) insert(query string, args ...any) (id int64) {
	w.t.Helper()
	if err := w.d.SQL.QueryRowContext(w.t.Context(), query, args...).Scan(&id); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
	return id
}

// conversation stores a random one.
func (w *filterWorld) conversation(m made, display int64) (int64, filter.Record) {
	w.t.Helper()
	whole := func(v any) any {
		if n, ok := v.(int); ok {
			return int64(n)
		}
		return v
	}
	row := filter.Row{
		Columns: map[string]any{
			"status": int64(m.IntN(4)), "priority": whole(m.maybe(m.IntN(4))), "assignee_id": m.maybe(w.user), "inbox_id": w.inbox,
			"team_id": whole(m.maybe(m.IntN(14))), "campaign_id": whole(m.maybe(m.IntN(14))), "display_id": display, "created_at": m.moment(), "last_activity_at": m.moment(),
		},
		Additional: m.attributes("browser_language", "conversation_language", "country_code", "referer", "mail_subject"),
		Custom:     m.attributes(attributeKeys...), Labels: m.labels(),
	}
	c := row.Columns
	id := w.insert(`INSERT INTO conversations (account_id, inbox_id, contact_id, contact_inbox_id, display_id, uuid, status, priority, assignee_id, team_id, campaign_id,
			additional_attributes, custom_attributes, last_activity_at, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 1) RETURNING id`,
		w.account, w.inbox, w.contact, w.via, display, fmt.Sprint("u", display), c["status"], c["priority"], c["assignee_id"], c["team_id"], c["campaign_id"],
		row.Additional, row.Custom, c["last_activity_at"], c["created_at"])
	for _, l := range row.Labels {
		_, err := w.d.SQL.ExecContext(w.t.Context(), `INSERT INTO conversation_labels (conversation_id, account_id, label) VALUES ($1, $2, $3)`, id, w.account, l)
		must(w.t, err)
	}
	return id, filter.Record{filter.Conversation: row}
}

// What is stored by others may be JSON that one database cannot read: the list shows all the
// same, and finds the rest.
func TestFilterReadsWhateverIsStored(t *testing.T) {
	t.Parallel()
	eachDB(t, func(t *testing.T, d *storetest.DB) {
		w := newFilterWorld(t, d)
		m := made{rand.New(rand.NewPCG(1, 1))} //nolint:gosec // no secret
		for n, stored := range []string{
			`{"plan":"red","x":"\u0000"}`, `{"plan":"red","x":"\ud800"}`, `{"plan":"red","x":1e999999}`, `{"plan":"red","plan":"red"}`,
			`{"plan":"red","x":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`, `{"plan":"red"}`, `{}`,
		} {
			id, _ := w.conversation(m, int64(n+1))
			_, err := d.SQL.ExecContext(t.Context(), `UPDATE conversations SET custom_attributes = $1 WHERE id = $2`, stored, id)
			must(t, err)
		}
		for _, key := range []string{"plan", "x", "seats"} {
			for _, op := range []string{"equal_to", "not_equal_to", "contains", "is_present", "is_not_present", "is_greater_than"} {
				for kind := range filter.Bool + 1 {
					defined := []filter.Definition{{Key: key, Of: filter.Conversation, Kind: kind}}
					value := map[filter.Kind]string{filter.Number: "1", filter.Date: "2024-01-01", filter.Bool: "true"}[kind]
					q, err := filter.Conversations.Parse([]any{map[string]any{"attribute_key": key, "filter_operator": op, "values": []any{value + ""}}}, defined, time.Now())
					must(t, err)
					if _, err := d.ListConversations(t.Context(), store.ConversationFilter{AccountID: w.account, Matching: q}, store.ByActivityDesc, 25, 0); err != nil {
						t.Errorf("%s %s %d: %v", key, op, kind, err)
					}
				}
			}
		}
		q, err := filter.Conversations.Parse([]any{map[string]any{"attribute_key": "plan", "filter_operator": "equal_to", "values": []any{"RED"}}},
			[]filter.Definition{{Key: "plan", Of: filter.Conversation, Kind: filter.Folded}}, time.Now())
		must(t, err)
		list, err := d.ListConversations(t.Context(), store.ConversationFilter{AccountID: w.account, Matching: q}, store.ByActivityDesc, 25, 0)
		must(t, err)
		if len(list) < 3 {
			t.Errorf("found %d", len(list))
		}
	})
}
