// Package all is the list of the channels that the gateway has. A new channel is
// a folder below channels and one line here.
package all

import (
	"tributary/channels"
	apichannel "tributary/channels/api"
	"tributary/channels/email"
	"tributary/channels/facebook"
	"tributary/channels/instagram"
	"tributary/channels/line"
	"tributary/channels/sms"
	"tributary/channels/telegram"
	"tributary/channels/twilio"
	"tributary/channels/twitter"
	"tributary/channels/voice"
	"tributary/channels/wacloud"
	"tributary/channels/webwidget"
)

// New makes every driver for an installation, in the order in which they are
// shown.
func New(env *channels.Env) []channels.Driver {
	return []channels.Driver{
		facebook.New(env),
		instagram.New(env),
		twitter.New(env),
		line.New(env),
		telegram.New(env),
		sms.New(env),
		wacloud.New(env),
		twilio.New(env),
		apichannel.New(env),
		webwidget.New(env),
		email.New(env),
		voice.New(env),
	}
}
