package meta

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"tributary/channels"
	"tributary/chat"
)

// PageProfile asks who wrote to a page in Messenger ("User Profile API",
// Messenger Platform).
func PageProfile(ctx context.Context, g *Graph, psid string) (chat.Contact, error) {
	var answer struct {
		First   string `json:"first_name"`
		Last    string `json:"last_name"`
		Picture string `json:"profile_pic"`
	}
	fields := url.Values{"fields": {"first_name,last_name,profile_pic"}}
	if err := g.Call(ctx, http.MethodGet, "/"+url.PathEscape(psid), fields, nil, &answer); err != nil {
		return chat.Contact{}, withheld(err)
	}
	first, last := channels.Clean(answer.First), channels.Clean(answer.Last)
	out := chat.Contact{
		SourceID: psid, Name: strings.TrimSpace(first + " " + last), FirstName: first, LastName: last,
		AvatarURL: channels.Clean(answer.Picture),
	}
	return known(out)
}

// InstagramProfile asks who wrote to an Instagram account, over either transport
// ("User Profile API", Instagram Platform). What the account tells about its
// relation to us becomes attributes of the contact.
func InstagramProfile(ctx context.Context, g *Graph, igsid string) (chat.Contact, error) {
	var answer struct {
		Name         string `json:"name"`
		Username     string `json:"username"`
		Picture      string `json:"profile_pic"`
		Followers    *int64 `json:"follower_count"`
		FollowsUs    *bool  `json:"is_user_follow_business"`
		FollowedByUs *bool  `json:"is_business_follow_user"`
		Verified     *bool  `json:"is_verified_user"`
	}
	fields := url.Values{"fields": {
		"name,username,profile_pic,follower_count,is_user_follow_business,is_business_follow_user,is_verified_user",
	}}
	if err := g.Call(ctx, http.MethodGet, "/"+url.PathEscape(igsid), fields, nil, &answer); err != nil {
		return chat.Contact{}, withheld(err)
	}
	username := channels.Clean(answer.Username)
	attributes := map[string]any{}
	if username != "" {
		attributes["social_profiles"] = map[string]any{"instagram": username}
		attributes["social_instagram_user_name"] = username
	}
	if answer.Followers != nil {
		attributes["social_instagram_follower_count"] = *answer.Followers
	}
	for name, value := range map[string]*bool{
		"is_user_follow_business": answer.FollowsUs, "is_business_follow_user": answer.FollowedByUs, "is_verified_user": answer.Verified,
	} {
		if value != nil {
			attributes["social_instagram_"+name] = *value
		}
	}
	out := chat.Contact{SourceID: igsid, Name: channels.Clean(answer.Name), AvatarURL: channels.Clean(answer.Picture), Attributes: attributes}
	if out.Name == "" {
		out.Name = username
	}
	return known(out)
}

// known refuses a profile that says nothing: it is asked for again when the
// contact writes the next time.
func known(c chat.Contact) (chat.Contact, error) {
	if c.Name == "" && c.AvatarURL == "" {
		return chat.Contact{}, &channels.SendError{Class: chat.Permanent, Code: "empty", Text: "the provider tells nothing about this user"}
	}
	return c, nil
}

// withheld is the verdict of a refused look-up. A permission that is missing for
// one person (230: no consent yet, 10 and 200-299: not for this app) or a user
// who does not exist (9010) says nothing about our token: only 190, or a bare
// 401, does.
func withheld(err error) error {
	refused := *channels.AsSendError(err)
	switch refused.Class {
	case chat.Retryable, chat.Throttled, chat.Config:
		return err
	case chat.Reauthorize:
		if !permission(&refused) {
			return err
		}
	}
	refused.Class = chat.Permanent
	return &refused
}

// permission tells that a permission is missing, which is not a dead token.
func permission(e *channels.SendError) bool {
	code, err := strconv.Atoi(codeOf(e))
	return err == nil && (code == 10 || code >= 200 && code <= 299 || code == 9010)
}

// codeOf is the error code without its subcode.
func codeOf(e *channels.SendError) string {
	code, _, _ := strings.Cut(e.Code, "/")
	return code
}
