package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"unicode/utf8"

	"tributary/api/route"
	"tributary/chat/filter"
	"tributary/desk"
	"tributary/internal/validate"
	"tributary/store"
)

func (a *API) automationRules() []route.Row {
	const rules = account + "/automation_rules"
	refused := actionRefusal{}
	return []route.Row{
		route.Get(rules, route.Admin, a.listRules),
		route.Get(rules+"/{id}", route.Admin, a.showRule),
		route.Post(rules, route.Admin, a.createRule).Answers(http.StatusUnprocessableEntity, refused),
		route.Patch(rules+"/{id}", route.Admin, a.updateRule).Answers(http.StatusUnprocessableEntity, refused),
		route.Delete(rules+"/{id}", route.Admin, a.deleteRule),
		route.Post(rules+"/{automation_rule_id}/clone", route.Admin, a.cloneRule),
	}
}

// ruleOut is an automation rule.
type ruleOut struct {
	ID          int64           `json:"id"`
	AccountID   int64           `json:"account_id"`
	Name        string          `json:"name"`
	Description *string         `json:"description"`
	EventName   string          `json:"event_name"`
	Conditions  json.RawMessage `json:"conditions" schema:"array"`
	Actions     []actionOut     `json:"actions"`
	CreatedOn   int64           `json:"created_on"` // unix seconds
	Active      bool            `json:"active"`
	Files       []ruleFileOut   `json:"files,omitempty"`
}

type ruleFileOut struct {
	RuleID int64 `json:"automation_rule_id"`
	keptFileOut
}

func (a *API) newRulesOut(ctx context.Context, list []store.RuleRow) ([]ruleOut, error) {
	keys := make([]int64, len(list))
	for i, r := range list {
		keys[i] = r.ID
	}
	kept, err := a.Store.KeptFiles(ctx, store.KeptByRule, keys)
	out := make([]ruleOut, len(list))
	for i, r := range list {
		out[i] = ruleOut{
			ID: r.ID, AccountID: r.AccountID, Name: r.Name, Description: r.Description, EventName: r.EventName, Conditions: json.RawMessage(r.Conditions),
			Actions: actionsOut(r.Actions), CreatedOn: r.CreatedAt / 1e6, Active: r.Active,
		}
		for _, f := range kept[r.ID] {
			out[i].Files = append(out[i].Files, ruleFileOut{r.ID, a.newKeptFileOut(f, r.AccountID)})
		}
	}
	return out, err
}

func (a *API) listRules(ctx context.Context, c *route.Call, _ none) (payload[[]ruleOut], error) {
	list, err := a.Store.Rules(ctx, c.Account.ID)
	if err != nil {
		return payload[[]ruleOut]{}, err
	}
	out, err := a.newRulesOut(ctx, list)
	return payload[[]ruleOut]{out}, err
}

func (a *API) showRule(ctx context.Context, c *route.Call, in byID) (payload[ruleOut], error) {
	out, err := a.rule(ctx, c, in.ID)
	return payload[ruleOut]{out}, err
}

func (a *API) rule(ctx context.Context, c *route.Call, id int64) (ruleOut, error) {
	r, err := a.Store.Rule(ctx, c.Account.ID, id)
	if err != nil {
		return ruleOut{}, found(err)
	}
	out, err := a.newRulesOut(ctx, []store.RuleRow{r})
	if err != nil {
		return ruleOut{}, err
	}
	return out[0], nil
}

type ruleIn struct {
	Name        route.Opt[string]          `json:"name"`
	Description route.Opt[string]          `json:"description"`
	EventName   route.Opt[string]          `json:"event_name"`
	Active      route.Opt[bool]            `json:"active"`
	Conditions  route.Opt[json.RawMessage] `json:"conditions"`
	Actions     route.Opt[json.RawMessage] `json:"actions"`
}

// apply changes r by what was sent; defined are the keys of the account's custom
// attributes.
func (in ruleIn) apply(r *desk.RuleChange, defined []string) error {
	wrong := partly{}
	in.Name.Apply(&r.Name)
	wrong.name(r.Name)
	in.Description.ApplyPtr(&r.Description)
	if utf8.RuneCountInString(in.Description.V) > validate.LongText {
		wrong.add("description", "is too long (maximum is 20000 characters)")
	}
	in.EventName.Apply(&r.EventName)
	if !slices.Contains(desk.RuleEvents, r.EventName) {
		wrong.add("event_name", validate.NotListed)
	}
	if in.Active.Null {
		wrong.add("active", validate.Blank)
	}
	in.Active.Apply(&r.Active)
	if conditions, ok := in.Conditions.Get(); ok {
		for _, text := range filter.CheckRule(filter.Decode(conditions), defined) {
			wrong.add("conditions", text)
		}
		var b bytes.Buffer
		if json.Compact(&b, conditions) == nil {
			r.Conditions = b.String()
		}
	}
	if actions, ok := in.Actions.Get(); ok {
		r.Actions, r.Files = actionsIn(actions, desk.RuleActions, "Automation actions", wrong)
	}
	return wrong.err()
}

// ruleKeys are the keys of custom attributes that conditions may name.
func (a *API) ruleKeys(ctx context.Context, c *route.Call) ([]string, error) {
	list, err := a.Store.FilterDefinitions(ctx, c.Account.ID)
	out := make([]string, len(list))
	for i, d := range list {
		out[i] = d.Key
	}
	return out, err
}

func (a *API) createRule(ctx context.Context, c *route.Call, in ruleIn) (ruleOut, error) {
	defined, err := a.ruleKeys(ctx, c)
	if err != nil {
		return ruleOut{}, err
	}
	r := desk.RuleChange{RuleRow: store.RuleRow{AccountID: c.Account.ID, Conditions: "[]", Actions: "[]", Active: true}}
	if err := in.apply(&r, defined); err != nil {
		return ruleOut{}, err
	}
	id, err := a.Desk.CreateRule(ctx, actor(c), r)
	if err != nil {
		return ruleOut{}, unsent(err)
	}
	return a.rule(ctx, c, id)
}

type updateRuleIn struct {
	ID int64 `path:"id"`
	ruleIn
}

func (a *API) updateRule(ctx context.Context, c *route.Call, in updateRuleIn) (payload[ruleOut], error) {
	defined, err := a.ruleKeys(ctx, c)
	if err != nil {
		return payload[ruleOut]{}, err
	}
	err = a.Desk.ChangeRule(ctx, actor(c), c.Account.ID, in.ID, func(r *desk.RuleChange) error { return in.apply(r, defined) })
	if err != nil {
		return payload[ruleOut]{}, found(unsent(err))
	}
	return a.showRule(ctx, c, byID{ID: in.ID})
}

func (a *API) deleteRule(ctx context.Context, c *route.Call, in byID) (route.Empty, error) {
	return route.Empty{}, found(a.Desk.DeleteRule(ctx, actor(c), c.Account.ID, in.ID))
}

type byRule struct {
	ID int64 `path:"automation_rule_id"`
}

// cloneRule copies everything but files.
func (a *API) cloneRule(ctx context.Context, c *route.Call, in byRule) (payload[ruleOut], error) {
	r, err := a.Store.Rule(ctx, c.Account.ID, in.ID)
	if err != nil {
		return payload[ruleOut]{}, found(err)
	}
	r.Failures = 0
	id, err := a.Desk.CreateRule(ctx, actor(c), desk.RuleChange{RuleRow: r})
	if err != nil {
		return payload[ruleOut]{}, err
	}
	return a.showRule(ctx, c, byID{ID: id})
}
