package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"tributary/internal/trial"
	"tributary/simulator"
	"tributary/store"
)

const (
	liveListeners = 200 // agents, each with a socket
	liveInboxes   = 20  // each agent is a member of one
	liveContacts  = 500 // who have all written before
	liveHistory   = 40  // messages of each
	liveFor       = 10 * time.Second

	liveSockets  = 5000
	liveAccounts = 50 // that they are of
)

// live measures from a webhook's receipt at the edge to its message at the sockets of
// those who may see it, and what open sockets cost.
func (b *bench) live(ctx context.Context) error {
	listeners, err := startGenerator()
	if err != nil {
		return err
	}
	err = b.liveLatency(ctx, listeners)
	if err == nil {
		err = b.liveMemory(ctx, listeners)
	}
	return errors.Join(err, listeners.close())
}

func (b *bench) liveLatency(ctx context.Context, listeners *generator) error {
	for _, on := range b.backends() {
		figure := fmt.Sprintf("receipt to frame on /cable at 500/s, %d subscribers, p99, %s", liveListeners, on.name)
		if on.missing != "" {
			b.table.missing(figure, "≤ 50 ms", on.missing)
			continue
		}
		latencies, err := b.liveOn(ctx, on, listeners)
		if err != nil {
			return err
		}
		p99 := quantile(latencies, 0.99)
		b.table.add(figure, millis(p99), "≤ 50 ms", p99 <= 50*time.Millisecond,
			fmt.Sprintf("p50 %s, longest %s; %s frames about new messages, each at %d sockets; each contact's at all",
				millis(quantile(latencies, 0.5)), millis(quantile(latencies, 1)), count(float64(len(latencies))), liveListeners/liveInboxes))
	}
	return nil
}

// heard is what the listeners' generator answered.
type heard struct {
	o   outcome
	err error
}

func (g *generator) listen(o *listen) chan heard {
	done := make(chan heard, 1)
	go func() {
		o, err := g.do(order{Listen: o})
		done <- heard{o, err}
	}()
	return done
}

func (b *bench) liveOn(ctx context.Context, on backend, listeners *generator) (latencies []time.Duration, err error) {
	p, err := b.start(ctx, on, allRoles, liveInboxes, simulator.Line)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.close(ctx)) }()
	if err := p.app.Start(ctx); err != nil {
		return nil, err
	}
	inboxes := make([]int64, 0, liveInboxes)
	for _, c := range p.sim.Channels() {
		inboxes = append(inboxes, p.inboxes[c])
	}
	identifiers, err := p.people(ctx, p.account, "l", liveListeners, inboxes)
	if err != nil {
		return nil, err
	}
	n := int(visibleRate * liveFor.Seconds())
	// Everybody has written before: what is measured are messages, not the beginning of
	// all conversations in the same second.
	if err := b.acquaint(ctx, p); err != nil {
		return nil, err
	}
	deliveries, err := p.webhooks(p.sim.Channels(), liveContacts, n, liveContacts)
	if err != nil {
		return nil, err
	}
	frames := n * liveListeners / liveInboxes
	sockets := listeners.listen(&listen{Address: p.app.Addr(), Identifiers: identifiers, Messages: frames, For: liveFor + 60*time.Second})
	if err := subscribed(ctx, p.app.Addr(), liveListeners, sockets); err != nil {
		return nil, err
	}
	a := &attack{Address: p.app.Addr(), Connections: visibleConns, For: liveFor, Rate: visibleRate}
	for _, d := range deliveries {
		a.Requests = append(a.Requests, wire(d, a.Address))
	}
	if _, err := b.generator.do(order{Attack: a}); err != nil {
		return nil, err
	}
	result := <-sockets
	if result.err != nil {
		return nil, result.err
	}
	if result.o.Done != frames {
		return nil, fmt.Errorf("%d frames of %d arrived", result.o.Done, frames)
	}
	return p.since(ctx, result.o.Arrivals)
}

