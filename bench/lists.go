package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"tributary/app"
	"tributary/chat/filter"
	"tributary/store"
)

const listRuns = 150 // of each list, over HTTP and in the store by turns

// lists asks for lists of conversations over HTTP, as dashboards do, and beside that reads
// the same from the store: what the program adds to its SQL is what lies between them.
func (b *bench) lists(ctx context.Context) error {
	for _, on := range b.backends() {
		name, _, _ := strings.Cut(on.name, ",")
		if on.missing != "" {
			b.table.missing("lists of conversations, "+name, "p99 ≤ 20 ms", on.missing)
			continue
		}
		if err := b.listsOn(ctx, on, name); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) listsOn(ctx context.Context, on backend, name string) (err error) {
	l, err := b.library(ctx, on)
	if err != nil {
		return err
	}
	if err := l.order(ctx, on.database); err != nil {
		return err
	}
	cfg, err := app.LoadConfig(nil, map[string]string{
		"DATA_DIR": l.opt.Dir, "DATABASE_URL": l.opt.URL, "SECRET_KEY_BASE": librarySecret, "PORT": "0", "BIND": "127.0.0.1", "ROLES": "api",
	})
	if err != nil {
		return err
	}
	cfg.Log = slog.New(slog.DiscardHandler)
	a, err := app.New(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Stop(context.WithoutCancel(ctx))) }()
	if err := a.Start(ctx); err != nil {
		return err
	}
	for _, q := range l.pages() {
		over, within, rows, err := l.compare(ctx, a, q)
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		p99, ratio := quantile(over, 0.99), float64(quantile(over, 0.5))/float64(quantile(within, 0.5))
		b.table.add("list: "+q.name+", "+name, fmt.Sprintf("p99 %s, %.2f times its SQL", millis(p99), ratio), "≤ 20 ms, ≤ 2 times",
			p99 <= 20*time.Millisecond && ratio <= 2,
			fmt.Sprintf("over HTTP p50 %s, in the store p50 %s, p99 %s; %d on the page", millis(quantile(over, 0.5)),
				millis(quantile(within, 0.5)), millis(quantile(within, 0.99)), rows))
	}
	return nil
}

// order gives conversations what lists look at.
func (l *library) order(ctx context.Context, analyze bool) error {
	statements := []string{
		`UPDATE conversations SET status = CASE WHEN id % 10 < 4 THEN 0 WHEN id % 10 < 9 THEN 1 ELSE 3 END,
			assignee_id = CASE WHEN id % 3 = 0 THEN (SELECT MIN(id) FROM users) END, priority = CASE WHEN id % 7 < 4 THEN id % 7 END,
			custom_attributes = CASE WHEN id % 10 = 1 THEN '{"plan":"gold"}' ELSE '{"plan":"free"}' END`,
		`INSERT INTO conversation_labels (conversation_id, account_id, label) 
			SELECT id, account_id, CASE WHEN id % 40 = 0 THEN 'rare' ELSE 'common' END FROM conversations WHERE id % 4 = 0`,
		`INSERT INTO custom_attribute_definitions (account_id, attribute_display_name, attribute_key, attribute_model, attribute_display_type, created_at, updated_at)
			SELECT id, 'Plan', 'plan', 0, 0, 1, 1 FROM accounts`,
	}
	if analyze {
		statements = append(statements, `ANALYZE conversations`, `ANALYZE conversation_labels`)
	}
	for _, s := range statements {
		if _, err := l.db.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("order conversations: %w", err)
		}
	}
	return nil
}

// listed is a list: how a client asks for it, and what the store reads for it.
type listed struct {
	name   string
	method string
	path   string // below the account
	body   string
	filter store.ConversationFilter
	order  store.ConversationOrder
	page   int // from 0
}

