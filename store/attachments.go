package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// AttachmentView is an attachment as clients and webhooks show it.
type AttachmentView struct {
	ID          int64
	FileType    int
	ExternalURL *string
	Title       *string
	Lat, Long   *float64
	Meta        string
	FileSize    int64
	FileName    *string
	ContentType *string
	Width       *int
	Height      *int
	BlobID      int64 // our copy; 0: none, or not yet
}

const attachmentColumns = `a.id, a.file_type, a.external_url, a.fallback_title, a.coordinates_lat, a.coordinates_long, a.meta, a.file_size,
	a.file_name, a.content_type, a.width, a.height, COALESCE(a.blob_id, 0)`

func (a *AttachmentView) fields() []any {
	return []any{
		&a.ID, &a.FileType, &a.ExternalURL, &a.Title, &a.Lat, &a.Long, &a.Meta, &a.FileSize,
		&a.FileName, &a.ContentType, &a.Width, &a.Height, &a.BlobID,
	}
}

// MessageAttachments reads what belongs to one message, in order.
func (s *Store) MessageAttachments(ctx context.Context, messageID int64) ([]AttachmentView, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT `+attachmentColumns+` FROM attachments a WHERE a.message_id = $1 ORDER BY a.id`, messageID)
	if err != nil {
		return nil, fmt.Errorf("store: attachments of message: %w", err)
	}
	return collect(rows, "attachments of message", (*AttachmentView).fields)
}

// NewAttachment is an attachment of a stored message.
type NewAttachment struct {
	AccountID   int64
	InboxID     int64 // of the message; read when State is pending
	MessageID   int64
	FileType    int
	State       string // ready | pending: the bytes are fetched by the job that is ordered with it
	ExternalURL string
	Title       string
	Lat, Long   float64
	Meta        string    // JSON
	Fetch       string    // JSON of chat.Fetch, empty when there is nothing to fetch
	FetchBy     time.Time // when the provider stops giving the bytes; zero: unknown
	FileName    string
	MIME        string
	Size        int64
}

// JobMedia is the kind of the job that fetches the bytes of an attachment, in
// LaneMedia. Its payload is a MediaJob; its key is "media.fetch:<inbox>:<attachment>".
const JobMedia = "media.fetch"

// MediaJob is the payload of JobMedia.
type MediaJob struct {
	AttachmentID int64 `json:"attachment_id"`
	InboxID      int64 `json:"inbox_id"`
}

// What is known of fetching: how long a provider keeps bytes of which it does not
// say so, and how often a job may be begun.
const (
	mediaLife     = 7 * 24 * time.Hour
	mediaAttempts = 12
)

// InsertAttachments stores them in order, with the jobs that fetch those which are
// pending: what the provider will drop sooner is fetched sooner.
func (t *Tx) InsertAttachments(ctx context.Context, list []NewAttachment) error {
	rows := make([][]any, len(list))
	for i, a := range list {
		rows[i] = []any{
			i, a.AccountID, a.MessageID, a.FileType, a.State, nilIfEmpty(a.ExternalURL), nilIfEmpty(a.Title),
			a.Lat, a.Long, jsonObject(a.Meta), nilIfEmpty(a.Fetch), nilIfEmpty(a.FileName), nilIfEmpty(a.MIME), a.Size,
		}
	}
	made, err := t.returnIDs(ctx, "insert attachments", t.s.q.insertAttachments, rows)
	if err != nil {
		return err
	}
	var jobs []Job
	for i, a := range list {
		if a.State != "pending" {
			continue
		}
		payload, err := json.Marshal(MediaJob{AttachmentID: made[i], InboxID: a.InboxID})
		if err != nil {
			return fmt.Errorf("store: insert attachments: %w", err)
		}
		at := t.Now
		if !a.FetchBy.IsZero() && a.FetchBy.Before(t.Now.Add(mediaLife)) {
			at = a.FetchBy.Add(-mediaLife)
		}
		jobs = append(jobs, Job{
			Kind: JobMedia, Lane: LaneMedia, AccountID: a.AccountID, Payload: payload, RunAt: at, MaxAttempts: mediaAttempts,
			UniqueKey: JobMedia + ":" + strconv.FormatInt(a.InboxID, 10) + ":" + strconv.FormatInt(made[i], 10),
		})
	}
	return t.OrderJobs(ctx, jobs, 0)
}

// NewFile is a file that is attached to a stored message.
type NewFile struct {
	BlobID   int64
	FileType int
}

// InsertFiles attaches files to a message of an account, in order; they are kept
// from this transaction on. ErrNotFound as AttachBlob says.
func (t *Tx) InsertFiles(ctx context.Context, accountID, messageID int64, list []NewFile) error {
	rows := make([][]any, len(list))
	for i, f := range list {
		if err := t.AttachBlob(ctx, accountID, f.BlobID); err != nil {
			return err
		}
		rows[i] = []any{i, accountID, messageID, f.BlobID, f.FileType}
	}
	return t.run(ctx, "insert files", t.s.q.insertFiles, rows)
}

// PendingAttachment is an attachment whose bytes are still to be fetched.
type PendingAttachment struct {
	ID             int64
	AccountID      int64
	InboxID        int64
	ConversationID int64
	MessageID      int64
	FileType       int
	Fetch          string // JSON of chat.Fetch
	ExternalURL    string
	FileName       string
	ContentType    string // as the provider says
}

// PendingAttachment reads one; ErrNotFound when it is gone or does not wait any
// more.
func (s *Store) PendingAttachment(ctx context.Context, id int64) (PendingAttachment, error) {
	var a PendingAttachment
	err := s.r.QueryRowContext(ctx, `SELECT a.id, a.account_id, m.inbox_id, m.conversation_id, a.message_id, a.file_type,
			COALESCE(a.fetch_from, '{}'), COALESCE(a.external_url, ''), COALESCE(a.file_name, ''), COALESCE(a.content_type, '')
		FROM attachments a JOIN messages m ON m.id = a.message_id WHERE a.id = $1 AND a.state = 'pending'`, id).
		Scan(&a.ID, &a.AccountID, &a.InboxID, &a.ConversationID, &a.MessageID, &a.FileType, &a.Fetch, &a.ExternalURL, &a.FileName, &a.ContentType)
	if isNoRows(err) {
		return a, ErrNotFound
	}
	if err != nil {
		return a, fmt.Errorf("store: pending attachment: %w", err)
	}
	return a, nil
}

// LostAttachment says what an attachment becomes whose bytes cannot be had.
type LostAttachment struct {
	ID          int64
	AccountID   int64
	FileType    int
	Title       string
	ExternalURL string // empty: none is shown
}

// LoseAttachment ends the wait of an attachment without its file. ErrNotFound when
// no such attachment of the account waits.
func (t *Tx) LoseAttachment(ctx context.Context, a LostAttachment) error {
	res, err := t.tx.ExecContext(ctx, `UPDATE attachments SET state = 'ready', file_type = $3, fallback_title = $4, external_url = $5,
			file_name = NULL, updated_at = $6
		WHERE id = $1 AND account_id = $2 AND state = 'pending'`,
		a.ID, a.AccountID, a.FileType, nilIfEmpty(a.Title), nilIfEmpty(a.ExternalURL), t.now())
	if err != nil {
		return fmt.Errorf("store: lose attachment: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return fmt.Errorf("store: lose attachment: %w", err)
	}
	if n == 0 {
		return ErrNotFound
	}
	return nil
}

// TouchMessage makes a message one that changed now: something of it did that has
// no column there.
func (t *Tx) TouchMessage(ctx context.Context, id int64) error {
	if _, err := t.tx.ExecContext(ctx, `UPDATE messages SET updated_at = $2 WHERE id = $1`, id, t.now()); err != nil {
		return fmt.Errorf("store: touch message: %w", err)
	}
	return nil
}

// dropAttachments removes the attachments of a message; their files go soon.
func (t *Tx) dropAttachments(ctx context.Context, messageID int64) error {
	files, err := t.blobsOf(ctx, `a.message_id = $1`, messageID)
	if err != nil {
		return err
	}
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM attachments WHERE message_id = $1`, messageID); err != nil {
		return fmt.Errorf("store: drop attachments: %w", err)
	}
	return t.releaseBlobs(ctx, files)
}

