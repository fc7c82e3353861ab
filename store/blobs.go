package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Blob is what is known of a stored file. The bytes are in the service
// ServiceName under Key.
type Blob struct {
	ID          int64
	Key         string
	Filename    string
	ContentType string
	Size        int64  // bytes; as announced until it is stored
	Checksum    string // MD5, base64; as announced until it is stored
	SHA256      string // hexadecimal; empty when the bytes went straight to the service
	Width       *int   // pixels, of a picture
	Height      *int
	ServiceName string
	Metadata    string // JSON object
	AccountID   int64  // 0: of no account
	CreatedAt   time.Time
	// StoredAt is when the bytes were complete; zero: not yet.
	StoredAt time.Time
	// ExpiresAt is when it is removed unless something uses it before; zero: it is
	// in use.
	ExpiresAt time.Time
}

const blobColumns = `id, key, filename, content_type, byte_size, checksum, sha256, width, height, service_name, metadata,
	COALESCE(account_id, 0), created_at, stored_at, expires_unattached_at`

func scanBlob(row interface{ Scan(...any) error }) (Blob, error) {
	var b Blob
	var created int64
	var stored, expires sql.NullInt64
	err := row.Scan(&b.ID, &b.Key, &b.Filename, &b.ContentType, &b.Size, &b.Checksum, &b.SHA256, &b.Width, &b.Height, &b.ServiceName,
		&b.Metadata, &b.AccountID, &created, &stored, &expires)
	b.CreatedAt, b.StoredAt, b.ExpiresAt = time.UnixMicro(created).UTC(), fromMicros(stored), fromMicros(expires)
	return b, err
}

// InsertBlob records a file whose bytes are yet to come, so that they are removed
// at b.ExpiresAt if nothing comes of them. ID, CreatedAt and StoredAt are not read.
func (s *Store) InsertBlob(ctx context.Context, b Blob) (Blob, error) {
	made, err := scanBlob(s.w.QueryRowContext(ctx, `INSERT INTO blobs (key, filename, content_type, byte_size, checksum, service_name, metadata,
			account_id, created_at, expires_unattached_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING `+blobColumns,
		b.Key, b.Filename, b.ContentType, b.Size, b.Checksum, b.ServiceName, jsonObject(b.Metadata), nilIfZero(b.AccountID),
		micros(s.now()), nullMicros(b.ExpiresAt)))
	if err != nil {
		return Blob{}, fmt.Errorf("store: insert blob: %w", err)
	}
	return made, nil
}

// CompleteBlob records that the bytes of b are stored, and what they are: its
// ContentType, Size, Checksum, SHA256, Width and Height. ErrNotFound when it was
// removed meanwhile.
func (s *Store) CompleteBlob(ctx context.Context, b Blob) (Blob, error) {
	done, err := scanBlob(s.w.QueryRowContext(ctx, `UPDATE blobs SET content_type = $2, byte_size = $3, checksum = $4, sha256 = $5,
			width = $6, height = $7, stored_at = $8
		WHERE id = $1 RETURNING `+blobColumns,
		b.ID, b.ContentType, b.Size, b.Checksum, b.SHA256, b.Width, b.Height, micros(s.now())))
	if isNoRows(err) {
		return Blob{}, ErrNotFound
	}
	if err != nil {
		return Blob{}, fmt.Errorf("store: complete blob: %w", err)
	}
	return done, nil
}

// Blob reads one, ErrNotFound when there is none.
func (s *Store) Blob(ctx context.Context, id int64) (Blob, error) {
	b, err := scanBlob(s.r.QueryRowContext(ctx, `SELECT `+blobColumns+` FROM blobs WHERE id = $1`, id))
	if isNoRows(err) {
		return Blob{}, ErrNotFound
	}
	if err != nil {
		return Blob{}, fmt.Errorf("store: blob: %w", err)
	}
	return b, nil
}

