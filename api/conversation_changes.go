package api

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"time"

	"tributary/api/route"
	"tributary/chat"
	"tributary/desk"
	"tributary/internal/validate"
	"tributary/store"
)

func (a *API) conversationChanges() []route.Row {
	const conversation = account + "/conversations/{id}"
	return []route.Row{
		route.Patch(conversation, route.Member, a.updateConversation).AdmitBots(),
		route.Delete(conversation, route.Admin, a.deleteConversation).Finds("id", a.conversationExists),
		route.Post(conversation+"/toggle_status", route.Member, a.toggleStatus).AdmitBots(),
		route.Post(conversation+"/toggle_priority", route.Member, a.togglePriority).AdmitBots(),
		route.Post(conversation+"/custom_attributes", route.Member, a.setConversationAttributes).AdmitBots(),
		route.Post(conversation+"/mute", route.Member, a.muteConversation),
		route.Post(conversation+"/unmute", route.Member, a.unmuteConversation),
		route.Post(conversation+"/transcript", route.Member, a.sendTranscript),
		route.Post(conversation+"/viewing", route.Member, a.viewConversation),
	}
}

// author is who calls, for what they change in conversations.
func author(c *route.Call) desk.Author {
	if c.Bot != nil {
		return desk.Author{BotID: c.Bot.ID, Name: c.Bot.Name}
	}
	return desk.Author{UserID: c.User.ID, Name: c.User.Name}
}

func (a *API) conversationExists(ctx context.Context, c *route.Call, displayID int64) error {
	_, err := a.Store.ConversationHead(ctx, c.Account.ID, displayID)
	return found(err)
}

// edit changes a conversation in which the caller may work.
func (a *API) edit(ctx context.Context, c *route.Call, displayID int64, f func(*desk.Edit) error) error {
	if _, err := a.conversationOf(ctx, c, displayID); err != nil {
		return err
	}
	return found(a.Desk.Edit(ctx, c.Account.ID, displayID, author(c), f))
}

type updateConversationIn struct {
	ID          int64             `path:"id"` // display id
	Priority    route.Opt[string] `json:"priority"`
	SLAPolicyID route.Opt[int64]  `json:"sla_policy_id"`
}

func (a *API) updateConversation(ctx context.Context, c *route.Call, in updateConversationIn) (conversationOut, error) {
	if _, err := a.conversationOf(ctx, c, in.ID); err != nil {
		return conversationOut{}, err
	}
	priority, err := priorityOf(in.Priority)
	if err != nil {
		return conversationOut{}, err
	}
	// An account has no SLA policies yet: none that is named is one of its.
	if _, named := in.SLAPolicyID.Get(); named {
		return conversationOut{}, validate.Fail("sla_policy", "sla policy account mismatch")
	}
	if in.Priority.Sent {
		err := a.edit(ctx, c, in.ID, func(e *desk.Edit) error {
			e.Priority(priority)
			return nil
		})
		if err != nil {
			return conversationOut{}, err
		}
	}
	return a.showConversation(ctx, c, byID{ID: in.ID})
}

// priorityOf reads a priority by name or number; nil: none.
func priorityOf(in route.Opt[string]) (*int, error) {
	if in.V == "" {
		return nil, nil //nolint:nilnil // no priority is one
	}
	p, known := listed(priorities, in.V)
	if !known {
		return nil, validate.Fail("priority", validate.NotListed)
	}
	return &p, nil
}

func (a *API) deleteConversation(ctx context.Context, c *route.Call, in byID) (route.Empty, error) {
	return route.Empty{}, found(a.Desk.DeleteConversation(ctx, actor(c), c.Account.ID, in.ID))
}

type toggleStatusIn struct {
	ID           int64              `path:"id"` // display id
	Status       string             `json:"status"`
	SnoozedUntil route.Opt[float64] `json:"snoozed_until"` // unix seconds
}

type toggleStatusOut struct {
	Meta    struct{} `json:"meta"`
	Payload struct {
		Success        *bool     `json:"success"`
		ConversationID int64     `json:"conversation_id"` // display id
		CurrentStatus  string    `json:"current_status" enum:"open,resolved,pending,snoozed"`
		SnoozedUntil   route.ISO `json:"snoozed_until"`
	} `json:"payload"`
}

// statusNames are in the order of their stored numbers.
var statusNames = []string{string(chat.Open), string(chat.Resolved), string(chat.Pending), string(chat.Snoozed)}