// blobsOf finds the files of attachments about to be removed.
func (t *Tx) blobsOf(ctx context.Context, where string, args ...any) ([]int64, error) {
	rows, err := t.tx.QueryContext(ctx, `SELECT DISTINCT a.blob_id FROM attachments a WHERE a.blob_id IS NOT NULL AND `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("store: files of attachments: %w", err)
	}
	return collect(rows, "files of attachments", func(id *int64) []any { return []any{id} })
}

// releaseBlobs lets files be removed soon that nothing has any more: one that was sent
// twice stays while one of the messages does, and one that is kept to be sent again.
func (t *Tx) releaseBlobs(ctx context.Context, blobIDs []int64) error {
	if len(blobIDs) == 0 {
		return nil
	}
	if _, err := t.tx.ExecContext(ctx, `UPDATE blobs SET expires_unattached_at = $2
		WHERE id IN (SELECT x.id FROM `+t.s.d.rows("$1", "id bigint")+`)
			AND NOT EXISTS (SELECT 1 FROM attachments a WHERE a.blob_id = blobs.id)
			AND NOT EXISTS (SELECT 1 FROM kept_files k WHERE k.blob_id = blobs.id)`, ids(blobIDs), t.now()); err != nil {
		return fmt.Errorf("store: release files: %w", err)
	}
	return nil
}

// AvatarState says what a contact's picture was made of.
type AvatarState struct {
	Source     string    // digest of the address; empty: it was never fetched
	SyncedAt   time.Time // of the last time that it was fetched; zero: never
	Attributes string    // additional_attributes
}

// AvatarState reads it; ErrNotFound when the account has no such contact.
func (s *Store) AvatarState(ctx context.Context, accountID, contactID int64) (AvatarState, error) {
	var a AvatarState
	var synced sql.NullInt64
	err := s.r.QueryRowContext(ctx, `SELECT avatar_source, avatar_synced_at, additional_attributes FROM contacts WHERE account_id = $1 AND id = $2`,
		accountID, contactID).Scan(&a.Source, &synced, &a.Attributes)
	if isNoRows(err) {
		return a, ErrNotFound
	}
	if err != nil {
		return a, fmt.Errorf("store: avatar state: %w", err)
	}
	a.SyncedAt = fromMicros(synced)
	return a, nil
}

// SetAvatarSource records that the picture of a contact was fetched now, and from
// where.
func (t *Tx) SetAvatarSource(ctx context.Context, contactID int64, source string) error {
	if _, err := t.tx.ExecContext(ctx, `UPDATE contacts SET avatar_source = $2, avatar_synced_at = $3 WHERE id = $1`,
		contactID, source, t.now()); err != nil {
		return fmt.Errorf("store: set avatar source: %w", err)
	}
	return nil
}
