// Package presence knows who is connected now: members of accounts and contacts,
// by the heartbeats of their websockets. It keeps nothing for longer than a
// heartbeat lasts.
package presence

import (
	"context"
	"time"
)

// Duration is how long a heartbeat says that somebody is there. Clients send one
// every 20 seconds.
const Duration = 20 * time.Second

// Kind says whose heartbeat it is.
type Kind string

// Kinds.
const (
	Users    Kind = "users"    // ids of users
	Contacts Kind = "contacts" // ids of contacts
)

// Tracker keeps heartbeats. It is safe for concurrent use.
type Tracker interface {
	// Beat notes that somebody is there now.
	Beat(ctx context.Context, accountID int64, kind Kind, id int64) error
	// Present gives who is there, in no order.
	Present(ctx context.Context, accountID int64, kind Kind) ([]int64, error)
}
