package twilio_test

import (
	"testing"

	"tributary/channels"
	"tributary/channels/channeltest"
	"tributary/channels/twilio"
)

func build(env *channels.Env) channels.Driver { return twilio.New(env) }

func TestDriver(t *testing.T) { channeltest.Run(t, build) }

func FuzzDriver(f *testing.F) { channeltest.Fuzz(f, build) }
