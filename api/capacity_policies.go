package api

import (
	"context"
	"errors"
	"slices"

	"tributary/api/route"
	"tributary/chat"
	"tributary/internal/validate"
	"tributary/store"
)

func (a *API) capacityPolicies() []route.Row {
	const policies, key, of = account + "/agent_capacity_policies", "agent_capacity_policy", "agent_capacity_policy_id"
	const users, limits = policies + "/{" + of + "}/users", policies + "/{" + of + "}/inbox_limits"
	return []route.Row{
		route.Get(policies, route.Admin, a.listCapacityPolicies),
		route.Get(policies+"/{id}", route.Admin, a.showCapacityPolicy).Finds("id", a.capacityPolicyExists),
		route.Post(policies, route.Admin, a.createCapacityPolicy).Flat(key).Require(key),
		route.Patch(policies+"/{id}", route.Admin, a.updateCapacityPolicy).Flat(key).Finds("id", a.capacityPolicyExists),
		route.Delete(policies+"/{id}", route.Admin, a.deleteCapacityPolicy).Finds("id", a.capacityPolicyExists),
		route.Get(users, route.Admin, a.listCapacityUsers).Finds(of, a.capacityPolicyExists),
		route.Post(users, route.Admin, a.addCapacityUser).Finds(of, a.capacityPolicyExists),
		route.Delete(users+"/{id}", route.Admin, a.removeCapacityUser).Finds(of, a.capacityPolicyExists),
		route.Post(limits, route.Admin, a.createCapacityLimit).Finds(of, a.capacityPolicyExists),
		route.Patch(limits+"/{id}", route.Admin, a.updateCapacityLimit).Finds(of, a.capacityPolicyExists),
		route.Delete(limits+"/{id}", route.Admin, a.deleteCapacityLimit).Finds(of, a.capacityPolicyExists),
	}
}

// capacityPolicyOut is a capacity policy with its limits.
type capacityPolicyOut struct {
	ID                 int64                `json:"id"`
	Name               string               `json:"name"`
	Description        *string              `json:"description"`
	ExclusionRules     store.ExclusionRules `json:"exclusion_rules"`
	CreatedAt          route.Unix           `json:"created_at"`
	UpdatedAt          route.Unix           `json:"updated_at"`
	AccountID          int64                `json:"account_id"`
	AssignedAgentCount int                  `json:"assigned_agent_count"`
	Limits             []capacityLimitSlim  `json:"inbox_capacity_limits"`
}

// capacityLimitSlim is a limit inside its policy.
type capacityLimitSlim struct {
	ID                int64 `json:"id"`
	InboxID           int64 `json:"inbox_id"`
	ConversationLimit int64 `json:"conversation_limit"`
}

func newCapacityPolicyOut(p store.CapacityPolicyRow) capacityPolicyOut {
	out := capacityPolicyOut{
		ID: p.ID, Name: p.Name, Description: p.Description, ExclusionRules: p.ExclusionRules, CreatedAt: unix(&p.CreatedAt), UpdatedAt: unix(&p.UpdatedAt),
		AccountID: p.AccountID, AssignedAgentCount: p.AssignedAgentCount, Limits: make([]capacityLimitSlim, len(p.Limits)),
	}
	for i, l := range p.Limits {
		out.Limits[i] = capacityLimitSlim{ID: l.ID, InboxID: l.InboxID, ConversationLimit: l.ConversationLimit}
	}
	return out
}

func (a *API) listCapacityPolicies(ctx context.Context, c *route.Call, _ none) ([]capacityPolicyOut, error) {
	list, err := a.Store.CapacityPolicies(ctx, c.Account.ID)
	out := make([]capacityPolicyOut, len(list))
	for i, p := range list {
		out[i] = newCapacityPolicyOut(p)
	}
	return out, err
}

func (a *API) showCapacityPolicy(ctx context.Context, c *route.Call, in byID) (capacityPolicyOut, error) {
	p, err := a.Store.CapacityPolicy(ctx, c.Account.ID, in.ID)
	return newCapacityPolicyOut(p), found(err)
}

func (a *API) capacityPolicyExists(ctx context.Context, c *route.Call, id int64) error {
	_, err := a.Store.CapacityPolicy(ctx, c.Account.ID, id)
	return found(err)
}

type exclusionRulesIn struct {
	ExcludeOlderThanHours route.Opt[float64]  `json:"exclude_older_than_hours"`
	ExcludedLabels        route.Opt[[]string] `json:"excluded_labels"`
}

func (in exclusionRulesIn) rules() store.ExclusionRules {
	out := store.ExclusionRules{ExcludeOlderThanHours: in.ExcludeOlderThanHours.Ptr()}
	if labels, ok := in.ExcludedLabels.Get(); ok {
		labels = slices.DeleteFunc(labels, func(l string) bool { return l == "" }) // forms send an empty list as one empty text
		if labels == nil {
			labels = []string{}
		}
		out.ExcludedLabels = &labels
	}
	return out
}

