package channels_test

import (
	"fmt"
	"testing"

	"tributary/channels"
)

// A request that is refused names the inboxes that it was for, each with the cause and
// once; a proven one names its channel.
func TestAcceptNamesRefusedInboxes(t *testing.T) {
	t.Parallel()
	dir := book{
		at("a"):   {channel(1, "sa", "", true)},
		at("b"):   {channel(2, "sb", "", true)},
		at("two"): {channel(3, "", "", true), channel(4, "", "", true)},
		at("lax"): {channel(7, "sl", channels.Observe, true)},
		at("off"): {channel(9, "sa", "", false)},
	}
	inPath := channels.Hook{Path: "/webhooks/tin/{id}", Success: channels.Response{Status: 200}}
	inBody := channels.Hook{Path: "/webhooks/tin", Success: channels.Response{Status: 204}}
	direct, shared := tin{direct: true}, tin{shared: "app"}
	for _, c := range []struct {
		name            string
		driver          channels.Driver
		hook            channels.Hook
		id, proof, body string
		refusals        string
		proven          bool
		channel         int64 // inbox of the located channel
	}{
		{"proven", direct, inPath, "a", "sa", "a k", "[]", true, 1},
		{"proven and empty", direct, inPath, "a", "sa", "", "[]", true, 1},
		{"no proof", direct, inPath, "a", "", "a k", "[{1 missing}]", false, 1},
		{"a bad one", direct, inPath, "a", "no", "a k", "[{1 bad}]", false, 1},
		{"nothing to check it with", direct, inPath, "two", "x", "two k", "[{3 no_secret}]", false, 3},
		{"observed", direct, inPath, "lax", "no", "lax k", "[]", false, 7},
		{"another format", direct, inPath, "a", "sa", "format", "[{1 format}]", false, 1},
		{"refused by the driver", direct, inPath, "a", "sa", "refusal", "[{1 wrong_object}]", false, 1},
		{"an address of nobody in the path", direct, inPath, "z", "sa", "z k", "[]", false, 0},
		{"an address of nobody in the body", direct, inPath, "a", "sa", "z k", "[{1 unknown_channel}]", true, 1},
		{"another inbox's event", direct, inPath, "a", "sa", "a k\nb k\nb l", "[{2 bad}]", true, 1},
		{"an account that is not active", direct, inPath, "off", "sa", "off k", "[{9 inactive_account}]", true, 9},
		{"shared and proven", shared, inBody, "", "app", "a k\nb l", "[]", true, 0},
		{"shared, a bad proof", shared, inBody, "", "no", "a k\na l\ntwo m\nz n", "[{1 bad} {3 bad} {4 bad}]", false, 0},
		{"shared, no inbox", shared, inBody, "", "no", "z n", "[]", false, 0},
	} {
		r := &channels.Request{
			Body: []byte(c.body), Param: func(string) string { return c.id }, Header: func(string) string { return c.proof },
		}
		v := channels.Accept(c.driver, c.hook, r, dir, channels.Enforce)
		var inbox int64
		if v.Channel != nil {
			inbox = v.Channel.InboxID
		}
		if got := fmt.Sprint(v.Refusals); got != c.refusals || v.Proven != c.proven || inbox != c.channel {
			t.Errorf("%s: got %s, proven %t, inbox %d; want %s, %t, %d", c.name, got, v.Proven, inbox, c.refusals, c.proven, c.channel)
		}
	}
}
