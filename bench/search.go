package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tributary/store"
)

const (
	searchInboxes       = 50
	searchConversations = 20_000
	searchPage          = 15
	searchRuns          = 40 // of each kind of question
	searchBatch         = 1000
)

// search asks a large database for texts. It works on the store alone: how a question
// comes over HTTP is measured elsewhere.
func (b *bench) search(ctx context.Context) error {
	for _, on := range b.backends() {
		name, _, _ := strings.Cut(on.name, ",")
		if on.missing != "" {
			b.table.missing("search, "+name, "p99 ≤ 100 ms", on.missing)
			continue
		}
		if err := b.searchOn(ctx, on, name); err != nil {
			return err
		}
	}
	return nil
}

// library is a store full of messages.
type library struct {
	*store.Store
	opt     store.Options
	db      *sql.DB
	now     time.Time
	account int64
	token   string // of its administrator
	inboxes []int64
	texts   *texts
}

// librarySecret is the key of its tables.
const librarySecret = "bench bench bench bench bench bench"

// library gives the one of a back end, which is written when it is first asked for: that
// takes minutes.
func (b *bench) library(ctx context.Context, on backend) (*library, error) {
	if l := b.libraries[on.name]; l != nil {
		return l, nil
	}
	l := &library{texts: newTexts(), now: time.Now()}
	sealer, err := store.NewSealer(librarySecret)
	if err != nil {
		return nil, err
	}
	// What was written a minute ago is taken into the search index: this clock is ahead.
	l.opt = store.Options{Dir: b.folder(), Sealer: sealer, Now: func() time.Time { return l.now }}
	driver, source := "sqlite", "file:"+filepath.Join(l.opt.Dir, "tributary.db")+"?_pragma=busy_timeout(5000)"
	if on.database {
		if l.opt.URL, err = b.database.schema(ctx); err != nil {
			return nil, err
		}
		driver, source = "pgx", l.opt.URL
	}
	if l.Store, err = store.Open(ctx, l.opt); err != nil {
		return nil, err
	}
	b.libraries[on.name] = l // which closes it
	if err := l.Migrate(ctx); err != nil {
		return nil, err
	}
	if l.db, err = sql.Open(driver, source); err != nil {
		return nil, err
	}
	if err := l.fill(ctx, b.messages); err != nil {
		return nil, err
	}
	if on.database {
		_, err = l.db.ExecContext(ctx, `ANALYZE`)
	}
	return l, err
}

func (l *library) close() error {
	err := l.Close()
	if l.db != nil {
		err = errors.Join(err, l.db.Close())
	}
	return err
}

