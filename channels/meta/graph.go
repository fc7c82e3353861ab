package meta

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"strings"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

// Public addresses and default versions of the two Graph hosts. FacebookGraph is the
// one that serves pages.
const (
	FacebookGraph   = "https://graph.facebook.com"
	facebookVersion = "v18.0"
	loginGraph      = "https://graph.instagram.com"
	loginVersion    = "v22.0"
)

// Graph calls the Graph API with one access token.
type Graph struct {
	env    *channels.Env
	base   string // host and version
	token  string
	secret string // of the app, for appsecret_proof; empty: none is sent
	bearer bool   // the token travels in the Authorization header
}

// Page is a client of graph.facebook.com with the token of a page.
func Page(env *channels.Env, token string) *Graph {
	return &Graph{
		env: env, base: env.Base("FACEBOOK_GRAPH_URL", FacebookGraph) + "/" + version(env, "FACEBOOK_API_VERSION", facebookVersion),
		token: token, secret: env.Setting("FB_APP_SECRET"),
	}
}

// Login is a client of graph.instagram.com with the token of an account that
// was connected by Instagram Login.
func Login(env *channels.Env, token string) *Graph {
	return &Graph{
		env: env, base: env.Base("INSTAGRAM_GRAPH_URL", loginGraph) + "/" + version(env, "INSTAGRAM_API_VERSION", loginVersion),
		token: token, bearer: true,
	}
}

func version(env *channels.Env, setting, fallback string) string {
	if v := strings.Trim(env.Setting(setting), "/"); v != "" {
		return v
	}
	return fallback
}

// InQuery makes the token travel in the query, for the calls whose reference
// says so.
func (g Graph) InQuery() *Graph {
	g.bearer = false
	return &g
}

// Call makes one call and decodes the answer into out (nil: not looked at). Its
// errors are *channels.SendError, classified by Classify; the token never shows
// in them.
func (g *Graph) Call(ctx context.Context, method, path string, query url.Values, body, out any) error {
	if g.token == "" {
		return &channels.SendError{Class: chat.Config, Code: "no_token", Say: wording.FailureSettingMissing.With("setting", "access_token")}
	}
	params := url.Values{}
	maps.Copy(params, query)
	header := map[string]string{}
	if g.bearer {
		header["Authorization"] = "Bearer " + g.token
	} else {
		params.Set("access_token", g.token)
	}
	if g.secret != "" {
		params.Set("appsecret_proof", AppSecretProof(g.secret, g.token))
	}
	address := g.base + path
	if len(params) > 0 {
		address += "?" + params.Encode()
	}
	answer, err := g.env.JSON(ctx, method, address, header, body)
	if err != nil {
		return fmt.Errorf("meta: %s %s: %w", method, path, err)
	}
	if refused := Classify(answer, g.env.Now()); refused != nil {
		// Meta quotes malformed tokens.
		refused.Text = strings.ReplaceAll(refused.Text, g.token, "[redacted]")
		return refused
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer.Body, out); err != nil {
		return &channels.SendError{Class: chat.Permanent, Code: "answer", Say: wording.FailureUnreadable.Text(), Err: err}
	}
	return nil
}
