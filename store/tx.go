package store

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"
	"time"
)

// ErrConflict says that a concurrent transaction made the same row first;
// running the whole transaction again will find it.
var ErrConflict = errors.New("store: concurrent change, run the transaction again")

// Tx is one transaction. Its methods are sets: each runs one statement whatever
// the number of rows.
type Tx struct {
	tx conn
	s  *Store
	// Now is the moment of the transaction, the same for all its rows.
	Now time.Time
}

// Transact runs f in one transaction and commits when it returns nil.
//
// On SQLite the statements run without the caller's deadline, see group.
func (s *Store) Transact(ctx context.Context, f func(*Tx) error) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		c := conn{Tx: tx, shared: s.group != nil, prepared: s.w.prepared, statements: &s.w.statements}
		return f(&Tx{tx: c, s: s, Now: s.now().UTC().Truncate(time.Microsecond)})
	})
}

// statement runs f's one writing statement: on SQLite among the transactions that
// share a commit, so that it has no fsync of its own, else outside of any.
func (s *Store) statement(ctx context.Context, f func(queryer) error) error {
	if s.group == nil {
		return f(s.w)
	}
	return s.Transact(ctx, func(t *Tx) error { return f(t.tx) })
}

// conn is the transaction's connection. Where several transactions share one
// (SQLite), a caller that gives up must not interrupt a statement: that would roll
// back the others too (sqlite.org/c3ref/interrupt.html).
type conn struct {
	*sql.Tx
	shared   bool
	prepared *prepared
	// statements counts those that the transaction runs.
	statements *atomic.Int64
}

