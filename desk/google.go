package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"
	"golang.org/x/oauth2"

	"tributary/chat"
	"tributary/files"
	"tributary/internal/httpx"
	"tributary/internal/validate"
	"tributary/store"
	"tributary/wording"
)

// GoogleSettings are the installation settings that sign-in by Google needs, and those
// that replace Google's addresses.
var GoogleSettings = []string{
	"GOOGLE_OAUTH_CLIENT_ID", "GOOGLE_OAUTH_CLIENT_SECRET", "GOOGLE_OAUTH_CALLBACK_URL", "GOOGLE_ACCOUNTS_URL", "GOOGLE_API_URL",
}

// ErrGoogle says that Google does not tell who somebody is.
var ErrGoogle = errors.New("desk: Google does not say who it is")

// googleTimeout bounds what we ask Google while a browser waits.
const googleTimeout = 10 * time.Second

// GoogleReady tells whether people can sign in by Google.
func (d *Desk) GoogleReady() bool {
	return d.HTTP != nil && d.Setting("GOOGLE_OAUTH_CLIENT_ID") != "" && d.Setting("GOOGLE_OAUTH_CLIENT_SECRET") != ""
}

// google is our client at Google (developers.google.com, "OpenID Connect", 2025: the
// discovery document names the addresses).
func (d *Desk) google() *oauth2.Config {
	return &oauth2.Config{
		ClientID: d.Setting("GOOGLE_OAUTH_CLIENT_ID"), ClientSecret: d.Setting("GOOGLE_OAUTH_CLIENT_SECRET"),
		RedirectURL: cmp.Or(d.Setting("GOOGLE_OAUTH_CALLBACK_URL"), d.PublicURL+"/omniauth/google_oauth2/callback"),
		Scopes:      []string{"openid", "email", "profile"},
		Endpoint: oauth2.Endpoint{
			AuthURL:   d.googleAddress("GOOGLE_ACCOUNTS_URL", "https://accounts.google.com") + "/o/oauth2/v2/auth",
			TokenURL:  d.googleAddress("GOOGLE_API_URL", "https://oauth2.googleapis.com") + "/token",
			AuthStyle: oauth2.AuthStyleInParams,
		},
	}
}

func (d *Desk) googleAddress(setting, usual string) string {
	return strings.TrimRight(cmp.Or(d.Setting(setting), usual), "/")
}

// StartGoogle gives where a browser has to go to sign in, and the request that it takes
// along.
func (d *Desk) StartGoogle() (address string, request SignInRequest) {
	request = SignInRequest{Provider: ServiceGoogle, ID: urlToken(24), Until: d.Now().Add(requestLife).Unix()}
	return d.google().AuthCodeURL(request.ID, oauth2.SetAuthURLParam("prompt", "select_account")), request
}

