package desk

import (
	"context"
	"crypto/subtle"
	"errors"
	"strconv"

	"tributary/live"
	"tributary/presence"
	"tributary/store"
)

// Admit implements live.Gate: a member of an account by the user's token, else a contact
// by the token of the contact inbox.
func (d *Desk) Admit(ctx context.Context, c live.Claim) (live.Listener, error) {
	if !c.User {
		s, err := d.Store.LiveSessionOf(ctx, c.Token)
		if errors.Is(err, store.ErrNotFound) {
			return live.Listener{}, live.ErrRefused
		}
		return live.Listener{AccountID: s.AccountID, ContactInboxID: s.ID, ContactID: s.ContactID, Token: s.Token}, err
	}
	who := live.Listener{AccountID: c.AccountID, UserID: c.UserID, Token: c.Token}
	valid, err := d.Valid(ctx, []live.Listener{who})
	if err == nil && !valid[0] {
		err = live.ErrRefused
	}
	return who, err
}

// Valid implements live.Gate.
func (d *Desk) Valid(ctx context.Context, list []live.Listener) ([]bool, error) {
	var members []store.LiveMember
	var sessions []int64
	for _, l := range list {
		if l.UserID != 0 {
			members = append(members, store.LiveMember{AccountID: l.AccountID, UserID: l.UserID})
		} else {
			sessions = append(sessions, l.ContactInboxID)
		}
	}
	tokens, err := d.Store.LiveMemberTokens(ctx, members)
	if err != nil {
		return nil, err
	}
	known, err := d.Store.LiveSessions(ctx, sessions)
	if err != nil {
		return nil, err
	}
	out := make([]bool, len(list))
	for i, l := range list {
		token, ok := tokens[store.LiveMember{AccountID: l.AccountID, UserID: l.UserID}]
		if l.UserID == 0 {
			var s store.LiveSession
			s, ok = known[l.ContactInboxID]
			token, ok = s.Token, ok && s.AccountID == l.AccountID && s.ContactID == l.ContactID
		}
		out[i] = ok && subtle.ConstantTimeCompare([]byte(token), []byte(l.Token)) == 1
	}
	return out, nil
}

// Beat implements live.Gate: the listener counts as present, and is told who else does.
func (d *Desk) Beat(ctx context.Context, l live.Listener) error {
	var err error
	if l.UserID != 0 {
		err = d.UserBeat(ctx, l.AccountID, l.UserID)
	} else {
		err = d.ContactBeat(ctx, l.AccountID, l.ContactID)
	}
	if err != nil || d.Live == nil {
		return err
	}
	data, err := d.presenceNews(ctx, l)
	if err != nil {
		return err
	}
	p, err := packet("presence.update", l.AccountID, data)
	if err != nil {
		return err
	}
	if l.UserID != 0 {
		p.Users = []int64{l.UserID}
	} else {
		p.Contacts = []int64{l.ContactInboxID}
	}
	return d.Live.Publish(ctx, []live.Packet{p})
}

// presenceNews is who is there: members with what they chose to be, and for members
// contacts, too.
func (d *Desk) presenceNews(ctx context.Context, l live.Listener) (map[string]any, error) {
	var present, contacts []int64
	var err error
	if d.Presence != nil {
		if present, err = d.Presence.Present(ctx, l.AccountID, presence.Users); err != nil {
			return nil, err
		}
		if l.UserID != 0 {
			if contacts, err = d.Presence.Present(ctx, l.AccountID, presence.Contacts); err != nil {
				return nil, err
			}
		}
	}
	chosen, err := d.Store.AvailableMembers(ctx, l.AccountID, present)
	if err != nil {
		return nil, err
	}
	users := make(map[string]string, len(chosen))
	for id, availability := range chosen {
		users[strconv.FormatInt(id, 10)] = AvailabilityName(availability)
	}
	data := map[string]any{"account_id": l.AccountID, "users": users}
	if l.UserID != 0 {
		there := make(map[string]string, len(contacts))
		for _, id := range contacts {
			there[strconv.FormatInt(id, 10)] = availabilityNames[0]
		}
		data["contacts"] = there
	}
	return data, nil
}
