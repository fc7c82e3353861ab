package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"tributary/api/route"
	"tributary/chat"
	"tributary/desk"
	"tributary/store"
)

func (a *API) saml() []route.Row {
	const settings = account + "/saml_settings"
	// Who may not is told first that there is nothing.
	only := func(r route.Row) route.Row { return r.Finds("account_id", a.samlOff).Fails(http.StatusForbidden) }
	return []route.Row{
		only(route.Get(settings, route.Admin, a.showSAML)),
		only(route.Post(settings, route.Admin, a.createSAML)).Limit(route.MaxSignIn).Answers(http.StatusUnprocessableEntity, listedOut{}),
		only(route.Patch(settings, route.Admin, a.updateSAML)).Limit(route.MaxSignIn).Answers(http.StatusUnprocessableEntity, listedOut{}),
		only(route.Delete(settings, route.Admin, a.deleteSAML)),
	}
}

// samlOff refuses accounts that have no single sign-on.
func (a *API) samlOff(_ context.Context, c *route.Call, _ int64) error {
	if chat.Features(c.Account.Features).Has(desk.FeatureSAML) {
		return nil
	}
	return &route.Problem{Status: http.StatusForbidden, Body: errorOut{"SAML feature not enabled for this account"}}
}

// samlOut is the settings of an account, null where it has none.
type samlOut struct {
	ID           *int64          `json:"id"`
	AccountID    int64           `json:"account_id"`
	SSOURL       *string         `json:"sso_url"`
	Certificate  *string         `json:"certificate"`
	Fingerprint  *string         `json:"fingerprint"`
	IDPEntityID  *string         `json:"idp_entity_id"`
	SPEntityID   *string         `json:"sp_entity_id"`
	RoleMappings json.RawMessage `json:"role_mappings"`
	CreatedAt    route.ISO       `json:"created_at"`
	UpdatedAt    route.ISO       `json:"updated_at"`
}

func newSAMLOut(s store.SAMLSettings) samlOut {
	fingerprint := desk.Fingerprint(s.Certificate)
	return samlOut{
		ID: &s.ID, AccountID: s.AccountID, SSOURL: &s.SSOURL, Certificate: &s.Certificate, Fingerprint: &fingerprint, IDPEntityID: &s.IDPEntityID,
		SPEntityID: &s.SPEntityID, RoleMappings: object(s.RoleMappings), CreatedAt: iso(&s.CreatedAt), UpdatedAt: iso(&s.UpdatedAt),
	}
}

func (a *API) showSAML(ctx context.Context, c *route.Call, _ none) (samlOut, error) {
	if err := a.samlOff(ctx, c, 0); err != nil {
		return samlOut{}, err
	}
	s, err := a.Store.SAMLSettings(ctx, c.Account.ID)
	if errors.Is(err, store.ErrNotFound) {
		return samlOut{AccountID: c.Account.ID, RoleMappings: object("")}, nil
	}
	return newSAMLOut(s), err
}

type samlIn struct {
	SSOURL       route.Opt[string]          `json:"sso_url"`
	Certificate  route.Opt[string]          `json:"certificate"`
	IDPEntityID  route.Opt[string]          `json:"idp_entity_id"`
	SPEntityID   route.Opt[string]          `json:"sp_entity_id"`
	RoleMappings route.Opt[json.RawMessage] `json:"role_mappings"`
}

type samlSettingsIn struct {
	Settings route.Opt[samlIn] `json:"saml_settings"`
}

func (a *API) createSAML(ctx context.Context, c *route.Call, in samlSettingsIn) (samlOut, error) {
	return a.setSAML(ctx, c, in, true)
}

func (a *API) updateSAML(ctx context.Context, c *route.Call, in samlSettingsIn) (samlOut, error) {
	return a.setSAML(ctx, c, in, false)
}

func (a *API) setSAML(ctx context.Context, c *route.Call, in samlSettingsIn, anew bool) (samlOut, error) {
	if err := a.samlOff(ctx, c, 0); err != nil {
		return samlOut{}, err
	}
	s, sent := in.Settings.Get()
	if !sent || !s.SSOURL.Sent && !s.Certificate.Sent && !s.IDPEntityID.Sent && !s.SPEntityID.Sent && !s.RoleMappings.Sent {
		return samlOut{}, route.MissingParam("saml_settings")
	}
	// What is null is as good as empty.
	text := func(v route.Opt[string]) *string {
		if !v.Sent {
			return nil
		}
		return &v.V
	}
	patch := desk.SAMLPatch{
		SSOURL: text(s.SSOURL), Certificate: text(s.Certificate), IDPEntityID: text(s.IDPEntityID), SPEntityID: text(s.SPEntityID), Anew: anew,
	}
	if s.RoleMappings.Sent {
		mappings := object(string(s.RoleMappings.V)) // null: none
		patch.RoleMappings = &mappings
	}
	if err := a.Desk.SetSAMLSettings(ctx, c.Account.ID, patch); err != nil {
		return samlOut{}, listed422(found(err))
	}
	return a.showSAML(ctx, c, none{})
}

// listedOut is a list of what is wrong.
type listedOut struct {
	Errors []string `json:"errors"`
}

// listed422 words failed validation as this place does: as a list.
func listed422(err error) error {
	e, ok := errors.AsType[*chat.Error](err)
	if !ok || e.Code != chat.CodeInvalid {
		return err
	}
	return &route.Problem{Status: http.StatusUnprocessableEntity, Body: listedOut{strings.Split(e.Message, ", ")}}
}

func (a *API) deleteSAML(ctx context.Context, c *route.Call, _ none) (route.NoContent, error) {
	if err := a.samlOff(ctx, c, 0); err != nil {
		return route.NoContent{}, err
	}
	return route.NoContent{}, found(a.Desk.DeleteSAMLSettings(ctx, c.Account.ID))
}
