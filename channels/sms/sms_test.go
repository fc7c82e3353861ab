package sms_test

import (
	"testing"

	"tributary/channels"
	"tributary/channels/channeltest"
	"tributary/channels/sms"
)

func build(env *channels.Env) channels.Driver { return sms.New(env) }

func TestDriver(t *testing.T) { channeltest.Run(t, build) }
