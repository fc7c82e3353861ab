package api

import (
	"context"
	"net/http"

	"tributary/api/route"
)

func (a *API) mfa() []route.Row {
	const mfa = "/api/v1/profile/mfa"
	return []route.Row{
		route.Get(mfa, route.SignedIn, a.showMFA).Fails(http.StatusForbidden),
		route.Post(mfa, route.SignedIn, a.createMFA).Fails(http.StatusForbidden),
		route.Post(mfa+"/verify", route.SignedIn, a.verifyMFA).Fails(http.StatusForbidden),
		route.Post(mfa+"/backup_codes", route.SignedIn, a.createBackupCodes).Fails(http.StatusForbidden),
		route.Delete(mfa, route.SignedIn, a.deleteMFA).Fails(http.StatusForbidden),
	}
}

type mfaOut struct {
	FeatureAvailable     bool `json:"feature_available"`
	Enabled              bool `json:"enabled"`
	BackupCodesGenerated bool `json:"backup_codes_generated"`
}

func (a *API) showMFA(ctx context.Context, c *route.Call, _ none) (mfaOut, error) {
	if err := a.Desk.MFAAvailable(); err != nil {
		return mfaOut{}, err
	}
	m, err := a.Store.MFA(ctx, c.User.ID)
	return mfaOut{true, m.Enabled, m.Codes > 0}, err
}

type provisionOut struct {
	ProvisioningURL string `json:"provisioning_url"`
	Secret          string `json:"secret"`
}

func (a *API) createMFA(ctx context.Context, c *route.Call, _ none) (provisionOut, error) {
	if err := a.Desk.MFAAvailable(); err != nil {
		return provisionOut{}, err
	}
	address, secret, err := a.Desk.StartMFA(ctx, c.User.ID, c.User.Email)
	return provisionOut{address, secret}, err
}

type codeIn struct {
	OTPCode string `json:"otp_code"`
}

type mfaChangedOut struct {
	Enabled     bool     `json:"enabled"`
	BackupCodes []string `json:"backup_codes,omitempty"`
}

func (a *API) verifyMFA(ctx context.Context, c *route.Call, in codeIn) (mfaChangedOut, error) {
	if err := a.Desk.MFAAvailable(); err != nil {
		return mfaChangedOut{}, err
	}
	codes, err := a.Desk.VerifyMFA(ctx, c.User.ID, in.OTPCode)
	return mfaChangedOut{true, codes}, err
}

type backupCodesOut struct {
	BackupCodes []string `json:"backup_codes"`
}

func (a *API) createBackupCodes(ctx context.Context, c *route.Call, in codeIn) (backupCodesOut, error) {
	if err := a.Desk.MFAAvailable(); err != nil {
		return backupCodesOut{}, err
	}
	codes, err := a.Desk.RenewBackupCodes(ctx, c.User.ID, in.OTPCode)
	return backupCodesOut{codes}, err
}

type deleteMFAIn struct {
	Password string `json:"password"`
	OTPCode  string `json:"otp_code"`
}

func (a *API) deleteMFA(ctx context.Context, c *route.Call, in deleteMFAIn) (mfaChangedOut, error) {
	if err := a.Desk.MFAAvailable(); err != nil {
		return mfaChangedOut{}, err
	}
	return mfaChangedOut{}, a.Desk.DisableMFA(ctx, c.User.ID, in.Password, in.OTPCode)
}
