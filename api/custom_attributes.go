package api

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"tributary/api/route"
	"tributary/internal/validate"
	"tributary/store"
)

func (a *API) customAttributes() []route.Row {
	const definitions = account + "/custom_attribute_definitions"
	const key = "custom_attribute_definition"
	return []route.Row{
		route.Get(definitions, route.Member, a.listCustomAttributes),
		route.Get(definitions+"/{id}", route.Member, a.showCustomAttribute),
		route.Post(definitions, route.Member, a.createCustomAttribute).Flat(key).Require(key),
		route.Patch(definitions+"/{id}", route.Member, a.updateCustomAttribute).Flat(key),
		route.Delete(definitions+"/{id}", route.Member, a.deleteCustomAttribute),
	}
}

// What custom attributes are, in the order of the stored numbers.
var (
	attributeDisplayTypes = []string{"text", "number", "currency", "percent", "link", "date", "list", "checkbox"}
	attributeModels       = []string{"conversation_attribute", "contact_attribute"}
)

// builtIn are the keys by model that custom attributes must not have.
var builtIn = [][]string{
	{
		"status", "priority", "assignee_id", "inbox_id", "team_id", "display_id", "campaign_id", "labels", "browser_language", "country_code", "referer",
		"created_at", "last_activity_at",
	},
	{"name", "email", "phone_number", "identifier", "country_code", "city", "created_at", "last_activity_at", "referer", "blocked"},
}

// customAttributeOut is a custom attribute that the account has defined.
type customAttributeOut struct {
	ID           int64           `json:"id"`
	DisplayName  string          `json:"attribute_display_name"`
	DisplayType  string          `json:"attribute_display_type"`
	Description  *string         `json:"attribute_description"`
	Key          string          `json:"attribute_key"`
	RegexPattern *string         `json:"regex_pattern"`
	RegexCue     *string         `json:"regex_cue"`
	Values       json.RawMessage `json:"attribute_values" schema:"array"`
	Model        string          `json:"attribute_model"`
	DefaultValue *int64          `json:"default_value"`
	CreatedAt    route.ISO       `json:"created_at"`
	UpdatedAt    route.ISO       `json:"updated_at"`
}

func newCustomAttributeOut(r store.CustomAttributeRow) customAttributeOut {
	return customAttributeOut{
		ID: r.ID, DisplayName: r.DisplayName, DisplayType: nameAt(attributeDisplayTypes, r.DisplayType), Description: r.Description, Key: r.Key,
		RegexPattern: r.RegexPattern, RegexCue: r.RegexCue, Values: json.RawMessage(r.Values), Model: nameAt(attributeModels, int(r.Model)),
		CreatedAt: iso(&r.CreatedAt), UpdatedAt: iso(&r.UpdatedAt),
	}
}

type listCustomAttributesIn struct {
	Model route.Opt[string] `query:"attribute_model"`
}

func (a *API) listCustomAttributes(ctx context.Context, c *route.Call, in listCustomAttributesIn) ([]customAttributeOut, error) {
	out := []customAttributeOut{}
	model := -1
	if in.Model.V != "" {
		i, known := listed(attributeModels, in.Model.V)
		if !known {
			return out, validate.Fail("attribute_model", validate.NotListed)
		}
		model = i
	}
	list, err := a.Store.CustomAttributes(ctx, c.Account.ID)
	for _, r := range list {
		if model < 0 || int(r.Model) == model {
			out = append(out, newCustomAttributeOut(r))
		}
	}
	return out, err
}

func (a *API) showCustomAttribute(ctx context.Context, c *route.Call, in byID) (customAttributeOut, error) {
	r, err := a.Store.CustomAttribute(ctx, c.Account.ID, in.ID)
	return newCustomAttributeOut(r), found(err)
}

type customAttributeIn struct {
	DisplayName  route.Opt[string]   `json:"attribute_display_name"`
	Description  route.Opt[string]   `json:"attribute_description"`
	DisplayType  route.Opt[string]   `json:"attribute_display_type"`
	Key          route.Opt[string]   `json:"attribute_key"`
	Model        route.Opt[string]   `json:"attribute_model"`
	RegexPattern route.Opt[string]   `json:"regex_pattern"`
	RegexCue     route.Opt[string]   `json:"regex_cue"`
	Values       route.Opt[[]string] `json:"attribute_values"`
}

