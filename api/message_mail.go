package api

import (
	"html"
	"strings"

	"tributary/api/route"
	"tributary/chat"
	"tributary/desk"
	"tributary/internal/validate"
)

// featureQuotedReply is the account's feature quoted_email_reply.
const featureQuotedReply = 57

// maxMailAddresses is how many addresses a list may name.
const maxMailAddresses = 100

// mailAttributes are the content_attributes of a message in a mail inbox: who gets it,
// and what mail programs show.
func (a *API) mailAttributes(c *route.Call, in messageIn, inboxID int64, out *desk.Reply) error {
	_, ch, ok := a.Desk.Driver(inboxID)
	if !ok || ch.Type != "Channel::Email" {
		return nil
	}
	for name, list := range map[string]route.Opt[any]{"cc_emails": in.CCEmails, "bcc_emails": in.BCCEmails, "to_emails": in.ToEmails} {
		addresses, err := mailAddresses(list.V)
		if err != nil {
			return err
		}
		out.Attributes[name] = addresses
	}
	if c.Account.Features&(1<<(featureQuotedReply-1)) == 0 || out.Private || out.Type != chat.Outgoing || in.Content == nil {
		return nil
	}
	text := *in.Content
	page := "<p>" + strings.ReplaceAll(html.EscapeString(text), "\n", "<br>") + "</p>"
	out.Attributes["email"] = map[string]any{
		"html_content": map[string]any{"full": page, "reply": page}, "text_content": map[string]any{"full": text, "reply": text},
	}
	return nil
}

// mailAddresses reads a list with commas, or a list.
func mailAddresses(v any) ([]string, error) {
	var texts []string
	switch v := v.(type) {
	case nil:
	case string:
		texts = strings.Split(v, ",")
	case []any:
		for _, one := range v {
			text, _ := one.(string)
			texts = append(texts, text)
		}
	default:
		return nil, chat.Unprocessable("Invalid email address")
	}
	out := []string{}
	for _, text := range texts {
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		var errs validate.Errors
		if errs.Email("email", text); errs.Any() || len(out) == maxMailAddresses {
			return nil, chat.Unprocessable("Invalid email address")
		}
		out = append(out, text)
	}
	return out, nil
}