func (b *bench) searchOn(ctx context.Context, on backend, name string) error {
	l, err := b.library(ctx, on)
	if err != nil {
		return err
	}
	l.now = l.now.Add(time.Hour)
	start := time.Now()
	work, err := l.SearchWork(ctx)
	if err != nil {
		return err
	}
	for _, one := range work {
		if err := l.BuildSearch(ctx, one); err != nil {
			return err
		}
	}
	took := time.Since(start)
	b.table.tell("search index of "+count(float64(b.messages))+" messages, "+name,
		fmt.Sprintf("%.0f µs a message", float64(took.Microseconds())/float64(b.messages)),
		fmt.Sprintf("%d segments, built beside the traffic, a segment in %.0f ms; %s",
			len(work), float64(took.Milliseconds())/float64(max(len(work), 1)), l.size(ctx)))
	if on.database {
		if _, err := l.db.ExecContext(ctx, `ANALYZE search_grams`); err != nil {
			return err
		}
	}
	for _, q := range l.questions() {
		var took []time.Duration
		hits, used := 0, processTime()
		for i := range searchRuns {
			start := time.Now()
			n, err := q.ask(ctx, i)
			if err != nil {
				return err
			}
			took = append(took, time.Since(start))
			hits += n
		}
		slices.Sort(took)
		p50, p99 := took[len(took)/2], took[len(took)*99/100]
		note := fmt.Sprintf("p50 %.1f ms, %.1f found", milliseconds(p50), float64(hits)/searchRuns)
		if !on.database { // all of it is done by this process
			note += fmt.Sprintf("; %.1f ms of processor each", milliseconds((processTime()-used)/searchRuns))
		}
		b.table.add("search: "+q.name+", "+name, fmt.Sprintf("p99 %.1f ms", milliseconds(p99)), "≤ 100 ms", p99 <= 100*time.Millisecond, note)
	}
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// size tells what the index takes.
func (l *library) size(ctx context.Context) string {
	query := `SELECT COUNT(*), COALESCE(SUM(LENGTH(places)), 0), (SELECT SUM(LENGTH(content)) FROM messages) FROM search_grams`
	var rows, places, content float64
	if err := l.db.QueryRowContext(ctx, query).Scan(&rows, &places, &content); err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s rows, %.0f MB of places for %.0f MB of text", count(rows), places/1e6, content/1e6)
}

// fill writes the messages of half a year.
func (l *library) fill(ctx context.Context, messages int) error {
	first, err := l.Bootstrap(ctx, "bench@example.com", "Bench", "", "Bench")
	if err != nil {
		return err
	}
	l.account, l.token = first.AccountID, first.AccessToken
	type thread struct{ inbox, id int64 }
	var threads []thread
	err = l.Transact(ctx, func(tx *store.Tx) error {
		for i := range searchInboxes {
			channel, err := tx.InsertChannel(ctx, store.NewChannel{AccountID: l.account, Type: "Channel::Line", Settings: []byte(`{}`)})
			if err != nil {
				return err
			}
			in := store.DefaultInbox()
			in.AccountID, in.ChannelID, in.ChannelType, in.Name = l.account, channel, "Channel::Line", fmt.Sprint("inbox ", i)
			id, err := tx.InsertInbox(ctx, in)
			if err != nil {
				return err
			}
			l.inboxes = append(l.inboxes, id)
		}
		people := make([]store.NewContact, searchConversations)
		for i := range people {
			people[i] = store.NewContact{AccountID: l.account, Name: l.texts.words(2), Email: fmt.Sprintf("p%d@example.com", i)}
		}
		refs, _, err := tx.EnsureContacts(ctx, people)
		if err != nil {
			return err
		}
		links := make([]store.NewContactInbox, len(refs))
		for i, r := range refs {
			key := store.SourceKey{InboxID: l.inboxes[i%searchInboxes], SourceID: fmt.Sprint("s", i)}
			links[i] = store.NewContactInbox{SourceKey: key, ContactID: r.ContactID, Token: store.NewToken()}
		}
		made, err := tx.InsertContactInboxes(ctx, links)
		if err != nil {
			return err
		}
		list := make([]store.NewConversation, len(links))
		for i, link := range links {
			list[i] = store.NewConversation{
				ThreadKey: store.ThreadKey{ContactInboxID: made[link.SourceKey]}, AccountID: l.account, InboxID: link.InboxID, ContactID: link.ContactID,
				UUID: store.NewToken(), At: l.at(i, len(links)),
			}
		}
		conversations, err := tx.InsertConversations(ctx, list)
		for i, c := range conversations {
			threads = append(threads, thread{list[i].InboxID, c.ID})
		}
		return err
	})
	if err != nil {
		return err
	}
	for done := 0; done < messages; done += searchBatch {
		list := make([]store.NewMessage, min(searchBatch, messages-done))
		for i := range list {
			n := done + i
			t := threads[l.texts.r.IntN(len(threads))]
			text := l.texts.message(n, messages)
			list[i] = store.NewMessage{
				IngestKey: store.IngestKey{InboxID: t.inbox, Key: fmt.Sprint("m", n)}, AccountID: l.account, ConversationID: t.id,
				Type: n % 2, Content: &text, SourceID: fmt.Sprint("m", n), At: l.at(n, messages),
			}
		}
		err := l.Transact(ctx, func(tx *store.Tx) error {
			_, err := tx.InsertMessages(ctx, list)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// at is the moment of the nth of many: they are spread over half a year.
func (l *library) at(n, of int) int64 {
	const half = 182 * 24 * 3600 // seconds
	return l.now.Add(-time.Duration(half-half*n/of) * time.Second).UnixMicro()
}

// question is something that agents ask, in variations.
type question struct {
	name string
	ask  func(ctx context.Context, i int) (found int, err error)
}

func (l *library) questions() []question {
	since := l.now.AddDate(0, -3, 0).UnixMicro()
	messages := func(name string, sight store.Sight, since int64, page int, text func(i int) string) question {
		sight.AccountID = l.account
		return question{name, func(ctx context.Context, i int) (int, error) {
			list, err := l.SearchMessages(ctx, store.MessageSearch{Sight: sight, Text: text(i), Since: since}, searchPage, page*searchPage)
			return len(list), err
		}}
	}
	all := store.Sight{}
	few, half := store.Sight{InboxIDs: l.inboxes[:2]}, store.Sight{InboxIDs: l.inboxes[:25]}
	frequent := func(i int) string { return l.texts.vocabulary[i%20] }
	middling := func(i int) string { return l.texts.vocabulary[2000+i*37] }
	rare := func(i int) string { return fmt.Sprintf("#%07d", 999_000-i*7919) }
	list := func(name string, sight store.Sight, text func(i int) string) question {
		sight.AccountID = l.account
		return question{name, func(ctx context.Context, i int) (int, error) {
			said, err := l.Sayings(ctx, store.MessageSearch{Sight: sight, Text: text(i)})
			if err != nil {
				return 0, err
			}
			f := store.ConversationFilter{AccountID: l.account, InboxIDs: sight.InboxIDs, Among: said.Conversations()}
			if _, err := l.ListConversations(ctx, f, store.ByActivityDesc, 25, 0); err != nil {
				return 0, err
			}
			counts, err := l.CountConversations(ctx, f)
			return counts.All, err
		}}
	}
	word := func(text string) func(int) string { return func(int) string { return text } }
	return []question{
		messages("a frequent word", all, since, 0, frequent),
		messages("page 20 of a frequent word", all, since, 19, frequent),
		messages("a word of the middle", all, since, 0, middling),
		messages("a rare word", all, since, 0, rare),
		messages("a word that is nowhere", all, since, 0, word("xylophonist")),
		messages("frequent pieces in an order that is nowhere", all, since, 0, func(i int) string { return frequent(i) + frequent(i+7) + frequent(i+3) }),
		messages("two letters", all, since, 0, func(i int) string { return frequent(i)[:2] }),
		messages("two letters that are rare", all, since, 0, word("xq")),
		messages("two letters that are nowhere", all, since, 0, word("zz")),
		messages("a word of long ago, in three months", all, since, 0, word("yesteryear")),
		messages("a word of long ago, ever", all, 0, 0, word("yesteryear")),
		messages("a frequent word in 2 of 50 inboxes", few, since, 0, frequent),
		messages("a rare word in 2 of 50 inboxes", few, since, 0, rare),
		messages("a frequent word in 25 of 50 inboxes", half, since, 0, frequent),
		list("conversations with a rare word", all, rare),
		list("conversations with a word of the middle", all, middling),
		list("conversations with a frequent word", all, frequent),
		list("conversations with a frequent word in 2 of 50 inboxes", few, frequent),
		{"contacts", func(ctx context.Context, i int) (int, error) {
			found, err := l.SearchContacts(ctx, store.ContactSearch{AccountID: l.account, Text: middling(i), Resolution: store.ResolvedContacts}, searchPage, 0)
			return len(found), err
		}},
		{"conversations of contacts", func(ctx context.Context, i int) (int, error) {
			found, err := l.SearchConversations(ctx, store.Sight{AccountID: l.account}, fmt.Sprintf("p%d@", 19_000-i), searchPage, 0)
			return len(found), err
		}},
	}
}

// texts writes messages: words of which few are frequent and most are rare, as in
// every language.
type texts struct {
	r          *rand.Rand
	zipf       *rand.Zipf
	vocabulary []string
}

func newTexts() *texts {
	t := &texts{r: rand.New(rand.NewPCG(1, 2))} //nolint:gosec // the same texts each time
	syllables := strings.Fields("ka lo mi ter an der sto ri en is pa gu ment tion ex un re al os qui the ing bro fle zu wi ch sch ei ou")
	for range 30_000 {
		word := ""
		for range 2 + t.r.IntN(3) {
			word += syllables[t.r.IntN(len(syllables))]
		}
		t.vocabulary = append(t.vocabulary, word)
	}
	t.zipf = rand.NewZipf(t.r, 1.1, 3, uint64(len(t.vocabulary)-1))
	return t
}

func (t *texts) words(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = t.vocabulary[t.zipf.Uint64()]
	}
	return strings.Join(list, " ")
}

// message is the nth of many: with a number of its own, and in the first third of them,
// now and then, with a word that nobody says any more.
func (t *texts) message(n, of int) string {
	text := fmt.Sprintf("%s #%07d %s", t.words(4+t.r.IntN(8)), n, t.words(4+t.r.IntN(8)))
	if n < of/3 && n%100 == 0 {
		text += " yesteryear"
	}
	return text
}
