package graph

import (
	"context"
	"net/http"
	"strings"
)

const pinDigits = 6

// digits tells that s is n decimal digits.
func digits(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789") == ""
}

// pinOf refuses what is no PIN before it costs one of the number's few calls.
func pinOf(pin string) *Error {
	if digits(pin, pinDigits) {
		return nil
	}
	return &Error{Class: OurRequest, Message: "a PIN is six digits"}
}

// post makes a call that changes something about a number.
func (c *Client) post(ctx context.Context, call string, t Target, edge string, body any, secrets ...string) error {
	if e := t.own(t.PhoneID, "phone number id"); e != nil {
		return e
	}
	path := []string{t.PhoneID}
	if edge != "" {
		path = append(path, edge)
	}
	return c.do(ctx, &request{
		call: call, target: t, method: http.MethodPost, path: path, token: t.Token, body: body, secrets: secrets,
	}, accepted)
}

// Register registers a number for the Cloud API with its two-step PIN, six digits.
// Meta takes ten calls of Register and Deregister per number in 72 h, whatever
// their outcome.
func (c *Client) Register(ctx context.Context, t Target, pin string) error {
	if e := pinOf(pin); e != nil {
		return e
	}
	return c.post(ctx, "register", t, "register", map[string]string{"messaging_product": "whatsapp", "pin": pin}, pin)
}

// Deregister takes a number off the Cloud API. It must not be called for a number
// that is shared with the WhatsApp Business app.
func (c *Client) Deregister(ctx context.Context, t Target) error {
	return c.post(ctx, "deregister", t, "deregister", nil)
}

// SetPIN sets the two-step PIN, six digits, without knowing the one that is set.
func (c *Client) SetPIN(ctx context.Context, t Target, pin string) error {
	if e := pinOf(pin); e != nil {
		return e
	}
	return c.post(ctx, "set_pin", t, "", map[string]string{"pin": pin}, pin)
}

// RequestCode has Meta send the code that proves who owns a number, by "SMS" or
// "VOICE", in a language ("en_US").
func (c *Client) RequestCode(ctx context.Context, t Target, method, language string) error {
	if method != "SMS" && method != "VOICE" || language == "" {
		return &Error{Class: OurRequest, Message: "a code comes by SMS or VOICE, in a language"}
	}
	return c.post(ctx, "request_code", t, "request_code", map[string]string{"code_method": method, "language": language})
}

// VerifyCode gives Meta the code that it sent, without spaces or hyphens.
func (c *Client) VerifyCode(ctx context.Context, t Target, code string) error {
	if code == "" || !digits(code, len(code)) {
		return &Error{Class: OurRequest, Message: "a code is digits"}
	}
	return c.post(ctx, "verify_code", t, "verify_code", map[string]string{"code": code}, code)
}

// SyncApp has Meta send what the WhatsApp Business app holds: contacts
// ("smb_app_state_sync"), then past messages ("history"). Meta takes each once,
// within 24 h of the signup, of a number that is shared with the app.
func (c *Client) SyncApp(ctx context.Context, t Target, syncType string) error {
	return c.post(ctx, "sync_app", t, "smb_app_data", map[string]string{"messaging_product": "whatsapp", "sync_type": syncType})
}

// SetCalling switches voice calls to a number on or off.
func (c *Client) SetCalling(ctx context.Context, t Target, enabled bool) error {
	status := "DISABLED"
	if enabled {
		status = "ENABLED"
	}
	return c.post(ctx, "set_calling", t, "settings", map[string]any{"calling": map[string]string{"status": status}})
}
