package store

import (
	"context"
	"fmt"
)

// TeamRow is a team.
type TeamRow struct {
	ID              int64
	AccountID       int64
	Name            string // in small letters
	Description     *string
	AllowAutoAssign bool
	// IsMember tells whether the user that was asked for belongs to it.
	IsMember bool
}

func (t *TeamRow) fields() []any {
	return []any{&t.ID, &t.AccountID, &t.Name, &t.Description, &t.AllowAutoAssign, &t.IsMember}
}

// teamColumns end where the condition of the teams begins; $2 is the user.
const teamColumns = `SELECT t.id, t.account_id, t.name, t.description, t.allow_auto_assign,
		EXISTS (SELECT 1 FROM team_members m WHERE m.team_id = t.id AND m.user_id = $2)
	FROM teams t WHERE t.account_id = $1 `

// Teams reads the teams of an account by id, as a user sees them.
func (s *Store) Teams(ctx context.Context, accountID, userID int64) ([]TeamRow, error) {
	rows, err := s.r.QueryContext(ctx, teamColumns+`ORDER BY t.id`, accountID, userID)
	if err != nil {
		return nil, fmt.Errorf("store: teams: %w", err)
	}
	return collect(rows, "teams", (*TeamRow).fields)
}

// TeamsByID reads teams of an account, as a user sees them; those that are gone are
// absent.
func (s *Store) TeamsByID(ctx context.Context, accountID, userID int64, list []int64) (map[int64]TeamRow, error) {
	out := make(map[int64]TeamRow, len(list))
	if len(list) == 0 {
		return out, nil
	}
	rows, err := s.r.QueryContext(ctx, teamColumns+`AND t.id IN (SELECT x.id FROM `+s.d.rows("$3", "id bigint")+`)`, accountID, userID, ids(list))
	if err != nil {
		return nil, fmt.Errorf("store: teams by id: %w", err)
	}
	teams, err := collect(rows, "teams by id", (*TeamRow).fields)
	for _, t := range teams {
		out[t.ID] = t
	}
	return out, err
}

// Team reads one as a user sees it; ErrNotFound when the account has none of that
// id.
func (s *Store) Team(ctx context.Context, accountID, id, userID int64) (TeamRow, error) {
	return readTeam(ctx, s.r, accountID, userID, id, "")
}

// TeamTimes tells when a team was made and last changed, in microseconds; ErrNotFound
// when there is none of that id.
func (t *Tx) TeamTimes(ctx context.Context, id int64) (createdAt, updatedAt int64, err error) {
	err = t.tx.QueryRowContext(ctx, `SELECT created_at, updated_at FROM teams WHERE id = $1`, id).Scan(&createdAt, &updatedAt)
	if isNoRows(err) {
		return 0, 0, ErrNotFound
	}
	if err != nil {
		return 0, 0, fmt.Errorf("store: times of team: %w", err)
	}
	return createdAt, updatedAt, nil
}

// LockTeam reads a team for a change.
func (t *Tx) LockTeam(ctx context.Context, accountID, id int64) (TeamRow, error) {
	return readTeam(ctx, t.tx, accountID, 0, id, t.s.d.lockOf("t"))
}

// HoldTeam reads a team, which is not deleted until the transaction ends.
func (t *Tx) HoldTeam(ctx context.Context, accountID, id int64) (TeamRow, error) {
	return readTeam(ctx, t.tx, accountID, 0, id, t.s.d.hold)
}

func readTeam(ctx context.Context, q queryer, accountID, userID, id int64, lock string) (TeamRow, error) {
	var out TeamRow
	err := q.QueryRowContext(ctx, teamColumns+`AND t.id = $3 `+lock, accountID, userID, id).Scan(out.fields()...)
	if isNoRows(err) {
		return out, ErrNotFound
	}
	if err != nil {
		return out, fmt.Errorf("store: team: %w", err)
	}
	return out, nil
}

// InsertTeam stores a team; ErrTaken when the account has one of that name.
func (t *Tx) InsertTeam(ctx context.Context, in TeamRow) (int64, error) {
	var id int64
	err := t.tx.QueryRowContext(ctx, `INSERT INTO teams (account_id, name, description, allow_auto_assign, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (account_id, name) DO NOTHING RETURNING id`,
		in.AccountID, in.Name, in.Description, in.AllowAutoAssign, t.now()).Scan(&id)
	if isNoRows(err) {
		return 0, ErrTaken
	}
	if err != nil {
		return 0, fmt.Errorf("store: insert team: %w", err)
	}
	return id, nil
}

// UpdateTeam stores a team as it shall be; ErrTaken when another one has its name.
// The transaction is over then.
func (t *Tx) UpdateTeam(ctx context.Context, in TeamRow) error {
	_, err := t.tx.ExecContext(ctx, `UPDATE teams SET name = $2, description = $3, allow_auto_assign = $4, updated_at = $5 WHERE id = $1`,
		in.ID, in.Name, in.Description, in.AllowAutoAssign, t.now())
	if uniqueViolation(err) {
		return ErrTaken
	}
	if err != nil {
		return fmt.Errorf("store: update team: %w", err)
	}
	return nil
}

// DeleteTeam deletes a team and gives the memberships that end with it. Its
// conversations stay its, see ClearTeam.
func (t *Tx) DeleteTeam(ctx context.Context, id int64) ([]Place, error) {
	left, err := t.changePlaces(ctx, "delete team members", `DELETE FROM team_members WHERE team_id = $1`+teamPlaces.returning(), id)
	if err != nil {
		return nil, err
	}
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM teams WHERE id = $1`, id); err != nil {
		return nil, fmt.Errorf("store: delete team: %w", err)
	}
	return left, nil
}

// ClearTeam takes a team that is deleted off at most limit conversations. done
// tells that none is left.
func (s *Store) ClearTeam(ctx context.Context, teamID int64, limit int) (done bool, err error) {
	return s.releaseChunk(ctx, "clear team", `UPDATE conversations SET team_id = NULL, updated_at = $1
		WHERE id IN (SELECT id FROM conversations WHERE team_id = $3 ORDER BY id LIMIT $2 `+s.d.lock+`)`, limit, teamID)
}

// TeamAgents reads the members of an account who are in a team, by id.
func (s *Store) TeamAgents(ctx context.Context, accountID, teamID int64) ([]AgentRow, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT `+agentColumns+`
		FROM team_members t JOIN account_users m ON m.account_id = $1 AND m.user_id = t.user_id JOIN users u ON u.id = m.user_id
		WHERE t.team_id = $2 ORDER BY u.id`, accountID, teamID)
	if err != nil {
		return nil, fmt.Errorf("store: agents of team: %w", err)
	}
	return collect(rows, "agents of team", (*AgentRow).fields)
}

// AddTeamMembers adds users to a team and gives the new places: those who are in it
// stay what they are.
func (t *Tx) AddTeamMembers(ctx context.Context, teamID int64, userIDs []int64) ([]Place, error) {
	return t.addPlaces(ctx, teamPlaces, teamID, userIDs)
}

// RemoveTeamMembers takes users off a team and gives the places that ended.
func (t *Tx) RemoveTeamMembers(ctx context.Context, teamID int64, userIDs []int64) ([]Place, error) {
	return t.removePlaces(ctx, teamPlaces, teamID, userIDs, "IN")
}

// KeepTeamMembers takes all but these users off a team and gives the places that ended.
func (t *Tx) KeepTeamMembers(ctx context.Context, teamID int64, userIDs []int64) ([]Place, error) {
	return t.removePlaces(ctx, teamPlaces, teamID, userIDs, "NOT IN")
}
