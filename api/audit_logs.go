package api

import (
	"context"
	"encoding/json"

	"tributary/api/route"
	"tributary/chat"
	"tributary/desk"
	"tributary/store"
)

func (a *API) auditLogs() []route.Row {
	return []route.Row{route.Get(account+"/audit_logs", route.Admin, a.listAuditLogs)}
}

// auditsPerPage is the size of a page of the audit log.
const auditsPerPage = 15

// auditOut is an entry of the audit log.
type auditOut struct {
	ID             int64           `json:"id"`
	AuditableID    int64           `json:"auditable_id"`
	AuditableType  string          `json:"auditable_type"`
	Auditable      any             `json:"auditable" schema:"object,null"`
	AssociatedID   int64           `json:"associated_id"`
	AssociatedType string          `json:"associated_type"`
	UserID         *int64          `json:"user_id"`
	UserType       *string         `json:"user_type"`
	Username       *string         `json:"username"`
	Action         string          `json:"action"`
	AuditedChanges json.RawMessage `json:"audited_changes"`
	Version        int64           `json:"version"`
	Comment        *string         `json:"comment"`
	RequestUUID    string          `json:"request_uuid"`
	CreatedAt      route.Unix      `json:"created_at"`
	RemoteAddress  *string         `json:"remote_address"`
}

// auditsOut is a page of the audit log.
type auditsOut struct {
	PerPage      int        `json:"per_page"`
	TotalEntries int64      `json:"total_entries"`
	CurrentPage  int        `json:"current_page"`
	AuditLogs    []auditOut `json:"audit_logs"`
}

type auditLogsIn struct {
	Page route.Page `query:"page"`
}

func (a *API) listAuditLogs(ctx context.Context, c *route.Call, in auditLogsIn) (auditsOut, error) {
	out := auditsOut{PerPage: auditsPerPage, CurrentPage: in.Page.Number(), AuditLogs: []auditOut{}}
	if !chat.Features(c.Account.Features).Has("audit_logs") {
		return out, nil
	}
	var err error
	if out.TotalEntries, err = a.Store.CountAudits(ctx, c.Account.ID); err != nil {
		return out, err
	}
	if offset := int64(in.Page.Number()-1) * auditsPerPage; offset < 0 || offset >= out.TotalEntries {
		return out, nil
	}
	list, err := a.Store.Audits(ctx, c.Account.ID, auditsPerPage, in.Page.Offset(auditsPerPage))
	if err != nil {
		return out, err
	}
	records, err := a.auditables(ctx, c, list)
	if err != nil {
		return out, err
	}
	for _, e := range list {
		out.AuditLogs = append(out.AuditLogs, newAuditOut(e, records[auditable{e.Type, e.ID}]))
	}
	return out, nil
}

func newAuditOut(e store.AuditRow, record any) auditOut {
	out := auditOut{
		ID: e.EntryID, AuditableID: e.ID, AuditableType: e.Type, Auditable: record, AssociatedID: e.AccountID, AssociatedType: "Account",
		Action: e.Action, AuditedChanges: e.Changes, Version: e.Version, RequestUUID: e.RequestID, CreatedAt: unix(&e.CreatedAt),
		Username: given(e.Username), RemoteAddress: given(e.RemoteAddress),
	}
	if e.UserID != 0 {
		out.UserID, out.UserType = &e.UserID, new("User")
	}
	return out
}

// given is a text, nil when it is empty.
func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// auditable names a record of the audit log.
type auditable struct {
	kind string
	id   int64
}

// namedPush is what events say of an account, an inbox or a team.
type namedPush struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// memberPush is what events say of a membership.
type memberPush struct {
	ID           int64  `json:"id"`
	Availability string `json:"availability"`
	Role         string `json:"role"`
	UserID       int64  `json:"user_id"`
}

// auditables are the records of a page as events show them, each kind read at once.
// Records that are gone, or that events do not show, are absent.
func (a *API) auditables(ctx context.Context, c *route.Call, list []store.AuditRow) (map[auditable]any, error) {
	byKind := map[string][]int64{}
	for _, e := range list {
		byKind[e.Type] = append(byKind[e.Type], e.ID)
	}
	out := map[auditable]any{{"Account", c.Account.ID}: namedPush{c.Account.ID, c.Account.Name}}
	for kind, table := range map[string]string{"Inbox": store.NamesOfInboxes, "Team": store.NamesOfTeams} {
		names, err := a.Store.Names(ctx, table, c.Account.ID, byKind[kind])
		if err != nil {
			return nil, err
		}
		for id, name := range names {
			out[auditable{kind, id}] = namedPush{id, name}
		}
	}
	users, err := a.Store.Agents(ctx, c.Account.ID, byKind["User"])
	if err != nil {
		return nil, err
	}
	for id, u := range users {
		out[auditable{"User", id}] = a.newUserPush(ctx, c.Account.ID, u)
	}
	if len(byKind["AccountUser"]) == 0 {
		return out, nil
	}
	members, err := a.Store.MembershipsByID(ctx, c.Account.ID, byKind["AccountUser"])
	for id, m := range members {
		out[auditable{"AccountUser", id}] = memberPush{id, desk.AvailabilityName(m.Availability), roleName(m.Role), m.UserID}
	}
	return out, err
}