// Blobs reads several by id.
func (s *Store) Blobs(ctx context.Context, blobIDs []int64) (map[int64]Blob, error) {
	out := make(map[int64]Blob, len(blobIDs))
	if len(blobIDs) == 0 {
		return out, nil
	}
	rows, err := s.r.QueryContext(ctx, `SELECT `+blobColumns+` FROM blobs
		WHERE id IN (SELECT x.want FROM `+s.d.rows("$1", "want bigint")+`)`, ids(blobIDs))
	if err != nil {
		return nil, fmt.Errorf("store: blobs: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		b, err := scanBlob(rows)
		if err != nil {
			return nil, fmt.Errorf("store: blobs: %w", err)
		}
		out[b.ID] = b
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: blobs: %w", err)
	}
	return out, nil
}

// ExpiredBlobs reads files that nothing used in time, the oldest first.
func (s *Store) ExpiredBlobs(ctx context.Context, limit int) ([]Blob, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT `+blobColumns+` FROM blobs
		WHERE expires_unattached_at IS NOT NULL AND expires_unattached_at <= $1 ORDER BY expires_unattached_at, id LIMIT $2`, micros(s.now()), limit)
	if err != nil {
		return nil, fmt.Errorf("store: expired blobs: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []Blob
	for rows.Next() {
		b, err := scanBlob(rows)
		if err != nil {
			return nil, fmt.Errorf("store: expired blobs: %w", err)
		}
		out = append(out, b)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: expired blobs: %w", err)
	}
	return out, nil
}

// DeleteBlob forgets a file and its variants, whose bytes the caller has removed.
func (s *Store) DeleteBlob(ctx context.Context, id int64) error {
	if _, err := s.w.ExecContext(ctx, `DELETE FROM blobs WHERE id = $1`, id); err != nil {
		return fmt.Errorf("store: delete blob: %w", err)
	}
	return nil
}

// AttachBlob keeps a file for good because something of an account uses it from
// this transaction on; accountID 0: something outside accounts. ErrNotFound when
// there is no such file, its bytes are not stored, it has expired, or it belongs
// to another account. A file of no account that nothing used yet becomes the
// account's.
func (t *Tx) AttachBlob(ctx context.Context, accountID, blobID int64) error {
	res, err := t.tx.ExecContext(ctx, `UPDATE blobs SET expires_unattached_at = NULL, account_id = COALESCE(account_id, $2)
		WHERE id = $1 AND stored_at IS NOT NULL AND (expires_unattached_at IS NULL OR expires_unattached_at > $3)
			AND (CAST($2 AS BIGINT) IS NULL OR account_id = $2 OR account_id IS NULL AND expires_unattached_at IS NOT NULL)`,
		blobID, nilIfZero(accountID), t.now())
	if err != nil {
		return fmt.Errorf("store: attach blob: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return fmt.Errorf("store: attach blob: %w", err)
	}
	if n == 0 {
		return ErrNotFound
	}
	return nil
}

// DetachBlob lets a file that is no longer used be removed soon. The caller knows
// that nothing else uses it.
func (t *Tx) DetachBlob(ctx context.Context, blobID int64) error {
	if _, err := t.tx.ExecContext(ctx, `UPDATE blobs SET expires_unattached_at = $2 WHERE id = $1`, blobID, t.now()); err != nil {
		return fmt.Errorf("store: detach blob: %w", err)
	}
	return nil
}

// FilledAttachment says which file an attachment of a message is.
type FilledAttachment struct {
	ID        int64
	AccountID int64
	BlobID    int64
	FileType  int
	Title     string // empty: it stays as it is
	Meta      string // JSON, as Title
}

// FillAttachment gives an attachment that waits for it its file, which it attaches,
// and makes it ready; name, type, size, width and height become the file's.
// ErrNotFound when no such attachment of the account waits, or as AttachBlob says.
func (t *Tx) FillAttachment(ctx context.Context, f FilledAttachment) error {
	if err := t.AttachBlob(ctx, f.AccountID, f.BlobID); err != nil {
		return err
	}
	res, err := t.tx.ExecContext(ctx, `UPDATE attachments SET blob_id = b.id, state = 'ready', file_type = $4, file_key = b.key,
			file_name = b.filename, content_type = b.content_type, file_size = b.byte_size, width = b.width, height = b.height,
			fallback_title = COALESCE($6, fallback_title), meta = COALESCE($7, meta), updated_at = $5
		FROM blobs b WHERE b.id = $3 AND attachments.id = $1 AND attachments.account_id = $2 AND attachments.state = 'pending'`,
		f.ID, f.AccountID, f.BlobID, f.FileType, t.now(), nilIfEmpty(f.Title), nilIfEmpty(f.Meta))
	if err != nil {
		return fmt.Errorf("store: fill attachment: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return fmt.Errorf("store: fill attachment: %w", err)
	}
	if n == 0 {
		return ErrNotFound
	}
	return nil
}

// AvatarOwner is who has a picture.
type AvatarOwner string

// Owners of avatars.
const (
	AvatarContact AvatarOwner = "contacts"
	AvatarInbox   AvatarOwner = "inboxes"
	AvatarUser    AvatarOwner = "users"
	AvatarBot     AvatarOwner = "agent_bots"
)

// SetAvatar gives an owner another picture, blobID 0: none. The new file is
// attached, the old one is detached. accountID is the owner's, 0 for a user and for a
// bot of no account.
// ErrNotFound when there is no such owner, or as AttachBlob says.
func (t *Tx) SetAvatar(ctx context.Context, owner AvatarOwner, accountID, ownerID, blobID int64) error {
	where, args := `id = $1`, []any{ownerID}
	switch owner {
	case AvatarUser:
	case AvatarBot:
		where, args = `id = $1 AND COALESCE(account_id, 0) = $2`, []any{ownerID, accountID}
	default:
		where, args = `id = $1 AND account_id = $2`, []any{ownerID, accountID}
	}
	var old sql.NullInt64
	err := t.tx.QueryRowContext(ctx, `SELECT avatar_blob_id FROM `+string(owner)+` WHERE `+where+` `+t.s.d.lock, args...).Scan(&old)
	if isNoRows(err) {
		return ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("store: avatar: %w", err)
	}
	if old.Int64 == blobID {
		return nil
	}
	if blobID != 0 {
		if err := t.AttachBlob(ctx, accountID, blobID); err != nil {
			return err
		}
	}
	if _, err := t.tx.ExecContext(ctx, `UPDATE `+string(owner)+` SET avatar_blob_id = $2, updated_at = $3 WHERE id = $1`,
		ownerID, nilIfZero(blobID), t.now()); err != nil {
		return fmt.Errorf("store: set avatar: %w", err)
	}
	if !old.Valid {
		return nil
	}
	return t.DetachBlob(ctx, old.Int64)
}

// BlobVariant is a form of a picture that was made from it.
type BlobVariant struct {
	BlobID        int64
	Variation     string // "thumb"
	Key           string
	ServiceName   string
	ContentType   string
	Size          int64 // bytes
	Width, Height int   // pixels
}

const variantColumns = `blob_id, variation, key, service_name, content_type, byte_size, width, height`

func (v *BlobVariant) fields() []any {
	return []any{&v.BlobID, &v.Variation, &v.Key, &v.ServiceName, &v.ContentType, &v.Size, &v.Width, &v.Height}
}

// BlobVariant reads one, ErrNotFound when it was not made yet.
func (s *Store) BlobVariant(ctx context.Context, blobID int64, variation string) (BlobVariant, error) {
	var v BlobVariant
	err := s.r.QueryRowContext(ctx, `SELECT `+variantColumns+` FROM blob_variants WHERE blob_id = $1 AND variation = $2`, blobID, variation).
		Scan(v.fields()...)
	if isNoRows(err) {
		return v, ErrNotFound
	}
	if err != nil {
		return v, fmt.Errorf("store: blob variant: %w", err)
	}
	return v, nil
}

// BlobVariants reads all forms of a picture.
func (s *Store) BlobVariants(ctx context.Context, blobID int64) ([]BlobVariant, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT `+variantColumns+` FROM blob_variants WHERE blob_id = $1 ORDER BY variation`, blobID)
	if err != nil {
		return nil, fmt.Errorf("store: blob variants: %w", err)
	}
	return collect(rows, "blob variants", (*BlobVariant).fields)
}

// InsertBlobVariant records a form of a picture. made is false, and nothing is
// recorded, when another process was first or the picture is gone.
func (s *Store) InsertBlobVariant(ctx context.Context, v BlobVariant) (made bool, err error) {
	res, err := s.w.ExecContext(ctx, `INSERT INTO blob_variants (`+variantColumns+`, created_at)
		SELECT b.id, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS BIGINT), CAST($7 AS INTEGER),
			CAST($8 AS INTEGER), CAST($9 AS BIGINT)
		FROM blobs b WHERE b.id = $1 ON CONFLICT (blob_id, variation) DO NOTHING`,
		v.BlobID, v.Variation, v.Key, v.ServiceName, v.ContentType, v.Size, v.Width, v.Height, micros(s.now()))
	if err != nil {
		return false, fmt.Errorf("store: insert blob variant: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return false, fmt.Errorf("store: insert blob variant: %w", err)
	}
	return n > 0, nil
}
