package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tributary/api/route"
	"tributary/desk"
	"tributary/internal/httpx"
	"tributary/internal/validate"
	"tributary/store"
	"tributary/wording"
)

func (a *API) signUps() []route.Row {
	return []route.Row{
		route.Post("/api/v1/accounts", route.Public, a.signUp).MaySignIn().Limit(route.MaxSignIn).
			Answers(http.StatusOK, dataOut[signedUpOut]{}).Answers(http.StatusForbidden, messageText{}).
			Answers(http.StatusNotFound, route.NumberedBody{}).Answers(http.StatusUnprocessableEntity, captchaOut{}),
		route.Post("/api/v2/accounts", route.Public, a.signUpBriefly).MaySignIn().Limit(route.MaxSignIn).
			Answers(http.StatusOK, dataOut[signedUpOut]{}).Answers(http.StatusForbidden, messageText{}).
			Answers(http.StatusNotFound, route.NumberedBody{}).Answers(http.StatusUnprocessableEntity, captchaOut{}),
	}
}

// signUpIn is what both versions read.
type signUpIn struct {
	Email    string `json:"email"`
	Password string `json:"password"`
	Locale   string `json:"locale"`
	Captcha  string `json:"h_captcha_client_response"`
}

type namedSignUpIn struct {
	signUpIn
	AccountName string `json:"account_name"`
	UserName    string `json:"user_full_name"`
}

func (a *API) signUp(ctx context.Context, c *route.Call, in namedSignUpIn) (any, error) {
	if !a.SignupOpen() {
		return nil, route.Numbered(http.StatusNotFound)
	}
	if strings.TrimSpace(in.AccountName) == "" && strings.TrimSpace(in.UserName) == "" {
		return nil, signUpRefused("Please tell us the name of the account, or your own.")
	}
	return a.makeAccount(ctx, c, in.signUpIn, desk.SignUp{AccountName: in.AccountName, Name: in.UserName})
}

// signUpBriefly asks for names later.
func (a *API) signUpBriefly(ctx context.Context, c *route.Call, in signUpIn) (any, error) {
	if !a.SignupOpen() {
		return nil, route.Numbered(http.StatusNotFound)
	}
	return a.makeAccount(ctx, c, in, desk.SignUp{OnboardingStep: "profile_update"})
}

func signUpRefused(text string) error {
	return &route.Problem{Status: http.StatusForbidden, Body: messageText{text}}
}

func (a *API) makeAccount(ctx context.Context, c *route.Call, in signUpIn, s desk.SignUp) (any, error) {
	if err := a.checkCaptcha(ctx, in.Captcha); err != nil {
		return nil, err
	}
	s.By = actor(c)
	s.InSession = c.Client != ""
	s.Locale = wording.Match(in.Locale, a.Desk.DefaultLocale)
	if c.User.ID == 0 {
		s.Email, s.Password = desk.NormalEmail(in.Email), in.Password
		var errs validate.Errors
		switch errs.Email("email", s.Email); {
		case errs.Any():
			return nil, signUpRefused("Please enter a valid e-mail address.")
		case a.Desk.RefusedEmail(s.Email):
			return nil, signUpRefused("Please use the e-mail address of your company: we cannot take this one.")
		}
		_, err := a.Store.LoginByEmail(ctx, s.Email)
		if err == nil {
			return nil, knownEmail(s.Email)
		}
		if !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
	}
	accountID, session, err := a.Desk.SignUp(ctx, s)
	if errors.Is(err, desk.ErrKnownEmail) {
		return nil, knownEmail(s.Email)
	}
	if err != nil {
		return nil, err
	}
	userID := c.User.ID
	if !s.InSession {
		userID = session.UserID
	}
	out, err := a.signedUp(ctx, userID, accountID)
	if err == nil && !s.InSession {
		start(c, session)
	}
	return dataOut[signedUpOut]{out}, err
}

func knownEmail(email string) error {
	return signUpRefused("There is a user with the address " + email + " already. Please sign in.")
}

