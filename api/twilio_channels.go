package api

import (
	"context"
	"encoding/json"
	"strings"

	"tributary/api/route"
	"tributary/chat"
	"tributary/desk"
	"tributary/internal/validate"
	"tributary/store"
)

func (a *API) twilioChannels() []route.Row {
	return []route.Row{
		route.Post(account+"/channels/twilio_channel", route.Admin, a.createTwilioChannel).Require("twilio_channel").PlainErrors(),
	}
}

// twilioType is the channel type of Twilio's numbers, which have a route of
// their own.
const twilioType = "Channel::TwilioSms"

type createTwilioChannelIn struct {
	Channel json.RawMessage `json:"twilio_channel"`
}

func (a *API) createTwilioChannel(ctx context.Context, c *route.Call, in createTwilioChannelIn) (inboxOut, error) {
	driver, ok := a.Desk.Directory.DriverOf(twilioType)
	if !ok {
		return nil, chat.Unprocessable("Twilio is not available")
	}
	var params struct {
		Name any `json:"name"`
	}
	_ = json.Unmarshal(in.Channel, &params) // the driver says what is wrong with it
	inbox := store.DefaultInbox()
	inbox.AccountID = c.Account.ID
	name, _ := params.Name.(string)
	inbox.Name = strings.TrimSpace(name)
	var errs validate.Errors
	errs.Present("name", inbox.Name)
	errs.MaxLen("name", inbox.Name, validate.ShortText)
	if err := errs.Err(); err != nil {
		return nil, err
	}
	id, err := a.Desk.CreateInbox(ctx, driver, desk.NewInbox{By: actor(c), Inbox: inbox, Params: in.Channel})
	if err != nil {
		return nil, provided(c, err)
	}
	return a.inbox(ctx, c, id)
}
