package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Place is a user's membership of an inbox or of a team.
type Place struct {
	ID     int64
	In     int64 // the id of the inbox or of the team
	UserID int64
}

// places are a table of them.
type places struct{ table, column string }

var (
	inboxPlaces = places{"inbox_members", "inbox_id"}
	teamPlaces  = places{"team_members", "team_id"}
)

// returning ends a statement whose rows are places.
func (p places) returning() string { return " RETURNING id, " + p.column + ", user_id" }

func collectPlaces(rows *sql.Rows, what string) ([]Place, error) {
	return collect(rows, what, func(m *Place) []any { return []any{&m.ID, &m.In, &m.UserID} })
}

func (t *Tx) changePlaces(ctx context.Context, what, query string, args ...any) ([]Place, error) {
	rows, err := t.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", what, err)
	}
	return collectPlaces(rows, what)
}

func (t *Tx) addPlaces(ctx context.Context, p places, in int64, userIDs []int64) ([]Place, error) {
	return t.changePlaces(ctx, "add "+p.table, `INSERT INTO `+p.table+` (`+p.column+`, user_id, created_at)
		SELECT CAST($2 AS BIGINT), u.id, CAST($3 AS BIGINT)
		FROM (SELECT DISTINCT x.id FROM `+t.s.d.rows("$1", "id bigint")+`) AS u
		WHERE TRUE ORDER BY u.id
		ON CONFLICT (`+p.column+`, user_id) DO NOTHING`+p.returning(), ids(userIDs), in, t.now())
}

// removePlaces ends those of the users, or with the operator NOT IN those of all
// others.
func (t *Tx) removePlaces(ctx context.Context, p places, in int64, userIDs []int64, operator string) ([]Place, error) {
	return t.changePlaces(ctx, "remove "+p.table, `DELETE FROM `+p.table+` WHERE `+p.column+` = $2
		AND user_id `+operator+` (SELECT x.id FROM `+t.s.d.rows("$1", "id bigint")+`)`+p.returning(), ids(userIDs), in)
}