// signedUpOut is a person who has made an account.
type signedUpOut struct {
	ID          int64               `json:"id"`
	Provider    string              `json:"provider"`
	UID         string              `json:"uid"`
	Name        string              `json:"name"`
	DisplayName *string             `json:"display_name"`
	Email       string              `json:"email"`
	AccountID   int64               `json:"account_id"`
	CreatedAt   route.ISO           `json:"created_at"`
	PubsubToken string              `json:"pubsub_token"`
	Role        string              `json:"role"`
	InviterID   *int64              `json:"inviter_id"`
	Confirmed   bool                `json:"confirmed"`
	AvatarURL   string              `json:"avatar_url"`
	AccessToken string              `json:"access_token"`
	Accounts    []signedUpMemberOut `json:"accounts"`
}

type signedUpMemberOut struct {
	ID       int64     `json:"id"`
	Name     string    `json:"name"`
	ActiveAt route.ISO `json:"active_at"`
	Role     string    `json:"role"`
	Locale   string    `json:"locale"`
}

func (a *API) signedUp(ctx context.Context, userID, accountID int64) (signedUpOut, error) {
	u, err := a.Store.User(ctx, userID)
	if err != nil {
		return signedUpOut{}, err
	}
	token, err := a.Store.AccessToken(ctx, store.OwnerUser, userID)
	if err != nil {
		return signedUpOut{}, err
	}
	list, err := a.Store.Memberships(ctx, userID)
	if err != nil {
		return signedUpOut{}, err
	}
	out := signedUpOut{
		ID: u.ID, Provider: u.Provider, UID: u.Email, Name: u.Name, DisplayName: u.DisplayName, Email: u.Email, AccountID: accountID,
		CreatedAt: iso(&u.CreatedAt), PubsubToken: u.PubsubToken, Confirmed: u.Confirmed, AvatarURL: a.Desk.UserAvatarURL(u.AvatarBlobID),
		AccessToken: token,
	}
	for _, m := range list {
		one := signedUpMemberOut{ID: m.AccountID, Name: m.AccountName, Role: roleName(m.Role), Locale: route.LocaleName(m.AccountLocale)}
		if m.ActiveAt.Valid {
			one.ActiveAt = iso(&m.ActiveAt.Int64)
		}
		if m.AccountID == accountID {
			out.Role, out.InviterID = one.Role, m.InviterID
		}
		out.Accounts = append(out.Accounts, one)
	}
	return out, nil
}

// captchaTimeout is how long we wait for the captcha service.
const captchaTimeout = 5 * time.Second

// checkCaptcha asks hCaptcha whether a person solved its riddle, where the
// installation wants that. What cannot be asked is not solved (docs.hcaptcha.com,
// "Verify the User Response Server Side", 2025).
func (a *API) checkCaptcha(ctx context.Context, response string) error {
	secret := a.Setting("HCAPTCHA_SERVER_KEY")
	if secret == "" {
		return nil
	}
	refused := &route.Problem{Status: http.StatusUnprocessableEntity, Body: captchaOut{http.StatusUnprocessableEntity, "Unprocessable Content"}}
	if response == "" || a.HTTP == nil {
		return refused
	}
	base := a.Setting("HCAPTCHA_API_URL")
	if base == "" {
		base = "https://api.hcaptcha.com"
	}
	ctx, cancel := context.WithTimeout(ctx, captchaTimeout)
	defer cancel()
	form := url.Values{"secret": {secret}, "response": {response}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(base, "/")+"/siteverify", strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("api: captcha: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := httpx.Do(a.HTTP, req)
	if err != nil {
		refused.Err = fmt.Errorf("api: captcha: %w", err)
		return refused
	}
	defer func() { _ = res.Body.Close() }()
	var said struct {
		Success bool `json:"success"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 64<<10)).Decode(&said); err != nil || !said.Success {
		return refused
	}
	return nil
}

// captchaOut is the answer by number to a riddle that was not solved.
type captchaOut struct {
	Status int    `json:"status"`
	Error  string `json:"error"`
}
