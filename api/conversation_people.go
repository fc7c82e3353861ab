package api

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"tributary/api/route"
	"tributary/desk"
	"tributary/internal/validate"
	"tributary/store"
)

func (a *API) conversationPeople() []route.Row {
	const conversation = account + "/conversations/{conversation_id}"
	const participants = conversation + "/participants"
	const draft = conversation + "/draft_messages"
	return []route.Row{
		route.Post(conversation+"/assignments", route.Member, a.assignConversation).AdmitBots(),
		route.Get(conversation+"/labels", route.Member, a.listConversationLabels),
		route.Post(conversation+"/labels", route.Member, a.setConversationLabels),
		route.Get(participants, route.Member, a.listParticipants),
		route.Post(participants, route.Member, a.addParticipants),
		route.Patch(participants, route.Member, a.setParticipants),
		route.Delete(participants, route.Member, a.removeParticipants),
		route.Get(draft, route.Member, a.showDraft),
		route.Patch(draft, route.Member, a.saveDraft).Flat("draft_message"),
		route.Delete(draft, route.Member, a.dropDraft),
	}
}

type byConversation struct {
	ConversationID int64 `path:"conversation_id"` // display id
}

type assignIn struct {
	byConversation
	AssigneeID route.Opt[any] `json:"assignee_id"`
	TeamID     route.Opt[any] `json:"team_id"`
}

// assignOut is the member or the team that a conversation was given to: nil, nobody.
type assignOut struct {
	agent *agentOut
	team  *assignedTeamOut
}

// assignedTeamOut is a team as it is stored.
type assignedTeamOut struct {
	ID              int64     `json:"id"`
	Name            string    `json:"name"`
	Description     *string   `json:"description"`
	AllowAutoAssign bool      `json:"allow_auto_assign"`
	AccountID       int64     `json:"account_id"`
	CreatedAt       route.ISO `json:"created_at"`
	UpdatedAt       route.ISO `json:"updated_at"`
}

// Shape implements route.Shaped.
func (assignOut) Shape() any { return route.OneOf(agentOut{}, assignedTeamOut{}, nil) }

// MarshalJSON implements json.Marshaler.
func (o assignOut) MarshalJSON() ([]byte, error) {
	switch {
	case o.agent != nil:
		return json.Marshal(o.agent)
	case o.team != nil:
		return json.Marshal(o.team)
	}
	return []byte("null"), nil
}

