package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"tributary/internal/grams"
)

// The search index says for every piece of text (a gram) in which records of a segment
// of ids it occurs. It is built behind the writers, a segment at a time: storing a
// message costs nothing more. What has no segment yet, and what changed since, a search
// reads itself; see search.go. docs/decisions/0015-search.md says why.

// searchKind is a table whose texts are found.
type searchKind struct {
	code  int    // in search_segments
	table string // with the columns account_id, created_at and updated_at
	// document are the columns of a record: id, account, inbox, creation, and texts.
	document string
	texts    int
}

var (
	messageTexts = searchKind{1, "messages", `d.id, d.account_id, d.inbox_id, d.created_at, COALESCE(d.content, '')`, 1}
	contactTexts = searchKind{2, "contacts", `d.id, d.account_id, 0, d.created_at, d.name, COALESCE(d.email, ''),
		COALESCE(d.phone_number, ''), COALESCE(d.identifier, ''), d.additional_attributes`, 5}
	searchKinds = []searchKind{messageTexts, contactTexts}
)

// Grams below zero say whose a record is.
func gramOfAccount(id int64) int64 { return -(id*2 + 1) }
func gramOfInbox(id int64) int64   { return -id * 2 }

// companyOf is the company in a contact's additional attributes.
func companyOf(attributes string) string {
	var a struct {
		Company any `json:"company_name"`
	}
	if json.Unmarshal([]byte(attributes), &a) != nil {
		return ""
	}
	text, _ := a.Company.(string)
	return text
}

// SearchSegment is a part of the search index: records of a table with consecutive ids.
type SearchSegment struct {
	kind    searchKind
	Segment int64
	// Known says that it was built before and is to be built anew.
	Known bool
}

func (s SearchSegment) bounds() (first, end int64) {
	return s.Segment * grams.Size, (s.Segment + 1) * grams.Size
}

const (
	// A segment is built when a record beyond it is so old that no transaction can
	// still be about to commit one with a smaller id.
	searchSettles = time.Minute
	// Segments with so many changed records are built anew at once; of the others, one
	// each time.
	searchChanged = 64
	// Segments are compared with their table from time to time, a few each time: records
	// are deleted without telling the index.
	searchChecked = 10 * time.Minute
	searchChecks  = 8
)

// SearchWork tells which segments of the search index are to be built, the newest
// records first.
func (s *Store) SearchWork(ctx context.Context) ([]SearchSegment, error) {
	var out []SearchSegment
	for _, kind := range searchKinds {
		for _, list := range []func(context.Context, searchKind) ([]SearchSegment, error){s.missingSegments, s.changedSegments, s.shrunkSegments} {
			more, err := list(ctx, kind)
			if err != nil {
				return nil, err
			}
			for _, m := range more {
				if !slices.ContainsFunc(out, func(o SearchSegment) bool { return o.kind.code == m.kind.code && o.Segment == m.Segment }) {
					out = append(out, m)
				}
			}
		}
	}
	return out, nil
}

// missingSegments are those that are full and have not been built.
func (s *Store) missingSegments(ctx context.Context, kind searchKind) ([]SearchSegment, error) {
	var last sql.NullInt64
	if err := s.r.QueryRowContext(ctx, `SELECT MAX(id) FROM `+kind.table).Scan(&last); err != nil {
		return nil, fmt.Errorf("store: last of %s: %w", kind.table, err)
	}
	built, err := s.searchSegments(ctx, kind)
	if err != nil {
		return nil, err
	}
	have := make(map[int64]bool, len(built))
	for _, b := range built {
		have[b.segment] = true
	}
	var out []SearchSegment
	settled := false
	for i := last.Int64/grams.Size - 1; i >= 0; i-- {
		if have[i] {
			continue
		}
		one := SearchSegment{kind: kind, Segment: i}
		if !settled { // all before a settled one are
			_, end := one.bounds()
			var updated int64
			err := s.r.QueryRowContext(ctx, `SELECT updated_at FROM `+kind.table+` WHERE id >= $1 ORDER BY id LIMIT 1`, end).Scan(&updated)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return nil, fmt.Errorf("store: record after a segment: %w", err)
			}
			if settled = err == nil && updated <= micros(s.now().Add(-searchSettles)); !settled {
				continue
			}
		}
		out = append(out, one)
	}
	return out, nil
}

