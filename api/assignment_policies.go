package api

import (
	"context"
	"errors"
	"net/http"

	"tributary/api/route"
	"tributary/chat"
	"tributary/internal/validate"
	"tributary/store"
)

func (a *API) assignmentPolicies() []route.Row {
	const policies, key = account + "/assignment_policies", "assignment_policy"
	const inboxes, ofInbox = policies + "/{assignment_policy_id}/inboxes", account + "/inboxes/{inbox_id}/assignment_policy"
	return []route.Row{
		route.Get(policies, route.Admin, a.listAssignmentPolicies),
		route.Get(policies+"/{id}", route.Admin, a.showAssignmentPolicy).Finds("id", a.assignmentPolicyExists),
		route.Post(policies, route.Admin, a.createAssignmentPolicy).Flat(key).Require(key),
		route.Patch(policies+"/{id}", route.Admin, a.updateAssignmentPolicy).Flat(key).Finds("id", a.assignmentPolicyExists),
		route.Delete(policies+"/{id}", route.Admin, a.deleteAssignmentPolicy).Finds("id", a.assignmentPolicyExists),
		route.Get(inboxes, route.Admin, a.listAssignmentPolicyInboxes).Finds("assignment_policy_id", a.assignmentPolicyExists),
		route.Post(inboxes, route.Admin, a.addAssignmentPolicyInbox).Finds("assignment_policy_id", a.assignmentPolicyExists),
		route.Delete(inboxes+"/{id}", route.Admin, a.removeAssignmentPolicyInbox).Finds("assignment_policy_id", a.assignmentPolicyExists),
		route.Get(ofInbox, route.Admin, a.showInboxAssignmentPolicy).Finds("inbox_id", a.inboxExists),
		route.Post(ofInbox, route.Admin, a.setInboxAssignmentPolicy).Finds("inbox_id", a.inboxExists),
		route.Delete(ofInbox, route.Admin, a.dropInboxAssignmentPolicy).Finds("inbox_id", a.inboxExists),
	}
}

// What assignment policies say, in the order of the stored numbers.
var (
	assignmentOrders       = []string{"round_robin", "balanced"}
	conversationPriorities = []string{"earliest_created", "longest_waiting"}
)

// assignmentPolicyOut is an assignment policy.
type assignmentPolicyOut struct {
	ID                     int64      `json:"id"`
	Name                   string     `json:"name"`
	Description            *string    `json:"description"`
	AssignmentOrder        string     `json:"assignment_order"`
	ConversationPriority   string     `json:"conversation_priority"`
	FairDistributionLimit  int64      `json:"fair_distribution_limit"`
	FairDistributionWindow int64      `json:"fair_distribution_window"` // seconds
	Enabled                bool       `json:"enabled"`
	AssignedInboxCount     int        `json:"assigned_inbox_count"`
	CreatedAt              route.Unix `json:"created_at"`
	UpdatedAt              route.Unix `json:"updated_at"`
}

func newAssignmentPolicyOut(p store.AssignmentPolicyRow) assignmentPolicyOut {
	return assignmentPolicyOut{
		ID: p.ID, Name: p.Name, Description: p.Description, AssignmentOrder: nameAt(assignmentOrders, p.AssignmentOrder),
		ConversationPriority: nameAt(conversationPriorities, p.ConversationPriority), FairDistributionLimit: p.FairDistributionLimit,
		FairDistributionWindow: p.FairDistributionWindow, Enabled: p.Enabled, AssignedInboxCount: p.AssignedInboxCount,
		CreatedAt: unix(&p.CreatedAt), UpdatedAt: unix(&p.UpdatedAt),
	}
}

func (a *API) listAssignmentPolicies(ctx context.Context, c *route.Call, _ none) ([]assignmentPolicyOut, error) {
	list, err := a.Store.AssignmentPolicies(ctx, c.Account.ID)
	out := make([]assignmentPolicyOut, len(list))
	for i, p := range list {
		out[i] = newAssignmentPolicyOut(p)
	}
	return out, err
}

func (a *API) showAssignmentPolicy(ctx context.Context, c *route.Call, in byID) (assignmentPolicyOut, error) {
	p, err := a.Store.AssignmentPolicy(ctx, c.Account.ID, in.ID)
	return newAssignmentPolicyOut(p), found(err)
}