func (l *library) pages() []listed {
	open := []int{0}
	get := func(name, query string, f store.ConversationFilter, order store.ConversationOrder, page int) listed {
		return listed{name, http.MethodGet, "/conversations?" + query, "", f, order, page}
	}
	out := []listed{
		get("open conversations", "status=open", store.ConversationFilter{Statuses: open}, store.ByActivityDesc, 0),
		get("page 100 of them", "status=open&page=100", store.ConversationFilter{Statuses: open}, store.ByActivityDesc, 99),
		get("mine", "status=open&assignee_type=me", store.ConversationFilter{Statuses: open, Assignee: "me"}, store.ByActivityDesc, 0),
		get("by priority", "status=open&sort_by=priority_desc", store.ConversationFilter{Statuses: open}, store.ByPriorityDesc, 0),
		get("of an inbox", fmt.Sprint("status=all&inbox_id=", l.inboxes[7]), store.ConversationFilter{InboxID: l.inboxes[7]}, store.ByActivityDesc, 0),
		get("with a rare label", "status=all&labels[]=rare", store.ConversationFilter{Labels: []string{"rare"}}, store.ByActivityDesc, 0),
	}
	for name, conditions := range map[string]string{
		"filter: status and assignee": `[{"attribute_key":"status","filter_operator":"equal_to","values":["open"],"query_operator":"and"},
			{"attribute_key":"assignee_id","filter_operator":"is_not_present","values":[],"query_operator":null}]`,
		"filter: a label or urgent": `[{"attribute_key":"labels","filter_operator":"equal_to","values":["rare"],"query_operator":"or"},
			{"attribute_key":"priority","filter_operator":"equal_to","values":["urgent"],"query_operator":null}]`,
		"filter: a custom attribute": `[{"attribute_key":"plan","filter_operator":"equal_to","values":["gold"],"query_operator":null,
			"custom_attribute_type":"conversation_attribute"}]`,
		"filter: created since a week": `[{"attribute_key":"created_at","filter_operator":"is_greater_than","values":["` +
			l.now.AddDate(0, 0, -7).Format(time.DateOnly) + `"],"query_operator":null}]`,
	} {
		q, err := filter.Conversations.Parse(filter.Decode([]byte(conditions)),
			[]filter.Definition{{Key: "plan", Of: filter.Conversation, Kind: filter.Folded}}, l.now)
		if err != nil {
			panic(err) // they are constants
		}
		out = append(out, listed{
			name, http.MethodPost, "/conversations/filter", `{"payload":` + conditions + `}`,
			store.ConversationFilter{Matching: q},
			store.ByActivityDesc, 0,
		})
	}
	slices.SortStableFunc(out[6:], func(a, b listed) int { return strings.Compare(a.name, b.name) })
	return out
}

// compare asks for a list both ways, by turns.
func (l *library) compare(ctx context.Context, a *app.App, q listed) (over, within []time.Duration, rows int, err error) {
	for i := range listRuns + 5 {
		start := time.Now()
		if err := l.fetch(ctx, a.URL(), q); err != nil {
			return nil, nil, 0, err
		}
		asked, start := time.Since(start), time.Now()
		if rows, err = l.read(ctx, a.Store(), q); err != nil {
			return nil, nil, 0, err
		}
		if i < 5 {
			continue // what is kept is read for the first time
		}
		over, within = append(over, asked), append(within, time.Since(start))
	}
	slices.Sort(over)
	slices.Sort(within)
	return over, within, rows, nil
}

// fetch asks over HTTP.
func (l *library) fetch(ctx context.Context, base string, q listed) error {
	req, err := http.NewRequestWithContext(ctx, q.method, fmt.Sprintf("%s/api/v1/accounts/%d%s", base, l.account, q.path), strings.NewReader(q.body))
	if err != nil {
		return err
	}
	req.Header.Set("api_access_token", l.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(resp.Body)
	if err == nil {
		err = resp.Body.Close()
	}
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s %s", q.method, q.path, resp.Status, body)
	}
	return err
}

// read reads from the store what the answer to the list is made of.
func (l *library) read(ctx context.Context, s *store.Store, q listed) (rows int, err error) {
	const page = 25
	q.filter.AccountID, q.filter.UserID = l.account, 1
	list, _, err := s.ConversationPage(ctx, q.filter, q.order, page, q.page*page)
	if err != nil {
		return 0, err
	}
	var ids, users []int64
	for _, c := range list {
		if c.LastMessageID.Valid {
			ids = append(ids, c.LastMessageID.Int64)
		}
		if c.AssigneeID != nil {
			users = append(users, *c.AssigneeID)
		}
	}
	if _, err := s.MessagesByID(ctx, l.account, ids); err != nil {
		return 0, err
	}
	_, err = s.Agents(ctx, l.account, users)
	return len(list), err
}