// changedSegments are those of which records changed.
func (s *Store) changedSegments(ctx context.Context, kind searchKind) ([]SearchSegment, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT g.segment, COUNT(*) FROM search_changes c
			JOIN search_segments g ON g.kind = c.kind AND g.segment = c.record_id / `+strconv.Itoa(grams.Size)+`
		WHERE c.kind = $1 GROUP BY g.segment ORDER BY 2 DESC, 1`, kind.code)
	if err != nil {
		return nil, fmt.Errorf("store: changed segments: %w", err)
	}
	type changed struct{ segment, records int64 }
	list, err := collect(rows, "changed segments", func(c *changed) []any { return []any{&c.segment, &c.records} })
	var out []SearchSegment
	for i, c := range list {
		if i == 0 || c.records >= searchChanged {
			out = append(out, SearchSegment{kind, c.segment, true})
		}
	}
	return out, err
}

// shrunkSegments are those of which records are gone, or came late. It looks at a few,
// at each from time to time.
func (s *Store) shrunkSegments(ctx context.Context, kind searchKind) ([]SearchSegment, error) {
	now := s.now()
	rows, err := s.r.QueryContext(ctx, `SELECT g.segment, g.documents, (SELECT COUNT(*) FROM `+kind.table+` d
				WHERE d.id >= g.segment * `+strconv.Itoa(grams.Size)+` AND d.id < (g.segment + 1) * `+strconv.Itoa(grams.Size)+`)
		FROM (SELECT segment, documents FROM search_segments WHERE kind = $1 AND checked_at <= $2 ORDER BY checked_at, segment LIMIT $3) AS g`,
		kind.code, micros(now.Add(-searchChecked)), searchChecks)
	if err != nil {
		return nil, fmt.Errorf("store: check segments: %w", err)
	}
	type check struct{ segment, documents, now int64 }
	list, err := collect(rows, "check segments", func(c *check) []any { return []any{&c.segment, &c.documents, &c.now} })
	if err != nil || len(list) == 0 {
		return nil, err
	}
	var out []SearchSegment
	looked := make([]int64, len(list))
	for i, c := range list {
		looked[i] = c.segment
		if c.documents != c.now {
			out = append(out, SearchSegment{kind, c.segment, true})
		}
	}
	err = s.statement(ctx, func(q queryer) error {
		_, err := q.ExecContext(ctx, `UPDATE search_segments SET checked_at = $3 WHERE kind = $1 AND segment IN
			(SELECT x.segment FROM `+s.d.rows("$2", "segment bigint")+`)`, kind.code, ids(looked), micros(now))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("store: check segments: %w", err)
	}
	return out, nil
}

// gramsAtOnce bounds the rows of a statement, so that building a segment holds no
// writer up.
const gramsAtOnce = 2000

// BuildSearch builds a segment, or builds it anew. While it does, searches read the
// records themselves. Only one at a time may build the same segment.
func (s *Store) BuildSearch(ctx context.Context, segment SearchSegment) error {
	first, end := segment.bounds()
	kind := segment.kind.code
	// What changes from here on is noted again.
	err := s.Transact(ctx, func(t *Tx) error {
		for _, step := range []struct {
			query string
			args  []any
		}{
			{`DELETE FROM search_segments WHERE kind = $1 AND segment = $2`, []any{kind, segment.Segment}},
			{`DELETE FROM search_changes WHERE kind = $1 AND record_id >= $2 AND record_id < $3`, []any{kind, first, end}},
			{`DELETE FROM search_grams WHERE kind = $1 AND segment = $2`, []any{kind, segment.Segment}},
		} {
			if _, err := t.tx.ExecContext(ctx, step.query, step.args...); err != nil {
				return fmt.Errorf("store: clear a segment: %w", err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	builder := grams.NewBuilder()
	documents, newest, err := s.readDocuments(ctx, segment, builder)
	if err != nil {
		return err
	}
	if err := s.insertGrams(ctx, segment, builder); err != nil {
		return err
	}
	now := micros(s.now())
	err = s.statement(ctx, func(q queryer) error {
		_, err := q.ExecContext(ctx, `INSERT INTO search_segments (kind, segment, documents, newest, built_at, checked_at) VALUES ($1, $2, $3, $4, $5, $5)`,
			kind, segment.Segment, documents, newest, now)
		return err
	})
	if err != nil {
		return fmt.Errorf("store: insert a segment: %w", err)
	}
	return nil
}

func (s *Store) readDocuments(ctx context.Context, segment SearchSegment, builder *grams.Builder) (documents, newest int64, err error) {
	first, end := segment.bounds()
	rows, err := s.r.QueryContext(ctx, `SELECT `+segment.kind.document+` FROM `+segment.kind.table+` d WHERE d.id >= $1 AND d.id < $2 ORDER BY d.id`, first, end)
	if err != nil {
		return 0, 0, fmt.Errorf("store: read a segment: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var id, account, inbox, created int64
	texts := make([]string, segment.kind.texts)
	into := []any{&id, &account, &inbox, &created}
	for i := range texts {
		into = append(into, &texts[i])
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return 0, 0, fmt.Errorf("store: read a segment: %w", err)
		}
		place := int(id - first)
		builder.Add(place, gramOfAccount(account))
		if inbox != 0 {
			builder.Add(place, gramOfInbox(inbox))
		}
		if segment.kind.code == contactTexts.code {
			texts[4] = companyOf(texts[4])
		}
		for _, text := range texts {
			builder.Text(place, text)
		}
		documents++
		newest = max(newest, created)
	}
	if err := rows.Err(); err != nil {
		return 0, 0, fmt.Errorf("store: read a segment: %w", err)
	}
	return documents, newest, nil
}

func (s *Store) insertGrams(ctx context.Context, segment SearchSegment, builder *grams.Builder) error {
	type row struct {
		gram   int64
		places []uint16
	}
	var list []row
	builder.Each(func(gram int64, places []uint16) { list = append(list, row{gram, places}) })
	slices.SortFunc(list, func(a, b row) int { return cmp.Compare(a.gram, b.gram) })
	query := `INSERT INTO search_grams (kind, segment, gram, places) SELECT $2, $3, x.gram, x.places
		FROM ` + s.d.rows("$1", "gram bigint", "places text") + ` WHERE TRUE ON CONFLICT (kind, segment, gram) DO UPDATE SET places = excluded.places`
	for part := range slices.Chunk(list, gramsAtOnce) {
		rows := make([][]any, len(part))
		for i, r := range part {
			rows[i] = []any{r.gram, grams.Encode(r.places)}
		}
		set, err := rowSet(rows)
		if err != nil {
			return fmt.Errorf("store: insert grams: %w", err)
		}
		err = s.statement(ctx, func(q queryer) error {
			_, err := q.ExecContext(ctx, query, set, segment.kind.code, segment.Segment)
			return err
		})
		if err != nil {
			return fmt.Errorf("store: insert grams: %w", err)
		}
	}
	return nil
}

// builtSegment is a segment that can be searched.
type builtSegment struct{ segment, newest, builtAt int64 }

func (s *Store) searchSegments(ctx context.Context, kind searchKind) ([]builtSegment, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT segment, newest, built_at FROM search_segments WHERE kind = $1 ORDER BY segment`, kind.code)
	if err != nil {
		return nil, fmt.Errorf("store: segments: %w", err)
	}
	return collect(rows, "segments", func(b *builtSegment) []any { return []any{&b.segment, &b.newest, &b.builtAt} })
}