func (a *API) assignmentPolicyExists(ctx context.Context, c *route.Call, id int64) error {
	_, err := a.Store.AssignmentPolicy(ctx, c.Account.ID, id)
	return found(err)
}

type assignmentPolicyIn struct {
	Name                   route.Opt[string] `json:"name"`
	Description            route.Opt[string] `json:"description"`
	AssignmentOrder        route.Opt[string] `json:"assignment_order"`
	ConversationPriority   route.Opt[string] `json:"conversation_priority"`
	FairDistributionLimit  route.Opt[int64]  `json:"fair_distribution_limit"`
	FairDistributionWindow route.Opt[int64]  `json:"fair_distribution_window"`
	Enabled                route.Opt[bool]   `json:"enabled"`
}

// apply changes p by what was sent.
func (in assignmentPolicyIn) apply(p *store.AssignmentPolicyRow) error {
	var errs validate.Errors
	in.Name.Apply(&p.Name)
	errs.Present("name", p.Name)
	errs.MaxLen("name", p.Name, validate.ShortText)
	in.Description.ApplyPtr(&p.Description)
	errs.MaxLen("description", in.Description.V, validate.LongText)
	applyListed(&errs, "assignment_order", in.AssignmentOrder, assignmentOrders, &p.AssignmentOrder)
	applyListed(&errs, "conversation_priority", in.ConversationPriority, conversationPriorities, &p.ConversationPriority)
	applyPositive(&errs, "fair_distribution_limit", in.FairDistributionLimit, &p.FairDistributionLimit)
	applyPositive(&errs, "fair_distribution_window", in.FairDistributionWindow, &p.FairDistributionWindow)
	if in.Enabled.Null {
		errs.Add("enabled", validate.Blank)
	}
	in.Enabled.Apply(&p.Enabled)
	return errs.Err()
}

// applyListed sets *dst to the place of a name among names.
func applyListed(errs *validate.Errors, attribute string, sent route.Opt[string], names []string, dst *int) {
	if !sent.Sent {
		return
	}
	i, known := listed(names, sent.V)
	if !known {
		errs.Add(attribute, validate.NotListed)
	}
	*dst = i
}

// applyPositive sets *dst to a number above 0.
func applyPositive(errs *validate.Errors, attribute string, sent route.Opt[int64], dst *int64) {
	switch {
	case !sent.Sent:
		return
	case sent.Null:
		errs.Add(attribute, validate.NotNumber)
	case sent.V <= 0:
		errs.Add(attribute, "must be greater than 0")
	}
	*dst = sent.V
}

// policyTaken words the conflict of two names.
func policyTaken(err error) error {
	if errors.Is(err, store.ErrTaken) {
		return validate.Fail("name", validate.Taken)
	}
	return found(err)
}

type createAssignmentPolicyIn struct {
	Policy assignmentPolicyIn `json:"assignment_policy"`
}

func (a *API) createAssignmentPolicy(ctx context.Context, c *route.Call, in createAssignmentPolicyIn) (assignmentPolicyOut, error) {
	p := store.DefaultAssignmentPolicy()
	p.AccountID = c.Account.ID
	if err := in.Policy.apply(&p); err != nil {
		return assignmentPolicyOut{}, err
	}
	id, err := a.Store.InsertAssignmentPolicy(ctx, p)
	if err != nil {
		return assignmentPolicyOut{}, policyTaken(err)
	}
	return a.showAssignmentPolicy(ctx, c, byID{ID: id})
}

type updateAssignmentPolicyIn struct {
	ID     int64              `path:"id"`
	Policy assignmentPolicyIn `json:"assignment_policy"`
}

func (a *API) updateAssignmentPolicy(ctx context.Context, c *route.Call, in updateAssignmentPolicyIn) (assignmentPolicyOut, error) {
	err := a.Store.ChangeAssignmentPolicy(ctx, c.Account.ID, in.ID, func(p *store.AssignmentPolicyRow) error {
		if in.Policy == (assignmentPolicyIn{}) {
			return route.MissingParam("assignment_policy")
		}
		return in.Policy.apply(p)
	})
	if err != nil {
		return assignmentPolicyOut{}, policyTaken(err)
	}
	return a.showAssignmentPolicy(ctx, c, byID{ID: in.ID})
}

func (a *API) deleteAssignmentPolicy(ctx context.Context, c *route.Call, in byID) (route.Empty, error) {
	return route.Empty{}, found(a.Store.DeleteAssignmentPolicy(ctx, c.Account.ID, in.ID))
}

