package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"tributary/store"
)

// JobMacro runs a macro in conversations.
const JobMacro = "macro.run"

// administrator is the stored number of that role.
const administrator = 1

// macroShare is in how many conversations one job runs a macro.
const macroShare = 100

// macroRun is the payload of JobMacro.
type macroRun struct {
	MacroID int64   `json:"macro_id"`
	UserID  int64   `json:"user_id"`
	Key     string  `json:"key"`  // of the run
	Display []int64 `json:"ids"`  // display ids of the conversations
	At      int     `json:"at"`   // the conversation that it has come to
	Step    int     `json:"step"` // and the action
}

// MacroChange is a macro as it shall be.
type MacroChange struct {
	store.MacroRow
	// Files are the blobs that its actions send.
	Files []int64
}

// errUploads says that an action sends what nobody uploaded for it.
var errUploads = errors.New("desk: not uploaded")

// NotUploaded tells whether a macro or a rule was refused since an action of it sends a
// file that nobody uploaded for that.
func NotUploaded(err error) bool { return errors.Is(err, errUploads) }

// keepFiles makes these the files of a macro or a rule: those that it has already, and
// those that members of the account uploaded for it.
func keepFiles(ctx context.Context, tx *store.Tx, accountID int64, by store.KeptBy, id int64, had []store.KeptFile, wanted []int64) error {
	uploaded, err := tx.Uploaded(ctx, accountID, wanted)
	if err != nil {
		return err
	}
	for _, blob := range wanted {
		if !slices.Contains(uploaded, blob) && !slices.ContainsFunc(had, func(f store.KeptFile) bool { return f.BlobID == blob }) {
			return errUploads
		}
	}
	err = tx.KeepFiles(ctx, accountID, by, id, wanted)
	if errors.Is(err, store.ErrNotFound) {
		return errUploads
	}
	return err
}

func macroValues(m store.MacroRow) map[string]any {
	return map[string]any{
		"account_id": m.AccountID, "name": m.Name, "visibility": m.Visibility, "created_by_id": m.CreatedByID, "updated_by_id": m.UpdatedByID,
		"actions": json.RawMessage(m.Actions),
	}
}

// CreateMacro stores a macro and gives its id. NotUploaded tells a refusal.
func (d *Desk) CreateMacro(ctx context.Context, by Actor, in MacroChange) (id int64, err error) {
	err = d.again(ctx, func(tx *store.Tx) error {
		if id, err = tx.InsertMacro(ctx, in.MacroRow); err != nil {
			return err
		}
		if err := keepFiles(ctx, tx, in.AccountID, store.KeptByMacro, id, nil, in.Files); err != nil {
			return err
		}
		return insertAudit(ctx, tx, by, in.AccountID, "Macro", id, auditCreate, macroValues(in.MacroRow))
	})
	return id, err
}

// ChangeMacro lets change alter a macro and stores it; store.ErrNotFound when the account
// has none of that id. An error of change's is given back, and nothing is stored.
func (d *Desk) ChangeMacro(ctx context.Context, by Actor, accountID, id int64, change func(*MacroChange) error) error {
	had, err := d.Store.KeptFiles(ctx, store.KeptByMacro, []int64{id})
	if err != nil {
		return err
	}
	return d.again(ctx, func(tx *store.Tx) error {
		before, err := tx.LockMacro(ctx, accountID, id)
		if err != nil {
			return err
		}
		after := MacroChange{MacroRow: before}
		if err := change(&after); err != nil {
			return err
		}
		if err := tx.UpdateMacro(ctx, after.MacroRow); err != nil {
			return err
		}
		if err := keepFiles(ctx, tx, accountID, store.KeptByMacro, id, had[id], after.Files); err != nil {
			return err
		}
		changes := valueChanges(macroValues(before), macroValues(after.MacroRow))
		if len(changes) == 0 {
			return nil
		}
		return insertAudit(ctx, tx, by, accountID, "Macro", id, auditUpdate, changes)
	})
}

// DeleteMacro deletes a macro that may be deleted; store.ErrNotFound when the account has
// none of that id.
func (d *Desk) DeleteMacro(ctx context.Context, by Actor, accountID, id int64, may func(store.MacroRow) error) error {
	return d.again(ctx, func(tx *store.Tx) error {
		m, err := tx.LockMacro(ctx, accountID, id)
		if err != nil {
			return err
		}
		if err := may(m); err != nil {
			return err
		}
		if err := tx.DeleteMacro(ctx, m); err != nil {
			return err
		}
		return insertAudit(ctx, tx, by, accountID, "Macro", id, auditDestroy, macroValues(m))
	})
}

// RunMacro orders that a macro is run for a user in conversations, by their display ids.
func (d *Desk) RunMacro(ctx context.Context, accountID, macroID, userID int64, displayIDs []int64) error {
	run := uuid.NewString()
	var jobs []store.Job
	for share := range slices.Chunk(displayIDs, macroShare) {
		key := run + ":" + strconv.Itoa(len(jobs))
		payload, err := json.Marshal(macroRun{MacroID: macroID, UserID: userID, Key: key, Display: share})
		if err != nil {
			return fmt.Errorf("desk: macro: %w", err)
		}
		jobs = append(jobs, store.Job{
			Kind: JobMacro, Lane: store.LaneRules, AccountID: accountID, Payload: payload, UniqueKey: JobMacro + ":" + key,
		})
	}
	err := d.again(ctx, func(tx *store.Tx) error { return tx.OrderJobs(ctx, jobs, 0) })
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// runMacro carries out JobMacro.
func (d *Desk) runMacro(ctx context.Context, j store.Job) error {
	var in macroRun
	if err := readJob(j, &in); err != nil {
		return err
	}
	m, err := d.Store.Macro(ctx, j.AccountID, in.MacroID)
	if err != nil {
		return gone(err)
	}
	scope, err := d.Store.ScopeOf(ctx, j.AccountID, in.UserID)
	if err != nil {
		return gone(err)
	}
	users, err := d.Store.Agents(ctx, j.AccountID, []int64{in.UserID})
	if err != nil {
		return err
	}
	user, ok := users[in.UserID]
	if !ok || !scope.Member {
		return nil // they left
	}
	var actions []Action
	if err := json.Unmarshal([]byte(m.Actions), &actions); err != nil {
		d.Log.Warn("a macro has no actions that can be read", "macro_id", m.ID, "error", err)
		return nil
	}
	inboxes, err := d.Store.InboxIDs(ctx, j.AccountID, in.UserID)
	if err != nil {
		return err
	}
	at := &progress{j, j.Payload}
	for ; in.At < len(in.Display); in.At, in.Step = in.At+1, 0 {
		c, err := d.Store.RuleSubjectBy(ctx, j.AccountID, in.Display[in.At])
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if scope.Role != administrator && !slices.Contains(inboxes, c.InboxID) {
			continue // not theirs to change
		}
		p := subjectOf(c, j.AccountID)
		p.by, p.owner, p.ownerID, p.event = Author{UserID: in.UserID, Name: user.Name}, store.KeptByMacro, m.ID, "macro.executed"
		now := in
		err = d.steps(ctx, at, actions, in.Step, p, "macro:"+in.Key+":"+strconv.Itoa(in.At), func(step int) any {
			now.Step = step
			return now
		})
		if err != nil {
			return leave(err)
		}
	}
	return nil
}
