package desk

import (
	"context"
	"encoding/json"
	"fmt"

	"tributary/store"
)

// Actor is who changes something, for the audit log.
type Actor struct {
	UserID int64
	Email  string
	IP     string
}

// Actions of the audit log.
const (
	auditCreate  = "create"
	auditUpdate  = "update"
	auditDestroy = "destroy"
)

// insertAudit writes an entry of what the actor did to record id of a kind: the
// values of one that was made or destroyed, [old, new] of those that changed. Enums
// are numbers.
func insertAudit(ctx context.Context, tx *store.Tx, by Actor, accountID int64, kind string, id int64, action string, changes map[string]any) error {
	b, err := json.Marshal(changes)
	if err != nil {
		return fmt.Errorf("desk: audit: %w", err)
	}
	return tx.InsertAudit(ctx, store.Audit{
		AccountID: accountID, Type: kind, ID: id, Action: action, Changes: b, UserID: by.UserID, Username: by.Email, RemoteAddress: by.IP,
	})
}
