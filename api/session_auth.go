package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"tributary/api/route"
	"tributary/desk"
	"tributary/store"
)

// sessionTokens are the values that make a session, as clients keep and send them.
type sessionTokens struct {
	AccessToken string `json:"access-token"`
	TokenType   string `json:"token-type"`
	Client      string `json:"client"`
	Expiry      string `json:"expiry"` // seconds since 1970
	UID         string `json:"uid"`
}

func newSessionTokens(uid, client, token string, expires time.Time) sessionTokens {
	return sessionTokens{token, "Bearer", client, strconv.FormatInt(expires.Unix(), 10), uid}
}

// headers are the tokens as an answer carries them.
func (t sessionTokens) headers() map[string]string {
	return map[string]string{"access-token": t.AccessToken, "token-type": t.TokenType, "client": t.Client, "expiry": t.Expiry, "uid": t.UID}
}

// bearer is all of them in one header.
func (t sessionTokens) bearer() string {
	b, err := json.Marshal(t)
	if err != nil {
		panic(err) // never: plain texts
	}
	return "Bearer " + base64.StdEncoding.EncodeToString(b)
}

// maxBearer is how long the tokens of a session may be in one header, in bytes.
const maxBearer = 8 << 10

// readBearer reads them from what follows "Bearer " in an Authorization header; ok is
// false for anything else, such as another service's token.
func readBearer(text string) (t sessionTokens, ok bool) {
	if len(text) > maxBearer {
		return sessionTokens{}, false
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return sessionTokens{}, false
	}
	// The numbers and nulls of other clients are no reason to refuse their tokens.
	var loose map[string]any
	if json.Unmarshal(b, &loose) != nil {
		return sessionTokens{}, false
	}
	value := func(name string) string {
		s, _ := loose[name].(string)
		return s
	}
	t = sessionTokens{AccessToken: value("access-token"), Client: value("client"), UID: value("uid")}
	return t, t.AccessToken != ""
}

// defaultClient is the device of who does not name one.
const defaultClient = "default"

// bySession finds the user of a session. What one source does not say the next one
// does: headers, parameters, the bearer's text.
func (a *API) bySession(ctx context.Context, c route.Credentials) (route.Caller, error) {
	if t, ok := readBearer(c.Bearer); ok {
		if c.AccessToken == "" {
			c.AccessToken = t.AccessToken
		}
		if c.Client == "" {
			c.Client = t.Client
		}
		if c.UID == "" {
			c.UID = t.UID
		}
	}
	if c.Client == "" {
		c.Client = defaultClient
	}
	if c.AccessToken == "" || c.UID == "" {
		return route.Caller{}, route.ErrNotSignedIn
	}
	s, err := a.Store.UserSession(ctx, desk.NormalEmail(c.UID), c.Client, c.AccessToken)
	if errors.Is(err, store.ErrNotFound) {
		return route.Caller{}, route.ErrNotSignedIn
	}
	if err != nil {
		return route.Caller{}, err
	}
	t := newSessionTokens(s.Email, s.Client, c.AccessToken, s.ExpiresAt)
	echo := t.headers()
	echo["authorization"] = t.bearer()
	return route.Caller{
		User:   &route.User{ID: s.UserID, Name: s.Name, Email: s.Email, Locale: chosenLocale(s.UISettings), Operator: s.SuperAdmin},
		Client: s.Client, Echo: echo,
	}, nil
}

// start puts the tokens of a new session into the answer.
func start(c *route.Call, s desk.Session) {
	for name, value := range newSessionTokens(s.UID, s.Client, s.Token, s.ExpiresAt).headers() {
		c.SetHeader(name, value)
	}
}
