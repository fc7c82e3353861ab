package store

import (
	"context"
	"fmt"
)

// KeptBy is what keeps files to be sent again and again.
type KeptBy string

// Keepers.
const (
	KeptByCannedResponse KeptBy = "canned_response"
	KeptByMacro          KeptBy = "macro"
	KeptByRule           KeptBy = "automation_rule"
	// KeptByAccount: uploaded for whatever links to its address, for good.
	KeptByAccount KeptBy = "account"
)

// KeptFile is a file that something keeps.
type KeptFile struct {
	ID          int64
	OwnerID     int64
	BlobID      int64
	Filename    string
	ContentType string
	Size        int64 // bytes
	Width       *int  // pixels, of a picture
	Height      *int
}

func (f *KeptFile) fields() []any {
	return []any{&f.ID, &f.OwnerID, &f.BlobID, &f.Filename, &f.ContentType, &f.Size, &f.Width, &f.Height}
}

// KeptFiles reads the files of several keepers of a kind, by keeper, in the order in
// which they were kept.
func (s *Store) KeptFiles(ctx context.Context, by KeptBy, ownerIDs []int64) (map[int64][]KeptFile, error) {
	out := map[int64][]KeptFile{}
	if len(ownerIDs) == 0 {
		return out, nil
	}
	rows, err := s.r.QueryContext(ctx, `SELECT k.id, k.owner_id, b.id, b.filename, b.content_type, b.byte_size, b.width, b.height
		FROM `+s.d.rows("$1", "id bigint")+` CROSS JOIN kept_files k CROSS JOIN blobs b
		WHERE k.owner = $2 AND k.owner_id = x.id AND b.id = k.blob_id ORDER BY k.id`, ids(ownerIDs), string(by))
	if err != nil {
		return nil, fmt.Errorf("store: kept files: %w", err)
	}
	list, err := collect(rows, "kept files", (*KeptFile).fields)
	for _, f := range list {
		out[f.OwnerID] = append(out[f.OwnerID], f)
	}
	return out, err
}

// KeepFiles makes these the files that a keeper has, in the order in which they are
// first named: they are kept from this transaction on, those that it had besides go
// soon unless something else has them. ErrNotFound as AttachBlob says; nothing may be
// committed then.
func (t *Tx) KeepFiles(ctx context.Context, accountID int64, by KeptBy, ownerID int64, blobIDs []int64) error {
	rows, err := t.tx.QueryContext(ctx, `DELETE FROM kept_files WHERE owner = $1 AND owner_id = $2
		AND blob_id NOT IN (SELECT x.id FROM `+t.s.d.rows("$3", "id bigint")+`) RETURNING blob_id`, string(by), ownerID, ids(blobIDs))
	if err != nil {
		return fmt.Errorf("store: keep files: %w", err)
	}
	gone, err := collect(rows, "keep files", func(id *int64) []any { return []any{id} })
	if err != nil {
		return err
	}
	if err := t.releaseBlobs(ctx, gone); err != nil {
		return err
	}
	return t.AddKeptFiles(ctx, accountID, by, ownerID, blobIDs)
}

// AddKeptFiles is KeepFiles for files besides those that the keeper has.
func (t *Tx) AddKeptFiles(ctx context.Context, accountID int64, by KeptBy, ownerID int64, blobIDs []int64) error {
	for _, id := range blobIDs {
		if err := t.AttachBlob(ctx, accountID, id); err != nil {
			return err
		}
		if _, err := t.tx.ExecContext(ctx, `INSERT INTO kept_files (account_id, owner, owner_id, blob_id, created_at)
			VALUES ($1, $2, $3, $4, $5) ON CONFLICT (owner, owner_id, blob_id) DO NOTHING`, accountID, string(by), ownerID, id, t.now()); err != nil {
			return fmt.Errorf("store: keep file: %w", err)
		}
	}
	return nil
}

// Uploaded are those of blobs that members of an account uploaded for use in macros,
// rules and articles, in ascending order.
func (t *Tx) Uploaded(ctx context.Context, accountID int64, blobIDs []int64) ([]int64, error) {
	rows, err := t.tx.QueryContext(ctx, `SELECT k.blob_id FROM `+t.s.d.rows("$1", "id bigint")+` CROSS JOIN kept_files k
		WHERE k.owner = $2 AND k.owner_id = $3 AND k.blob_id = x.id ORDER BY k.blob_id`, ids(blobIDs), string(KeptByAccount), accountID)
	if err != nil {
		return nil, fmt.Errorf("store: uploaded: %w", err)
	}
	return collect(rows, "uploaded", func(id *int64) []any { return []any{id} })
}