func (a *API) toggleStatus(ctx context.Context, c *route.Call, in toggleStatusIn) (toggleStatusOut, error) {
	var out toggleStatusOut
	if _, err := a.conversationOf(ctx, c, in.ID); err != nil {
		return out, err
	}
	wish := desk.StatusWish{Takes: c.Bot == nil && c.Membership.Role == chat.RoleAgent}
	if in.Status != "" {
		status, known := listed(statusNames, in.Status)
		if !known {
			return out, validate.Fail("status", validate.NotListed)
		}
		wish.To = chat.ConversationStatus(statusNames[status])
	}
	if seconds, ok := in.SnoozedUntil.Get(); ok {
		at, err := momentOf("snoozed_until", seconds)
		if err != nil {
			return out, err
		}
		wish.Until = &at
	}
	now, handed, err := a.Desk.ChangeStatus(ctx, c.Account.ID, in.ID, author(c), wish)
	if err != nil {
		return out, found(err)
	}
	if !handed {
		out.Payload.Success = new(true)
	}
	out.Payload.ConversationID, out.Payload.CurrentStatus = in.ID, string(chat.ConversationStatusOf(now.Status))
	out.Payload.SnoozedUntil = iso(now.SnoozedUntil)
	return out, nil
}

// momentOf reads unix seconds of this era.
func momentOf(name string, seconds float64) (time.Time, error) {
	const lastSecond = 253402300799 // of the year 9999
	if seconds < 0 || seconds > lastSecond {
		return time.Time{}, validate.Fail(name, validate.Invalid)
	}
	return time.UnixMicro(int64(math.Round(seconds * 1e6))).UTC(), nil
}

type togglePriorityIn struct {
	ID       int64             `path:"id"` // display id
	Priority route.Opt[string] `json:"priority"`
}

func (a *API) togglePriority(ctx context.Context, c *route.Call, in togglePriorityIn) (route.Empty, error) {
	return route.Empty{}, a.edit(ctx, c, in.ID, func(e *desk.Edit) error {
		p, err := priorityOf(in.Priority)
		e.Priority(p)
		return err
	})
}

type conversationAttributesIn struct {
	ID               int64                     `path:"id"` // display id
	CustomAttributes route.Opt[map[string]any] `json:"custom_attributes"`
}

type conversationAttributesOut struct {
	CustomAttributes json.RawMessage `json:"custom_attributes"`
}

func (a *API) setConversationAttributes(ctx context.Context, c *route.Call, in conversationAttributesIn) (conversationAttributesOut, error) {
	if _, err := a.conversationOf(ctx, c, in.ID); err != nil {
		return conversationAttributesOut{}, err
	}
	attributes, sent := in.CustomAttributes.Get()
	if !sent {
		return conversationAttributesOut{}, route.MissingParam("custom_attributes")
	}
	text, err := desk.Attributes("custom_attributes", attributes)
	if err != nil {
		return conversationAttributesOut{}, err
	}
	err = a.edit(ctx, c, in.ID, func(e *desk.Edit) error {
		e.CustomAttributes(text)
		return nil
	})
	return conversationAttributesOut{json.RawMessage(text)}, err
}

func (a *API) muteConversation(ctx context.Context, c *route.Call, in byID) (route.Empty, error) {
	return route.Empty{}, a.edit(ctx, c, in.ID, func(e *desk.Edit) error {
		e.Mute()
		return nil
	})
}

func (a *API) unmuteConversation(ctx context.Context, c *route.Call, in byID) (route.Empty, error) {
	return route.Empty{}, a.edit(ctx, c, in.ID, func(e *desk.Edit) error {
		e.Unmute()
		return nil
	})
}

type sendTranscriptIn struct {
	ID    int64  `path:"id"` // display id
	Email string `json:"email"`
}

func (a *API) sendTranscript(ctx context.Context, c *route.Call, in sendTranscriptIn) (route.Empty, error) {
	if _, err := a.conversationOf(ctx, c, in.ID); err != nil {
		return route.Empty{}, err
	}
	if in.Email == "" {
		return route.Empty{}, chat.Unprocessable("email param missing")
	}
	return route.Empty{}, found(a.Desk.SendTranscript(ctx, c.Account.ID, in.ID, []string{in.Email}))
}

func (a *API) viewConversation(ctx context.Context, c *route.Call, in byID) (route.Empty, error) {
	if _, err := a.conversationOf(ctx, c, in.ID); err != nil {
		return route.Empty{}, err
	}
	return route.Empty{}, found(a.Desk.View(ctx, c.Account.ID, in.ID, c.User.ID))
}

// agentsByID are members in the order of their ids.
func (a *API) agentsByID(ctx context.Context, c *route.Call, users []int64) ([]agentOut, error) {
	people, err := a.Store.Agents(ctx, c.Account.ID, users)
	list := make([]store.AgentRow, 0, len(users))
	for _, id := range users {
		if u, ok := people[id]; ok {
			list = append(list, u)
		}
	}
	slices.SortFunc(list, func(x, y store.AgentRow) int { return int(x.ID - y.ID) })
	return a.newAgentsOut(ctx, c.Account.ID, list), err
}
