package api

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"tributary/api/route"
	"tributary/channels"
	"tributary/chat"
	"tributary/desk"
	"tributary/internal/validate"
	"tributary/store"
	"tributary/wording"
)

func (a *API) inboxes() []route.Row {
	return []route.Row{
		route.Get(account+"/inboxes", route.Member, a.listInboxes),
		route.Get(account+"/inboxes/{id}", route.Member, a.showInbox),
		route.Post(account+"/inboxes", route.Admin, a.createInbox).NullTexts().Limit(maxProfile).First(a.inboxesLeft).Fails(http.StatusPaymentRequired),
		route.Patch(account+"/inboxes/{id}", route.Admin, a.updateInbox).NullTexts().Limit(maxProfile).Finds("id", a.inboxExists).
			Answers(http.StatusUnprocessableEntity, messageText{}),
		route.Delete(account+"/inboxes/{id}", route.Admin, a.deleteInbox).Finds("id", a.inboxExists),
		route.Delete(account+"/inboxes/{id}/avatar", route.Admin, a.deleteInboxAvatar).Finds("id", a.inboxExists),
		route.Get(account+"/inboxes/{id}/campaigns", route.Admin, a.listInboxCampaigns).Finds("id", a.inboxExists),
		route.Patch(account+"/working_hours/{id}", route.Admin, a.updateWorkingHour).Flat("working_hour").Require("working_hour").
			Finds("id", a.workingHourExists),
	}
}

// payload is the envelope of most lists.
type payload[T any] struct {
	Payload T `json:"payload"`
}

func (a *API) listInboxes(ctx context.Context, c *route.Call, _ none) (payload[[]inboxOut], error) {
	var out payload[[]inboxOut]
	if err := a.current(ctx); err != nil {
		return out, err
	}
	var member int64
	if !c.Admin() {
		member = c.User.ID
	}
	list, err := a.Store.Inboxes(ctx, c.Account.ID, member)
	if err != nil {
		return out, err
	}
	for _, i := range list {
		out.Payload = append(out.Payload, a.newInboxOut(i, c.Admin()))
	}
	return out, nil
}

// byID is the input of routes that read one record.
type byID struct {
	ID int64 `path:"id"`
}

func (a *API) showInbox(ctx context.Context, c *route.Call, in byID) (inboxOut, error) {
	return a.inbox(ctx, c, in.ID)
}

// inbox reads an inbox that the caller may see.
func (a *API) inbox(ctx context.Context, c *route.Call, id int64) (inboxOut, error) {
	i, err := a.Store.Inbox(ctx, c.Account.ID, id)
	if err != nil {
		return nil, found(err)
	}
	if err := a.seesInbox(ctx, c, id); err != nil {
		return nil, err
	}
	if err := a.current(ctx); err != nil {
		return nil, err
	}
	return a.newInboxOut(i, c.Admin()), nil
}

// inboxExists decides between "not found" and "not authorized" for callers who
// may not change inboxes.
func (a *API) inboxExists(ctx context.Context, c *route.Call, id int64) error {
	_, err := a.Store.Inbox(ctx, c.Account.ID, id)
	return found(err)
}

type createInboxIn struct {
	inboxSettings
	Channel json.RawMessage `json:"channel"`
}

