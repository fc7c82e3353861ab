package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"tributary/internal/validate"
	"tributary/store"
)

// JobLabelRenamed gives what carries the name of a label its new one.
const JobLabelRenamed = "label.renamed"

// LabelJob is the payload of JobLabelRenamed.
type LabelJob struct {
	LabelID int64  `json:"label_id"`
	From    string `json:"from"`
	// To is the name when it was renamed; what it is called when the job runs has more
	// weight.
	To string `json:"to"`
	By Actor  `json:"by"`
}

// renameChunk is how many conversations one transaction relabels.
const renameChunk = 200

func labelTaken(err error) error {
	if errors.Is(err, store.ErrTaken) {
		return validate.Fail("title", validate.Taken)
	}
	return err
}

// CreateLabel stores a label and gives its id.
func (d *Desk) CreateLabel(ctx context.Context, in store.LabelRow) (id int64, err error) {
	err = d.again(ctx, func(tx *store.Tx) error {
		if id, err = tx.InsertLabel(ctx, in); err != nil {
			return labelTaken(err)
		}
		return tx.InvalidateCache(ctx, in.AccountID, store.CacheLabels)
	})
	if err == nil {
		d.WakeJobs()
	}
	return id, err
}

// ChangeLabel lets change alter a label and stores it; when it has another title then,
// what carries the old one gets the new one in the background. store.ErrNotFound when
// the account has none of that id. An error of change's is given back, and nothing is
// stored.
func (d *Desk) ChangeLabel(ctx context.Context, by Actor, accountID, id int64, change func(*store.LabelRow) error) error {
	err := d.again(ctx, func(tx *store.Tx) error {
		before, err := tx.LockLabel(ctx, accountID, id)
		if err != nil {
			return err
		}
		after := before
		if err := change(&after); err != nil {
			return err
		}
		if err := tx.UpdateLabel(ctx, after); err != nil {
			return labelTaken(err)
		}
		if err := tx.InvalidateCache(ctx, accountID, store.CacheLabels); err != nil || before.Title == after.Title {
			return err
		}
		payload, err := json.Marshal(LabelJob{LabelID: id, From: before.Title, To: after.Title, By: by})
		if err != nil {
			return fmt.Errorf("desk: label job: %w", err)
		}
		return tx.InsertJob(ctx, store.Job{
			Kind: JobLabelRenamed, Lane: store.LaneBulk, AccountID: accountID, Payload: payload,
			UniqueKey: JobLabelRenamed + ":" + strconv.FormatInt(id, 10) + ":" + before.Title,
		})
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// DeleteLabel deletes a label; conversations and contacts go on carrying its name.
// store.ErrNotFound when the account has none of that id.
func (d *Desk) DeleteLabel(ctx context.Context, accountID, id int64) error {
	err := d.again(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockLabel(ctx, accountID, id); err != nil {
			return err
		}
		if err := tx.DeleteLabel(ctx, id); err != nil {
			return err
		}
		return tx.InvalidateCache(ctx, accountID, store.CacheLabels)
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// labelRenamed carries out JobLabelRenamed.
func (d *Desk) labelRenamed(ctx context.Context, j store.Job) error {
	var in LabelJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	return d.inChunks(ctx, func() (done bool, err error) {
		err = d.again(ctx, func(tx *store.Tx) error {
			done, err = d.relabel(ctx, tx, j.AccountID, in)
			return err
		})
		if err == nil {
			d.WakeJobs()
		}
		return done, err
	})
}

// relabel is a share of JobLabelRenamed.
func (d *Desk) relabel(ctx context.Context, tx *store.Tx, accountID int64, in LabelJob) (done bool, err error) {
	to := in.To
	// Renamed again, it is on its way to the name that it has now: locked, so that the
	// job of the later renaming does not end before this share.
	switch label, err := tx.LockLabel(ctx, accountID, in.LabelID); {
	case err == nil:
		to = label.Title
	case !errors.Is(err, store.ErrNotFound):
		return false, err
	}
	if to == in.From {
		return true, nil
	}
	list, err := tx.RenameConversationLabel(ctx, accountID, in.From, to, renameChunk)
	if err != nil {
		return false, err
	}
	var events []store.OutboxRow
	for _, r := range list {
		events = append(events, store.OutboxRow{
			AccountID: accountID, Kind: "conversation.updated", InboxID: r.InboxID, ConversationID: r.ConversationID,
			Payload: relabelled(in, to, r.Labels, r.Had),
		})
	}
	contacts, err := tx.RenameContactLabel(ctx, accountID, in.From, to, renameChunk)
	if err != nil {
		return false, err
	}
	for _, r := range contacts {
		events = append(events, store.OutboxRow{
			AccountID: accountID, Kind: "contact.updated", Payload: relabelled(in, to, r.Labels, r.Had, "contact_id", r.ContactID),
		})
	}
	return len(list) < renameChunk && len(contacts) < renameChunk, tx.InsertOutbox(ctx, events)
}

// relabelled is the payload of the event about something whose labels are now these.
func relabelled(in LabelJob, to string, labels []string, had bool, more ...any) string {
	before := slices.DeleteFunc(slices.Clone(labels), func(l string) bool { return l == to && !had })
	before = append(before, in.From)
	slices.Sort(before)
	payload := map[string]any{"changed_attributes": []any{change{"label_list", before, labels}.attribute()}}
	for i := 0; i+1 < len(more); i += 2 {
		payload[fmt.Sprint(more[i])] = more[i+1]
	}
	if in.By.UserID != 0 {
		payload["performer_id"] = in.By.UserID
	}
	return object(payload)
}