// idOf reads an id as clients send it: what is none names nobody.
func idOf(v any) int64 {
	text := ""
	switch v := v.(type) {
	case string:
		text = strings.TrimSpace(v)
	case json.Number:
		text = v.String()
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 0 {
		return 0
	}
	return id
}

func (a *API) assignConversation(ctx context.Context, c *route.Call, in assignIn) (assignOut, error) {
	if _, err := a.conversationOf(ctx, c, in.ConversationID); err != nil {
		return assignOut{}, err
	}
	var out assignOut
	var user int64
	err := a.edit(ctx, c, in.ConversationID, func(e *desk.Edit) error {
		out, user = assignOut{}, 0
		switch {
		case in.AssigneeID.Sent:
			user = idOf(in.AssigneeID.V)
			err := e.Assign(ctx, user)
			if errors.Is(err, store.ErrNotFound) {
				user = 0
				err = e.Assign(ctx, 0)
			}
			return err
		case in.TeamID.Sent:
			id := idOf(in.TeamID.V)
			err := e.Team(ctx, id)
			if errors.Is(err, store.ErrNotFound) || id == 0 {
				return e.Team(ctx, 0)
			}
			if err != nil {
				return err
			}
			t := e.NewTeam()
			created, updated, err := e.Tx().TeamTimes(ctx, id)
			out.team = &assignedTeamOut{
				ID: t.ID, Name: t.Name, Description: t.Description, AllowAutoAssign: t.AllowAutoAssign, AccountID: t.AccountID,
				CreatedAt: iso(&created), UpdatedAt: iso(&updated),
			}
			return err
		}
		return nil
	})
	if err != nil || user == 0 {
		return out, err
	}
	agent, err := a.agent(ctx, c, user)
	return assignOut{agent: &agent}, err
}

type labelList struct {
	Payload []string `json:"payload"`
}

func (a *API) listConversationLabels(ctx context.Context, c *route.Call, in byConversation) (labelList, error) {
	conversation, err := a.Store.ConversationListedBy(ctx, c.Account.ID, in.ConversationID)
	if err != nil {
		return labelList{}, found(err)
	}
	return labelList{conversation.Labels}, a.seesConversation(ctx, c, conversation.InboxID, conversation.AssigneeID)
}

type setLabelsIn struct {
	byConversation
	Labels []string `json:"labels"`
}

func (a *API) setConversationLabels(ctx context.Context, c *route.Call, in setLabelsIn) (labelList, error) {
	if _, err := a.conversationOf(ctx, c, in.ConversationID); err != nil {
		return labelList{}, err
	}
	list := desk.ParseLabels(in.Labels)
	var errs validate.Errors
	for _, label := range list {
		errs.MaxLen("labels", label, validate.ShortText)
	}
	if err := errs.Err(); err != nil {
		return labelList{}, err
	}
	err := a.edit(ctx, c, in.ConversationID, func(e *desk.Edit) error { return e.SetLabels(ctx, list) })
	if err != nil {
		return labelList{}, err
	}
	return a.listConversationLabels(ctx, c, in.byConversation)
}

func (a *API) listParticipants(ctx context.Context, c *route.Call, in byConversation) ([]agentOut, error) {
	head, err := a.conversationOf(ctx, c, in.ConversationID)
	if err != nil {
		return nil, err
	}
	list, err := a.Store.ParticipantAgents(ctx, c.Account.ID, head.ID)
	return a.newAgentsOut(ctx, c.Account.ID, list), err
}

type participantsIn struct {
	byConversation
	UserIDs route.Opt[[]int64] `json:"user_ids"`
}

func (a *API) changeParticipants(ctx context.Context, c *route.Call, step desk.ParticipantStep, in participantsIn) ([]int64, error) {
	if _, err := a.conversationOf(ctx, c, in.ConversationID); err != nil {
		return nil, err
	}
	users, ok := in.UserIDs.Get()
	if !ok {
		return nil, route.MissingParam("user_ids")
	}
	added, err := a.Desk.ChangeParticipants(ctx, c.Account.ID, in.ConversationID, step, users)
	return added, found(err)
}

// addParticipants gives those who are new.
func (a *API) addParticipants(ctx context.Context, c *route.Call, in participantsIn) ([]agentOut, error) {
	added, err := a.changeParticipants(ctx, c, desk.ParticipantsAdd, in)
	if err != nil {
		return nil, err
	}
	return a.agentsByID(ctx, c, added)
}

// setParticipants gives all of them.
func (a *API) setParticipants(ctx context.Context, c *route.Call, in participantsIn) ([]agentOut, error) {
	if _, err := a.changeParticipants(ctx, c, desk.ParticipantsSet, in); err != nil {
		return nil, err
	}
	return a.listParticipants(ctx, c, in.byConversation)
}

func (a *API) removeParticipants(ctx context.Context, c *route.Call, in participantsIn) (route.Empty, error) {
	_, err := a.changeParticipants(ctx, c, desk.ParticipantsRemove, in)
	return route.Empty{}, err
}

type draftOut struct {
	HasDraft bool    `json:"has_draft"`
	Message  *string `json:"message,omitempty"`
}

func (a *API) showDraft(ctx context.Context, c *route.Call, in byConversation) (draftOut, error) {
	head, err := a.conversationOf(ctx, c, in.ConversationID)
	if err != nil {
		return draftOut{}, err
	}
	text, err := a.Store.Draft(ctx, head.ID)
	if errors.Is(err, store.ErrNotFound) {
		return draftOut{}, nil
	}
	return draftOut{HasDraft: true, Message: &text}, err
}

type saveDraftIn struct {
	byConversation
	Draft struct {
		Message string `json:"message"`
	} `json:"draft_message"`
}

func (a *API) saveDraft(ctx context.Context, c *route.Call, in saveDraftIn) (route.Empty, error) {
	if _, err := a.conversationOf(ctx, c, in.ConversationID); err != nil {
		return route.Empty{}, err
	}
	return route.Empty{}, found(a.Desk.SaveDraft(ctx, c.Account.ID, in.ConversationID, in.Draft.Message))
}

func (a *API) dropDraft(ctx context.Context, c *route.Call, in byConversation) (route.Empty, error) {
	if _, err := a.conversationOf(ctx, c, in.ConversationID); err != nil {
		return route.Empty{}, err
	}
	return route.Empty{}, found(a.Desk.DropDraft(ctx, c.Account.ID, in.ConversationID))
}