func (a *API) createInbox(ctx context.Context, c *route.Call, in createInboxIn) (inboxOut, error) {
	driver, err := a.driverOf(in.Channel)
	if err != nil {
		return nil, err
	}
	inbox := store.DefaultInbox()
	inbox.AccountID = c.Account.ID
	var errs validate.Errors
	in.apply(&inbox, &errs)
	if !driver.Info().Named {
		errs.Present("name", inbox.Name)
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	limit, err := a.inboxLimit(ctx, c.Account.ID)
	if err != nil {
		return nil, err
	}
	avatar, err := a.avatar(ctx, in.Avatar.V)
	if err != nil {
		return nil, err
	}
	id, err := a.Desk.CreateInbox(ctx, driver, desk.NewInbox{
		By: actor(c), Inbox: inbox, Params: in.Channel, Limit: limit, SignatureMode: in.SignatureMode.V, AvatarID: avatar,
	})
	if err != nil {
		return nil, errors.Join(provided(c, err), a.dropAvatar(ctx, avatar))
	}
	return a.inbox(ctx, c, id)
}

// driverOf finds the driver that makes a channel of the sent type.
func (a *API) driverOf(channel json.RawMessage) (channels.Driver, error) {
	var kind struct {
		Type string `json:"type"`
	}
	_ = json.Unmarshal(channel, &kind) // no object: no type
	driver, ok := a.Desk.Directory.DriverFor(kind.Type)
	if !ok {
		return nil, validate.Fail("channel", validate.MustExist)
	}
	return driver, nil
}

// defaultInboxLimit holds when nobody set one.
const defaultInboxLimit = 100000

// inboxLimit is how many inboxes the account may have.
func (a *API) inboxLimit(ctx context.Context, accountID int64) (int, error) {
	text, err := a.Store.AccountLimits(ctx, accountID)
	if err != nil {
		return 0, err
	}
	var limits struct {
		Inboxes json.Number `json:"inboxes"`
	}
	_ = json.Unmarshal([]byte(text), &limits) // unreadable limits: none of the account's own
	for _, limit := range []string{limits.Inboxes.String(), a.Setting("ACCOUNT_INBOXES_LIMIT")} {
		if n, err := strconv.Atoi(limit); err == nil {
			return n, nil
		}
	}
	return defaultInboxLimit, nil
}

// inboxesLeft refuses another inbox to an account that has all it may have, before
// anybody asks who wants it.
func (a *API) inboxesLeft(ctx context.Context, c *route.Call) error {
	limit, err := a.inboxLimit(ctx, c.Account.ID)
	if err != nil {
		return err
	}
	n, err := a.Store.InboxCount(ctx, c.Account.ID)
	if err == nil && n >= limit {
		err = desk.ErrNoInbox
	}
	return err
}

// provided words what a provider answered while a channel was checked.
func provided(c *route.Call, err error) error {
	var refused *channels.SendError
	var known *chat.Error
	if !errors.As(err, &known) && errors.As(err, &refused) {
		return &chat.Error{Code: chat.CodeUnprocessable, Message: refused.Words(wording.Match(c.Locale)), Err: err}
	}
	return err
}

type updateInboxIn struct {
	inboxSettings
	ID           int64           `path:"id"`
	WorkingHours []workingHourIn `json:"working_hours"`
	Channel      json.RawMessage `json:"channel"`
}

func (a *API) updateInbox(ctx context.Context, c *route.Call, in updateInboxIn) (inboxOut, error) {
	i, err := a.Store.Inbox(ctx, c.Account.ID, in.ID)
	if err != nil {
		return nil, found(err)
	}
	if err := a.current(ctx); err != nil {
		return nil, err
	}
	var errs validate.Errors
	if config, ok := in.CSATConfig.Get(); ok && len(config) > 0 {
		in.CSATConfig.V = normalizeCSAT(config)
	} else {
		in.CSATConfig = route.Opt[map[string]any]{}
	}
	in.apply(&i.Inbox, &errs)
	if in.Name.Sent {
		errs.Present("name", i.Name)
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	hours, err := changedHours(i.WorkingHours, in.WorkingHours)
	if err != nil {
		return nil, err
	}
	change := desk.InboxChange{By: actor(c), Inbox: i.Inbox, Hours: hours, Params: a.channelChanges(in.ID, in.Channel), SignatureMode: in.SignatureMode.Ptr()}
	avatar, err := a.avatar(ctx, in.Avatar.V)
	if err != nil {
		return nil, err
	}
	if in.Avatar.Sent {
		change.AvatarID = &avatar
	}
	if err := a.Desk.UpdateInbox(ctx, change); err != nil {
		return nil, errors.Join(provided(c, err), a.dropAvatar(ctx, avatar))
	}
	return a.inbox(ctx, c, in.ID)
}

// channelChanges are the parameters for the driver, nil when there is none that it lets
// be changed: dashboards send those of other channels, too.
func (a *API) channelChanges(inboxID int64, sent json.RawMessage) json.RawMessage {
	driver, _, ok := a.Desk.Directory.Inbox(inboxID)
	var params map[string]json.RawMessage
	if err := json.Unmarshal(sent, &params); err != nil || !ok {
		return nil
	}
	editable := driver.Info().Editable
	maps.DeleteFunc(params, func(name string, _ json.RawMessage) bool { return !slices.Contains(editable, name) })
	if len(params) == 0 {
		return nil
	}
	b, err := json.Marshal(params)
	if err != nil {
		return nil
	}
	return b
}

type messageText struct {
	Message string `json:"message"`
}

func (a *API) deleteInbox(ctx context.Context, c *route.Call, in byID) (messageText, error) {
	if err := a.inboxExists(ctx, c, in.ID); err != nil {
		return messageText{}, err
	}
	if err := a.Desk.DeleteInbox(ctx, actor(c), c.Account.ID, in.ID); err != nil {
		return messageText{}, err
	}
	return messageText{"Your inbox deletion request will be processed in some time."}, nil
}
