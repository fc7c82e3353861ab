package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"tributary/store"
)

func teamCases() []Case {
	return []Case{
		{"teams", []string{"Tx.InsertTeam", "Tx.UpdateTeam", "Tx.LockTeam", "Store.Team", "Store.Teams"}, testTeams},
		{"team members", []string{
			"Tx.AddTeamMembers", "Tx.RemoveTeamMembers", "Tx.KeepTeamMembers", "Store.TeamAgents", "Tx.Outsiders",
		}, testTeamMembers},
		{"a deleted team", []string{"Tx.DeleteTeam", "Store.ClearTeam"}, testDeletedTeam},
	}
}

// team makes a team without members.
func (w *World) team(account int64, name string) int64 {
	w.t.Helper()
	return in(w, func(ctx context.Context, tx *store.Tx) (int64, error) {
		return tx.InsertTeam(ctx, store.TeamRow{AccountID: account, Name: name, AllowAutoAssign: true})
	})
}

func (w *World) inTeam(team int64, users ...int64) []store.Place {
	w.t.Helper()
	return in(w, func(ctx context.Context, tx *store.Tx) ([]store.Place, error) {
		return tx.AddTeamMembers(ctx, team, users)
	})
}

func testTeams(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	sales, help := w.team(w.Mine.Account, "sales"), w.team(w.Mine.Account, "help")
	theirs := w.team(w.Theirs.Account, "sales")
	w.inTeam(help, w.Mine.User)
	row := func(id int64, name string, member bool) store.TeamRow {
		return store.TeamRow{ID: id, AccountID: w.Mine.Account, Name: name, AllowAutoAssign: true, IsMember: member}
	}
	list, err := w.Teams(ctx, w.Mine.Account, w.Mine.User)
	noErr(t, "Teams", err)
	want(t, "Teams", list, []store.TeamRow{row(sales, "sales", false), row(help, "help", true)})
	list, err = w.Teams(ctx, w.Mine.Account, w.Theirs.User)
	noErr(t, "Teams", err)
	want(t, "Teams of somebody else", list, []store.TeamRow{row(sales, "sales", false), row(help, "help", false)})
	got, err := w.Team(ctx, w.Mine.Account, help, w.Mine.User)
	noErr(t, "Team", err)
	want(t, "Team", got, row(help, "help", true))
	_, err = w.Team(ctx, w.Mine.Account, theirs, w.Mine.User)
	wantErr(t, "Team of others", err, store.ErrNotFound)

	w.do(func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.InsertTeam(ctx, store.TeamRow{AccountID: w.Mine.Account, Name: "help"}); !errors.Is(err, store.ErrTaken) {
			t.Errorf("a name again: %v", err)
		}
		team, err := tx.LockTeam(ctx, w.Mine.Account, sales)
		if err != nil {
			return err
		}
		want(t, "LockTeam", team, row(sales, "sales", false))
		team.Name, team.Description, team.AllowAutoAssign = "trade", ptr("d"), false
		return tx.UpdateTeam(ctx, team)
	})
	got, err = w.Team(ctx, w.Mine.Account, sales, 0)
	noErr(t, "Team", err)
	want(t, "a changed team", got, store.TeamRow{ID: sales, AccountID: w.Mine.Account, Name: "trade", Description: ptr("d")})
	w.fails("a name that another team has", store.ErrTaken, func(ctx context.Context, tx *store.Tx) error {
		return tx.UpdateTeam(ctx, row(sales, "help", false))
	})
	w.fails("LockTeam of others", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.LockTeam(ctx, w.Mine.Account, theirs)
		return err
	})
}