// AnswerGoogle asks Google whose a code is. ErrGoogle: nobody's.
func (d *Desk) AnswerGoogle(ctx context.Context, code string) (Person, error) {
	ctx, cancel := context.WithTimeout(ctx, googleTimeout)
	defer cancel()
	token, err := d.google().Exchange(context.WithValue(ctx, oauth2.HTTPClient, d.HTTP), code)
	if err != nil {
		return Person{}, fmt.Errorf("%w: token: %w", ErrGoogle, withoutAnswer(err))
	}
	address := d.googleAddress("GOOGLE_API_URL", "https://openidconnect.googleapis.com") + "/v1/userinfo"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Person{}, fmt.Errorf("desk: google: %w", err)
	}
	token.SetAuthHeader(req)
	res, err := httpx.Do(d.HTTP, req)
	if err != nil {
		return Person{}, fmt.Errorf("%w: user: %w", ErrGoogle, err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return Person{}, fmt.Errorf("%w: user: HTTP status %d", ErrGoogle, res.StatusCode)
	}
	var told struct {
		Email    string `json:"email"`
		Verified any    `json:"email_verified"` // some answers have it as a text
		Name     string `json:"name"`
		Picture  string `json:"picture"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 64<<10)).Decode(&told); err != nil {
		return Person{}, fmt.Errorf("%w: user: the answer cannot be read", ErrGoogle)
	}
	return Person{
		Provider: ServiceGoogle, Email: NormalEmail(told.Email), Verified: told.Verified == true || told.Verified == "true",
		Name: strings.TrimSpace(told.Name), Picture: told.Picture,
	}, nil
}

// withoutAnswer takes what was answered out of an error: it may hold a token.
func withoutAnswer(err error) error {
	if e, ok := errors.AsType[*oauth2.RetrieveError](err); ok && e.Response != nil {
		return fmt.Errorf("HTTP status %d", e.Response.StatusCode)
	}
	return httpx.Redact(err)
}

// enterByGoogle signs in whom Google vouches for, or makes an account for them.
func (d *Desk) enterByGoogle(ctx context.Context, id Person, open bool) (string, error) {
	var errs validate.Errors
	if errs.Email("email", id.Email); errs.Any() && open {
		return d.RefusalURL(RefusedBusinessOnly), nil
	} else if errs.Any() {
		return d.RefusalURL(RefusedNoAccount), nil
	}
	for range transactions {
		user, err := d.Store.LoginByEmail(ctx, id.Email)
		if err == nil {
			return d.knownByGoogle(ctx, id, user.UserID)
		}
		if !errors.Is(err, store.ErrNotFound) {
			return "", err
		}
		if !open {
			return d.RefusalURL(RefusedNoAccount), nil
		}
		if d.RefusedEmail(id.Email) {
			return d.RefusalURL(RefusedBusinessOnly), nil
		}
		token, err := d.signUpByGoogle(ctx, id)
		if err == nil {
			return d.PublicURL + "/app/auth/password/edit?config=default&reset_password_token=" + token, nil
		}
		if !errors.Is(err, store.ErrTaken) { // by somebody who was first: they are known now
			return "", err
		}
	}
	return "", store.ErrConflict
}

// knownByGoogle signs a user in. An address that Google has not proven is nobody's, and
// who signs in at their company's service does so there alone.
func (d *Desk) knownByGoogle(ctx context.Context, id Person, userID int64) (string, error) {
	if !id.Verified {
		return d.RefusalURL(RefusedNoAccount), nil
	}
	token := ""
	err := d.again(ctx, func(tx *store.Tx) error {
		user, err := tx.LockLogin(ctx, userID)
		if err != nil {
			return err
		}
		if user.Provider == ProviderSAML {
			return ErrSAML
		}
		if err := vouched(ctx, tx, user); err != nil {
			return err
		}
		token, err = newSSOToken(ctx, tx, userID)
		return err
	})
	switch {
	case errors.Is(err, ErrSAML):
		return d.RefusalURL(RefusedSAML), nil
	case errors.Is(err, store.ErrNotFound):
		return d.RefusalURL(RefusedNoAccount), nil
	case err != nil:
		return "", err
	}
	return d.SSOCallbackURL(id.Email, token), nil
}

// signUpByGoogle makes a user with an account, and gives the token by which they choose
// a password. store.ErrTaken: somebody has the address.
func (d *Desk) signUpByGoogle(ctx context.Context, id Person) (string, error) {
	local, host, _ := strings.Cut(id.Email, "@")
	user := store.NewUser{Email: id.Email, Name: cmp.Or(id.Name, local)}
	account := withoutTLD(host)
	token := urlToken(24)
	err := d.again(ctx, func(tx *store.Tx) error {
		if id.Verified {
			user.ConfirmedAt = tx.Now
		}
		userID, err := tx.InsertUser(ctx, user)
		if err != nil {
			return err
		}
		accountID, err := tx.InsertAccount(ctx, store.NewAccount{
			Name: account, Locale: wording.Match(d.DefaultLocale).Number(), Features: d.defaultFeatures(),
		})
		if err != nil {
			return err
		}
		by := Actor{UserID: userID, Email: id.Email}
		if err := d.AddMember(ctx, tx, by, store.Membership{AccountID: accountID, UserID: userID, Role: 1, AutoOffline: true}); err != nil {
			return err
		}
		if !id.Verified {
			if err := d.OrderConfirmation(ctx, tx, userID); err != nil {
				return err
			}
		}
		if err := d.accountCreated(ctx, tx, accountID, account, userID); err != nil {
			return err
		}
		if err := orderUserAvatar(ctx, tx, userID, id.Picture); err != nil {
			return err
		}
		return tx.InsertUserToken(ctx, store.UserToken{Kind: store.TokenSetup, UserID: userID, ExpiresAt: tx.Now.Add(resetLife)}, token)
	})
	if err == nil {
		d.WakeJobs()
	}
	return token, err
}

// withoutTLD is the name of a host without what its registry adds: "shop" of
// "shop.co.uk".
func withoutTLD(host string) string {
	suffix, _ := publicsuffix.PublicSuffix(host)
	if name, ok := strings.CutSuffix(host, "."+suffix); ok {
		return name
	}
	return host
}

// JobUserAvatar stores a copy of the picture that a user has elsewhere.
const JobUserAvatar = "user.avatar"

// UserAvatarJob is the payload of JobUserAvatar.
type UserAvatarJob struct {
	UserID  int64  `json:"user_id"`
	Address string `json:"address"`
}

// orderUserAvatar orders the job, where there is a picture.
func orderUserAvatar(ctx context.Context, tx *store.Tx, userID int64, address string) error {
	if address == "" {
		return nil
	}
	payload, err := json.Marshal(UserAvatarJob{UserID: userID, Address: address})
	if err != nil {
		return fmt.Errorf("desk: avatar of a user: %w", err)
	}
	return tx.InsertJob(ctx, store.Job{
		Kind: JobUserAvatar, Lane: store.LaneMedia, UniqueKey: JobUserAvatar + ":" + strconv.FormatInt(userID, 10), Payload: payload, MaxAttempts: fetchTries,
	})
}

// userAvatar is the handler of JobUserAvatar: who has a picture keeps it, and what is
// none is not taken.
func (f *Fetcher) userAvatar(ctx context.Context, j store.Job) error {
	var in UserAvatarJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	user, err := f.desk.Store.User(ctx, in.UserID)
	if errors.Is(err, store.ErrNotFound) || err == nil && user.AvatarBlobID != 0 {
		return nil
	}
	if err != nil {
		return err
	}
	leave, err := f.enter(0) // of no inbox
	if err != nil {
		return err
	}
	defer leave()
	file, err := f.download(ctx, j, wanted{Fetch: chat.Fetch{Strategy: "url", Ref: in.Address}, kind: "avatar", maxBytes: maxAvatar})
	if e, ok := errors.AsType[*fetchError](err); ok {
		if err := f.failed(ctx, j, 0, e); err != nil {
			return err
		}
		return Declined{e}
	}
	if err != nil {
		return err
	}
	return f.wearAsUser(ctx, in.UserID, file.File)
}

func (f *Fetcher) wearAsUser(ctx context.Context, userID int64, file files.File) error {
	if !slices.Contains(avatarTypes, file.ContentType) {
		return f.desk.Files.Delete(ctx, file.ID)
	}
	err := f.desk.again(ctx, func(tx *store.Tx) error { return tx.SetAvatar(ctx, store.AvatarUser, 0, userID, file.ID) })
	if errors.Is(err, store.ErrNotFound) {
		return f.desk.Files.Delete(ctx, file.ID)
	}
	return err
}
