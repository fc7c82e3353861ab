package voice

import (
	"context"
	"errors"
	"log/slog"
	"time"

	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"tributary/channels"
	"tributary/channels/twilio"
	"tributary/chat"
	"tributary/wording"
)

// english is the language of the API's validation texts.
const english = wording.English

// provisionTimeout bounds the four calls together: a request has fifteen seconds.
const provisionTimeout = 12 * time.Second

// provision checks the account's credentials, makes the application that calls are
// handed to, notes it in c, and points the number at it. A number that the account does
// not have is nobody's mistake: it may come later.
func (d *driver) provision(ctx context.Context, c *config) error {
	ctx, cancel := context.WithTimeout(ctx, provisionTimeout)
	defer cancel()
	account := c.key("account_sid")
	owner, session := twilio.Handler(ctx, d.env, &twilio.Config{AccountSID: account, AuthToken: c.key("auth_token")})
	numbers := openapi.NewApiService(owner)
	_, err := numbers.PageIncomingPhoneNumber((&openapi.ListIncomingPhoneNumberParams{}).SetPathAccountSid(account).SetPageSize(1), "", "")
	if err := session.Outcome(err); err != nil {
		return err
	}
	keyed, _ := twilio.Handler(ctx, d.env, &twilio.Config{AccountSID: account, APIKeySID: c.key("api_key_sid"), AuthToken: c.key("api_key_secret")})
	application, err := openapi.NewApiService(keyed).CreateApplication((&openapi.CreateApplicationParams{}).SetPathAccountSid(account).
		SetFriendlyName("Tributary " + c.PhoneNumber).SetVoiceUrl(d.callURL(c)).SetVoiceMethod("POST"))
	if err != nil {
		return twilio.Verdict(err)
	}
	if application.Sid == nil || *application.Sid == "" {
		return &channels.SendError{
			Class: chat.Permanent, Code: "answer", Say: wording.FailureUnreadable.Text(), Err: errors.New("voice: an application without a sid"),
		}
	}
	found, err := numbers.PageIncomingPhoneNumber((&openapi.ListIncomingPhoneNumberParams{}).
		SetPathAccountSid(account).SetPhoneNumber(c.PhoneNumber), "", "")
	if err != nil {
		return twilio.Verdict(err)
	}
	if len(found.IncomingPhoneNumbers) == 0 || found.IncomingPhoneNumbers[0].Sid == nil {
		d.env.Log.WarnContext(ctx, "voice: the account has no such number, its webhooks are not set", slog.String("account_sid", account))
	} else {
		_, err := numbers.UpdateIncomingPhoneNumber(*found.IncomingPhoneNumbers[0].Sid, (&openapi.UpdateIncomingPhoneNumberParams{}).
			SetPathAccountSid(account).SetVoiceUrl(d.callURL(c)).SetVoiceMethod("POST").
			SetStatusCallback(d.statusURL(c)).SetStatusCallbackMethod("POST"))
		if err := session.Outcome(err); err != nil {
			return err
		}
	}
	c.ProviderConfig[applicationKey] = *application.Sid
	return nil
}
