package telegram_test

import (
	"testing"

	"tributary/channels"
	"tributary/channels/channeltest"
	"tributary/channels/telegram"
)

func TestDriver(t *testing.T) { channeltest.Run(t, build) }

func FuzzDriver(f *testing.F) { channeltest.Fuzz(f, build) }

func build(env *channels.Env) channels.Driver { return telegram.New(env) }
