package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"tributary/chat"
	"tributary/internal/optional"
	"tributary/store"
)

// JobBulkAction changes many conversations.
const JobBulkAction = "bulk.action"

// bulkNote is after how many conversations it is noted how far the job is, and
// maxBulkFailures how many failures are kept in words.
const (
	bulkNote        = 20
	maxBulkFailures = 100
)

// bulkKept is for how long it can be asked how a bulk action went.
const bulkKept = 30 * 24 * time.Hour

// BulkAction is what is changed about conversations.
type BulkAction struct {
	// Display are their display ids.
	Display []int64 `json:"ids"`
	// Status is one of the four names; empty: it stays.
	Status       string     `json:"status,omitempty"`
	SnoozedUntil *time.Time `json:"snoozed_until,omitempty"`
	// AssigneeID and TeamID: 0 or null is nobody and no team.
	AssigneeID optional.Value[int64] `json:"assignee_id,omitzero"`
	TeamID     optional.Value[int64] `json:"team_id,omitzero"`
	AddLabels  []string              `json:"add_labels,omitempty"`
	Remove     []string              `json:"remove_labels,omitempty"`
}

// BulkFailure is a conversation that could not be changed.
type BulkFailure struct {
	ID    int64  `json:"id"` // display id
	Error string `json:"error"`
}

type bulkJob struct {
	ID int64 `json:"id"`
}

// OrderBulkAction orders a change of conversations by a user and gives its number.
func (d *Desk) OrderBulkAction(ctx context.Context, accountID, userID int64, in BulkAction) (id int64, err error) {
	request, err := json.Marshal(in)
	if err != nil {
		return 0, fmt.Errorf("desk: bulk action: %w", err)
	}
	err = d.again(ctx, func(tx *store.Tx) error {
		id, err = tx.InsertBulkAction(ctx, store.BulkAction{AccountID: accountID, UserID: userID, Request: string(request), Total: int64(len(in.Display))})
		if err != nil {
			return err
		}
		payload, err := json.Marshal(bulkJob{id})
		if err != nil {
			return fmt.Errorf("desk: bulk action: %w", err)
		}
		return tx.InsertJob(ctx, store.Job{
			Kind: JobBulkAction, Lane: store.LaneBulk, AccountID: accountID, Payload: payload, UniqueKey: JobBulkAction + ":" + strconv.FormatInt(id, 10),
		})
	})
	if err == nil {
		d.WakeJobs()
	}
	return id, err
}

// bulkAction carries out JobBulkAction. A run that ends before its time is gone on with
// where it was noted last: what is done twice changes nothing the second time.
func (d *Desk) bulkAction(ctx context.Context, j store.Job) error {
	var job bulkJob
	if err := readJob(j, &job); err != nil {
		return err
	}
	b, err := d.Store.BulkAction(ctx, j.AccountID, job.ID)
	if err != nil {
		return gone(err)
	}
	var in BulkAction
	var failures []BulkFailure
	if err := errors.Join(json.Unmarshal([]byte(b.Request), &in), json.Unmarshal([]byte(b.Failures), &failures)); err != nil {
		return Final{fmt.Errorf("desk: bulk action %d: %w", b.ID, err)}
	}
	users, err := d.Store.Agents(ctx, b.AccountID, []int64{b.UserID})
	if err != nil {
		return err
	}
	by := Author{UserID: b.UserID, Name: users[b.UserID].Name}
	begun := d.Now()
	b.State = store.BulkRunning
	for b.Cursor < int64(len(in.Display)) {
		err := d.Edit(ctx, b.AccountID, in.Display[b.Cursor], by, func(e *Edit) error { return in.change(ctx, e) })
		if err != nil && (store.Transient(err) || errors.Is(err, store.ErrConflict) || ctx.Err() != nil) {
			return errors.Join(err, d.noteBulk(context.WithoutCancel(ctx), b, failures))
		}
		if err == nil {
			b.Done++
		} else {
			b.Failed++
			if len(failures) < maxBulkFailures {
				failures = append(failures, BulkFailure{in.Display[b.Cursor], d.bulkReason(b, err)})
			}
		}
		b.Cursor++
		if b.Cursor == int64(len(in.Display)) {
			break
		}
		if d.Now().Sub(begun) > jobTimeout/2 {
			if err := d.noteBulk(ctx, b, failures); err != nil {
				return err
			}
			return ErrAgain
		}
		if b.Cursor%bulkNote == 0 {
			if err := d.noteBulk(ctx, b, failures); err != nil {
				return err
			}
		}
	}
	b.State = store.BulkDone
	return d.noteBulk(ctx, b, failures)
}

// bulkReason says why a conversation was not changed.
func (d *Desk) bulkReason(b store.BulkAction, err error) string {
	if errors.Is(err, store.ErrNotFound) {
		return "Resource could not be found"
	}
	if told, ok := errors.AsType[*chat.Error](err); ok {
		return told.Message
	}
	d.Log.Warn("a conversation was left out of a bulk action", "bulk_action_id", b.ID, "account_id", b.AccountID, "error", err)
	return "An unexpected error occurred"
}

func (d *Desk) noteBulk(ctx context.Context, b store.BulkAction, failures []BulkFailure) error {
	list, err := json.Marshal(failures)
	if err != nil {
		return fmt.Errorf("desk: bulk action: %w", err)
	}
	b.Failures = string(list)
	if failures == nil {
		b.Failures = "[]"
	}
	return d.again(ctx, func(tx *store.Tx) error { return tx.ProgressBulkAction(ctx, b) })
}

// change applies it to one conversation.
func (in *BulkAction) change(ctx context.Context, e *Edit) error {
	if err := e.ChangeLabels(ctx, nil, in.Remove); err != nil {
		return err
	}
	if err := e.ChangeLabels(ctx, in.AddLabels, nil); err != nil {
		return err
	}
	if in.Status != "" {
		e.Status(chat.ConversationStatus(in.Status), in.SnoozedUntil)
	}
	if in.TeamID.Sent {
		if err := e.Team(ctx, in.TeamID.V); err != nil {
			return missing(err, "Team must exist")
		}
	}
	if in.AssigneeID.Sent {
		if err := e.Assign(ctx, in.AssigneeID.V); err != nil {
			return missing(err, "Assignee must exist")
		}
	}
	return nil
}

// missing words that something named is not there.
func missing(err error, text string) error {
	if errors.Is(err, store.ErrNotFound) {
		return chat.Unprocessable(text)
	}
	return err
}

// ForgetBulkActions removes what is known of bulk actions that ended long ago.
func (d *Desk) ForgetBulkActions(ctx context.Context) error {
	for {
		n, err := d.Store.DropBulkActions(ctx, d.Now().Add(-bulkKept).UnixMicro(), releaseChunk)
		if err != nil || n < releaseChunk {
			return err
		}
	}
}