type capacityPolicyIn struct {
	Name           route.Opt[string]           `json:"name"`
	Description    route.Opt[string]           `json:"description"`
	ExclusionRules route.Opt[exclusionRulesIn] `json:"exclusion_rules"`
}

// apply changes p by what was sent.
func (in capacityPolicyIn) apply(p *store.CapacityPolicyRow) error {
	var errs validate.Errors
	in.Name.Apply(&p.Name)
	errs.Present("name", p.Name)
	errs.MaxLen("name", p.Name, validate.ShortText)
	in.Description.ApplyPtr(&p.Description)
	errs.MaxLen("description", in.Description.V, validate.LongText)
	if in.ExclusionRules.Sent {
		p.ExclusionRules = in.ExclusionRules.V.rules()
	}
	return errs.Err()
}

type createCapacityPolicyIn struct {
	Policy capacityPolicyIn `json:"agent_capacity_policy"`
}

func (a *API) createCapacityPolicy(ctx context.Context, c *route.Call, in createCapacityPolicyIn) (capacityPolicyOut, error) {
	p := store.CapacityPolicyRow{AccountID: c.Account.ID}
	if err := in.Policy.apply(&p); err != nil {
		return capacityPolicyOut{}, err
	}
	id, err := a.Store.InsertCapacityPolicy(ctx, p)
	if err != nil {
		return capacityPolicyOut{}, err
	}
	return a.showCapacityPolicy(ctx, c, byID{ID: id})
}

type updateCapacityPolicyIn struct {
	ID     int64            `path:"id"`
	Policy capacityPolicyIn `json:"agent_capacity_policy"`
}

func (a *API) updateCapacityPolicy(ctx context.Context, c *route.Call, in updateCapacityPolicyIn) (capacityPolicyOut, error) {
	err := a.Store.ChangeCapacityPolicy(ctx, c.Account.ID, in.ID, func(p *store.CapacityPolicyRow) error {
		if sent := in.Policy; !sent.Name.Sent && !sent.Description.Sent && !sent.ExclusionRules.Sent {
			return route.MissingParam("agent_capacity_policy")
		}
		return in.Policy.apply(p)
	})
	if err != nil {
		return capacityPolicyOut{}, found(err)
	}
	return a.showCapacityPolicy(ctx, c, byID{ID: in.ID})
}

func (a *API) deleteCapacityPolicy(ctx context.Context, c *route.Call, in byID) (route.Empty, error) {
	return route.Empty{}, found(a.Store.DeleteCapacityPolicy(ctx, c.Account.ID, in.ID))
}

type byCapacityPolicy struct {
	PolicyID int64 `path:"agent_capacity_policy_id"`
}

func (a *API) listCapacityUsers(ctx context.Context, c *route.Call, in byCapacityPolicy) ([]userOut, error) {
	if err := a.capacityPolicyExists(ctx, c, in.PolicyID); err != nil {
		return nil, err
	}
	users, err := a.Store.CapacityPolicyUsers(ctx, in.PolicyID)
	if err != nil {
		return nil, err
	}
	return a.colleagues(ctx, users)
}

// colleagues are persons as they see themselves, without what only they may know:
// the keys to their sessions are empty, and the proof of their e-mail is left out.
func (a *API) colleagues(ctx context.Context, userIDs []int64) ([]userOut, error) {
	list, err := a.Store.Users(ctx, userIDs)
	if err != nil {
		return nil, err
	}
	memberships, err := a.Store.MembershipsOf(ctx, userIDs)
	out := make([]userOut, len(list))
	for i, u := range list {
		u.PubsubToken = ""
		out[i] = a.newUserOut(ctx, u, memberships[u.ID], "")
		out[i].HMACIdentifier = ""
	}
	return out, err
}

type addCapacityUserIn struct {
	PolicyID int64 `path:"agent_capacity_policy_id"`
	UserID   int64 `json:"user_id"`
}

func (a *API) addCapacityUser(ctx context.Context, c *route.Call, in addCapacityUserIn) (userOut, error) {
	if in.PolicyID == 0 {
		return userOut{}, chat.NotFound()
	}
	if err := a.Store.SetMemberCapacity(ctx, c.Account.ID, in.UserID, in.PolicyID); err != nil {
		return userOut{}, found(err)
	}
	list, err := a.colleagues(ctx, []int64{in.UserID})
	if err != nil {
		return userOut{}, err
	}
	if len(list) == 0 {
		return userOut{}, chat.NotFound() // deleted meanwhile
	}
	return list[0], nil
}

type removeCapacityUserIn struct {
	PolicyID int64 `path:"agent_capacity_policy_id"`
	UserID   int64 `path:"id"`
}