// empty tells that nothing was sent.
func (in customAttributeIn) empty() bool {
	return !in.DisplayName.Sent && !in.Description.Sent && !in.DisplayType.Sent && !in.Key.Sent && !in.Model.Sent && !in.RegexPattern.Sent &&
		!in.RegexCue.Sent && !in.Values.Sent
}

// apply changes r by what was sent.
func (in customAttributeIn) apply(r *store.CustomAttributeRow) error {
	var errs validate.Errors
	in.DisplayName.Apply(&r.DisplayName)
	errs.Present("attribute_display_name", r.DisplayName)
	errs.MaxLen("attribute_display_name", r.DisplayName, validate.ShortText)
	in.Key.Apply(&r.Key)
	errs.Present("attribute_key", r.Key)
	errs.MaxLen("attribute_key", r.Key, validate.ShortText)
	model := int(r.Model)
	applyListed(&errs, "attribute_model", in.Model, attributeModels, &model)
	r.Model = store.AttributeModel(model)
	applyListed(&errs, "attribute_display_type", in.DisplayType, attributeDisplayTypes, &r.DisplayType)
	if r.ID == 0 && slices.Contains(builtIn[r.Model], r.Key) {
		errs.Add("attribute_key", "The provided key is not allowed as it might conflict with default attributes.")
	}
	in.Description.ApplyPtr(&r.Description)
	errs.MaxLen("attribute_description", in.Description.V, validate.LongText)
	in.RegexPattern.ApplyPtr(&r.RegexPattern)
	errs.MaxLen("regex_pattern", in.RegexPattern.V, validate.ShortText)
	in.RegexCue.ApplyPtr(&r.RegexCue)
	errs.MaxLen("regex_cue", in.RegexCue.V, validate.ShortText)
	if in.Values.Sent {
		values := []string{}
		for _, v := range in.Values.V {
			if v = strings.TrimSpace(v); v != "" { // forms send an empty list as one empty text
				values = append(values, v)
			}
		}
		stored, err := json.Marshal(values)
		if err != nil {
			errs.Add("attribute_values", validate.Invalid)
		}
		r.Values = string(stored)
	}
	return errs.Err()
}

type createCustomAttributeIn struct {
	Definition customAttributeIn `json:"custom_attribute_definition"`
}

func (a *API) createCustomAttribute(ctx context.Context, c *route.Call, in createCustomAttributeIn) (customAttributeOut, error) {
	r := store.CustomAttributeRow{AccountID: c.Account.ID, Values: "[]"}
	if err := in.Definition.apply(&r); err != nil {
		return customAttributeOut{}, err
	}
	id, err := a.Desk.CreateCustomAttribute(ctx, r)
	if err != nil {
		return customAttributeOut{}, err
	}
	return a.showCustomAttribute(ctx, c, byID{ID: id})
}

type updateCustomAttributeIn struct {
	ID         int64             `path:"id"`
	Definition customAttributeIn `json:"custom_attribute_definition"`
}

func (a *API) updateCustomAttribute(ctx context.Context, c *route.Call, in updateCustomAttributeIn) (customAttributeOut, error) {
	err := a.Desk.ChangeCustomAttribute(ctx, c.Account.ID, in.ID, func(r *store.CustomAttributeRow) error {
		if in.Definition.empty() {
			return route.MissingParam("custom_attribute_definition")
		}
		return in.Definition.apply(r)
	})
	if err != nil {
		return customAttributeOut{}, found(err)
	}
	return a.showCustomAttribute(ctx, c, byID{ID: in.ID})
}

func (a *API) deleteCustomAttribute(ctx context.Context, c *route.Call, in byID) (route.NoContent, error) {
	return route.NoContent{}, found(a.Desk.DeleteCustomAttribute(ctx, c.Account.ID, in.ID))
}