func testTeamMembers(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	var users []int64
	for i := range 3 {
		users = append(users, w.user("u"+itoa(i)+"@example.test", "U"+itoa(i)))
		w.join(w.Mine.Account, users[i])
	}
	one, two := w.team(w.Mine.Account, "one"), w.team(w.Mine.Account, "two")
	w.inTeam(two, users...)
	of := func(list []store.Place) (out []int64) {
		for _, m := range list {
			want(t, "the team of a member", m.In, one)
			if m.ID == 0 {
				t.Error("a member without an id")
			}
			out = append(out, m.UserID)
		}
		return out
	}
	want(t, "the first members", of(w.inTeam(one, users[1], users[0], users[1])), []int64{users[0], users[1]})
	want(t, "only who is new", of(w.inTeam(one, users...)), []int64{users[2]})
	want(t, "nobody is new", len(w.inTeam(one)), 0)
	agents := func() (out []int64) {
		t.Helper()
		list, err := w.TeamAgents(ctx, w.Mine.Account, one)
		noErr(t, "TeamAgents", err)
		for _, a := range list {
			want(t, "is a member of the account", a.Member, true)
			out = append(out, a.ID)
		}
		return out
	}
	want(t, "TeamAgents", agents(), users)
	w.exec(`DELETE FROM account_users WHERE user_id = $1`, users[2])
	want(t, "who left the account is not shown", agents(), users[:2])

	change := func(f func(ctx context.Context, tx *store.Tx) ([]store.Place, error)) []int64 {
		t.Helper()
		return of(in(w, f))
	}
	want(t, "removed", change(func(ctx context.Context, tx *store.Tx) ([]store.Place, error) {
		return tx.RemoveTeamMembers(ctx, one, []int64{users[2], w.Mine.User, 999})
	}), []int64{users[2]})
	want(t, "all but one are removed", change(func(ctx context.Context, tx *store.Tx) ([]store.Place, error) {
		return tx.KeepTeamMembers(ctx, one, []int64{users[1], 999})
	}), []int64{users[0]})
	want(t, "who is left", agents(), users[1:2])
	want(t, "all are removed", change(func(ctx context.Context, tx *store.Tx) ([]store.Place, error) {
		return tx.KeepTeamMembers(ctx, one, nil)
	}), []int64{users[1]})
	want(t, "the other team", w.number(`SELECT COUNT(*) FROM team_members WHERE team_id = $1`, two), 3)

	w.do(func(ctx context.Context, tx *store.Tx) error {
		none, err := tx.Outsiders(ctx, w.Mine.Account, []int64{users[0], w.Mine.User})
		want(t, "no outsiders", len(none), 0)
		if err != nil {
			return err
		}
		some, err := tx.Outsiders(ctx, w.Mine.Account, []int64{999, users[0], w.Theirs.User, 999})
		want(t, "outsiders", some, []int64{w.Theirs.User, 999})
		return err
	})
}

func testDeletedTeam(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	team, other := w.team(w.Mine.Account, "one"), w.team(w.Mine.Account, "two")
	w.inTeam(team, w.Mine.User)
	w.inTeam(other, w.Mine.User)
	l := w.line(w.Mine.Account, "l")
	for i := range 4 {
		w.chat(l, "S"+itoa(i))
	}
	kept := w.chat(l, "kept")
	w.exec(`UPDATE conversations SET team_id = $1`, team)
	w.exec(`UPDATE conversations SET team_id = $1 WHERE id = $2`, other, kept.Conversation)
	left := in(w, func(ctx context.Context, tx *store.Tx) ([]store.Place, error) { return tx.DeleteTeam(ctx, team) })
	want(t, "who leaves", left, []store.Place{{ID: left[0].ID, In: team, UserID: w.Mine.User}})
	_, err := w.Team(ctx, w.Mine.Account, team, 0)
	wantErr(t, "Team", err, store.ErrNotFound)
	w.Clock.Advance(time.Minute)
	for i, c := range []struct {
		done bool
		left int64
	}{{false, 1}, {true, 0}} {
		done, err := w.ClearTeam(ctx, team, 3)
		noErr(t, "ClearTeam", err)
		want(t, "share "+itoa(i)+" is the last", done, c.done)
		want(t, "left of share "+itoa(i), w.number(`SELECT COUNT(*) FROM conversations WHERE team_id = $1`, team), c.left)
	}
	want(t, "changed", w.number(`SELECT COUNT(*) FROM conversations WHERE team_id IS NULL AND updated_at = $1`, start.Add(time.Minute).UnixMicro()), 4)
	want(t, "of the other team", w.number(`SELECT team_id FROM conversations WHERE id = $1`, kept.Conversation), other)
	want(t, "in the other team", w.number(`SELECT COUNT(*) FROM team_members WHERE team_id = $1`, other), 1)
}