// removeCapacityUser takes its policy off a member, whichever that is.
func (a *API) removeCapacityUser(ctx context.Context, c *route.Call, in removeCapacityUserIn) (route.Empty, error) {
	if err := a.capacityPolicyExists(ctx, c, in.PolicyID); err != nil {
		return route.Empty{}, err
	}
	return route.Empty{}, found(a.Store.SetMemberCapacity(ctx, c.Account.ID, in.UserID, 0))
}

// capacityLimitOut is a limit.
type capacityLimitOut struct {
	ID                int64             `json:"id"`
	InboxID           int64             `json:"inbox_id"`
	PolicyID          int64             `json:"agent_capacity_policy_id"`
	ConversationLimit int64             `json:"conversation_limit"`
	CreatedAt         route.Unix        `json:"created_at"`
	UpdatedAt         route.Unix        `json:"updated_at"`
	InboxName         route.Opt[string] `json:"inbox_name,omitzero"`
}

func (a *API) capacityLimit(ctx context.Context, policyID, id int64) (out capacityLimitOut, name string, err error) {
	l, err := a.Store.CapacityLimit(ctx, policyID, id)
	return capacityLimitOut{
		ID: l.ID, InboxID: l.InboxID, PolicyID: l.PolicyID, ConversationLimit: l.ConversationLimit, CreatedAt: unix(&l.CreatedAt), UpdatedAt: unix(&l.UpdatedAt),
	}, l.InboxName, found(err)
}

type createCapacityLimitIn struct {
	PolicyID          int64            `path:"agent_capacity_policy_id"`
	InboxID           int64            `json:"inbox_id"`
	ConversationLimit route.Opt[int64] `json:"conversation_limit"`
}

func (a *API) createCapacityLimit(ctx context.Context, c *route.Call, in createCapacityLimitIn) (capacityLimitOut, error) {
	if err := a.capacityPolicyExists(ctx, c, in.PolicyID); err != nil {
		return capacityLimitOut{}, err
	}
	if err := a.inboxExists(ctx, c, in.InboxID); err != nil {
		return capacityLimitOut{}, err
	}
	limited, err := a.Store.CapacityLimited(ctx, in.PolicyID, in.InboxID)
	if err != nil {
		return capacityLimitOut{}, err
	}
	if limited {
		return capacityLimitOut{}, errLimited
	}
	l := store.CapacityLimitRow{PolicyID: in.PolicyID, InboxID: in.InboxID}
	if !in.ConversationLimit.Sent {
		in.ConversationLimit = route.Opt[int64]{Sent: true, Null: true} // a limit is needed
	}
	var errs validate.Errors
	applyPositive(&errs, "conversation_limit", in.ConversationLimit, &l.ConversationLimit)
	if err := errs.Err(); err != nil {
		return capacityLimitOut{}, err
	}
	id, err := a.Store.InsertCapacityLimit(ctx, c.Account.ID, l)
	if errors.Is(err, store.ErrTaken) {
		return capacityLimitOut{}, errLimited
	}
	if err != nil {
		return capacityLimitOut{}, found(err)
	}
	out, _, err := a.capacityLimit(ctx, in.PolicyID, id)
	return out, err
}

var errLimited = chat.Unprocessable("Inbox has already been assigned to this policy")

type updateCapacityLimitIn struct {
	PolicyID          int64            `path:"agent_capacity_policy_id"`
	ID                int64            `path:"id"`
	ConversationLimit route.Opt[int64] `json:"conversation_limit"`
}

func (a *API) updateCapacityLimit(ctx context.Context, c *route.Call, in updateCapacityLimitIn) (capacityLimitOut, error) {
	if err := a.capacityPolicyExists(ctx, c, in.PolicyID); err != nil {
		return capacityLimitOut{}, err
	}
	if _, _, err := a.capacityLimit(ctx, in.PolicyID, in.ID); err != nil {
		return capacityLimitOut{}, err
	}
	var conversations int64
	var errs validate.Errors
	applyPositive(&errs, "conversation_limit", in.ConversationLimit, &conversations)
	if err := errs.Err(); err != nil {
		return capacityLimitOut{}, err
	}
	if in.ConversationLimit.Sent {
		if err := a.Store.UpdateCapacityLimit(ctx, in.PolicyID, in.ID, conversations); err != nil {
			return capacityLimitOut{}, found(err)
		}
	}
	out, name, err := a.capacityLimit(ctx, in.PolicyID, in.ID)
	out.InboxName = route.Opt[string]{Sent: true, V: name}
	return out, err
}

type deleteCapacityLimitIn struct {
	PolicyID int64 `path:"agent_capacity_policy_id"`
	ID       int64 `path:"id"`
}

func (a *API) deleteCapacityLimit(ctx context.Context, c *route.Call, in deleteCapacityLimitIn) (route.NoContent, error) {
	if err := a.capacityPolicyExists(ctx, c, in.PolicyID); err != nil {
		return route.NoContent{}, err
	}
	return route.NoContent{}, found(a.Store.DeleteCapacityLimit(ctx, in.PolicyID, in.ID))
}