// acquaint lets each contact write once, and waits until what follows from it is done.
func (b *bench) acquaint(ctx context.Context, p *program) error {
	first, err := p.webhooks(p.sim.Channels(), 0, liveContacts, liveContacts)
	if err != nil {
		return err
	}
	for _, d := range first {
		if _, err := p.sim.Post(ctx, "http://"+p.app.Addr(), d); err != nil {
			return err
		}
	}
	err = trial.Await(ctx, time.Minute, 50*time.Millisecond, "the first messages to be dealt with", func() (bool, error) {
		var messages, left int
		err := p.db.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM messages WHERE message_type = 0),
			(SELECT COUNT(*) FROM outbox) + (SELECT COUNT(*) FROM jobs WHERE state = 'ready' AND run_at <= $1)`, time.Now().UnixMicro()).Scan(&messages, &left)
		return messages == liveContacts && left == 0, err
	})
	if err != nil {
		return err
	}
	return p.history(ctx)
}

// history writes what each conversation said before. A database that has just been made
// keeps plans that were good for empty tables.
func (p *program) history(ctx context.Context) error {
	rows, err := p.db.QueryContext(ctx, `SELECT id, inbox_id FROM conversations`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	var list []store.NewMessage
	text := "What was said before."
	for rows.Next() {
		var id, inbox int64
		if err := rows.Scan(&id, &inbox); err != nil {
			return err
		}
		for i := range liveHistory {
			key := fmt.Sprint("h", id, " ", i)
			list = append(list, store.NewMessage{
				IngestKey: store.IngestKey{InboxID: inbox, Key: key}, AccountID: p.account, ConversationID: id, Type: i % 2, Content: &text,
				SourceID: key, At: time.Now().Add(-time.Hour).UnixMicro(),
			})
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for chunk := range slices.Chunk(list, 1000) {
		err := p.app.Store().Transact(ctx, func(tx *store.Tx) error {
			_, err := tx.InsertMessages(ctx, chunk)
			return err
		})
		if err != nil {
			return err
		}
	}
	if p.app.Store().Dialect() == "sqlite" {
		return nil
	}
	_, err = p.db.ExecContext(ctx, `ANALYZE`)
	return err
}

// since tells how long after its receipt each message arrived, sorted.
func (p *program) since(ctx context.Context, list []arrival) ([]time.Duration, error) {
	rows, err := p.db.QueryContext(ctx, `SELECT id, created_at FROM messages`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	received := map[int64]int64{}
	for rows.Next() {
		var id, at int64
		if err := rows.Scan(&id, &at); err != nil {
			return nil, err
		}
		received[id] = at
	}
	out := make([]time.Duration, len(list))
	for i, a := range list {
		out[i] = time.Duration(a.At-received[a.ID]) * time.Microsecond
	}
	slices.Sort(out)
	return out, rows.Err()
}

// people makes members of an account, in inboxes by turns, and gives by which
// identifiers they subscribe.
func (p *program) people(ctx context.Context, account int64, name string, n int, inboxes []int64) ([]string, error) {
	var users []int64
	err := p.app.Store().Transact(ctx, func(tx *store.Tx) error {
		users = nil
		for i := range n {
			id, err := tx.InsertUser(ctx, store.NewUser{Email: fmt.Sprintf("%s%d-%d@example.com", name, account, i), Name: "Agent"})
			if err != nil {
				return err
			}
			if _, err := tx.InsertMembership(ctx, store.Membership{AccountID: account, UserID: id, AutoOffline: true}); err != nil {
				return err
			}
			if len(inboxes) > 0 {
				if _, err := tx.AddInboxMembers(ctx, inboxes[i%len(inboxes)], []int64{id}); err != nil {
					return err
				}
			}
			users = append(users, id)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	members := make([]store.LiveMember, n)
	for i, id := range users {
		members[i] = store.LiveMember{AccountID: account, UserID: id}
	}
	tokens, err := p.app.Store().LiveMemberTokens(ctx, members)
	if err != nil {
		return nil, err
	}
	out := make([]string, n)
	for i, m := range members {
		b, err := json.Marshal(map[string]any{"channel": "RoomChannel", "pubsub_token": tokens[m], "account_id": m.AccountID, "user_id": m.UserID})
		if err != nil {
			return nil, err
		}
		out[i] = string(b)
	}
	return out, nil
}

// subscribed waits until so many subscriptions are there.
func subscribed(ctx context.Context, address string, n int, sockets chan heard) error {
	return trial.Await(ctx, 120*time.Second, 50*time.Millisecond, "subscriptions", func() (bool, error) {
		select {
		case early := <-sockets:
			return false, errors.Join(errors.New("the sockets ended"), early.err)
		default:
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", nil)
		if err != nil {
			return false, err
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return false, err
		}
		text, err := io.ReadAll(res.Body)
		_, rest, _ := strings.Cut(string(text), "\ntributary_live_subscriptions ")
		line, _, _ := strings.Cut(rest, "\n")
		there, _ := strconv.ParseFloat(line, 64) // 0 when it is not told
		return int(there) >= n, errors.Join(err, res.Body.Close())
	})
}

// liveMemory measures what the program holds with many open sockets.
func (b *bench) liveMemory(ctx context.Context, listeners *generator) (err error) {
	figure := fmt.Sprintf("resident memory with %s open sockets", count(liveSockets))
	if residentKiB(os.Getpid()) == 0 {
		b.table.missing(figure, "≤ 250 MB", "this system has no /proc")
		return nil
	}
	binary, err := b.binary(ctx)
	if err != nil {
		return err
	}
	dir, identifiers, err := b.crowd(ctx)
	if err != nil {
		return err
	}
	s, err := serve(ctx, binary, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.end()) }()
	if err := trial.Sleep(ctx, idleFor); err != nil {
		return err
	}
	pid := s.cmd.Process.Pid
	before := residentKiB(pid) / 1024
	const stay = 90 * time.Second
	sockets := listeners.listen(&listen{Address: s.address, Identifiers: identifiers, For: stay})
	if err := subscribed(ctx, s.address, liveSockets, sockets); err != nil {
		return err
	}
	if err := trial.Sleep(ctx, 10*time.Second); err != nil { // a few pings and heartbeats go by
		return err
	}
	held := residentKiB(pid) / 1024
	b.table.add(figure, fmt.Sprintf("%.0f MB", held), "≤ 250 MB", held <= 250,
		fmt.Sprintf("VmRSS of the program, all roles, %.0f MB before; SQLite, embedded queue; %d accounts", before, liveAccounts))
	result := <-sockets
	return result.err
}

// crowd makes a data directory with all who open sockets.
func (b *bench) crowd(ctx context.Context) (dir string, identifiers []string, err error) {
	p, err := b.start(ctx, b.backends()[0], allRoles, 1, simulator.Line)
	if err != nil {
		return "", nil, err
	}
	defer func() { err = errors.Join(err, p.close(ctx)) }()
	for i := range liveAccounts {
		made, err := p.app.Store().Bootstrap(ctx, fmt.Sprintf("owner%d@example.com", i), "Owner", "", "Account")
		if err != nil {
			return "", nil, err
		}
		list, err := p.people(ctx, made.AccountID, "m", liveSockets/liveAccounts, nil)
		if err != nil {
			return "", nil, err
		}
		identifiers = append(identifiers, list...)
	}
	return p.dir, identifiers, nil
}
