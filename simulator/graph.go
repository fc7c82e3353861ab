package simulator

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
)

// Graph API calls of Messenger pages and both kinds of Instagram accounts.

func (s *Simulator) graphRoutes(mux *http.ServeMux) {
	s.handle(mux, "/facebook/", s.facebook)
	s.handle(mux, "/instagram/", s.instagram)
}

// facebook serves page tokens: Messenger and Instagram over a page.
func (s *Simulator) facebook(c *call) {
	path := graphPath(c.rest)
	if path == "oauth/access_token" {
		// A long-lived token of somebody opens what the short-lived one did.
		long := c.param("fb_exchange_token")
		if s.byToken[strings.TrimSuffix(long, "U")] == nil {
			long = "EAAU" + token(16)
		}
		c.json(http.StatusOK, map[string]any{"access_token": long, "token_type": "bearer"})
		return
	}
	ch := s.byToken[strings.TrimSuffix(c.bearer(), "U")]
	if ch == nil || ch.Kind != Facebook && ch.Kind != InstagramPage {
		c.graphError(http.StatusBadRequest, 190, 0, "Error validating access token: the session has been invalidated")
		return
	}
	proof := c.param("appsecret_proof")
	wanted := hex.EncodeToString(mac(sha256.New, s.settings["FB_APP_SECRET"], []byte(c.bearer())))
	if proof != "" && proof != wanted {
		c.graphError(http.StatusBadRequest, 100, 0, "Invalid appsecret_proof provided in the API argument")
		return
	}
	switch {
	case path == "me/messages" && c.r.Method == http.MethodPost:
		if proof == "" {
			c.graphError(http.StatusBadRequest, 100, 0, "API calls from the server require an appsecret_proof argument")
			return
		}
		s.graphSend(c, ch)
	case strings.HasSuffix(path, "/subscribed_apps"):
		s.graphSubscribe(c, ch)
	case path == "me/accounts":
		c.json(http.StatusOK, map[string]any{"data": []any{map[string]any{
			"id": ch.pageID(), "name": ch.Name, "access_token": ch.token, "category": "Shop", "tasks": []string{"MESSAGING"},
		}}})
	case path == "me" || path == ch.pageID():
		page := map[string]any{"id": ch.pageID(), "name": ch.Name}
		if ch.Kind == InstagramPage {
			page["instagram_business_account"] = map[string]any{"id": ch.Address}
		}
		c.json(http.StatusOK, page)
	default:
		s.graphProfile(c, ch, path)
	}
}

func (c *Channel) pageID() string {
	if c.page != "" {
		return c.page
	}
	return c.Address
}

// instagram serves Instagram logins.
func (s *Simulator) instagram(c *call) {
	path := graphPath(c.rest)
	switch path {
	case "oauth/access_token":
		c.json(http.StatusOK, map[string]any{"access_token": "IGAA" + token(16), "user_id": s.address(InstagramLogin)})
		return
	case "access_token":
		c.json(http.StatusOK, map[string]any{"access_token": "IGAA" + token(16), "token_type": "bearer", "expires_in": 5_184_000})
		return
	}
	ch := s.byToken[c.bearer()]
	if ch == nil || ch.Kind != InstagramLogin {
		c.graphError(http.StatusUnauthorized, 190, 0, "Error validating access token")
		return
	}
	switch {
	case path == "refresh_access_token":
		c.json(http.StatusOK, map[string]any{"access_token": ch.token, "token_type": "bearer", "expires_in": 5_184_000})
	case (path == ch.Address+"/messages" || path == "me/messages") && c.r.Method == http.MethodPost:
		s.graphSend(c, ch)
	case strings.HasSuffix(path, "/subscribed_apps"):
		s.graphSubscribe(c, ch)
	case path == "me" || path == ch.Address:
		c.json(http.StatusOK, map[string]any{
			"id": ch.Address, "user_id": ch.Address, "username": "maple.and.rye", "name": ch.Name, "account_type": "BUSINESS",
		})
	default:
		s.graphProfile(c, ch, path)
	}
}

func (s *Simulator) address(k Kind) string {
	if ch := s.Channel(k); ch != nil {
		return ch.Address
	}
	return ""
}

func (s *Simulator) graphSubscribe(c *call, ch *Channel) {
	if c.r.Method == http.MethodPost {
		ch.register(Registration{Fields: c.list("subscribed_fields")})
	}
	c.json(http.StatusOK, map[string]any{"success": true})
}

// graphProfile answers what is known of a person who wrote.
func (s *Simulator) graphProfile(c *call, ch *Channel, id string) {
	name, ok := s.profile(c, id)
	if !ok || c.r.Method != http.MethodGet {
		c.graphError(http.StatusBadRequest, 100, 2018218, "(#100) No profile available for this user.")
		return
	}
	first, last, _ := strings.Cut(name, " ")
	if ch.Kind == Facebook {
		c.json(http.StatusOK, map[string]any{"id": id, "first_name": first, "last_name": last})
		return
	}
	c.json(http.StatusOK, map[string]any{
		"id": id, "name": name, "username": strings.ToLower(strings.ReplaceAll(name, " ", ".")),
		"follower_count": 42, "is_verified_user": false,
		"is_user_follow_business": true, "is_business_follow_user": false,
	})
}

// graphSend takes a message, as JSON or as a form with JSON values.
func (s *Simulator) graphSend(c *call, ch *Channel) {
	var recipient struct {
		ID string `json:"id"`
	}
	var message struct {
		Text       string `json:"text"`
		Attachment struct {
			Payload struct {
				URL string `json:"url"`
			} `json:"payload"`
		} `json:"attachment"`
	}
	c.decode("recipient", &recipient)
	if c.param("sender_action") != "" {
		c.json(http.StatusOK, map[string]any{"recipient_id": recipient.ID})
		return
	}
	c.decode("message", &message)
	media := message.Attachment.Payload.URL
	if recipient.ID == "" || message.Text == "" && media == "" {
		c.graphError(http.StatusBadRequest, 100, 0, "(#100) param recipient and message must be non-empty.")
		return
	}
	m := sending{to: recipient.ID, text: message.Text}
	if media != "" {
		m.media = []string{media}
	}
	s.send(c, ch, m, func(id string) (int, any) {
		return http.StatusOK, map[string]any{"recipient_id": recipient.ID, "message_id": id}
	})
}

func (c *call) graphError(status, code, subcode int, message string) {
	c.json(status, graphFault(code, subcode, message))
}

func graphFault(code, subcode int, message string) map[string]any {
	kind := "OAuthException"
	if code == 100 && subcode == 0 {
		kind = "GraphMethodException"
	}
	e := map[string]any{"message": message, "type": kind, "code": code, "fbtrace_id": "A" + strings.ToUpper(token(8))}
	if subcode != 0 {
		e["error_subcode"] = subcode
	}
	return map[string]any{"error": e}
}

// graphPath drops the version.
func graphPath(path string) string {
	if head, rest, ok := strings.Cut(path, "/"); ok && len(head) > 1 && head[0] == 'v' && head[1] >= '0' && head[1] <= '9' {
		return rest
	}
	return path
}

// rawString reads a JSON string or keeps any other value as it is written.
func rawString(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) == nil {
		return s
	}
	return string(v)
}