func (c conn) context(ctx context.Context) context.Context {
	if c.shared {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

func (c conn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	ctx = c.context(ctx)
	c.statements.Add(1)
	if s := c.prepared.ready(query); s != nil {
		return c.StmtContext(ctx, s).ExecContext(ctx, args...)
	}
	return c.Tx.ExecContext(ctx, query, args...)
}

func (c conn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	ctx = c.context(ctx)
	c.statements.Add(1)
	if s := c.prepared.ready(query); s != nil {
		return c.StmtContext(ctx, s).QueryContext(ctx, args...)
	}
	return c.Tx.QueryContext(ctx, query, args...)
}

func (c conn) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	ctx = c.context(ctx)
	c.statements.Add(1)
	if s := c.prepared.ready(query); s != nil {
		return c.StmtContext(ctx, s).QueryRowContext(ctx, args...)
	}
	return c.Tx.QueryRowContext(ctx, query, args...)
}

// queries are the statements whose text depends on the dialect, made once.
type queries struct {
	knownKeys, contactInboxes, insertContacts, insertContactInboxes, matchContacts,
	openConversations, insertConversations, insertMessages, insertAttachments, insertFiles,
	touchConversations, touchContacts, insertOutbox,
	outgoing, insertProviderIDs, echoes, setSources, recordParts, finishDeliveries, moveLines,
	providerIDs, moveStatuses, insertParked, takeParked, failParts, orderJobs string
	lockRows map[string]string // by table
}

func newQueries(d dialect) queries { //nolint:funlen // a list
	lockRows := map[string]string{}
	for _, table := range []string{"contacts", "messages"} {
		lockRows[table] = `SELECT 1 FROM ` + d.rows("$1", "id bigint") + ` CROSS JOIN ` + table + ` t
			WHERE t.id = x.id ORDER BY t.id ` + d.lockRow + ` OF t`
	}
	return queries{
		lockRows: lockRows,
		knownKeys: `SELECT m.inbox_id, m.ingest_key
			FROM ` + d.rows("$1", "inbox_id bigint", "k text") + ` CROSS JOIN messages m
			WHERE m.inbox_id = x.inbox_id AND m.ingest_key = x.k`,
		contactInboxes: `SELECT x.i, ci.id, ci.contact_id, c.name, COALESCE(c.phone_number, ''), c.blocked, COALESCE(c.last_activity_at, 0), c.updated_at
			FROM ` + d.rows("$1", "i bigint", "inbox_id bigint", "source_id text") + `
			CROSS JOIN contact_inboxes ci CROSS JOIN contacts c
			WHERE ci.inbox_id = x.inbox_id AND ci.source_id = x.source_id AND c.id = ci.contact_id`,
		matchContacts: `SELECT 0 AS rank, x.i, c.id, c.name, COALESCE(c.phone_number, ''), c.blocked, COALESCE(c.last_activity_at, 0), c.updated_at
			FROM ` + d.rows("$1", "i bigint", "account_id bigint", "phone text", "email text") + `
			CROSS JOIN contacts c
			WHERE c.account_id = x.account_id AND c.phone_number = x.phone
			UNION ALL
			SELECT 1, x.i, c.id, c.name, COALESCE(c.phone_number, ''), c.blocked, COALESCE(c.last_activity_at, 0), c.updated_at
			FROM ` + d.rows("$1", "i bigint", "account_id bigint", "phone text", "email text") + `
			CROSS JOIN contacts c
			WHERE c.account_id = x.account_id AND c.email = x.email
			ORDER BY rank`,
		insertContacts: `INSERT INTO contacts (account_id, name, email, phone_number, avatar_url, additional_attributes, contact_type, location,
				country_code, company_name, created_at, updated_at)
			SELECT x.account_id, x.name, x.email, x.phone, '', x.attributes, x.kind, x.location, x.country, x.company, $2, $2
			FROM ` + d.rows("$1", "i bigint", "account_id bigint", "name text", "email text", "phone text", "attributes text",
			"kind integer", "location text", "country text", "company text") + `
			ORDER BY x.i RETURNING id`,
		insertContactInboxes: `INSERT INTO contact_inboxes (contact_id, inbox_id, source_id, pubsub_token, created_at, updated_at)
			SELECT x.contact_id, x.inbox_id, x.source_id, x.token, $2, $2
			FROM ` + d.rows("$1", "contact_id bigint", "inbox_id bigint", "source_id text", "token text") + `
			WHERE TRUE ON CONFLICT DO NOTHING RETURNING id, inbox_id, source_id`,
		openConversations: `SELECT x.i, c.id, c.display_id, c.status, COALESCE(c.last_incoming_at, 0), c.additional_attributes,
				c.waiting_since, c.snoozed_until, c.updated_at
			FROM ` + d.rows("$1", "i bigint", "ci bigint", "thread text", "locked boolean") + `
			CROSS JOIN conversations c
			WHERE c.id = (SELECT k.id FROM conversations k
				WHERE k.contact_inbox_id = x.ci AND COALESCE(k.identifier, '') = x.thread AND (x.locked OR k.status <> 1)
				ORDER BY k.id DESC LIMIT 1)
				AND (x.locked OR c.status <> 1) -- once more: it may have been resolved while we waited for the lock
			ORDER BY c.id ` + d.lockOf("c"),
		insertConversations: `INSERT INTO conversations (account_id, inbox_id, contact_id, contact_inbox_id, display_id, uuid, status,
				identifier, additional_attributes, provider_state, waiting_since, last_activity_at, created_at, updated_at)
			SELECT x.account_id, x.inbox_id, x.contact_id, x.ci, x.display_id, x.uuid, x.status,
				x.thread, x.attributes, x.state, x.at, x.at, x.at, $2
			FROM ` + d.rows("$1", "account_id bigint", "inbox_id bigint", "contact_id bigint", "ci bigint", "display_id bigint",
			"uuid text", "status integer", "thread text", "attributes text", "state text", "at bigint") + `
			WHERE TRUE ORDER BY x.account_id, x.display_id RETURNING id, account_id, display_id`,
		insertMessages: `INSERT INTO messages (account_id, inbox_id, conversation_id, message_type, content_type, content,
				content_attributes, source_id, ingest_key, sender_type, sender_id, created_at, updated_at)
			SELECT x.account_id, x.inbox_id, x.conversation_id, x.message_type, x.content_type, x.content,
				x.content_attributes, x.source_id, x.ingest_key, x.sender_type, x.sender_id, x.at, $2
			FROM ` + d.rows("$1", "i bigint", "account_id bigint", "inbox_id bigint", "conversation_id bigint", "message_type integer",
			"content_type integer", "content text", "content_attributes text", "source_id text", "ingest_key text",
			"sender_type text", "sender_id bigint", "at bigint") + `
			WHERE TRUE ORDER BY x.i
			ON CONFLICT (inbox_id, ingest_key) WHERE ingest_key IS NOT NULL DO NOTHING
			RETURNING id, inbox_id, ingest_key`,
		insertAttachments: `INSERT INTO attachments (account_id, message_id, file_type, state, external_url, fallback_title,
				coordinates_lat, coordinates_long, meta, fetch_from, file_name, content_type, file_size, created_at, updated_at)
			SELECT x.account_id, x.message_id, x.file_type, x.state, x.external_url, x.title,
				x.lat, x.long, x.meta, x.fetch_from, x.file_name, x.mime, x.size, $2, $2
			FROM ` + d.rows("$1", "i bigint", "account_id bigint", "message_id bigint", "file_type integer", "state text",
			"external_url text", "title text", "lat float", "long float", "meta text", "fetch_from text", "file_name text",
			"mime text", "size bigint") + `
			WHERE TRUE ORDER BY x.i RETURNING id`,
		insertFiles: `INSERT INTO attachments (account_id, message_id, file_type, state, blob_id, file_key, file_name, content_type, file_size,
				width, height, created_at, updated_at)
			SELECT x.account_id, x.message_id, x.file_type, 'ready', b.id, b.key, b.filename, b.content_type, b.byte_size, b.width, b.height, $2, $2
			FROM ` + d.rows("$1", "i bigint", "account_id bigint", "message_id bigint", "blob_id bigint", "file_type integer") + `
			CROSS JOIN blobs b
			WHERE b.id = x.blob_id ORDER BY x.i`,
		touchConversations: `UPDATE conversations SET
				last_activity_at = CASE WHEN x.at > conversations.last_activity_at THEN x.at ELSE conversations.last_activity_at END,
				last_incoming_at = CASE WHEN x.incoming > COALESCE(conversations.last_incoming_at, 0) THEN x.incoming
					ELSE conversations.last_incoming_at END,
				waiting_since = COALESCE(conversations.waiting_since, x.incoming),
				status = COALESCE(x.status, conversations.status),
				snoozed_until = CASE WHEN x.status IS NULL THEN conversations.snoozed_until END,
				additional_attributes = COALESCE(x.attributes, conversations.additional_attributes),
				provider_state = COALESCE(x.state, conversations.provider_state),
				updated_at = CASE WHEN conversations.updated_at > $2 THEN conversations.updated_at ELSE $2 END
			FROM ` + d.rows("$1", "id bigint", "at bigint", "incoming bigint", "status integer", "attributes text", "state text") + `
			WHERE conversations.id = x.id`,
		touchContacts: `UPDATE contacts SET
				last_activity_at = CASE WHEN x.at > COALESCE(contacts.last_activity_at, 0) THEN x.at ELSE contacts.last_activity_at END,
				name = COALESCE(x.name, contacts.name),
				updated_at = $2
			FROM ` + d.rows("$1", "id bigint", "at bigint", "name text") + `
			WHERE contacts.id = x.id`,
		insertOutbox: `INSERT INTO outbox (account_id, kind, inbox_id, conversation_id, message_id, payload, created_at)
			SELECT x.account_id, x.kind, x.inbox_id, x.conversation_id, x.message_id, x.payload, $2
			FROM ` + d.rows("$1", "i bigint", "account_id bigint", "kind text", "inbox_id bigint", "conversation_id bigint",
			"message_id bigint", "payload text") + `
			WHERE TRUE ORDER BY x.i`,
		outgoing: `SELECT m.id, COALESCE(m.content, ''), m.content_type, m.content_attributes, m.additional_attributes, m.status,
				c.id, c.account_id, c.inbox_id, c.contact_id, c.contact_inbox_id, c.display_id, c.additional_attributes, c.provider_state,
				c.last_incoming_at, ci.source_id, p.name, ci.opted_out_at IS NOT NULL, p.additional_attributes,
				COALESCE((SELECT i.source_id FROM messages i WHERE i.conversation_id = c.id AND i.message_type = 0
					AND i.source_id IS NOT NULL ORDER BY i.id DESC LIMIT 1), ''),
				EXISTS (SELECT 1 FROM attachments a WHERE a.message_id = m.id), c.uuid
			FROM ` + d.list("$1") + ` CROSS JOIN messages m CROSS JOIN conversations c CROSS JOIN contact_inboxes ci CROSS JOIN contacts p
			WHERE m.id = x.id AND c.id = m.conversation_id AND ci.id = c.contact_inbox_id AND p.id = c.contact_id`,
		insertProviderIDs: `INSERT INTO message_provider_ids (inbox_id, provider_id, message_id, part)
			SELECT x.inbox_id, x.provider_id, x.message_id, x.part
			FROM ` + d.rows("$1", "inbox_id bigint", "provider_id text", "message_id bigint", "part integer") + `
			WHERE TRUE ORDER BY x.message_id, x.part
			ON CONFLICT (inbox_id, provider_id) DO UPDATE SET message_id = excluded.message_id, part = excluded.part`,
		echoes: `SELECT m.id FROM ` + d.rows("$1", "inbox_id bigint", "provider_id text", "message_id bigint", "part integer",
			"conversation_id bigint") + `
			CROSS JOIN messages m
			WHERE m.conversation_id = x.conversation_id AND m.source_id = x.provider_id AND m.message_type = 1 AND m.sender_id IS NULL
				AND m.id <> x.message_id`,
		setSources: `UPDATE messages SET source_id = x.source_id
			FROM ` + d.rows("$1", "id bigint", "source_id text") + `
			WHERE messages.id = x.id AND messages.source_id IS NULL`,
		recordParts: `UPDATE deliveries SET parts_sent = x.parts, crashes = 0
			FROM ` + d.rows("$1", "id bigint", "parts integer") + `
			WHERE deliveries.message_id = x.id`,
		finishDeliveries: `DELETE FROM deliveries WHERE message_id IN (SELECT x.id FROM ` + d.rows("$1", "id bigint") + `)`,
		moveLines: `UPDATE deliveries SET waits = FALSE WHERE waits = TRUE AND message_id IN (
			SELECT (SELECT MIN(o.message_id) FROM deliveries o WHERE o.conversation_id = x.id) FROM ` + d.rows("$1", "id bigint") + `)`,
		providerIDs: `SELECT x.i, p.message_id, m.status, m.conversation_id, m.account_id
			FROM ` + d.rows("$1", "i bigint", "inbox_id bigint", "provider_id text") + `
			CROSS JOIN message_provider_ids p CROSS JOIN messages m
			WHERE p.inbox_id = x.inbox_id AND p.provider_id = x.provider_id AND m.id = p.message_id`,
		moveStatuses: `UPDATE messages SET status = x.status,
				content_attributes = COALESCE(x.attributes, messages.content_attributes), updated_at = $2
			FROM ` + d.rows("$1", "id bigint", "status integer", "attributes text") + `
			WHERE messages.id = x.id`,
		orderJobs: `INSERT INTO jobs (kind, lane, unique_key, account_id, payload, run_at, max_attempts, created_at)
			SELECT x.kind, x.lane, x.key, x.account_id, x.payload, x.run_at, x.max_attempts, $2
			FROM ` + d.rows("$1", "kind text", "lane text", "key text", "account_id bigint", "payload text", "run_at bigint", "max_attempts integer") + `
			WHERE TRUE ORDER BY x.key
			ON CONFLICT (unique_key) DO UPDATE SET payload = excluded.payload, run_at = excluded.run_at, state = 'ready', attempts = 0
				WHERE jobs.state = 'dead' AND jobs.run_at <= $3`,
		insertParked: `INSERT INTO parked_statuses (inbox_id, provider_id, status, external_error, expires_at)
			SELECT x.inbox_id, x.provider_id, x.status, x.error, $2
			FROM ` + d.rows("$1", "i bigint", "inbox_id bigint", "provider_id text", "status integer", "error text") + `
			WHERE NOT EXISTS (SELECT 1 FROM parked_statuses p
				WHERE p.inbox_id = x.inbox_id AND p.provider_id = x.provider_id AND p.status = x.status)
			ORDER BY x.i`,
		takeParked: `DELETE FROM parked_statuses WHERE id IN (SELECT p.id
			FROM ` + d.rows("$1", "inbox_id bigint", "provider_id text") + `
			CROSS JOIN parked_statuses p
			WHERE p.inbox_id = x.inbox_id AND p.provider_id = x.provider_id)
			RETURNING id, inbox_id, provider_id, status, external_error`,
		failParts: `UPDATE message_provider_ids SET failed = TRUE
			FROM ` + d.rows("$1", "inbox_id bigint", "provider_id text") + `
			WHERE message_provider_ids.inbox_id = x.inbox_id AND message_provider_ids.provider_id = x.provider_id`,
	}
}
