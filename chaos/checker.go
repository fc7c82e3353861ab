package main

import (
	"context"
	"fmt"
	"time"
)

// The checker knows two records: the provider's (what it delivered and had an answer to,
// what it was given to send) and the database's. It asks the program nothing.

// patience is how long the installation may take to catch up with what was answered.
const patience = 2 * time.Minute

// settled waits until what was answered until now is stored.
func (c *cluster) settled(ctx context.Context, t *traffic) (note string, err error) {
	want := make([]int64, len(t.acked))
	for i := range t.acked {
		want[i] = t.acked[i].Load()
	}
	err = await(ctx, patience, "what was answered to be stored", func() bool {
		have, err := c.inbound(ctx)
		if err != nil {
			return false // the database may still be on its way
		}
		for contact, n := range want {
			if int64(len(have[contact])) < n {
				return false
			}
		}
		return true
	})
	if err == nil || ctx.Err() != nil {
		return "", ctx.Err()
	}
	return "  NOT caught up after " + patience.String(), nil
}

// inbound are the messages of each contact as they are stored, in the order in which
// agents see them.
func (c *cluster) inbound(ctx context.Context) (map[int][]string, error) {
	contacts := map[string]int{}
	for i := range c.contacts + writers {
		contacts[c.channel.Person(i).From] = i
	}
	return c.stored(ctx, 0, func(source, _ string) (int, bool) { i, ok := contacts[source]; return i, ok })
}

// outbound are the replies of each writer, likewise.
func (c *cluster) outbound(ctx context.Context) (map[int][]string, error) {
	return c.stored(ctx, 1, func(_, text string) (w int, ok bool) {
		var n int64
		_, err := fmt.Sscanf(text, "reply %d/%d", &w, &n)
		return w, err == nil
	})
}

func (c *cluster) stored(ctx context.Context, messageType int, owner func(source, text string) (int, bool)) (map[int][]string, error) {
	rows, err := c.db.QueryContext(ctx, `SELECT i.source_id, m.content FROM messages m JOIN conversations c ON c.id = m.conversation_id
		JOIN contact_inboxes i ON i.id = c.contact_inbox_id WHERE m.message_type = $1 ORDER BY m.id`, messageType)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	all := map[int][]string{}
	for rows.Next() {
		var source, text string
		if err := rows.Scan(&source, &text); err != nil {
			return nil, err
		}
		if i, ok := owner(source, text); ok {
			all[i] = append(all[i], text)
		}
	}
	return all, rows.Err()
}

// tally is what is wrong with a list of numbered texts, of which the first `want` must
// be there.
type tally struct{ lost, doubled, disordered int }

func (t *tally) compare(got []string, want int64, text func(int64) string) {
	number := map[string]int64{}
	for n := range want {
		number[text(n)] = n
	}
	seen := map[string]int{}
	last := int64(-1)
	for _, s := range got {
		seen[s]++
		if seen[s] > 1 {
			t.doubled++
			continue
		}
		n, ok := number[s]
		if !ok {
			continue // it was on its way when the traffic ended
		}
		if n < last {
			t.disordered++
		}
		last = n
	}
	for s := range number {
		if seen[s] == 0 {
			t.lost++
		}
	}
}

// provided are the replies that the provider took, by writer, in the order in which it
// took them. What it knew to be a repetition, by its own key, its customer did not see.
func (c *cluster) provided() map[int][]string {
	all := map[int][]string{}
	for _, s := range c.sim.Sent() {
		var w int
		var n int64
		if !s.Accepted() || s.Duplicate {
			continue
		}
		if _, err := fmt.Sscanf(s.Text, "reply %d/%d", &w, &n); err == nil {
			all[w] = append(all[w], s.Text)
		}
	}
	return all
}

// unsent is how many replies were accepted and have not reached the provider.
func (c *cluster) unsent(t *traffic) (n int64) {
	sent := c.provided()
	for w := range t.accepted {
		n += max(t.accepted[w].Load()-int64(len(sent[w])), 0)
	}
	return n
}

// verdict counts, and prints the result.
func (c *cluster) verdict(ctx context.Context, t *traffic, faults int, took time.Duration) (clean bool, err error) {
	if err := t.broken.Load(); err != nil {
		return false, *err
	}
	if _, err := c.settled(ctx, t); err != nil {
		return false, err
	}
	total := t.counts()
	// Replies that were on their way at the end may take a few tries.
	_ = await(ctx, patience, "the replies", func() bool { return c.unsent(t) == 0 }) // what is missing then is counted below
	in, err := c.inbound(ctx)
	if err != nil {
		return false, err
	}
	out, err := c.outbound(ctx)
	if err != nil {
		return false, err
	}
	var webhooks, replies, sends tally
	for contact := range t.acked {
		webhooks.compare(in[contact], t.acked[contact].Load(), func(n int64) string { return inText(contact, n) })
	}
	sent := c.provided()
	for w := range t.accepted {
		text := func(n int64) string { return outText(w, n) }
		replies.compare(out[w], t.accepted[w].Load(), text)
		sends.compare(sent[w], t.accepted[w].Load(), text)
	}
	repeated := 0
	for _, s := range c.sim.Sent() {
		if s.Duplicate {
			repeated++
		}
	}
	c.sayf("\n%d faults in %s; %d webhooks answered 2xx, %d replies accepted, %d other answers; %d repeated sends that LINE's key made harmless\n",
		faults, took.Round(time.Second), total.in, total.out, total.refused, repeated)
	c.sayf("%-44s %6s %8s %11s\n", "", "lost", "doubled", "reordered")
	for _, row := range []struct {
		what string
		tally
	}{{"webhooks answered 2xx, in the database", webhooks}, {"replies accepted, in the database", replies}, {"replies accepted, at the provider", sends}} {
		c.sayf("%-44s %6d %8d %11d\n", row.what, row.lost, row.doubled, row.disordered)
	}
	panics, err := c.logged(`"panic"`)
	if err != nil {
		return false, err
	}
	if panics > 0 {
		c.sayf("panics in the logs: %d\n", panics)
	}
	return webhooks == tally{} && replies == tally{} && sends == tally{} && panics == 0 && total.in > 0 && total.out > 0, nil
}