type byAssignmentPolicy struct {
	PolicyID int64 `path:"assignment_policy_id"`
}

type inboxesOut struct {
	Inboxes []inboxOut `json:"inboxes"`
}

func (a *API) listAssignmentPolicyInboxes(ctx context.Context, c *route.Call, in byAssignmentPolicy) (inboxesOut, error) {
	if err := a.assignmentPolicyExists(ctx, c, in.PolicyID); err != nil {
		return inboxesOut{}, err
	}
	if err := a.current(ctx); err != nil {
		return inboxesOut{}, err
	}
	list, err := a.Store.AssignmentPolicyInboxes(ctx, c.Account.ID, in.PolicyID)
	out := inboxesOut{make([]inboxOut, len(list))}
	for i, inbox := range list {
		out.Inboxes[i] = a.newInboxOut(inbox, c.Admin())
	}
	return out, err
}

// inboxPolicyOut says that an inbox has an assignment policy.
type inboxPolicyOut struct {
	ID                 int64      `json:"id"`
	InboxID            int64      `json:"inbox_id"`
	AssignmentPolicyID int64      `json:"assignment_policy_id"`
	CreatedAt          route.Unix `json:"created_at"`
	UpdatedAt          route.Unix `json:"updated_at"`
}

type addAssignmentPolicyInboxIn struct {
	PolicyID int64 `path:"assignment_policy_id"`
	InboxID  int64 `json:"inbox_id"`
}

func (a *API) addAssignmentPolicyInbox(ctx context.Context, c *route.Call, in addAssignmentPolicyInboxIn) (inboxPolicyOut, error) {
	r, err := a.Store.SetInboxPolicy(ctx, c.Account.ID, in.InboxID, in.PolicyID)
	return inboxPolicyOut{
		ID: r.ID, InboxID: r.InboxID, AssignmentPolicyID: r.AssignmentPolicyID, CreatedAt: unix(&r.CreatedAt), UpdatedAt: unix(&r.UpdatedAt),
	}, found(err)
}

type removeAssignmentPolicyInboxIn struct {
	PolicyID int64 `path:"assignment_policy_id"`
	InboxID  int64 `path:"id"`
}

func (a *API) removeAssignmentPolicyInbox(ctx context.Context, c *route.Call, in removeAssignmentPolicyInboxIn) (route.Empty, error) {
	if in.PolicyID == 0 {
		return route.Empty{}, chat.NotFound()
	}
	return route.Empty{}, found(a.Store.DropInboxPolicy(ctx, c.Account.ID, in.InboxID, in.PolicyID))
}

type byInbox struct {
	InboxID int64 `path:"inbox_id"`
}

// noInboxPolicy says that an inbox has no assignment policy.
func noInboxPolicy(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return &route.Problem{Status: http.StatusNotFound, Body: map[string]string{"error": "Assignment policy not found"}}
	}
	return err
}

func (a *API) showInboxAssignmentPolicy(ctx context.Context, c *route.Call, in byInbox) (assignmentPolicyOut, error) {
	if err := a.inboxExists(ctx, c, in.InboxID); err != nil {
		return assignmentPolicyOut{}, err
	}
	p, err := a.Store.AssignmentPolicyOfInbox(ctx, c.Account.ID, in.InboxID)
	return newAssignmentPolicyOut(p), noInboxPolicy(err)
}

type setInboxAssignmentPolicyIn struct {
	InboxID  int64 `path:"inbox_id"`
	PolicyID int64 `json:"assignment_policy_id"`
}

func (a *API) setInboxAssignmentPolicy(ctx context.Context, c *route.Call, in setInboxAssignmentPolicyIn) (assignmentPolicyOut, error) {
	if _, err := a.Store.SetInboxPolicy(ctx, c.Account.ID, in.InboxID, in.PolicyID); err != nil {
		return assignmentPolicyOut{}, found(err)
	}
	return a.showAssignmentPolicy(ctx, c, byID{ID: in.PolicyID})
}

func (a *API) dropInboxAssignmentPolicy(ctx context.Context, c *route.Call, in byInbox) (route.Empty, error) {
	if err := a.inboxExists(ctx, c, in.InboxID); err != nil {
		return route.Empty{}, err
	}
	return route.Empty{}, noInboxPolicy(a.Store.DropInboxPolicy(ctx, c.Account.ID, in.InboxID, 0))
}
