package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"tributary/chat"
	"tributary/internal/validate"
	"tributary/store"
)

// JobTeamDeleted takes a team that is deleted off its conversations.
const JobTeamDeleted = "team.deleted"

// TeamJob is the payload of JobTeamDeleted.
type TeamJob struct {
	TeamID int64 `json:"team_id"`
}

// teamTaken words the conflict of two names.
func teamTaken(err error) error {
	if errors.Is(err, store.ErrTaken) {
		return validate.Fail("name", validate.Taken)
	}
	return err
}

func teamValues(t store.TeamRow) map[string]any {
	return map[string]any{"account_id": t.AccountID, "name": t.Name, "description": t.Description, "allow_auto_assign": t.AllowAutoAssign}
}

// CreateTeam stores a team and gives its id.
func (d *Desk) CreateTeam(ctx context.Context, by Actor, in store.TeamRow) (id int64, err error) {
	err = d.again(ctx, func(tx *store.Tx) error {
		if id, err = tx.InsertTeam(ctx, in); err != nil {
			return teamTaken(err)
		}
		if err := insertAudit(ctx, tx, by, in.AccountID, "Team", id, auditCreate, teamValues(in)); err != nil {
			return err
		}
		return tx.InvalidateCache(ctx, in.AccountID, store.CacheTeams)
	})
	return id, err
}

// ChangeTeam lets change alter a team and stores it; store.ErrNotFound when the
// account has none of that id. An error of change's is given back, and nothing is
// stored.
func (d *Desk) ChangeTeam(ctx context.Context, by Actor, accountID, id int64, change func(*store.TeamRow) error) error {
	return d.again(ctx, func(tx *store.Tx) error {
		before, err := tx.LockTeam(ctx, accountID, id)
		if err != nil {
			return err
		}
		after := before
		if err := change(&after); err != nil {
			return err
		}
		changes := teamChanges(before, after)
		if len(changes) == 0 {
			return nil
		}
		if err := tx.UpdateTeam(ctx, after); err != nil {
			return teamTaken(err)
		}
		if err := insertAudit(ctx, tx, by, accountID, "Team", id, auditUpdate, changes); err != nil {
			return err
		}
		return tx.InvalidateCache(ctx, accountID, store.CacheTeams)
	})
}

func teamChanges(before, after store.TeamRow) map[string]any {
	out := map[string]any{}
	if before.Name != after.Name {
		out["name"] = [2]any{before.Name, after.Name}
	}
	if a, b := before.Description, after.Description; (a == nil) != (b == nil) || a != nil && *a != *b {
		out["description"] = [2]any{a, b}
	}
	if before.AllowAutoAssign != after.AllowAutoAssign {
		out["allow_auto_assign"] = [2]any{before.AllowAutoAssign, after.AllowAutoAssign}
	}
	return out
}

// DeleteTeam deletes a team; its conversations lose it in the background.
// store.ErrNotFound when the account has none of that id.
func (d *Desk) DeleteTeam(ctx context.Context, by Actor, accountID, id int64) error {
	err := d.again(ctx, func(tx *store.Tx) error {
		team, err := tx.LockTeam(ctx, accountID, id)
		if err != nil {
			return err
		}
		left, err := tx.DeleteTeam(ctx, id)
		if err != nil {
			return err
		}
		if err := auditPlaces(ctx, tx, by, accountID, teamPlace, auditDestroy, left); err != nil {
			return err
		}
		if err := insertAudit(ctx, tx, by, accountID, "Team", id, auditDestroy, teamValues(team)); err != nil {
			return err
		}
		if err := tx.InvalidateCache(ctx, accountID, store.CacheTeams); err != nil {
			return err
		}
		payload, err := json.Marshal(TeamJob{TeamID: id})
		if err != nil {
			return fmt.Errorf("desk: team job: %w", err)
		}
		return tx.InsertJob(ctx, store.Job{
			Kind: JobTeamDeleted, Lane: store.LaneBulk, UniqueKey: JobTeamDeleted + ":" + strconv.FormatInt(id, 10),
			AccountID: accountID, Payload: payload,
		})
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// teamDeleted carries out JobTeamDeleted.
func (d *Desk) teamDeleted(ctx context.Context, j store.Job) error {
	var in TeamJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	return d.inChunks(ctx, func() (bool, error) { return d.Store.ClearTeam(ctx, in.TeamID, releaseChunk) })
}

// TeamStep says what ChangeTeamMembers does with the users that it is given.
type TeamStep int

// Steps.
const (
	TeamAdd    TeamStep = iota
	TeamRemove          // those who are in it
	TeamSet             // they alone are in it afterwards
)

// ChangeTeamMembers changes who is in a team and gives those who are new in it.
// store.ErrNotFound when the account has no such team; a refusal when one of the
// users is no member of the account.
func (d *Desk) ChangeTeamMembers(ctx context.Context, by Actor, accountID, teamID int64, step TeamStep, userIDs []int64) (added []int64, err error) {
	err = d.again(ctx, func(tx *store.Tx) error {
		added = nil
		if _, err := tx.LockTeam(ctx, accountID, teamID); err != nil {
			return err
		}
		outsiders, err := tx.Outsiders(ctx, accountID, userIDs)
		if err != nil {
			return err
		}
		if len(outsiders) > 0 {
			return &chat.Error{Code: chat.CodeUnauthorized, Message: "Invalid User IDs"}
		}
		var joined, left []store.Place
		switch step {
		case TeamRemove:
			left, err = tx.RemoveTeamMembers(ctx, teamID, userIDs)
		case TeamSet:
			left, err = tx.KeepTeamMembers(ctx, teamID, userIDs)
		}
		if err != nil {
			return err
		}
		if step != TeamRemove {
			if joined, err = tx.AddTeamMembers(ctx, teamID, userIDs); err != nil {
				return err
			}
		}
		if len(joined)+len(left) == 0 {
			return nil
		}
		for _, m := range joined {
			added = append(added, m.UserID)
		}
		if err := auditPlaces(ctx, tx, by, accountID, teamPlace, auditDestroy, left); err != nil {
			return err
		}
		if err := auditPlaces(ctx, tx, by, accountID, teamPlace, auditCreate, joined); err != nil {
			return err
		}
		return tx.InvalidateCache(ctx, accountID, store.CacheTeams)
	})
	return added, err
}
